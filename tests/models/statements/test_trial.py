"""The random trial: the same actions every time, from people's own menus, and no mercy clear of rounding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import world
from recourse.models.statements.network import NetworkStatement
from recourse.models.statements.trial import decisions_agree, random_actions, random_values


def test_random_actions_are_on_peoples_own_menus_and_the_same_every_time():
    w = world(3)
    menus = w.actions.menus(w.denied)
    one, again = random_actions(menus, 200), random_actions(menus, 200)
    assert (one.picks >= 0).all()
    assert (one.picks < np.diff(menus.row_ptr)[menus.rows[one.people]]).all()
    assert (one.picks > 0).any(axis=0).all(), "every feature moves in some of them"
    np.testing.assert_array_equal(one.picks, again.picks)
    pd.testing.assert_frame_equal(one.rows, menus.points(one.people, one.picks))


def test_the_first_random_values_are_the_extremes():
    values = np.array([3.0, np.nan, -7.0, 11.0])
    drawn = values[random_values(values, 50, np.random.default_rng(0))]
    assert drawn[:2].tolist() == [-7.0, 11.0]
    assert np.isnan(drawn).any()
    assert len(random_values(np.array(["a", "b"]), 50, np.random.default_rng(0))) == 50


def test_one_wrong_decision_clear_of_rounding_is_enough():
    score, approved = np.array([1.0, -1.0, 1e-12, 0.0]), np.array([True, False, False, True])
    assert decisions_agree(score, approved, 1e-9)
    assert not decisions_agree(score, approved, 1e-9, exact=True)
    assert decisions_agree(score[[0, 1, 3]], approved[[0, 1, 3]], 0.0, strict=False, exact=True)
    assert not decisions_agree(score[[0, 1, 3]], approved[[0, 1, 3]], 0.0, strict=True, exact=True)
    assert not decisions_agree(score, ~approved, 1e-9)


@pytest.mark.parametrize("kind", ["additive", "trees", "layers"])
def test_every_kind_of_statement_is_tried_against_the_models_own_decisions(kind):
    """Estimators that decide otherwise than what they look like are not believed."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PowerTransformer

    w = world(1)
    make = {
        "additive": lambda: make_pipeline(PowerTransformer(), LogisticRegression()),
        "trees": lambda: RandomForestClassifier(5, random_state=0),
        "layers": lambda: rs.NetworkClassifier((4,), epochs=3, random_state=0),
    }[kind]
    clf = make().fit(w.X, w.y)
    model, menus = rs.as_model(clf), w.actions.menus(w.X)
    assert model.states(menus) is not None
    honest = clf.predict
    clf.predict = lambda X: 1 - honest(X)
    assert model.states(menus) is None


def test_statements_are_a_sum_then_trees_then_a_network():
    from sklearn.ensemble import RandomForestClassifier

    w = world(1)
    menus = w.actions.menus(w.X)
    assert isinstance(rs.LinearModel(dict.fromkeys(w.X.columns, 1.0)).states(menus), rs.models.Additive)
    forest = rs.as_model(RandomForestClassifier(5, random_state=0).fit(w.X, w.y))
    assert isinstance(forest.states(menus), rs.models.TreeEnsemble)
    network = rs.as_model(rs.NetworkClassifier((4,), epochs=3, random_state=0).fit(w.X, w.y))
    assert isinstance(network.states(menus), NetworkStatement)
