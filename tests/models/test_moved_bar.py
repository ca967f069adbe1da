"""The same model with its bar elsewhere: it decides by its own scores, and states itself from the new level."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import recourse as rs
from helpers import world
from recourse.models import identity_of
from recourse.models.moved_bar import MovedBar, moved_to_last_place, probabilities, scores

MODELS = {
    "linear": lambda w: rs.as_model(LogisticRegression().fit(w.X, w.y)),
    "measured": lambda w: rs.as_model(GaussianNB().fit(w.X, w.y)),
    "forest": lambda w: rs.as_model(RandomForestClassifier(5, random_state=0).fit(w.X, w.y)),
    "network": lambda w: rs.as_model(rs.NetworkClassifier((4,), epochs=5, random_state=0).fit(w.X, w.y)),
    "ensemble": lambda w: rs.as_model(rs.NetworkClassifier((4,), members=3, epochs=5, random_state=0).fit(w.X, w.y)),
    "coefficients": lambda w: rs.LinearModel(dict.fromkeys(w.X.columns, 0.5)),
}


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_whoever_scores_as_much_as_the_last_place_is_approved_and_nobody_else(kind):
    w = world(2)
    model = MODELS[kind](w)
    values = scores(model, w.X)
    best = values >= np.quantile(values, 0.7)
    moved = moved_to_last_place(model, values, best)
    np.testing.assert_array_equal(moved.approves(w.X), best)
    assert moved.original is model
    np.testing.assert_array_equal(scores(moved, w.X), values)
    assert repr(moved).startswith("MovedBar(")


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_what_a_model_states_is_stated_from_the_new_level_too(kind):
    w = world(2)
    model = MODELS[kind](w)
    menus = w.actions.menus(w.X)
    values = scores(model, w.X)
    moved = moved_to_last_place(model, values, values >= np.quantile(values, 0.7))
    assert type(moved.states(menus)) is type(model.states(menus))


def test_a_tie_for_the_last_place_is_not_enough():
    w = world(2)
    model = rs.LinearModel(dict.fromkeys(w.X.columns, 0.0))
    values = scores(model, w.X)
    first = np.arange(len(w.X)) < 3
    assert not moved_to_last_place(model, values, first).approves(w.X).any()


def test_probabilities_are_those_of_the_model_itself():
    w = world(2)
    model = MODELS["forest"](w)
    np.testing.assert_array_equal(probabilities(MovedBar(model, 0.9), w.X), model.estimator.predict_proba(w.X)[:, 1])
    assert model.with_threshold(1.0) is None, "no probability lies above 1"
    assert rs.LinearModel({"a": 1.0}).with_threshold(0.5) is None


def test_the_level_is_part_of_what_a_model_is():
    model = rs.LinearModel({"a": 1.0})
    assert identity_of(MovedBar(model, 1.0)) == identity_of(MovedBar(model, 1.0))
    assert identity_of(MovedBar(model, 1.0)) != identity_of(MovedBar(model, 2.0))
    assert identity_of(MovedBar(model, 1.0)) != identity_of(MovedBar(rs.LinearModel({"a": 2.0}), 1.0))
