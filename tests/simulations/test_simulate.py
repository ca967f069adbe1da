"""Simulations: what must hold in any, each trap of the study they come from, and what the paper found."""

from __future__ import annotations

import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

import recourse as rs
from recourse.generators import ClaPROAR, Generic, Gravitational, Greedy, Probability
from recourse.models.network_classifier import NetworkClassifier
from recourse.simulations import (
    Behaviour,
    Inflow,
    Optimal,
    OracleLabels,
    ReplaceWinners,
    Retrainer,
    Selector,
    TopLabels,
    Value,
)

COUNTED = ["n_drawn", "n_moved", "pool"]


@pytest.fixture(scope="module")
def blobs():
    data = rs.datasets.overlapping(300, random_state=0)
    return data.X, data.y, rs.ActionSet(data.X, default_bounds=(-10, 10))


def move_right(model, actions, X):
    """A recourse that always works: far into the favourable blob, at once."""
    return X.assign(x1=4.0)


def stay(model, actions, X):
    return X


def quick(blobs, models=None, recourse=move_right, **settings):
    X, y, A = blobs
    settings = {"rounds": 4, "repeats": 2, "permutations": 0, "measure_every": 2} | settings
    return rs.simulate(LogisticRegression() if models is None else models, X, y, A, recourse=recourse, **settings)


def values(sim, name, group=""):
    frame = sim.to_frame()
    return frame[(frame["name"] == name) & (frame["group"] == group)]


# -- the loop ------------------------------------------------------------------------------------------


def test_the_table_is_tidy_and_complete(blobs):
    sim = quick(blobs, {"a": LogisticRegression(), "b": DecisionTreeClassifier(max_depth=3)}, permutations=20)
    frame = sim.to_frame()
    assert list(frame.columns) == [
        "repeat", "round", "arm", "model", "generator", "group", "scope", "name", "value", "p_value", "n_drawn",
        "n_moved", "pool", "convergence_rate", "retrained",
    ]  # fmt: skip
    assert not frame.duplicated(["repeat", "round", "arm", "group", "scope", "name"]).any()
    assert set(frame["scope"]) == {"domain", "model", "recourse"}
    shifts = frame[frame["scope"] != "recourse"]
    assert sorted(shifts["round"].unique()) == [0, 2, 4]
    tested = shifts["name"].isin(["mmd", "pp_mmd", "mmd_grid"])
    assert shifts["p_value"].notna().equals(tested)
    assert shifts[tested]["p_value"].between(1 / 21, 1).all()
    assert set(shifts[shifts["model"] == "b"]["name"]) == set(shifts["name"]) - {"perturbation", "perturbation_squared"}
    assert frame[frame["round"] == 0]["retrained"].eq(False).all()
    assert list(sim.arms) == [("a", "control"), ("a", "move_right"), ("b", "control"), ("b", "move_right")]


def test_people_get_their_new_features_and_the_models_own_label_before_it_is_retrained(blobs):
    _, _, A = blobs
    seen = []

    def spy(model, actions, people):
        seen.append((model, people.copy()))
        return people.assign(x2=people["x2"] - 100.0)  # far off: what the model says there is no matter of course

    sim = quick(blobs, recourse={"spy": spy}, rounds=1, repeats=1, failed="move")
    arm = sim.arms["model", "spy"]
    model, people = seen[0]
    moved = arm.people["moves"] > 0
    assert moved.sum() == len(people) == round(0.05 * (~model.approves(sim.study.frozen.X)).sum())
    low, _ = A["x2"].bounds
    np.testing.assert_array_equal(arm.y[moved], model.approves(arm.X[moved]).astype(int))
    start = sim.arms["model", "control"]
    pd.testing.assert_frame_equal(arm.X[~moved], start.X[~moved])
    np.testing.assert_array_equal(arm.y[~moved], start.y[~moved])
    assert low == -10


def test_nothing_that_is_passed_is_changed(blobs):
    X, y, A = blobs
    net = NetworkClassifier((), epochs=3, random_state=None)
    clf = LogisticRegression()
    before = X.copy(), y.copy(), repr(A), net.get_params(), clf.get_params()
    quick(blobs, {"net": net, "clf": clf})
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_series_equal(y, before[1])
    assert (repr(A), net.get_params(), clf.get_params()) == before[2:]
    assert not hasattr(net, "layers_")
    assert not hasattr(clf, "coef_")


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
    start, frozen = sim.study.start, sim.study.frozen
    favourable = frozen.standardised(start.X[start.y == 1]), frozen.standardised(arm.X[arm.y == 1])
    last = sim.to_frame().query("round == 3 and generator == 'move_right'").set_index("name")["value"]
    width = rs.statistics.median_bandwidth(favourable[0])
    assert last["mmd"] == pytest.approx(rs.statistics.mmd(*favourable, width))
    first = sim.study.models["model"]
    assert last["disagreement"] == np.mean(first.predict(start.X) != arm.model.predict(start.X))
    f1 = [f1_score(frozen.held_y, m.predict(frozen.held_X) == 1, average="macro") for m in (first, arm.model)]
    assert last["model_performance"] == pytest.approx(f1[1] - f1[0])
    moved = np.abs(arm.model.coef_ - first.coef_)
    norms = np.linalg.norm(moved) / 2, np.abs(arm.model.intercept_ - first.intercept_)[0]
    assert last["perturbation"] == pytest.approx(np.mean(norms))
    np.testing.assert_array_equal(first.coef_, control.model.coef_)


def test_a_share_of_the_pool_is_drawn_and_the_pool_is_logged(blobs):
    sim = quick(blobs, share=0.2, rounds=3, repeats=1)
    rounds = values(sim, "success_rate").set_index("round")
    pool = rounds["pool"].iloc[0]
    assert pool == (~sim.study.model(sim.study.models["model"]).approves(sim.study.frozen.X)).sum()
    assert rounds["n_drawn"].iloc[0] == round(0.2 * pool)
    assert rounds["pool"].iloc[1] < pool
    assert (rounds["convergence_rate"] == 1).all()


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


# -- traps ---------------------------------------------------------------------------------------------


def test_trap_1_who_failed_stays_or_moves_and_labels_are_a_choice(blobs):
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


def test_trap_2_claproar_in_a_simulation_searches_past_the_boundary(blobs):
    net = {"net": NetworkClassifier((), standardize=False, random_state=0)}
    sim = quick(blobs, net, {"claproar": ClaPROAR(), "generic": Generic()}, preset="altmeyer2023", repeats=1)
    rate = sim.to_frame().query("name == 'success_rate'").groupby("generator")["convergence_rate"].max()
    assert rate["claproar"] == 0
    assert rate["generic"] == 1
    assert any("net/claproar: no search met its own stopping rule" in note for note in sim.notes)


def test_trap_4_together_all_arms_move_the_same_people_and_apart_they_need_not(blobs):
    arms = {"right": move_right, "stay": stay}
    sim = quick(blobs, recourse=arms, rounds=6, failed="move", repeats=1)
    first, second = (sim.arms["model", name].people for name in arms)
    np.testing.assert_array_equal(first["last_move"] == 1, second["last_move"] == 1)
    apart = quick(blobs, recourse=arms, rounds=6, failed="move", repeats=1, selector=Selector(together=False))
    pools = apart.to_frame().query("name == 'success_rate' and round == 6").set_index("generator")["pool"]
    assert pools["stay"] > pools["right"], "each arm has its own pool"
    shared = sim.to_frame().query("name == 'success_rate' and round == 6").set_index("generator")["pool"]
    assert shared["stay"] == shared["right"]


def test_trap_4_a_small_pool_still_draws_one_person_until_it_is_dry(blobs):
    X, y, A = blobs
    few = pd.concat([X[y == 1], X[y == 0].head(8)])
    sim = rs.simulate(
        LogisticRegression(), few, y[few.index], A, recourse=move_right, rounds=12, repeats=1, permutations=0
    )
    log = sim.to_frame().drop_duplicates(["round", "arm"]).query("generator == 'move_right'")
    drawn = log[log["round"] > 0].set_index("round")["n_drawn"]
    assert drawn.loc[1] == 1
    assert any("nobody was left in the pool" in note for note in sim.notes)
    none = rs.simulate(
        LogisticRegression(), few, y[few.index], A, recourse=move_right, rounds=3, repeats=1, permutations=0,
        selector=Selector(at_least=0),
    )  # fmt: skip
    assert (none.arms["model", "move_right"].people["moves"] == 0).all(), "round(share · pool) = 0, as in the paper"


def test_trap_5_negative_values_are_shown_as_they_are(blobs):
    sim = quick(blobs)
    assert values(sim, "mmd").query("round == 0")["value"].max() < 0
    assert "-0.0" in repr(sim)


def test_trap_6_the_width_is_the_median_at_the_start_or_the_papers(blobs):
    sim = quick(blobs)
    start = sim.study.frozen.standardised(sim.study.start.X[sim.study.start.y == 1])
    assert sim.study.frozen.width == pytest.approx(rs.statistics.median_bandwidth(start))
    paper = quick(blobs, NetworkClassifier((), epochs=5), preset="altmeyer2023")
    assert paper.study.frozen.width == 0.5
    X = paper.study.start.X
    np.testing.assert_array_equal(paper.study.frozen.standardised(X), X.to_numpy())


def test_trap_7_the_convergence_rate_is_logged_every_round(blobs):
    sim = quick(blobs, None, {"short": Generic(max_steps=5), "long": Generic(max_steps=500)}, rounds=3)
    log = sim.to_frame().drop_duplicates(["repeat", "round", "arm"]).query("round > 0")
    rate = log.set_index(["generator", "round"])["convergence_rate"]
    assert (rate["long"] == 1).all()
    assert (rate["short"] < 0.5).all()
    assert rate["control"].isna().all()


def test_trap_8_features_are_standardised_by_the_training_people_at_the_start(blobs):
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


def test_trap_9_numbers_depend_on_the_seed_and_the_arm_and_on_nothing_else(blobs):
    nets = {"net": NetworkClassifier((4,), epochs=10)}
    both = {"generic": Generic(), "greedy": Greedy()}
    apart = Selector(together=False)
    sim = quick(blobs, nets, both, selector=apart)
    again = quick(blobs, nets, both, selector=apart)
    pd.testing.assert_frame_equal(sim.to_frame(), again.to_frame())
    with threadpool_limits(limits=2):
        threads = quick(blobs, nets, both, selector=apart)
    pd.testing.assert_frame_equal(sim.to_frame(), threads.to_frame())
    alone = quick(blobs, nets, {"greedy": Greedy()}, selector=apart)
    pd.testing.assert_frame_equal(
        sim.to_frame().query("generator == 'greedy'").reset_index(drop=True),
        alone.to_frame().query("generator == 'greedy'").reset_index(drop=True),
    )
    other = quick(blobs, nets, both, selector=apart, random_state=1)
    assert not sim.to_frame()["value"].equals(other.to_frame()["value"])
    repeats = values(sim, "mmd").query("round == 4 and generator == 'generic'")["value"]
    assert repeats.nunique() == 2


def test_trap_10_the_centre_is_frozen_unless_the_recipe_says_otherwise(blobs):
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


# -- parts ---------------------------------------------------------------------------------------------


def test_behaviour_stays_within_the_action_set(blobs):
    X, y, _ = blobs
    A = rs.ActionSet(X, default_bounds=(-10, 10))
    A["x1"].step_direction = 1
    A["x2"].actionable = False
    arms = {"right": move_right}
    some = Behaviour(comply=0.5, effort=0.5, noise=0.3)
    sim = rs.simulate(
        LogisticRegression(), X, y, A, recourse=arms, behaviour=some, rounds=6, repeats=1, share=0.3, permutations=0,
        retrainer="none", refit=True,
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


def test_a_model_is_retrained_when_it_is_due_and_not_at_all_if_so_wished(blobs):
    often = quick(blobs, retrainer=Retrainer("cold", every=2), rounds=4, measure_every=1, repeats=1)
    log = often.to_frame().drop_duplicates(["round", "arm"]).query("generator == 'control'").set_index("round")
    assert log["retrained"].tolist() == [False, False, True, False, True]
    X, y, _ = blobs
    fitted = LogisticRegression().fit(X, y)
    never = quick(blobs, fitted, retrainer="none")
    assert never.arms["model", "move_right"].model is fitted
    table = rs.LinearModel({"x1": 1.0, "x2": 0.0}, intercept=-1.2)
    given = quick(blobs, table, Optimal(), retrainer="none")
    assert values(given, "disagreement")["value"].eq(0).all()
    assert values(given, "success_rate")["value"].eq(1).all()


def test_any_classifier_can_be_simulated_by_cloning_and_fitting(blobs):
    models = {
        "forest": RandomForestClassifier(5, max_depth=3),
        "pipe": make_pipeline(StandardScaler(), LogisticRegression()),
        "warm": NetworkClassifier(epochs=5),
    }
    sim = quick(blobs, models, rounds=2)
    assert all(not arm.stopped for arm in sim.arms.values())
    again = quick(blobs, models, rounds=2)
    pd.testing.assert_frame_equal(sim.to_frame(), again.to_frame())  # though their random_state is None


def test_exact_recourse_is_optimal_and_moves_as_found(blobs):
    sim = quick(blobs, recourse="optimal", rounds=2, repeats=1)
    assert values(sim, "success_rate")["value"].eq(1).all()
    arm = sim.arms["model", "optimal"]
    moved = arm.people["moves"].to_numpy() == 1
    menus = sim.study.actions["x1"].target_values
    there = arm.X["x1"][moved & (arm.X["x1"] != sim.study.start.X["x1"])]
    assert np.isin(there, menus).all()


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
        share=0.3,
        repeats=1,
        permutations=0,
        group_by="sex",
    )
    frame = sim.to_frame()
    assert set(frame["group"]) == {"", "sex=f", "sex=m"}
    arm, first = sim.arms["model", "move_right"], sim.study.models["model"]
    women = (sim.study.start.X["sex"] == "f").to_numpy()
    start = sim.study.frozen.X
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


# -- interruption --------------------------------------------------------------------------------------


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
    sim.resume()
    assert not sim.interrupted
    pd.testing.assert_frame_equal(sim.to_frame(), whole.to_frame())


def test_a_checkpoint_goes_on_after_the_process_is_gone(blobs, tmp_path):
    path = tmp_path / "run.json"
    whole = quick(blobs, rounds=3, repeats=3)

    def stop_in_the_second(done, total):
        if done > 7:
            raise KeyboardInterrupt

    cut = quick(blobs, rounds=3, repeats=3, checkpoint=path, progress=stop_in_the_second)
    assert cut.interrupted
    assert {row["repeat"] for row in json.loads(path.read_text())["rows"]} == {0}
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


class Fussy(LogisticRegression):
    """Can't be fitted to people who have moved right."""

    def fit(self, X, y):
        if X["x1"].eq(4.0).sum() > 20:
            raise ValueError("these people are too good to be true")
        return super().fit(X, y)


def test_an_arm_whose_model_can_no_longer_be_fitted_stops_and_the_others_go_on(blobs):
    sim = quick(blobs, {"fussy": Fussy(), "plain": LogisticRegression()}, share=0.1, rounds=4, repeats=1)
    stopped = sim.arms["fussy", "move_right"]
    assert "ValueError: these people are too good to be true" in stopped.stopped
    assert stopped.rounds == 1
    assert (stopped.people["moves"] > 0).sum() == 12, "the results so far are kept"
    assert any("Its results up to then are kept." in note for note in sim.notes)
    rounds = sim.to_frame().groupby("arm")["round"].max()
    assert rounds.to_dict() == {"fussy/control": 4, "fussy/move_right": 1, "plain/control": 4, "plain/move_right": 4}


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rounds": 0}, "rounds"),
        ({"share": 0.0}, "share"),
        ({"share": 0.1, "selector": Selector()}, "selector"),
        ({"preset": "altmeyer2022"}, "altmeyer2023"),
        ({"measures": "mdm"}, "'mmd'"),
        ({"failed": "go"}, "failed"),
        ({"units": "z"}, "units"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"test_share": 1.0}, "test_share"),
        ({"permutations": -1}, "permutations"),
        ({"labeller": "modle"}, "'model'"),
        ({"recourse": "optimla"}, "'optimal'"),
        ({"recourse": {"control": "optimal"}}, "control"),
        ({"recourse": {}}, "recourse"),
        ({"recourse": 3}, "int"),
        ({"group_by": ["x3"]}, "x3"),
        ({"models": {}}, "models"),
        ({"desired": 7}, "desired"),
        ({"retrainer": "hot"}, "mode"),
    ],
)
def test_settings_that_mean_nothing_are_refused_before_the_first_round(settings, says, blobs):
    with pytest.raises((rs.InputError, rs.ModelError), match=says):
        quick(blobs, **settings)


def test_models_that_can_not_be_retrained_are_refused_with_what_to_do(blobs):
    class Frozen:
        classes_ = np.array([0, 1])

        def predict(self, X):
            return (np.asarray(X)[:, 0] > 1).astype(int)

    for model in (Frozen(), rs.LinearModel({"x1": 1.0, "x2": 0.0})):
        with pytest.raises(rs.ModelError, match="can't be retrained"):
            quick(blobs, model)
    assert quick(blobs, Frozen(), retrainer="none").complete
    with pytest.raises(rs.ModelError, match="adds no estimators"):
        quick(blobs, RandomForestClassifier(3, warm_start=True))
    with pytest.raises(rs.ModelError, match="does not start warm"):
        quick(blobs, LogisticRegression(), retrainer="warm")


def test_a_population_without_candidates_is_told_so(blobs):
    X, y, A = blobs
    with pytest.raises(rs.InputError, match="no candidates"):
        quick(blobs, rs.LinearModel({"x1": 0.0, "x2": 0.0}, intercept=1.0), retrainer="none")
    with pytest.raises(rs.InputError, match="3 labels"):
        rs.simulate(LogisticRegression(), X, np.arange(300) % 3, A)
    with pytest.raises(rs.InputError, match="one label for each"):
        rs.simulate(LogisticRegression(), X, y[:10], A)


# -- views ---------------------------------------------------------------------------------------------


def test_views_are_rendered_from_one_document(blobs):
    sim = quick(blobs, permutations=5)
    document = sim.to_dict()
    assert document == json.loads(json.dumps(document, allow_nan=False))
    assert " at 0x" not in json.dumps(document)
    text = repr(sim)
    assert "Simulation of 240 people over 4 rounds, 2 repeats" in text
    assert "move_right" in text
    html = sim.to_html()
    assert html.count("<svg") == 4
    assert "<script" not in html
    assert sim.summary()["repeats"].eq(2).all()


def test_plots_return_axes_and_touch_nothing_global(blobs):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    before = dict(matplotlib.rcParams)
    sim = quick(blobs, {"a": LogisticRegression(), "b": LogisticRegression(C=0.1)})
    axes = sim.plot()
    assert axes.shape == (4, 2)
    assert len(axes[0, 0].lines) == 3, "two arms and the zero line"
    assert sim.plot("mmd", models=["a"]).shape == (1, 1)
    population = sim.plot_population(round=2)
    assert population.shape == (2, 3)
    assert population[0, 0].get_title() == "a: start"
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(rs.InputError, match="measured rounds"):
        sim.plot_population(round=3)
    with pytest.raises(rs.InputError, match="was not measured"):
        sim.plot("mdm")
    plt.close("all")


def test_synthetic_sets_are_those_of_the_paper():
    data = rs.datasets.overlapping(100_000, random_state=0)
    for label, mean, deviation in ((0, (0.433, -0.314), (0.51, 0.53)), (1, (1.976, 0.162), (0.48, 0.53))):
        mine = data.X[data.y == label]
        np.testing.assert_allclose(mine.mean(), mean, atol=0.01)
        np.testing.assert_allclose(mine.std(), deviation, atol=0.01)
    for make, least in ((rs.datasets.separable, 1.0), (rs.datasets.moons, 0.8), (rs.datasets.overlapping, 0.9)):
        data = make(1000, random_state=3)
        assert data.X.shape == (1000, 2)
        assert data.y.sum() == 500
        assert LogisticRegression(C=100).fit(data.X, data.y).score(data.X, data.y) >= least
    ring = rs.datasets.circles(1000)
    radius = np.linalg.norm(ring.X, axis=1)
    assert radius[ring.y == 0].mean() > 0.9
    assert radius[ring.y == 1].mean() < 0.25
    with pytest.raises(rs.InputError, match="at least 2"):
        rs.datasets.moons(1)


# -- what the paper found ------------------------------------------------------------------------------

SEEDS = range(5)
RECOURSE = {
    "generic": Generic(),
    "γ = 0.9": Generic(stop=Probability(0.9)),
    "gravitational": Gravitational(),
    "claproar": ClaPROAR(),
    "greedy": Greedy(),
}


@pytest.fixture(scope="module")
def paper():
    """The overlapping set with batches of 32 at a rate of 1e-2: one simulation a seed, linear model and MLP."""
    frames, linear_only = [], {}
    for seed in SEEDS:
        data = rs.datasets.overlapping(random_state=seed)
        models = {"linear": NetworkClassifier((), standardize=False)}
        if seed < 2:
            models["mlp"] = NetworkClassifier(standardize=False)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sim = rs.simulate(
                models, data.X, data.y, rs.ActionSet(data.X, default_bounds=(-10, 10)), recourse=RECOURSE, repeats=1,
                random_state=seed, preset="altmeyer2023", permutations=0, measure_every=25,
            )  # fmt: skip
        frames.append(sim.to_frame().assign(seed=seed))
        linear_only[seed] = int((sim.arms["linear", "generic"].people["moves"] > 0).sum())
    return pd.concat(frames), linear_only


def at_the_end(paper, model, name):
    frame = paper[0]
    last = frame[(frame["round"] == 50) & (frame["model"] == model) & (frame["name"] == name)]
    return last.pivot_table(index="seed", columns="generator", values="value")


@pytest.mark.slow
def test_paper_values_of_the_linear_model_lie_in_the_published_ranges(paper):
    """Ranges of batch 1, widened by half at both ends, as batches of 32 move the model further."""
    ranges = {
        "mmd": {
            "generic": (0.09, 0.12),
            "γ = 0.9": (0.04, 0.065),
            "gravitational": (0.05, 0.07),
            "claproar": (0.015, 0.027),
            "greedy": (0.089, 0.089),
        },
        "model_performance": {"generic": (-0.17, -0.06)}
        | dict.fromkeys(("γ = 0.9", "gravitational", "claproar"), (-0.015, 0.012)),
        "mmd_grid": {"generic": (0.015, 0.055)} | dict.fromkeys(("γ = 0.9", "gravitational", "claproar"), (-1, 0.004)),
        "disagreement": {"generic": (0.13, 0.22)} | dict.fromkeys(("γ = 0.9", "gravitational", "claproar"), (0, 0.025)),
    }
    for name, arms in ranges.items():
        mean = at_the_end(paper, "linear", name).mean()
        for arm, (low, high) in arms.items():
            ends = sorted((low / 1.5, low * 1.5, high / 1.5, high * 1.5))
            assert ends[0] <= mean[arm] <= ends[-1], (name, arm, mean[arm])
    assert 300 <= np.mean(list(paper[1].values())) <= 335, "about 318 people have received recourse"


@pytest.mark.slow
def test_paper_orderings_hold_over_seeds(paper):
    domain = at_the_end(paper, "linear", "mmd")
    between = domain[["γ = 0.9", "gravitational"]]
    assert (domain["claproar"] < between.min(axis=1)).all()
    assert (between.max(axis=1) < domain["greedy"]).all()
    assert (domain["greedy"] < domain["generic"]).all()
    worse = -at_the_end(paper, "linear", "model_performance")
    linear, mlp = worse["generic"].mean(), -at_the_end(paper, "mlp", "model_performance")["generic"].mean()
    assert linear > 1.5 * mlp > 0, "the linear model is damaged far more"
    for name in ("mmd_grid", "disagreement"):
        shift = at_the_end(paper, "linear", name)
        assert (shift[["γ = 0.9", "gravitational", "claproar"]].max(axis=1) < shift["generic"] / 4).all()


@pytest.mark.slow
def test_paper_shifts_grow_with_the_rounds_and_the_control_arm_has_none(paper):
    frame = paper[0].query("model == 'linear' and name in ('mmd', 'mmd_grid', 'disagreement')")
    means = frame.groupby(["generator", "name", "round"])["value"].mean().unstack("round")
    for arm in ("generic", "greedy"):
        assert (means.loc[arm][25] > means.loc[arm][0]).all()
        assert (means.loc[arm][50] > means.loc[arm][25]).all()
    for name in ("mmd", "mmd_grid", "model_performance"):
        assert at_the_end(paper, "linear", name)["control"].abs().max() < 0.012, name
    assert at_the_end(paper, "linear", "perturbation")["control"].min() > 0.1, "warm starts move parameters"


@pytest.mark.slow
def test_paper_values_of_the_network_lie_near_the_published_ones(paper):
    domain = at_the_end(paper, "mlp", "mmd").mean()
    for arm, value in (("generic", 0.10), ("claproar", 0.02), ("gravitational", 0.06), ("γ = 0.9", 0.055)):
        assert domain[arm] == pytest.approx(value, rel=0.25 * 1.5), arm


# -- the command line ----------------------------------------------------------------------------------


def test_the_command_line_writes_the_same_bytes_and_goes_on_from_a_checkpoint(tmp_path):
    from click.testing import CliRunner

    from recourse.cli.main import main

    rs.datasets.lender(200).frame.to_csv(tmp_path / "loans.csv", index=False)
    common = ["simulate", str(tmp_path / "loans.csv"), "--target", "approved", "--fit", "logistic", "--rounds", "2"]
    common += ["--repeats", "2", "--immutable", "gender", "--group-by", "gender", "--format", "json"]
    one, two = (CliRunner().invoke(main, common) for _ in range(2))
    assert one.exit_code == 0, one.stderr
    assert one.stdout == two.stdout
    assert json.loads(one.stdout)["repeats_done"] == 2
    kept = [*common, "--checkpoint", str(tmp_path / "run.json")]
    first, again = (CliRunner().invoke(main, kept) for _ in range(2))
    assert json.loads(first.stdout)["rows"] == json.loads(again.stdout)["rows"] == json.loads(one.stdout)["rows"]
    wrong = CliRunner().invoke(main, [*common, "--recourse", "optimla"])
    assert wrong.exit_code == 2
    assert "Did you mean 'optimal'?" in wrong.stderr
