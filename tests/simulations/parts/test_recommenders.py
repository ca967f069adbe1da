"""Where recommendations come from, and what they may know."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.generators import ClaPROAR, Generic, Gravitational
from recourse.models.network_classifier import NetworkClassifier
from simulation_worlds import move_right, quick, values


def test_claproar_in_a_simulation_searches_past_the_boundary(blobs):
    net = {"net": NetworkClassifier((), standardize=False, random_state=0)}
    sim = quick(blobs, net, {"claproar": ClaPROAR(), "generic": Generic()}, preset="altmeyer2023", repeats=1)
    rate = sim.to_frame().query("name == 'success_rate'").groupby("generator")["convergence_rate"].max()
    assert rate["claproar"] == 0
    assert rate["generic"] == 1
    assert any("net/claproar: no search met its own stopping rule" in note for note in sim.notes)


def test_features_are_standardised_by_the_training_people_at_the_start(blobs):
    seen = []

    class Spy:
        name = "spy"

        def answer(self, model, actions, X, situation):
            seen.append(situation)
            return rs.simulations.parts.recommenders.Function(move_right).answer(model, actions, X, situation)

    sim = quick(blobs, recourse={"spy": Spy()}, rounds=3, repeats=1)
    for situation in seen:
        pd.testing.assert_frame_equal(situation.start, sim.study.start.X)
    assert len(sim.study.start) == 240, "the held-out people are not in it"


def test_the_centre_is_frozen_unless_the_recipe_says_otherwise(blobs):
    X, y, A = blobs
    far = {"frozen": Gravitational(max_steps=300), "drifting": Gravitational(max_steps=300).altmeyer2023()}
    seen = {}
    for name, recipe in far.items():
        adaptor = rs.simulations.parts.recommenders.as_recourse(recipe)
        situation = rs.simulations.Situation(X, X[y == 1], X[y == 1] * 0 + 3.0, seed=1)
        model = rs.as_model(LogisticRegression().fit(X, y))
        seen[name] = adaptor.answer(model, A, X[y == 0].head(5), situation).X["x2"].mean()
    assert abs(seen["frozen"] - X[y == 1]["x2"].mean()) < 0.3
    assert seen["drifting"] > 1


def test_exact_recourse_is_optimal_and_moves_as_found(blobs):
    sim = quick(blobs, recourse="optimal", rounds=2, repeats=1)
    assert values(sim, "success_rate")["value"].eq(1).all()
    arm = sim.arms["model", "optimal"]
    moved = arm.people["moves"].to_numpy() == 1
    menus = sim.study.actions["x1"].grid
    there = arm.X["x1"][moved & (arm.X["x1"] != sim.study.start.X["x1"])]
    assert np.isin(there, menus).all()
