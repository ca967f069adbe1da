"""Who is drawn: from which pool, and how many."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import recourse as rs
from recourse.simulations import PRESETS, Design, Selector, TopLabels
from recourse.simulations.parts.shares import how_many
from simulation_worlds import log, move_right, quick, stay, town, values


def test_a_share_of_the_pool_is_drawn_and_the_pool_is_logged(blobs):
    sim = quick(blobs, share=0.2, rounds=3, repeats=1)
    rounds = values(sim, "success_rate").set_index("round")
    pool = rounds["pool"].iloc[0]
    assert pool == (~sim.study.model(sim.study.models["model"]).approves(sim.study.baseline.X)).sum()
    assert rounds["n_drawn"].iloc[0] == round(0.2 * pool)
    assert rounds["pool"].iloc[1] < pool
    assert (rounds["convergence_rate"] == 1).all()


def test_together_all_arms_move_the_same_people_and_apart_they_need_not(blobs):
    arms = {"right": move_right, "stay": stay}
    sim = quick(blobs, recourse=arms, rounds=6, failed="move", repeats=1)
    first, second = (sim.arms["model", name].people for name in arms)
    np.testing.assert_array_equal(first["last_move"] == 1, second["last_move"] == 1)
    apart = quick(blobs, recourse=arms, rounds=6, failed="move", repeats=1, selector=Selector(together=False))
    pools = apart.to_frame().query("name == 'success_rate' and round == 6").set_index("generator")["pool"]
    assert pools["stay"] > pools["right"], "each arm has its own pool"
    shared = sim.to_frame().query("name == 'success_rate' and round == 6").set_index("generator")["pool"]
    assert shared["stay"] == shared["right"]


def test_a_small_pool_still_draws_one_person_until_it_is_dry(blobs):
    X, y, A = blobs
    few = pd.concat([X[y == 1], X[y == 0].head(8)])
    sim = rs.simulate(
        LogisticRegression(),
        few,
        y[few.index],
        A,
        recourse=move_right,
        rounds=12,
        repeats=1,
        design=Design(permutations=0),
    )
    log = sim.to_frame().drop_duplicates(["round", "arm"]).query("generator == 'move_right'")
    drawn = log[log["round"] > 0].set_index("round")["n_drawn"]
    assert drawn.loc[1] == 1
    assert any("nobody was left in the pool" in note for note in sim.notes)
    none = rs.simulate(
        LogisticRegression(), few, y[few.index], A, recourse=move_right, rounds=3, repeats=1,
        design=Design(permutations=0, selector=Selector(at_least=0)),
    )  # fmt: skip
    assert (none.arms["model", "move_right"].people["moves"] == 0).all(), "round(share · pool) = 0, as in the paper"


def test_there_is_at_least_one_place_one_label_and_one_draw_in_a_small_pool():
    assert [how_many(0.1, n) for n in (1, 4, 20)] == [1, 1, 2]
    assert how_many(50, 20) == 20
    X, y, A, clf = town(0)
    few = np.flatnonzero(y == 0)[:3].tolist() + np.flatnonzero(y == 1)[:3].tolist()
    sim = rs.simulate(
        clf,
        X.iloc[few],
        y.iloc[few],
        A,
        rounds=4,
        repeats=1,
        design=PRESETS["fonseca2023"].replace(selector=Selector(0.01, together=False), test_share=0.0),
    )
    assert (log(sim, "optimal")["n_drawn"].iloc[1:] == 1).all()
    assert sim.arms["model", "optimal"].people["approved"].sum() == 1
    labels = TopLabels(0.01).label
    people = rs.simulations.parts.people.People.start(X.iloc[few], y.iloc[few].to_numpy())
    top = labels(people, None, X.iloc[few], rs.as_model(clf), rs.simulations.parts.labels.Labels(1, 0, int), None)
    assert top.sum() == 1
