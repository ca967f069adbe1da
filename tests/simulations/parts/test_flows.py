"""Who leaves and who arrives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recourse.simulations import (
    Inflow,
    Places,
    ReplaceWinners,
)
from simulation_worlds import log, move_right, quick, run


def test_winners_leave_and_newcomers_are_the_same_in_every_arm(blobs):
    sim = quick(blobs, recourse={"right": move_right, "too": move_right}, flow=ReplaceWinners(), rounds=3, repeats=1)
    arm, other = sim.arms["model", "right"], sim.arms["model", "too"]
    assert len(arm.y) == 240
    people = arm.people
    assert (people["last_move"][people["moves"] > 0] == 3).all(), "whoever moved earlier was approved and left"
    new = arm.people["id"] >= 240
    assert new.sum() > 10
    pd.testing.assert_frame_equal(arm.X, other.X)
    grown = quick(blobs, flow=Inflow(7), rounds=3, repeats=1)
    assert len(grown.arms["model", "control"].y) == 240 + 21
    control, told = (grown.arms["model", name] for name in ("control", "move_right"))
    stayed = (told.people["moves"] == 0).to_numpy()
    np.testing.assert_array_equal(control.people["id"], told.people["id"])
    assert stayed[-21:].sum() > 15
    pd.testing.assert_frame_equal(control.X[stayed], told.X[stayed])


def test_winners_leave_and_newcomers_wait_for_the_next_selection():
    sim, longer = run(rounds=3), run(rounds=4)
    before, after = sim.arms["linear", "exact"].people, longer.arms["linear", "exact"].people
    assert not set(before["id"][before["approved"]]) & set(after["id"])
    arrived = ~after["id"].isin(before["id"])
    assert arrived.sum() == before["approved"].sum() == 20
    assert (after["moves"][arrived] == 0).all(), "they have not been denied yet"
    assert set(log(longer)["pool"].iloc[1:]) == {200 - 20 - 20 + 20}
    assert len(after) == 200
    shrinking = run(rounds=4, flow=ReplaceWinners(everybody=True, newcomers=5))
    assert len(shrinking.arms["linear", "exact"].people) < 200
    dry = run(rounds=30, decision=Places(50), flow=ReplaceWinners(everybody=True, newcomers=0))
    assert any("nobody is left" in note for note in dry.notes)


def test_a_share_of_the_people_is_renewed_the_same_in_every_arm():
    sim = run(preset="yang2025", rounds=1)
    people, control = (sim.arms["linear", name].people for name in ("exact", "control"))
    np.testing.assert_array_equal(people["id"], control["id"])
    assert (people["id"] >= 200).sum() == 100
