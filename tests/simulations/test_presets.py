"""What published studies found, run with their presets."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.generators import ClaPROAR, Generic, Gravitational, Greedy, Probability
from recourse.models.network_classifier import NetworkClassifier
from recourse.simulations import (
    PRESETS,
    Behaviour,
    Places,
    Renewal,
    ReplaceWinners,
    Selector,
    TopLabels,
    Unlimited,
)
from simulation_worlds import run, series

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
                random_state=seed, design=PRESETS["altmeyer2023"].replace(permutations=0, measure_every=25),
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


def test_the_default_is_no_limit_and_every_arm_its_own_pool_in_the_presets():
    assert rs.simulations.Design().decision == Unlimited()
    for name in ("fonseca2023", "yang2025"):
        assert rs.simulations.PRESETS[name].selector == Selector(
            rs.simulations.PRESETS[name].selector.share, together=False
        )
