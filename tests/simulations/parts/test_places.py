"""Who is approved where places are limited, and what the others are told to reach."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

import recourse as rs
from helpers import MODELS, world
from recourse.generators import Generic
from recourse.search import brute_force as definition
from recourse.simulations import Places
from recourse.simulations.parts.shares import how_many
from simulation_worlds import run, series, town


def test_exactly_k_people_are_approved_and_they_have_the_highest_scores():
    sim = run(decision=Places(17))
    for generator in ("control", "exact"):
        arm = sim.arms["linear", generator]
        approved = arm.people["approved"].to_numpy()
        assert approved.sum() == 17
        score = arm.model.decision_function(arm.X)
        assert score[approved].min() >= score[~approved].max()


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_recourse_to_the_last_place_is_what_brute_force_finds(kind):
    """Whatever the model: exact searches stay exact when the bar is where the last place went."""
    w = world(7, kind=kind)
    for k in (0.2, 0.8):
        rule, approved = Places(k).decide(w.model, w.X)
        assert approved.sum() == how_many(k, len(w.X))
        assert not rule.approves(w.X)[~approved].any(), "who is denied is denied by the rule, ties included"
        menus = w.actions.menus(w.X[~approved].iloc[:3], "total")
        answers, expected = rs.search.solve(rule, menus), definition.solve(rule, menus)
        np.testing.assert_array_equal(answers.codes, expected.codes)
        np.testing.assert_allclose(answers.cost, expected.cost, rtol=1e-9, atol=1e-9)


def test_who_ties_with_the_last_place_and_has_none_is_told_to_beat_it():
    X = pd.DataFrame({"points": [3.0, 2.0, 2.0, 2.0, 1.0]})
    model = rs.LinearModel({"points": 1.0})
    rule, approved = Places(2).decide(model, X)
    assert approved.tolist() == [True, True, False, False, False]
    assert rule.approves(X).tolist() == [True, False, False, False, False]
    rule, approved = Places(4).decide(model, X)
    assert approved.tolist() == rule.approves(X).tolist() == [True, True, True, True, False]
    again, _ = Places(1).decide(rule, X)
    assert again.of is model, "a round's rule does not build on the last one's"


def test_models_without_a_score_hand_out_places_by_probability_and_generators_reach_them(needs_torch):
    X, y, _, _ = town(0)
    net = MLPClassifier((4,), max_iter=2000, random_state=0).fit(X, y)
    for model in (net, GaussianNB().fit(X, y), LogisticRegression().fit(X, y)):
        _, approved = Places(25).decide(rs.as_model(model), X)
        p = model.predict_proba(X)[:, 1]
        assert p[approved].min() >= p[~approved].max()
    sim = run(model=net, recourse=Generic(max_steps=500), rounds=2, share=0.1, random_state=0)
    assert series(sim, "success_rate").min() > 0.9
    assert series(sim, "threshold").min() > 0.9, "far above the boundary"
