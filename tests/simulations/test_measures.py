"""What is measured, against the plain definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

import recourse as rs
from recourse.generators import Generic
from recourse.models.network_classifier import NetworkClassifier
from recourse.simulations import (
    Behaviour,
    Design,
    Places,
    Selector,
    Situation,
    Value,
)
from simulation_worlds import beyond, log, move_right, quick, run, series, town, values

SEEDS = range(5)


def test_the_control_arm_moves_nobody_and_shifts_nothing_but_parameters(blobs):
    warm = NetworkClassifier((), standardize=False, epochs=400, random_state=0)
    sim = quick(blobs, {"warm": warm, "cold": LogisticRegression()}, rounds=10, measure_every=5)
    control = sim.to_frame().query("generator == 'control'")
    assert control["n_moved"].eq(0).all()
    now = control.query("round == 10")
    for name, most in (("mmd", 0.02), ("mmd_grid", 0.005), ("disagreement", 0.02), ("model_performance", 0.03)):
        assert now[now["name"] == name]["value"].abs().max() < most, name
    drift = now[now["name"] == "perturbation"].set_index("model")["value"]
    assert drift["warm"].min() > 0.01, "a warm start moves parameters even if nobody moves"
    assert drift["cold"].max() == 0
    contrast = sim.contrast("control").query("model == 'warm' and name == 'perturbation' and round == 10")
    np.testing.assert_allclose(contrast["difference"], contrast["value"] - contrast["reference"])
    assert set(contrast["generator"]) == {"move_right"}


def test_measures_are_those_of_plain_functions_on_the_arms(blobs):
    sim = quick(blobs, rounds=3, measure_every=3, repeats=1)
    arm, control = sim.arms["model", "move_right"], sim.arms["model", "control"]
    start, baseline = sim.study.start, sim.study.baseline
    favourable = baseline.standardised(start.X[start.y == 1]), baseline.standardised(arm.X[arm.y == 1])
    last = sim.to_frame().query("round == 3 and generator == 'move_right'").set_index("name")["value"]
    width = rs.statistics.median_bandwidth(favourable[0])
    assert last["mmd"] == pytest.approx(rs.statistics.mmd(*favourable, width))
    first = sim.study.models["model"]
    assert last["disagreement"] == np.mean(first.predict(start.X) != arm.model.predict(start.X))
    f1 = [f1_score(baseline.held_y, m.predict(baseline.held_X) == 1, average="macro") for m in (first, arm.model)]
    assert last["model_performance"] == pytest.approx(f1[1] - f1[0])
    moved = np.abs(arm.model.coef_ - first.coef_)
    norms = np.linalg.norm(moved) / 2, np.abs(arm.model.intercept_ - first.intercept_)[0]
    assert last["perturbation"] == pytest.approx(np.mean(norms))
    np.testing.assert_array_equal(first.coef_, control.model.coef_)


def test_redundancy_and_distance_are_those_of_the_recourse(blobs):
    sim = quick(blobs, rounds=1, repeats=1)
    assert values(sim, "redundancy")["value"].item() == 0.5, "one of two features moved"
    moved = sim.arms["model", "move_right"].people["moves"] > 0
    way = (4.0 - sim.study.start.X["x1"][moved]) / sim.study.start.X["x1"].std(ddof=0)
    assert values(sim, "distance")["value"].item() == pytest.approx(way.mean())
    assert values(sim, "favourable_labels")["value"].item() == 1.0


def test_reliability_is_the_share_of_those_who_crossed_that_the_retrained_model_still_approves(blobs):
    class Stricter(LogisticRegression):
        """Each fit asks for more than the one before."""

        def fit(self, X, y):
            super().fit(X, y)
            self.intercept_ = self.intercept_ - 3.0 * (X["x1"] == 2.0).sum() / 10
            return self

    def just_enough(model, actions, X):
        return X.assign(x1=2.0)

    sim = quick(blobs, Stricter(), {"just": just_enough}, rounds=3, share=0.3, repeats=1)
    rate = values(sim, "reliability").set_index("round")["value"]
    assert rate.loc[1] < 0.5
    kept = quick(blobs, Stricter(), {"just": just_enough}, rounds=2, share=0.3, repeats=1, retrainer="none", refit=True)
    assert values(kept, "reliability")["value"].eq(1).all()


def test_negative_values_are_shown_as_they_are(blobs):
    sim = quick(blobs)
    assert values(sim, "mmd").query("round == 0")["value"].max() < 0
    assert "-0.0" in repr(sim)


def test_the_width_is_the_median_at_the_start_or_the_papers(blobs):
    sim = quick(blobs)
    start = sim.study.baseline.standardised(sim.study.start.X[sim.study.start.y == 1])
    assert sim.study.baseline.width == pytest.approx(rs.statistics.median_bandwidth(start))
    paper = quick(blobs, NetworkClassifier((), epochs=5), preset="altmeyer2023")
    assert paper.study.baseline.width == 0.5
    X = paper.study.start.X
    np.testing.assert_array_equal(paper.study.baseline.standardised(X), X.to_numpy())


def test_the_convergence_rate_is_logged_every_round(blobs):
    sim = quick(blobs, None, {"short": Generic(max_steps=5), "long": Generic(max_steps=500)}, rounds=3)
    log = sim.to_frame().drop_duplicates(["repeat", "round", "arm"]).query("round > 0")
    rate = log.set_index(["generator", "round"])["convergence_rate"]
    assert (rate["long"] == 1).all()
    assert (rate["short"] < 0.5).all()
    assert rate["control"].isna().all()


def test_group_measures_are_those_of_the_people_in_the_group(blobs):
    X, y, A = blobs
    labelled = X.assign(sex=np.where(np.arange(300) % 3 == 0, "f", "m"))
    sim = rs.simulate(
        LogisticRegression(),
        labelled,
        y,
        A,
        recourse=move_right,
        rounds=2,
        repeats=1,
        group_by="sex",
        design=Design(selector=Selector(0.3), permutations=0),
    )
    frame = sim.to_frame()
    assert set(frame["group"]) == {"", "sex=f", "sex=m"}
    arm, first = sim.arms["model", "move_right"], sim.study.models["model"]
    women = (sim.study.start.X["sex"] == "f").to_numpy()
    start = sim.study.baseline.X
    share = np.mean((first.predict(start) != arm.model.predict(start))[women])
    last = frame.query("round == 2 and generator == 'move_right' and group == 'sex=f'").set_index("name")["value"]
    assert last["disagreement"] == share
    assert {"mmd", "pp_mmd", "success_rate", "model_performance"} <= set(last.index)
    assert list(arm.X.columns) == ["x1", "x2"], "the group is no feature"


def test_your_own_measure_is_a_function_of_two_moments(blobs):
    def approved(start, now, seed):
        yield Value("custom", "approved", float(now.approves_start.mean()))

    sim = quick(blobs, measures=("mmd", approved), repeats=1)
    assert set(sim.to_frame().query("scope != 'recourse'")["name"]) == {"mmd", "approved"}


@pytest.mark.parametrize("seed", SEEDS)
def test_reliability_is_the_share_of_places_for_those_who_crossed(seed):
    """All who act end up ahead of everybody else, so the places are all that counts: min(1, places / actors)."""
    for share in (0.05, 0.2, 0.6):
        sim = run(seed, recourse=beyond, share=share, rounds=1, behaviour=Behaviour())
        actors = log(sim).loc[1, "n_moved"]
        assert actors == round(share * 180)
        assert series(sim, "reliability").loc[1] == min(1.0, 20 / actors)
        assert series(sim, "fail_to_recourse").loc[1] == pytest.approx(1 - min(1.0, 20 / actors))


def test_a_promise_is_by_the_rule_of_the_day_it_was_made():
    told = {}

    def barely(model, actions, X):
        rows = rs.simulations.parts.recommenders.Optimal().answer(model, actions, X, Situation(X, X, X, 0)).X
        t = len(told) + 1
        told[t] = model, rows
        return rows

    sim = run(recourse=barely, rounds=3, behaviour=Behaviour(delay=2), decision=Places(40))
    people = sim.arms["linear", "exact"].people
    moved = (people["last_move"] == 3).to_numpy()
    assert moved.sum() > 50
    first, last = told[1][0], sim.arms["linear", "exact"].rules[3]
    assert first.level != last.level
    X = sim.arms["linear", "exact"].X
    assert first.approves(X[moved]).all()
    got = people["approved"].to_numpy()[moved]
    assert series(sim, "reliability").loc[3] == got.mean() < 1
    assert series(sim, "fail_to_recourse").loc[3] == pytest.approx(1 - got.mean())


def test_who_falls_short_has_failed_but_no_promise_was_broken():
    sim = run(behaviour=Behaviour(effort=0.5), rounds=3, decision="model")
    assert series(sim, "fail_to_recourse").min() > 0.7, "half of the way is rarely enough"
    assert series(sim, "reliability").min() == 1, "of the few who crossed"


def test_threshold_and_standard_are_those_of_the_rule():
    for preset in ("fonseca2023", "yang2025"):
        sim = run(preset=preset, rounds=3)
        for generator in ("control", "exact"):
            arm = sim.arms["linear", generator]
            p = arm.model.predict_proba(arm.X)[:, 1]
            assert series(sim, "threshold", generator).loc[3] == p[arm.people["approved"]].min()
            start = arm.model.predict_proba(sim.study.start.X)[:, 1]
            bar = p[arm.people["approved"]].min() if preset == "fonseca2023" else 0.5
            assert series(sim, "standard", generator).loc[3] == pytest.approx(np.mean(start < bar), abs=0.006)
            denied = ~arm.rules[3].approves(sim.study.start.X)
            assert series(sim, "standard", generator).loc[3] == pytest.approx(denied.mean())


def test_measures_are_taken_by_group_too():
    X, y, A, clf = town(0)
    labelled = X.assign(sex=np.where(np.arange(len(X)) % 3 == 0, "f", "m"))
    for preset in ("fonseca2023", "yang2025"):
        sim = rs.simulate(
            clf, labelled, y, A, recourse={"exact": "optimal"}, preset=preset, rounds=2, repeats=1, group_by="sex"
        )
        people, X_end = sim.arms["model", "exact"].people, sim.arms["model", "exact"].X
        last = (
            sim.to_frame()
            .query("round == 2 and generator == 'exact'")
            .pivot(index="name", columns="group", values="value")
        )
        assert last.loc[["fail_to_recourse", "threshold", "standard"]].notna().all(axis=None)
        assert last.loc["threshold"].min() == last.loc["threshold", ""]
        both = last.loc["standard", ["sex=f", "sex=m"]]
        assert both.min() <= last.loc["standard", ""] <= both.max()
        assert len(people) == len(X_end) == 200


@pytest.mark.parametrize("preset", [None, "fonseca2023"])
@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["a", None] * 150, dtype=object),
        pd.Series([1.0, np.nan] * 150),
        pd.Series([True, None, False] * 100, dtype="boolean"),
    ],
    ids=["words", "numbers", "booleans"],
)
def test_people_without_a_value_are_a_group_of_their_own(column, preset, blobs):
    X, y, A = blobs
    sim = rs.simulate(
        LogisticRegression(), X.assign(g=column), y, A, rounds=1, repeats=1, group_by="g", preset=preset
    )  # fmt: skip
    levels = {f"g={level}" for level in column.dropna().unique()}
    assert set(sim.to_frame()["group"]) == {"", "g is missing"} | levels
    people = sum(group.members(sim.study.start).sum() for group in sim.study.groups.values())
    assert people == len(sim.study.start)
