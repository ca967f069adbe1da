"""What is asked for on behalf of the old classes: items up to any number, and the costs that the old package had."""

from __future__ import annotations

import importlib
import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import interp1d
from scipy.stats import gaussian_kde

import recourse as rs


def test_8_running_out_of_time_keeps_the_actions_at_hand(monkeypatch):
    X = pd.DataFrame({f"x{k}": [0, 1, 2] for k in range(8)})
    whole = rs.Flipset([0] * 8, rs.ActionSet(X), coefficients=[1] * 8, intercept=-0.5).populate(float("inf"))
    assert len(whole) == 255, "every set of features but the empty one"
    assert whole.reason == "There are no more than 255 such actions."
    module = importlib.import_module("recourse.flipsets.flipset")
    ask = module.solve_items
    late = {"budget": rs.Budget(0)}
    monkeypatch.setattr(
        module,
        "solve_items",
        lambda *a, total_items, **k: ask(*a, total_items=total_items, **{**k, **(late if total_items > 64 else {})}),
    )
    part = rs.Flipset([0] * 8, rs.ActionSet(X), coefficients=[1] * 8, intercept=-0.5).populate(float("inf"))
    assert [info["cost"] for info in part.solutions_info] == [info["cost"] for info in whole.solutions_info[:64]]
    assert "Stopped after 64 items" in part.reason


def old_grid(values, lb, ub, step, step_type, whole):
    start, stop = (np.floor(lb), np.ceil(ub)) if whole else (lb, ub)
    step = step * (stop - start) if step_type == "relative" else step
    return np.arange(start, stop + (np.ceil(step) if whole else step), np.ceil(step) if whole else step)


def old_percentile(values, menus):
    pdf = gaussian_kde(values)(menus)
    cdf = (1e-6 + np.cumsum(pdf)) / (pdf.sum() + 2e-6)
    return interp1d(menus, cdf, bounds_error=False, fill_value=(1e-6, 1 - 1e-6))


@pytest.mark.parametrize("cost", ["local", "total", "max"])
@pytest.mark.parametrize("seed", range(4))
def test_costs_equal_the_old_definitions_under_the_compatibility_settings(cost, seed):
    """Every action of three features that helps, by the definitions: the cheapest of each set of changed features."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "owns": rng.integers(0, 2, 60),
            "overdue": rng.integers(0, 12, 60),
            "income": np.round(rng.gamma(3.0, 2.0, 60), 2),
        }
    )
    steps = {"owns": (1, "absolute"), "overdue": (5, "absolute"), "income": (0.17, "relative")}
    A = rs.ActionSet(X, percentiles="kde", grid="legacy", default_bounds=(5, 95, "percentile"))
    for name, (size, kind) in steps.items():
        A[name].step_type, A[name].step_size = kind, size
    A["income"].step_direction = 1
    weights = {"owns": 0.7, "overdue": -0.4, "income": 0.3}
    w, b = np.array(list(weights.values())), -2.0
    start = X[X.to_numpy() @ w + b <= 0].iloc[seed]
    person_menus = []
    for name in X:
        low, high = (0, 1) if name == "owns" else np.percentile(X[name], (5, 95))
        menus = old_grid(X[name], low, high, *steps[name], name != "income")
        np.testing.assert_allclose(A[name].grid, menus, rtol=1e-12)
        F = old_percentile(X[name].to_numpy(dtype=float), menus)
        np.testing.assert_allclose(A[name].percentile(menus), F(menus), rtol=1e-9)
        values = [v for v in menus if (v - start[name]) * weights[name] > 0]  # the moves that help
        shift = [
            abs(np.log((1 - F(v)) / (1 - F(start[name])))) if cost == "local" else abs(F(v) - F(start[name]))
            for v in values
        ]
        person_menus.append([(start[name], 0.0), *zip(values, shift, strict=True)])
    best: dict[frozenset[str], tuple[float, float]] = {}
    for point in itertools.product(*person_menus):
        values, prices = np.array([v for v, _ in point]), [p for _, p in point]
        if values @ w + b > 0:
            changed = frozenset(n for n, v in zip(X, values, strict=True) if v != start[n])
            key = (max(prices), sum(prices)) if cost == "max" else (sum(prices), sum(prices))
            best[changed] = min(best.get(changed, (np.inf, np.inf)), key)
    fs = rs.Flipset(start, A, coefficients=list(weights.values()), intercept=b)
    fs.populate(total_items=float("inf"), cost_type=cost)
    found = {frozenset(info): cost for info, cost in zip(map(tuple, fs.df["features"]), fs.df["cost"], strict=True)}
    assert set(found) == set(best)
    for changed, price in found.items():
        assert price == pytest.approx(best[changed][0], rel=1e-9, abs=1e-9)
    builder = rs.RecourseBuilder(A, start, coefficients=list(weights.values()), intercept=b, mip_cost_type=cost)
    assert builder.fit()["cost"] == pytest.approx(min(best.values())[0], rel=1e-9, abs=1e-9)
    exclusive = rs.Flipset(start, A, list(weights.values()), b).populate(enumeration_type="mutually_exclusive")
    names = [name for features in exclusive.df["features"] for name in features]
    assert len(names) == len(set(names))


OLD_WEIGHTS = [
    -0.0753,
    0.0601,
    0.0,
    0.109,
    0.0,
    -0.0777,
    -0.00303,
    1.14e-05,
    5.48e-05,
    0.0843,
    -0.00434,
    -0.0407,
    0.0,
    0.000306,
    -0.451,
    -0.121,
    -0.511,
]


OLD_COSTS = {
    (21368, "local"): [1.219218427427, 1.237469243151, 1.289423355357],
    (21368, "max"): [0.231642171628, 0.266668641972, 0.276766459968],
    (21368, "total"): [0.276766459968, 0.288833544673, 0.320508709076],
    (15517, "local"): [1.219218427427, 1.237694403657, 1.273732650365],
    (15517, "max"): [0.276766459968, 0.276766459968, 0.276766459968],
    (15517, "total"): [0.276766459968, 0.289358835209, 0.312331855769],
    (28364, "local"): [3.397739299148, 3.419183257996, 3.518228396897],
    (28364, "max"): [0.386233044857, 0.386233044857, 0.386233044857],
    (28364, "total"): [0.391233041125, 0.402570225689, 0.470998984648],
    (14392, "local"): [3.985922241279, 3.997824370659, 4.008668125399],
    (14392, "max"): [0.39283303993, 0.39283303993, 0.39283303993],
    (14392, "total"): [0.633207594176, 0.643239187649, 0.652161830601],
}
"""The costs of the three cheapest actions for four people of the credit data, from actionable-recourse 1.0.1 itself.

With its CBC solver on NumPy 1.23; the action set is that of Figure 2, the weights are those here, intercept 1.84.
"""


def test_costs_equal_what_the_old_package_itself_answered(needs_data):
    X = rs.datasets.load("credit", data_home=needs_data("credit").parent).X
    A = rs.ActionSet(X, default_bounds=(0.1, 99.9, "percentile"), percentiles="kde", grid="legacy")
    A[[name for name in X if name in ("Single", "Married") or "Age" in name or "Overdue" in name]].mutable = False
    A["EducationLevel"].step_direction = 1
    amounts = A[[name for name in X if "Amount" in name]]
    amounts.step_type, amounts.step_size = "absolute", 50
    for (person, cost), expected in OLD_COSTS.items():
        builder = rs.RecourseBuilder(A, X.iloc[person], OLD_WEIGHTS, 1.84, mip_cost_type=cost)
        np.testing.assert_allclose([info["cost"] for info in builder.populate(total_items=3)], expected, atol=1e-9)
