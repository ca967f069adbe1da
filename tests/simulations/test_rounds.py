"""What ends an arm, what ends a simulation, and that neither hides a mistake of this package."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.simulations import Design, Selector, Value, measures
from recourse.simulations.parts import recommenders


@pytest.fixture(scope="module")
def blobs():
    data = rs.datasets.overlapping(150, random_state=0)
    return data.X, data.y, rs.ActionSet(data.X, default_bounds=(-10, 10))


QUICK = Design(permutations=0, measure_every=2)


def move_right(model, actions, X):
    return X.assign(x1=4.0)


def simulate(blobs, recourse=move_right, design=QUICK, model=None, **settings):
    X, y, A = blobs
    settings = {"rounds": 4, "repeats": 2} | settings
    return rs.simulate(model or LogisticRegression(), X, y, A, recourse=recourse, design=design, **settings)


class BrokenLabels:
    def label(self, people, moved, features, model, labels, rng):
        raise KeyError("no such label")


class BrokenSelector:
    together = True

    def draw(self, pool, rng):
        return pool["everybody"]


def broken(model, actions, X):
    return X.nothing


def short(model, actions, X):
    return X.iloc[1:]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"recourse": {"go": broken}}, "AttributeError"),
        ({"recourse": {"go": short}}, "returned"),
        ({"design": QUICK.replace(labeller=BrokenLabels())}, "KeyError"),
        ({"design": QUICK.replace(selector=BrokenSelector())}, "IndexError"),
    ],
)
def test_an_arm_that_stops_is_in_the_first_line_of_every_view(said, words, blobs):
    sim = simulate(blobs, repeats=1, **said)
    first = repr(sim).splitlines()[0]
    assert "STOPPED EARLY" in first
    assert "stopped in round 1" in first
    assert words in first
    headline = sim._repr_html_().split("<p><strong>")[1].split("</strong>")[0]
    assert "STOPPED EARLY" in headline
    assert "STOPPED EARLY" in sim.to_html()
    assert sim.to_dict()["stopped"]
    assert any(words in why for why in sim.stopped.values())
    assert any(words in note for note in sim.notes)


def test_the_first_line_says_nothing_of_stops_where_there_are_none(blobs):
    sim = simulate(blobs, rounds=2, repeats=1)
    assert sim.stopped == {}
    assert repr(sim).splitlines()[0] == "Simulation of 120 people over 2 rounds, 1 repeat"


def test_a_mistake_of_this_package_is_never_taken_for_a_stop(blobs, monkeypatch):
    for mistake in (
        "def f(*a): raise TypeError('ours')",
        "def f(*a): return np.concatenate([])",
        "def f(*a): return pd.concat([])",
    ):
        ours = {"__name__": "recourse.simulations.rounds", "np": np, "pd": pd}
        exec(mistake, ours)
        monkeypatch.setattr(recommenders.Function, "answer", ours["f"])
        with pytest.raises((TypeError, ValueError)) as raised:
            simulate(blobs, rounds=1, repeats=1)
        assert any("round 1 of the arm model/move_right" in note for note in raised.value.__notes__)


def test_a_measure_of_ones_own_that_fails_later_stops_its_arm(blobs):
    def late(start, now, seed):
        if now is not start and len(now.X) and now.favourable.sum() > start.favourable.sum():
            raise ZeroDivisionError("too many")
        yield Value("custom", "one", 1.0)

    sim = simulate(blobs, repeats=1, design=QUICK.replace(measures=["mmd", late], selector=Selector(0.5)))
    assert set(sim.stopped) == {("model", "move_right", 0)}
    assert "ZeroDivisionError" in repr(sim).splitlines()[0]
    assert measures.MEASURES


# -- budgets -------------------------------------------------------------------------------------------


def test_a_budget_that_runs_out_keeps_what_is_done_and_the_rest_can_be_run_later(blobs):
    whole = simulate(blobs)
    budget = rs.Budget()

    def stop_after_six(done, total):
        if done >= 12:
            budget.cancel()

    cut = simulate(blobs, budget=budget, progress=stop_after_six)
    assert cut.interrupted
    assert {state.repeat: state.t for state in cut._states} == {0: 4, 1: 2}
    kept = cut.to_frame()
    pd.testing.assert_frame_equal(cut.resume().to_frame(), whole.to_frame())
    pd.testing.assert_frame_equal(cut.to_frame(), kept)
    assert cut.interrupted, "resume returns a new result and leaves this one as it is"
    assert "(1 complete)" in repr(cut).splitlines()[0]


def test_a_round_in_which_the_time_runs_out_is_not_kept(blobs):
    whole = simulate(blobs)
    budget, calls = rs.Budget(), []

    def slow(model, actions, X):
        calls.append(len(X))
        if len(calls) == 3:
            thread = threading.Thread(target=budget.cancel)
            thread.start()
            thread.join()
        return X.assign(x1=4.0)

    cut = simulate(blobs, recourse={"move_right": slow}, budget=budget)
    assert [state.t for state in cut._states] == [2]
    pd.testing.assert_frame_equal(cut.resume().to_frame(), whole.to_frame())


def test_no_time_at_all_is_no_round_and_still_a_result(blobs):
    sim = simulate(blobs, time_limit=0)
    assert sim.interrupted
    assert sim.to_frame()["round"].max() == 0
    assert "Interrupted after 0 of 8 rounds" in sim.notes[0]
    again = sim.resume(time_limit=1000)
    assert again.complete
    pd.testing.assert_frame_equal(again.to_frame(), simulate(blobs).to_frame())


# -- the result ----------------------------------------------------------------------------------------


def test_overall_and_by_group_are_the_last_round_over_repeats(blobs):
    X, y, A = blobs
    labelled = X.assign(sex=np.where(np.arange(len(X)) % 2 == 0, "f", "m"))
    sim = rs.simulate(
        LogisticRegression(), labelled, y, A, recourse=move_right, rounds=2, repeats=2, group_by="sex", design=QUICK
    )
    frame = sim.to_frame().query("round == 2 and scope != 'recourse'")
    assert sim.overall.equals(sim.summary())
    for table, group in ((sim.overall, ""), (sim.by_group.query("group == 'sex=f'"), "sex=f")):
        for _, row in table.iterrows():
            same = (frame["generator"] == row["generator"]) & (frame["name"] == row["name"])
            mine = frame[same & (frame["group"] == group)]["value"]
            assert row["repeats"] == len(mine) == 2
            assert row["mean"] == pytest.approx(mine.mean())
    assert set(sim.by_group["group"]) == {"sex=f", "sex=m"}


def test_a_result_can_not_be_changed_by_what_it_returns(blobs):
    sim = simulate(blobs, rounds=2, repeats=1)
    before = sim.to_frame()
    sim.rows.clear()
    sim.to_dict()["rows"].clear()
    sim.notes.append("x")
    frame = sim.to_frame()
    frame["value"] = 0.0
    pd.testing.assert_frame_equal(sim.to_frame(), before)
    with pytest.raises(AttributeError):
        sim.interrupted = False
