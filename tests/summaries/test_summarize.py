"""The verb: what it finds, what it refuses, and what it leaves alone."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import printed_under_hash_seeds
from recourse.summaries import CandidateSpace, Limits, SelectionStatus
from summary_worlds import Black, action_set, summarize, summary, world


def test_one_person_and_one_rule_is_the_cheapest_flip_of_that_person():
    """Theorem 2.2: over finite features, individual recourse is a special case of the objective."""
    values = list(itertools.product(range(4), range(4), range(3)))
    menus = pd.DataFrame(values, columns=["a", "b", "c"])
    for seed in range(6):
        rng = np.random.default_rng(seed)
        w = rng.uniform(0.5, 2, 3)
        points = menus.to_numpy() @ w
        person = int(np.argsort(points)[rng.integers(0, 12)])
        bar = points.mean()
        X = pd.concat([menus[points >= bar], menus.iloc[[person]]], ignore_index=True)
        model = Black(lambda X, w=w, bar=bar: X[["a", "b", "c"]].to_numpy() @ w - bar)
        actions = rs.ActionSet(X, default_bounds=(0, 100, "percentile"))
        prices = dict(zip("abc", rng.uniform(1, 3, 3), strict=True))
        result = summarize(
            model, X, actions, subgroups=[], cost=prices, max_rules=1, max_changes=3, min_support=1e-9,
            weights={"cover": 1000, "incorrect_recourse": 1000, "feature_cost": 1},
        )  # fmt: skip
        cheapest = rs.flipset(model, X.iloc[-1], actions, cost=rs.FeatureCost(prices), total_items=1)
        assert result.rules[0].correct == result.rules[0].n == 1
        assert result.rules[0].cost == pytest.approx(cheapest.items[0].cost, abs=1e-5)


def test_a_planted_black_box_is_recovered_exactly():
    """A.2.2: a model that is a recourse set, and asks one group for twice the changes."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"race": rng.choice(["A", "B"], 800), "job": rng.integers(0, 2, 800), "home": rng.integers(0, 2, 800),
         "loan": rng.integers(0, 2, 800)}
    )  # fmt: skip

    def score(X):
        return np.where(X["race"] == "A", X["job"] == 1, (X["job"] == 1) & (X["home"] == 1)) - 0.5

    result = summarize(Black(score), X, action_set(X, ["race"]), subgroups=["race"], max_rules=4)
    found = {(rule.group_text, rule.condition_text, rule.action_text) for rule in result.rules}
    assert found == {
        ("race = A", "job = 0", "job = 1"),
        ("race = B", "job = 0 and home = 0", "job = 1 and home = 1"),
        ("race = B", "job = 0 and home = 1", "job = 1"),
        ("race = B", "job = 1 and home = 0", "home = 1"),
    }
    assert result.status is SelectionStatus.OPTIMAL
    assert result.measures().loc["accuracy", "in sample"] == 1
    table = result.compare("race")
    assert table.loc[(0, "A"), "cost"] == 1
    assert table.loc[(0, "B"), "cost"] > 1
    alone = table.loc[1]
    assert alone.loc["A", "precision"] == 1
    assert alone.loc["B", "precision"] < 1


def test_moves_without_a_condition_reach_four_features():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: np.round(rng.gamma(3.0, 5.0, 400), 1) for name in "abcde"})
    model = Black(lambda X: np.minimum.reduce([X[name] - 14 for name in "abcd"]))
    settings: dict[str, Any] = {"subgroups": [], "max_condition": 1, "max_rules": 1, "bins": 4, "binning": "quantile"}
    settings |= {"min_support": 0.002}
    actions = rs.ActionSet(X)
    narrow = summarize(model, X, actions, moves=["at_least"], max_changes=3, targets="all", **settings)
    wide = summarize(model, X, actions, moves=["at_least"], max_changes=4, targets="all", beam=40, **settings)
    assert narrow.measures().loc["accuracy", "in sample"] < 0.5
    assert wide.measures().loc["accuracy", "in sample"] == 1
    assert {move.feature for move in wide.rules[0].action} == set("abcd")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subgroups": ["sx"]}, "no column 'sx'. Did you mean 'sex'"),
        ({"subgroups": ["debts"]}, "'debts' is actionable"),
        ({"min_support": 1.0, "subgroups": []}, "no predicate is true of more than"),
        ({"min_support": 0.9}, "lower it"),
        ({"min_support": 0}, "min_support must be a share above 0"),
        ({"max_candidates": 10}, "candidate space is too large. Raise min_support"),
        ({"max_rows": 10}, "rows to ask the model"),
        ({"max_rules": 0}, "max_rules must be a whole number ≥ 1"),
        ({"min_precision": 1.5}, "a share at least 0 and at most 1"),
        ({"weights": {"covr": 1}}, "Did you mean 'cover'"),
        ({"cost": {"incme": 1}}, "Did you mean 'income'"),
        ({"cost": "max"}, "adds up"),
        ({"cost_weight": -1}, "finite number ≥ 0"),
        ({"operators": ["=>"]}, "operators can't be '=>'"),
        ({"moves": ["raise"]}, "moves can't be 'raise'. Choose from"),
        ({"method": "exat"}, "Did you mean 'exact'"),
        ({"targets": "rich"}, "targets can't be 'rich'. Choose from"),
        ({"bins": 1}, "bins must be a whole number ≥ 2"),
        ({"binning": "equal"}, "binning can't be 'equal'. Did you mean|binning can't be 'equal'. Choose from"),
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": "soon"}, "time_limit must be seconds"),
        ({"min_support": "5%"}, "min_support must be a share above 0"),
        ({"min_precision": "0.9"}, "a share at least 0 and at most 1"),
        ({"min_precision": None}, "a share at least 0 and at most 1"),
        ({"cost_weight": None}, "finite number ≥ 0, not None"),
        ({"weights": [1, 1, 1, 1]}, "weights is a mapping"),
        ({"subgroups": 3}, "subgroups is a list of columns"),
        ({"cost": rs.TotalCost}, r"make one of it: TotalCost\(\)"),
        ({"held_out": pd.DataFrame({"sex": ["Male"]})}, "held_out has no column 'job'"),
        ({"held_out": world(0).X[:0]}, "held_out has no rows"),
        ({"held_out": world(0).X.assign(debts="many")}, "held_out: column 'debts' holds 'many'"),
        ({"held_out": world(0).X.assign(income=np.nan)}, "held_out: column 'income' is missing in 160 rows"),
        ({"held_out": 0.2}, "held_out must be a table"),
    ],
)
def test_bad_input_is_refused_before_the_model_is_asked_about_actions(changes, message):
    w = world(0)
    with pytest.raises(rs.InputError, match=message.replace(" (", r" \(")):
        summary(w, **changes)
    assert w.model.asked <= len(w.X)


def test_nobody_denied_and_nothing_actionable_are_said():
    w = world(0)
    with pytest.raises(rs.InputError, match="nobody is denied: all 160 people are approved"):
        summarize(Black(lambda X: np.ones(len(X))), w.X, w.actions)
    with pytest.raises(rs.InputError, match="no feature is actionable"):
        summarize(w.model, w.X, action_set(w.X, w.X.columns))
    with pytest.raises(rs.InputError, match="no rows"):
        summarize(w.model, w.X[:0], w.actions)
    with pytest.raises(rs.InputError, match=r"refit can't change 'min_support'|refit can't change"):
        summary(w).refit(min_support=0.5)
    with pytest.raises(rs.InputError, match="no column 'rce'"):
        summary(w).compare("rce")
    with pytest.raises(rs.InputError, match="no column"):
        summary(w).compare(["sex"])
    with pytest.raises(rs.InputError, match="the model would have to be asked again"):
        summary(w).refit(bins=3)
    with pytest.raises(rs.InputError, match="column 'income' is missing in 1 row"):
        summarize(w.model, w.X.assign(income=w.X["income"].where(w.X.index > 0)), w.actions)


def test_the_action_set_says_which_label_is_favourable_and_is_not_read_again():
    from sklearn.linear_model import LogisticRegression

    people = rs.datasets.lender(300)
    clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    A = rs.ActionSet(people.X, y_desired=-1)
    result = summarize(clf, people.X, A, subgroups=[], min_support=0.1, max_rules=2, max_changes=2)
    assert result.to_dict()["denied"] == rs.audit(clf, people.X, A).overall["denied"]
    before = result.prescribe(people.X)
    A[list(people.X)].actionable = False
    pd.testing.assert_frame_equal(result.prescribe(people.X), before)


def test_no_recourse_at_all_is_an_empty_set_and_not_an_error():
    w = world(0)
    model = Black(lambda X: np.where(X["sex"] == "Male", 1, -1))
    result = summarize(model, w.X, w.actions, min_support=0.05)
    assert len(result) == 0
    assert result.value == result.bound == 0
    assert result.status is SelectionStatus.OPTIMAL
    assert result.measures().loc["accuracy", "in sample"] == 0
    assert "No rule is worth its price" in repr(result)
    assert "There are no rules" in result.explain(w.X[w.X["sex"] == "Female"].iloc[0]).reason
    assert (result.prescribe(w.X)["rule"] == 0).all()


def test_the_callers_things_are_left_alone():
    w = world(0)
    before, settings = w.X.copy(deep=True), w.actions.to_frame()
    result = summary(w)
    result.apply(w.X)
    pd.testing.assert_frame_equal(w.X, before)
    pd.testing.assert_frame_equal(w.actions.to_frame(), settings)


def test_a_column_that_only_describes_subgroups_is_not_shown_to_the_model():
    people = rs.datasets.lender(400)
    X = people.X.assign(region=["north", "south"] * 200)
    model = Black(lambda X: X["income"] + X["savings"] - 3)
    columns = []
    plain = model.score
    model.score = lambda X: columns.append(tuple(X)) or plain(X)
    A = rs.ActionSet(people.X)
    result = summarize(model, X, A, subgroups=["region"], min_support=0.05, max_rules=3)
    assert {p.feature for rule in result.rules for p in rule.group} == {"region"}
    assert set(columns) == {tuple(people.X)}


def test_polars_tables_come_and_go_in_kind():
    pl = pytest.importorskip("polars")
    people = rs.datasets.lender(300)
    model = Black(lambda X: X["income"] + X["savings"] - 3)
    A = rs.ActionSet(people.X)
    table = pl.from_pandas(people.X)
    result = summarize(model, table, A, min_support=0.05, max_rules=2, subgroups=[])
    assert isinstance(result.apply(table), pl.DataFrame)
    assert result.to_dict() == summarize(model, people.X, A, min_support=0.05, max_rules=2, subgroups=[]).to_dict()


SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from summary_worlds import summary, world
for change in ({}, {"subgroups": None, "max_overlap": 0.05}, {"method": "local"}):
    print(json.dumps(summary(world(7, n=220), **change).to_dict()))
"""


def test_hash_seeds_and_thread_counts_change_nothing():
    assert len(printed_under_hash_seeds(SCRIPT, (("0", "1"), ("1", "2"), ("77", "4")))) == 1


def test_progress_and_small_batches_give_the_same_answer():
    w = world(0)
    calls = []
    small = summary(w, batch=50, progress=lambda done, total: calls.append((done, total)))
    assert len(calls) > 5
    assert calls[-1][0] <= calls[-1][1]
    assert calls == sorted(calls)
    document, other = small.to_dict(), summary(w).to_dict()
    rows = document["candidates"].pop("model_rows"), other["candidates"].pop("model_rows")
    assert rows[0] >= rows[1]
    assert document == other


def test_progress_runs_over_the_whole_job_up_to_its_end():
    w = world(0)
    for moves in (["to"], ["at_least", "at_most"]):
        calls = []
        summary(w, moves=moves, max_condition=1, progress=lambda done, of, calls=calls: calls.append((done, of)))
        assert calls == sorted(calls)
        assert calls[-1][0] == calls[-1][1] > 1


@pytest.mark.parametrize("moves", [["to"], ["at_least"]])
def test_a_job_that_is_cancelled_while_actions_are_tried_says_so_and_asks_no_more(moves):
    w = world(0)
    budget = rs.Budget()
    asked = []

    def stop(done, of):
        asked.append(w.model.asked)
        budget.cancel()

    with pytest.raises(rs.BudgetError, match="the job was cancelled while actions were tried"):
        summary(w, moves=moves, batch=50, budget=budget, progress=stop)
    assert len(asked) == 1
    assert w.model.asked == asked[0]


def test_a_time_limit_that_runs_out_before_there_is_a_choice_is_said_in_words():
    w = world(0)
    with pytest.raises(rs.BudgetError, match="time limit of 1e-09 s ran out while conjunctions"):
        summary(w, time_limit=1e-9)


def test_a_budget_and_a_time_limit_are_not_both_taken():
    with pytest.raises(rs.InputError, match="either budget= or time_limit="):
        summary(world(0), time_limit=5, budget=rs.Budget(5))


def test_settings_in_the_wrong_place_or_misspelt_are_told_where_they_belong():
    w = world(0)
    for setting, message in (
        ({"max_overlap": 0}, r"pass limits=Limits\(max_overlap=…\)"),
        ({"bins": 5}, r"pass space=CandidateSpace\(bins=…\)"),
        ({"max_ruls": 5}, "no setting 'max_ruls'. Did you mean 'max_rules'"),
        ({"limits": {"max_rules": 3}}, "limits must be a Limits, not a dict"),
        ({"space": CandidateSpace}, r"make one of it: CandidateSpace\(\)"),
    ):
        with pytest.raises(rs.InputError, match=message):
            rs.summarize(w.model, w.X, w.actions, **setting)
    assert w.model.asked == 0


def test_arguments_in_the_wrong_order_are_told_in_words():
    w = world(0)
    with pytest.raises(rs.InputError, match=r"order \(model, people, actions\)"):
        rs.summarize(w.model, w.actions, w.X)
    with pytest.raises(rs.InputError):
        rs.summarize(w.X, w.model, w.actions)


def test_direct_keywords_come_before_the_options():
    w = world(0)
    limits, space = Limits(max_rules=9, max_overlap=0), CandidateSpace(min_support=0.2, bins=5)
    result = rs.summarize(w.model, w.X, w.actions, max_rules=2, min_support=0.03, limits=limits, space=space)
    assert (result.limits.max_rules, result.limits.max_overlap) == (2, 0)
    assert (result.space.min_support, result.space.bins) == (0.03, 5)


def test_the_command_prints_rules_and_their_measures(tmp_path):
    from click.testing import CliRunner

    from recourse.cli.main import main

    rs.datasets.lender(500).frame.to_csv(tmp_path / "loans.csv", index=False)
    base = ["summarize", str(tmp_path / "loans.csv"), "--target", "approved", "--fit", "logistic", "--immutable", "age"]
    base += ["--min-support", "0.05", "--max-rules", "3", "--max-changes", "2"]
    done = CliRunner().invoke(main, [*base, "--immutable", "gender", "--subgroup", "gender", "--hold-out", "0.3"])
    assert done.exit_code == 0, done.stderr
    assert "If gender = " in done.stdout
    assert "held out" in done.stdout
    data = CliRunner().invoke(
        main, [*base, "--everyone", "--move", "at_least", "--format", "json", "--cost", "feature"]
    )
    document = json.loads(data.stdout)
    assert document["groups"][0]["everyone"]
    assert document["cost"]["name"] == "feature"
    plain = json.loads(CliRunner().invoke(main, [*base, "--everyone", "--format", "json"]).stdout)
    assert plain["cost"]["name"] == "feature", "as from Python"
    page = CliRunner().invoke(main, [*base, "--everyone", "--format", "html"]).stdout
    assert page.startswith("<!")
    assert "What the rules achieve" in page
    table = CliRunner().invoke(main, [*base, "--format", "csv"]).stdout.splitlines()
    assert table[0].startswith("rule,group,condition,action")
    assert table[1].startswith("1,")
    narrow = CliRunner().invoke(main, [*base, "--format", "json", "--max-condition", "1", "--bins", "4"])
    rules = [rule for group in json.loads(narrow.stdout)["groups"] for rule in group["rules"]]
    assert rules
    assert all(len(rule["condition"]) == 1 for rule in rules)
    for extra, message in (
        (["--subgroup", "gendr"], "Did you mean 'gender'"),
        (["--subgroup", "gender"], "add --immutable gender"),
        (["--hold-out", "1e-9"], "leaves a part empty"),
        (["--everyone", "--subgroup", "gender"], "exclude each other"),
        (["--hold-out", "2"], "between 0 and 1"),
    ):
        bad = CliRunner().invoke(main, [*base, *extra])
        assert bad.exit_code == 2
        assert message in bad.stderr
