"""Interruptions: what is done is kept, and the rest gives the same numbers."""

from __future__ import annotations

import json
import pickle

import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

import recourse as rs
from recourse.simulations import (
    Places,
)
from simulation_worlds import quick, run


def test_ctrl_c_keeps_what_is_done_and_resuming_gives_the_same_numbers(blobs):
    whole = quick(blobs, rounds=5)
    calls = 0

    def impatient(model, actions, X):
        nonlocal calls
        calls += 1
        if calls == 8:
            raise KeyboardInterrupt
        return X.assign(x1=4.0)

    sim = quick(blobs, recourse={"move_right": impatient}, rounds=5)
    assert sim.interrupted
    assert not sim.complete
    assert sim.to_frame()["repeat"].max() == 1
    assert any("Interrupted after 7 of 10 rounds" in note for note in sim.notes)
    assert len(sim.to_frame()) < len(whole.to_frame())
    before = sim.to_frame()
    resumed = sim.resume()
    assert not resumed.interrupted
    pd.testing.assert_frame_equal(resumed.to_frame(), whole.to_frame())
    assert sim.interrupted
    pd.testing.assert_frame_equal(sim.to_frame(), before)


def test_a_checkpoint_goes_on_after_the_process_is_gone(blobs, tmp_path):
    path = tmp_path / "run.json"
    whole = quick(blobs, rounds=3, repeats=3)

    def stop_in_the_second(done, total):
        if done > 7:
            raise KeyboardInterrupt

    cut = quick(blobs, rounds=3, repeats=3, checkpoint=path, progress=stop_in_the_second)
    assert cut.interrupted
    assert [one["repeat"] for one in json.loads(path.read_text())["repeats"]] == [0]
    again = quick(blobs, rounds=3, repeats=3, checkpoint=path)
    pd.testing.assert_frame_equal(again.to_frame(), whole.to_frame(), check_dtype=False)
    complete = quick(blobs, rounds=3, repeats=3, checkpoint=path)
    pd.testing.assert_frame_equal(complete.to_frame(), whole.to_frame(), check_dtype=False)
    assert complete.to_dict()["arms"] == whole.to_dict()["arms"]
    with pytest.raises(KeyError, match="not run here"):
        complete.arms["model", "control"]
    with pytest.raises(rs.InputError, match="another simulation"):
        quick(blobs, rounds=3, repeats=3, checkpoint=path, share=0.3)
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(rs.InputError, match="not a checkpoint"):
        quick(blobs, checkpoint=tmp_path / "other.json")


def test_a_result_can_be_pickled_and_resumed(blobs):
    sim = quick(blobs, recourse="optimal")
    back = pickle.loads(pickle.dumps(sim))
    pd.testing.assert_frame_equal(back.to_frame(), sim.to_frame())


def test_progress_counts_rounds_of_arms(blobs):
    seen = []
    quick(blobs, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 16)
    assert seen[-1] == (16, 16)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("preset", ["fonseca2023", "yang2025"])
def test_a_preset_depends_on_its_seed_only_and_resumes_to_the_same_table(preset, tmp_path):
    whole = run(preset=preset, rounds=4, repeats=3)
    again = run(preset=preset, rounds=4, repeats=3)
    pd.testing.assert_frame_equal(whole.to_frame(), again.to_frame())
    with threadpool_limits(limits=2):
        threads = run(preset=preset, rounds=4, repeats=3)
    pd.testing.assert_frame_equal(whole.to_frame(), threads.to_frame())
    other = run(preset=preset, rounds=4, repeats=3, random_state=9)
    assert not whole.to_frame()["value"].equals(other.to_frame()["value"])

    def stop_in_the_second(done, total):
        if done > 10:  # of 24
            raise KeyboardInterrupt

    path = tmp_path / "run.json"
    cut = run(preset=preset, rounds=4, repeats=3, checkpoint=path, progress=stop_in_the_second)
    assert cut.interrupted
    resumed = run(preset=preset, rounds=4, repeats=3, checkpoint=path)
    pd.testing.assert_frame_equal(resumed.to_frame(), whole.to_frame(), check_dtype=False)
    pd.testing.assert_frame_equal(cut.resume().to_frame(), whole.to_frame())
    with pytest.raises(rs.InputError, match="another simulation"):
        run(preset=preset, rounds=4, repeats=3, checkpoint=path, decision=Places(3))
