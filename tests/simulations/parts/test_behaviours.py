"""What people do with a recommendation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.simulations import (
    Behaviour,
    Design,
    Selector,
)
from simulation_worlds import move_right, quick, town


def test_behaviour_stays_within_the_action_set(blobs):
    X, y, _ = blobs
    A = rs.ActionSet(X, default_bounds=(-10, 10))
    A["x1"].step_direction = 1
    A["x2"].actionable = False
    arms = {"right": move_right}
    some = Behaviour(comply=0.5, effort=0.5, noise=0.3)
    sim = rs.simulate(
        LogisticRegression(), X, y, A, recourse=arms, rounds=6, repeats=1, refit=True,
        design=Design(behaviour=some, selector=Selector(0.3), permutations=0, retrainer="none"),
    )  # fmt: skip
    arm, start = sim.arms["model", "right"], sim.study.start
    moved = arm.people["moves"].to_numpy() > 0
    np.testing.assert_array_equal(arm.X["x2"], start.X["x2"])
    assert (arm.X["x1"] >= start.X["x1"] - 1e-12).all()
    assert (arm.X["x1"][moved] < 4).all(), "half of the way"
    log = sim.to_frame().drop_duplicates(["round", "arm"]).query("generator == 'right'")
    assert 0.25 < log["n_moved"].sum() / log["n_drawn"].sum() < 0.75


def test_delayed_people_act_later_and_are_not_drawn_meanwhile(blobs):
    sim = quick(blobs, behaviour=Behaviour(delay=2), rounds=4, repeats=1)
    log = sim.to_frame().drop_duplicates(["round", "arm"]).query("generator == 'move_right'").set_index("round")
    assert log.loc[[1, 2], "n_moved"].tolist() == [0, 0]
    assert log.loc[3, "n_moved"] == log.loc[1, "n_drawn"]
    assert log.loc[2, "pool"] == log.loc[1, "pool"] - log.loc[1, "n_drawn"]
    assert set(sim.arms["model", "move_right"].people["last_move"]) == {0, 3, 4}


def test_effort_varies_around_what_was_asked_for_and_never_goes_backwards():
    X, _, A, _ = town(0)
    new = X.assign(x1=X["x1"] + 1.0)
    rng = np.random.default_rng(0)
    moved, _ = Behaviour(effort=0.5, effort_sd=0.5).act(X, new, A, rng)
    way = (moved["x1"] - X["x1"]).to_numpy()
    assert way.min() == 0
    assert way.max() > 1
    assert np.median(way) == pytest.approx(0.5, abs=0.1)
    np.testing.assert_allclose(moved["x2"], X["x2"])
