"""Which label people get."""

from __future__ import annotations

import numpy as np

from recourse.simulations import (
    OracleLabels,
    Places,
    TopLabels,
)
from simulation_worlds import quick, run, series, values


def test_who_failed_stays_or_moves_and_labels_are_a_choice(blobs):
    def nowhere(model, actions, X):
        return X.assign(x1=X["x1"] - 0.5)

    kept = quick(blobs, recourse={"nowhere": nowhere}, rounds=2, repeats=1)
    assert (kept.arms["model", "nowhere"].people["moves"] == 0).all()
    moved = quick(blobs, recourse={"nowhere": nowhere}, rounds=2, repeats=1, failed="move")
    arm = moved.arms["model", "nowhere"]
    assert (arm.people["moves"] > 0).sum() > 5
    assert (arm.y[arm.people["moves"] > 0] == 0).all(), "the model's own label"
    target = quick(blobs, recourse={"nowhere": nowhere}, rounds=2, repeats=1, failed="move", labeller="target")
    arm = target.arms["model", "nowhere"]
    assert (arm.y[arm.people["moves"] > 0] == 1).all()
    assert values(target, "favourable_labels")["value"].eq(1).all()
    assert any("no search ended at an approved point" in note for note in moved.notes)


def test_an_oracle_and_a_top_k_label_as_they_say(blobs):
    never = quick(blobs, labeller=OracleLabels(lambda X, rng: np.zeros(len(X), dtype=bool)), repeats=1)
    arm = never.arms["model", "move_right"]
    assert (arm.y[arm.people["moves"] > 0] == 0).all()
    sure = quick(blobs, labeller=OracleLabels(lambda X, rng: np.ones(len(X))), repeats=1)
    arm = sure.arms["model", "move_right"]
    assert (arm.y[arm.people["moves"] > 0] == 1).all()
    scarce = quick(blobs, labeller=TopLabels(30), rounds=2, repeats=1)
    assert scarce.arms["model", "move_right"].y.sum() == 30
    share = quick(blobs, labeller=TopLabels(0.25), rounds=2, repeats=1)
    assert share.arms["model", "move_right"].y.sum() == 60


def test_labels_follow_the_decision_where_they_are_asked_to():
    sim = run(rounds=3, decision=Places(0.25))
    for generator in ("control", "exact"):
        arm = sim.arms["linear", generator]
        np.testing.assert_array_equal(arm.y == 1, arm.people["approved"])
        assert arm.y.sum() == 50
    learning = run(rounds=3, retrainer="cold", refit=True)
    assert series(learning, "standard").nunique() > 1
    np.testing.assert_allclose(series(sim, "favourable_labels"), 1 - series(sim, "fail_to_recourse"))
