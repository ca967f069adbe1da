"""Simulations where places or labels are scarce: limited places, their measures, and what two studies found."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

import recourse as rs
from helpers import MODELS, world
from recourse.generators import Generic
from recourse.search import brute_force as definition
from recourse.simulations import Behaviour, Places, Renewal, ReplaceWinners, Selector, TopLabels, Unlimited
from recourse.simulations.parts.selectors import how_many

SEEDS = range(5)


def town(seed, n=250):
    """Two blobs, what people can do in fine steps, and a classifier fitted to them."""
    data = rs.datasets.overlapping(n, random_state=seed)
    A = rs.ActionSet(data.X, default_bounds=(-10, 10))
    return data.X, data.y, A, LogisticRegression().fit(data.X, data.y)


def run(seed=0, preset="fonseca2023", recourse="optimal", model=None, **settings):
    X, y, A, clf = town(seed)
    settings = {"rounds": 8, "repeats": 1, "random_state": seed} | settings
    return rs.simulate(
        {"linear": clf if model is None else model}, X, y, A, recourse={"exact": recourse}, preset=preset, **settings
    )


def series(sim, name, generator="exact", group=""):
    frame = sim.to_frame()
    mine = frame[(frame["name"] == name) & (frame["generator"] == generator) & (frame["group"] == group)]
    return mine.groupby("round")["value"].mean()


def log(sim, generator="exact"):
    frame = sim.to_frame().drop_duplicates(["repeat", "round", "arm"])
    return frame[frame["generator"] == generator].set_index("round")


def beyond(model, actions, X):
    """A recourse that puts everybody at one point, ahead of all others."""
    return X.assign(x1=9.0, x2=9.0)


# -- limited places ------------------------------------------------------------------------------------


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


def test_there_is_at_least_one_place_one_label_and_one_draw_in_a_small_pool():
    assert [how_many(0.1, n) for n in (1, 4, 20)] == [1, 1, 2]
    assert how_many(50, 20) == 20
    X, y, A, clf = town(0)
    few = np.flatnonzero(y == 0)[:3].tolist() + np.flatnonzero(y == 1)[:3].tolist()
    sim = rs.simulate(
        clf, X.iloc[few], y.iloc[few], A, preset="fonseca2023", rounds=4, repeats=1, share=0.01, test_share=0.0
    )
    assert (log(sim, "optimal")["n_drawn"].iloc[1:] == 1).all()
    assert sim.arms["model", "optimal"].people["approved"].sum() == 1
    labels = TopLabels(0.01).label
    people = rs.simulations.parts.people.People.start(X.iloc[few], y.iloc[few].to_numpy())
    top = labels(people, None, X.iloc[few], rs.as_model(clf), rs.simulations.parts.labels.Labels(1, 0, int), None)
    assert top.sum() == 1


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


def test_labels_follow_the_decision_where_they_are_asked_to():
    sim = run(rounds=3, decision=Places(0.25))
    for generator in ("control", "exact"):
        arm = sim.arms["linear", generator]
        np.testing.assert_array_equal(arm.y == 1, arm.people["approved"])
        assert arm.y.sum() == 50
    learning = run(rounds=3, retrainer="cold", refit=True)
    assert series(learning, "standard").nunique() > 1
    np.testing.assert_allclose(series(sim, "favourable_labels"), 1 - series(sim, "fail_to_recourse"))


# -- measures ------------------------------------------------------------------------------------------


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
        rows = rs.simulations.parts.recommenders.Optimal().answer(model, actions, X, None).X
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


# -- what the studies found ----------------------------------------------------------------------------


def test_fonseca_reliability_falls_with_actors_and_rises_with_places():
    means = {}
    for comply in (0.05, 0.2, 0.8):
        for k in (10, 60):
            sims = [run(seed, rounds=4, behaviour=Behaviour(comply=comply), decision=Places(k)) for seed in SEEDS]
            means[comply, k] = np.array([series(sim, "reliability").mean() for sim in sims])
    for k in (10, 60):
        assert (means[0.05, k] >= means[0.2, k]).all()
        assert (means[0.2, k] > means[0.8, k]).all()
    for comply in (0.2, 0.8):
        assert (means[comply, 10] < means[comply, 60]).all()
    assert means[0.05, 60].min() > 0.9, "hardly anybody acts, and there are places for many"
    assert means[0.8, 10].max() < 0.15, "ten places for more than a hundred who act"


@pytest.mark.parametrize("seed", SEEDS)
def test_fonseca_with_unlimited_places_and_a_fixed_threshold_recourse_is_perfectly_reliable(seed):
    sim = run(seed, decision="model", behaviour=Behaviour())
    assert series(sim, "reliability").eq(1).all()
    assert series(sim, "fail_to_recourse").eq(0).all()
    assert series(sim, "standard").nunique() == 1
    scarce = run(seed, behaviour=Behaviour())
    assert series(scarce, "reliability").max() < 0.5


def test_fonseca_competition_raises_the_threshold_that_falls_where_nobody_acts():
    for seed in SEEDS:
        sim = run(seed, rounds=12)
        bar, control = series(sim, "threshold"), series(sim, "threshold", "control")
        assert bar.loc[12] > bar.loc[0]
        assert control.loc[12] < control.loc[0], "the best leave"


def test_yang_standards_rise_under_recourse_and_in_the_control_arm_they_do_not():
    for seed in SEEDS:
        sim = run(seed, "yang2025", rounds=12)
        standard, control = series(sim, "standard"), series(sim, "standard", "control")
        assert standard.loc[12] > standard.loc[0] + 0.1
        assert standard.loc[12] > standard.loc[4] > standard.loc[0]
        assert abs(control.loc[12] - control.loc[0]) < 0.06
        effect = sim.contrast("control").query("name == 'standard' and round == 12")["difference"]
        assert (effect > 0.1).all()


def test_yang_recourse_fails_more_often_the_fewer_labels_there_are():
    for seed in SEEDS:
        failed, failed_by_label = {}, {}
        for k in (0.2, 0.5, 0.9):
            sim = run(seed, "yang2025", rounds=6, labeller=TopLabels(k))
            failed[k] = series(sim, "fail_to_recourse").mean()
            failed_by_label[k] = 1 - series(sim, "favourable_labels").mean()
        assert failed[0.2] > failed[0.5] > failed[0.9]
        assert failed[0.9] < 0.3 < 0.5 < failed[0.5]
        assert failed_by_label[0.2] > failed_by_label[0.5], "the rate of the paper's code"


# -- seeds, interruptions, the door --------------------------------------------------------------------


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


def test_a_fixed_model_is_taken_as_it_is_and_fitted_only_where_it_never_was():
    _, _, _, clf = town(0)
    assert run(rounds=1).arms["linear", "exact"].model is not None
    kept = run(rounds=1, model=clf)
    assert kept.arms["linear", "exact"].model is clf
    fresh = LogisticRegression()
    fitted = run(rounds=1, model=fresh).arms["linear", "exact"].model
    assert hasattr(fitted, "coef_")
    assert not hasattr(fresh, "coef_")
    with pytest.raises(rs.ModelError, match="not fitted"):
        run(rounds=1, model=fresh, refit=False)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Places(0), "k must be"),
        (lambda: Places(1.5), "whole number"),
        (lambda: Places("ten"), "'ten'"),
        (lambda: TopLabels(-3), "k must be"),
        (lambda: Renewal(0.0), "share"),
        (lambda: ReplaceWinners(newcomers=-1), "newcomers"),
        (lambda: Behaviour(effort_sd=-0.1), "effort_sd"),
        (lambda: run(decision="modle"), "Did you mean 'model'"),
        (lambda: run(preset="fonseca2024"), "Did you mean 'fonseca2023'"),
        (lambda: run(decision=Places(1000)), "nobody is denied"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, says):
    with pytest.raises(rs.InputError, match=says):
        make()


def test_views_show_what_a_preset_measures_and_the_rule_of_the_day(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    sim = run(rounds=3, repeats=2)
    assert "failed" in repr(sim)
    assert "threshold" in repr(sim)
    assert "grid MMD²" not in repr(sim), "it is not measured"
    assert sim.to_html().count("<svg") == 2
    document = sim.to_dict()
    assert document == json.loads(json.dumps(document, allow_nan=False))
    moved = sim.to_frame().query("name == 'fail_to_recourse'")
    (arm,) = (one for one in document["arms"] if one["recourse"] == "exact")
    assert arm["failed_share"] == pytest.approx(np.average(moved["value"], weights=moved["n_moved"]))
    axes = sim.plot()
    assert axes.shape == (4, 1)
    (legend,) = axes[0, 0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["control", "exact"]
    rules = sim.arms["linear", "exact"].rules
    assert sorted(rules) == [0, 1, 2, 3]
    assert sim.plot_population(round=3).shape == (1, 3)
    plt.close("all")


@pytest.mark.parametrize("preset", ["fonseca2023", "yang2025"])
def test_the_command_line_runs_a_preset_with_its_own_share(preset, tmp_path):
    from click.testing import CliRunner

    from recourse.cli.main import main

    rs.datasets.lender(200).frame.to_csv(tmp_path / "loans.csv", index=False)
    command = ["simulate", str(tmp_path / "loans.csv"), "--target", "approved", "--fit", "logistic", "--rounds", "2"]
    command += ["--repeats", "1", "--immutable", "gender", "--preset", preset, "--format", "json"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert {row["name"] for row in document["rows"]} >= {"reliability", "fail_to_recourse", "threshold", "standard"}
    assert max(row["n_drawn"] for row in document["rows"]) > 20
    few = json.loads(CliRunner().invoke(main, [*command, "--share", "0.1"]).stdout)
    assert 0 < max(row["n_drawn"] for row in few["rows"]) < 20


def test_the_default_is_no_limit_and_every_arm_its_own_pool_in_the_presets():
    assert rs.simulations.Design().decision == Unlimited()
    for name in ("fonseca2023", "yang2025"):
        assert rs.simulations.PRESETS[name].selector == Selector(
            rs.simulations.PRESETS[name].selector.share, together=False
        )
