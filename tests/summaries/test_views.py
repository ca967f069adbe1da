"""Every view shows the numbers of the document."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from summary_worlds import Black, action_set, after, summarize, world


def test_the_views_say_the_prices_the_limits_and_the_tie_break(fitted):
    _, result = fitted
    other = result.refit(cost={"income": 2.5}, min_precision=0.5, max_overlap=0.25, tie_break="wilson")
    for view in (repr(other), other.to_html()):
        assert "income 2.5" in view
        assert "precision ≥ 50.0 %" in view
        assert "25.0 % with several rules" in view
    assert "income 1" not in repr(result)
    assert "highest lower end of the precision" in other.to_html()


def test_the_document_is_plain_json_and_every_view_shows_its_numbers(fitted):
    _, result = fitted
    document = result.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(json.dumps(document))
    text, page = repr(result), result.to_html()
    for rule in result.rules:
        assert rule.action_text in text
        assert f"n {rule.n:,} ·" in text
    assert text.index("If sex = Female:") < text.index("If sex = Male:")
    assert "no other choice from the candidates within these limits has a higher value" in text
    assert "<script" not in page
    assert len(page) < 30_000
    assert result.to_frame()["n"].sum() == sum(rule.n for rule in result.rules)


def test_names_and_levels_are_escaped_in_html():
    w = world(0)
    X = w.X.replace({"sex": {"Male": "<b>Male"}})
    model = Black(lambda X: np.where(X["debts"] < 1, 1.0, -1.0))
    page = summarize(model, X, action_set(X, ["sex"]), subgroups=["sex"], min_support=0.05).to_html()
    assert "<b>" not in page
    assert "&lt;b&gt;Male" in page


@pytest.mark.parametrize("kind", ["tree", "actions"])
def test_views_show_the_numbers_and_explanations_agree_with_the_model(small, kind):
    w, rules, _ = small
    found = rules.tree(2, subgroups=None) if kind == "tree" else rules.global_actions(2)
    document = found.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(json.dumps(document))
    text, page = repr(found), found.to_html()
    for rule in found.rules:
        assert rule.action_text in text
        assert rule.action_text in page
    assert "no other choice" in text
    assert found.to_frame()["assigned"].sum() == (found.prescribe(w.denied)["rule"] > 0).sum()
    assert "Front of" in repr(found.front(fcost_weight=[0, 0.1]))
    table = found.compare("sex")
    assert table.loc[(0, "Male"), "denied"] + table.loc[(0, "Female"), "denied"] == len(w.denied)
    told = found.prescribe(w.denied)
    for k in range(0, len(w.denied), 7):
        said = found.explain(w.denied.iloc[k])
        assert (said.assigned or 0) == told["rule"].iloc[k]
        for row in said.to_frame().itertuples():
            new = after(w, found.rules[row.rule - 1], w.denied.iloc[k].to_dict())
            assert row.flips == (new is not None and bool(w.model.approves(pd.DataFrame([new]))[0]))
        assert repr(said).startswith(said.reason)
    approved = w.X[w.model.approves(w.X)].iloc[0]
    assert "approved today" in found.explain(approved).reason
