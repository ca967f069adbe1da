"""Measure the additive kernel: speed, agreement with HiGHS, scaling, threads, hard families. One run
prints it all.

    python benchmarks/kernels.py                          # random credit-like people
    RECOURSE_DATA=data python benchmarks/kernels.py       # and logistic regression on data/credit.csv

CPU times are of this process (or thread), so a busy machine disturbs them little; the first call is not
counted.
"""

# ruff: noqa: B023 - the closures are called at once

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import highspy
import numpy as np

from recourse.search.kernels import builds
from recourse.search.knapsack import Knapsack


class People(NamedTuple):
    """Menu rows, and who needs what."""

    rows: np.ndarray
    row_ptr: np.ndarray
    gains: np.ndarray
    prices: np.ndarray
    need: np.ndarray


def credit_like(n: int, m: int, values: int, seed: int = 0) -> People:
    """Linear gains over 0..1 and percentile prices of skewed data, m features with `values` values each."""
    rng = np.random.default_rng(seed)
    menus = np.linspace(0.0, 1.0, values)
    skew = rng.uniform(0.3, 3.0, m)
    percentile = 0.5 / (n + 1) + (1 - 1 / (n + 1)) * menus[None, :] ** skew[:, None]
    weight = rng.normal(size=m)
    today = rng.integers(0, values, (n, m))
    order = np.empty((values, values), np.int64)
    for start in range(values):
        order[start] = np.r_[start, np.delete(np.arange(values), start)]
    gains = (weight[:, None, None] * (menus[order] - menus[:, None])[None]).ravel()
    prices = np.abs(percentile[:, order] - percentile[:, :, None]).ravel()
    row_ptr = np.arange(0, len(gains) + 1, values)
    rows = (np.arange(m) * values + today).astype(np.int32)
    need = rng.uniform(0.02, 0.35, n) * np.abs(weight).sum() * 0.5
    return People(rows, row_ptr, gains, prices, need)


IMMUTABLE = ("Married", "Single", "Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60")


def credit(path: Path, kind: str) -> People:
    """The people whom a logistic regression on credit.csv denies; steps of 1 % of the range, `total` or
    `local` prices.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    names = path.open().readline().strip().split(",")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    y, X = table[:, 0], table[:, 1:]
    scaler = StandardScaler().fit(X)
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(X), y)
    weight = model.coef_[0] / scaler.scale_
    score = model.decision_function(scaler.transform(X))
    denied = X[score <= 0]
    n = len(X)
    rows = np.zeros(denied.shape, np.int32)
    gains: list[np.ndarray] = []
    prices: list[np.ndarray] = []
    lengths: list[int] = []
    for j, name in enumerate(names[1:]):
        seen, count = np.unique(X[:, j], return_counts=True)
        low, high = seen[0], seen[-1]
        step = max(1.0, np.floor((high - low) / 100))
        menus = np.unique(np.r_[np.arange(low, high, step), high])

        def share(v: np.ndarray, seen: np.ndarray = seen, count: np.ndarray = count) -> np.ndarray:
            return np.interp(v, seen, np.cumsum(count) / (n + 1))

        today, rows[:, j] = np.unique(denied[:, j], return_inverse=True)
        rows[:, j] += len(lengths)
        for x in today:
            moves = menus[menus != x] if name not in IMMUTABLE else menus[:0]
            values = np.r_[x, moves]
            shift = share(values) - share(values[:1])
            if kind == "local":
                shift = np.log1p(-share(values[:1])) - np.log1p(-share(values))
            gains.append(weight[j] * (values - x))
            prices.append(np.abs(shift))
            lengths.append(len(values))
    row_ptr = np.r_[0, np.cumsum(lengths)]
    return People(rows, row_ptr, np.concatenate(gains), np.concatenate(prices), -score[score <= 0] + 1e-9)


def hard(family: str, n: int, m: int, values: int, seed: int = 0) -> People:
    """Families that are known to be hard for knapsack algorithms."""
    rng = np.random.default_rng(seed)
    gains = np.sort(rng.uniform(0.0, 1.0, (n * m, values)), axis=1)
    if family == "subset sum":
        prices = gains.copy()
    elif family == "strongly correlated":
        prices = gains + 0.1
    else:
        prices = gains + rng.uniform(0.0, 0.05, gains.shape)
    gains[:, 0] = prices[:, 0] = 0.0
    rows = np.arange(n * m, dtype=np.int32).reshape(n, m)
    row_ptr = np.arange(0, n * m * values + 1, values)
    return People(rows, row_ptr, gains.ravel(), prices.ravel(), rng.uniform(0.2, 0.6, n) * m * 0.8)


def highs_cost(people: People, person: int, objective: str) -> tuple[float, float]:
    """One person's optimum by HiGHS, gap 0; for `max` the second solve minimises the sum at the first's
    level.
    """
    best, level = np.inf, None
    for stage in ("max", "sum") if objective == "max" else ("sum",):
        h = highspy.Highs()
        h.setOptionValue("output_flag", False)
        for option, value in (("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)):
            h.setOptionValue(option, value)
        for option in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
            h.setOptionValue(option, 1e-9)
        bar_index: list[int] = []
        bar_gain: list[float] = []
        column = 0
        if stage == "max":
            h.addVar(0.0, highspy.kHighsInf)
            h.changeColCost(0, 1.0)
            column = 1
        for row in people.rows[person]:
            start, stop = people.row_ptr[row], people.row_ptr[row + 1]
            keep = [k for k in range(start + 1, stop) if level is None or people.prices[k] <= level]
            index = list(range(column, column + len(keep)))
            for k in keep:
                h.addVar(0.0, 1.0)
                h.changeColIntegrality(column, highspy.HighsVarType.kInteger)
                if stage == "sum":
                    h.changeColCost(column, people.prices[k])
                bar_index.append(column)
                bar_gain.append(people.gains[k])
                column += 1
            if keep:
                h.addRow(-highspy.kHighsInf, 1.0, len(index), np.array(index, np.int32), np.ones(len(index)))
                if stage == "max":
                    h.addRow(
                        0.0,
                        highspy.kHighsInf,
                        len(index) + 1,
                        np.array([0, *index], np.int32),
                        np.r_[1.0, -people.prices[keep]],
                    )
        h.addRow(
            people.need[person],
            highspy.kHighsInf,
            len(bar_index),
            np.array(bar_index, np.int32),
            np.array(bar_gain),
        )
        h.run()
        if h.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return np.inf, np.inf
        best = h.getInfo().objective_function_value
        if stage == "max":
            level = best + 1e-9
            first = best
    return (first, best) if objective == "max" else (best, best)


def reaches(people: People, person: int, picks: np.ndarray) -> bool:
    """Whether the gains, added in feature order, reach the bar."""
    score = 0.0
    for row, pick in zip(people.rows[person], picks, strict=True):
        score += people.gains[people.row_ptr[row] + pick]
    return score >= people.need[person]


def cpu(work: Callable[[], object], people: int, repeats: int = 3) -> float:
    """Microseconds of CPU a person: the best of a few calls."""
    best = np.inf
    for _ in range(repeats):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return 1e6 * best / people


def floor(people: People) -> float:
    """Microseconds a person for one pass over all menu items, the floor of a search that shares nothing."""
    lengths = np.diff(people.row_ptr)[people.rows].sum()
    sample = np.random.default_rng(0).random(1_000_000)
    began = time.process_time()
    for _ in range(20):
        sample.sum()
    return 1e6 * (time.process_time() - began) / 20e6 * lengths / len(people.rows)


def report(name: str, people: People, oracle: int) -> None:
    """Everything about one population."""
    n = len(people.rows)
    items = np.diff(people.row_ptr)[people.rows].sum(axis=1).mean()
    print(
        f"\n{name}: {n} people, {people.rows.shape[1]} features, {items:.0f} menu items a person, "
        f"{len(people.row_ptr) - 1} rows"
    )
    prepare = cpu(lambda: Knapsack(*people[1:4]).solve(people.rows[:1], people.need[:1], threads=1), n)
    print(f"  prepare the rows                {prepare:9.2f} µs a person   (floor: {floor(people):.2f})")
    knapsack = Knapsack(*people[1:4])
    knapsack.solve(people.rows[:1], people.need[:1], forced=np.zeros_like(people.rows[:1], bool), threads=1)
    for objective in ("sum", "max"):
        found = knapsack.solve(people.rows, people.need, objective=objective, threads=1)
        micro = cpu(lambda: knapsack.solve(people.rows, people.need, objective=objective, threads=1), n)
        counts = np.bincount(found.status, minlength=4)
        print(
            f"  {objective}                             {micro:9.2f} µs a person   optimal {counts[0]}, "
            f"feasible {counts[1]}, infeasible {counts[2]}"
        )
        some = np.random.default_rng(1).permutation(n)[:oracle]
        began = time.process_time()
        truth = [highs_cost(people, int(i), objective) for i in some]
        highs = 1e6 * (time.process_time() - began) / max(1, len(some))
        wrong = refuted = 0
        for i, pair in zip(some, truth, strict=True):
            if not np.isfinite(pair[0]):
                wrong += found.status[i] != 2
            elif not np.allclose([found.cost[i], found.total[i]], pair, rtol=0, atol=1e-9):
                # An action that reaches the bar and costs less is its own proof that HiGHS missed it.
                refuted += (found.cost[i], found.total[i]) < pair and reaches(people, int(i), found.picks[i])
                wrong += (found.cost[i], found.total[i]) >= pair
        if len(some):
            print(
                f"    HiGHS                         {highs:9.0f} µs a person   ratio {highs / micro:,.0f}; "
                f"{wrong} of {len(some)} differ by more than 1e-9" + refuted * " (HiGHS missed a cheaper action)"
            )
    for k in (2, 3):
        micro = cpu(lambda: knapsack.solve(people.rows, people.need, max_changes=k, threads=1), n, 1)
        print(f"  at most {k} changes               {micro:9.2f} µs a person")
    for distinct in ("subsets", "minimal", "exclusive"):
        size = min(n, 3000)
        micro = cpu(
            lambda: knapsack.best_subsets(
                people.rows[:size], people.need[:size], total_items=10, distinct=distinct, threads=1
            ),
            size,
            1,
        )
        print(f"  10 best, {distinct:<10}             {micro:9.2f} µs a person")
    many = people._replace(rows=np.tile(people.rows, (8, 1)), need=np.tile(people.need, 8))
    walls = []
    for threads in (1, 2):
        best = np.inf
        for _ in range(3):
            began = time.perf_counter()
            knapsack.solve(many.rows, many.need, threads=threads)
            best = min(best, time.perf_counter() - began)
        walls.append(best)
    print(f"  two threads                     {walls[0] / walls[1]:9.2f} × as fast as one")


def main() -> None:
    """Print all measurements."""
    quick = "--quick" in sys.argv
    print("kernels:", *builds.build_info())
    report("credit-like", credit_like(20_000, 17, 100), 0 if quick else 40)
    folder = os.environ.get("RECOURSE_DATA")
    if folder and (Path(folder) / "credit.csv").exists():
        for kind in ("total", "local"):
            report(f"credit, {kind}", credit(Path(folder) / "credit.csv", kind), 0 if quick else 300)
    print("\nscaling, µs CPU a person (sum / max)")
    for m, values in (
        (10, 100),
        (20, 100),
        (50, 100),
        (100, 100),
        (200, 100),
        (17, 10),
        (17, 300),
        (17, 1000),
    ):
        people = credit_like(500, m, values)
        knapsack = Knapsack(*people[1:4])
        knapsack.solve(people.rows[:1], people.need[:1], threads=1)
        times = [
            cpu(lambda: knapsack.solve(people.rows, people.need, objective=objective, threads=1), 500)
            for objective in ("sum", "max")
        ]
        print(f"  {m:4d} features, {values:5d} values     {times[0]:9.2f} / {times[1]:9.2f}")
    print("\nhard families, 20 people each, at most 300,000 states")
    for family in ("subset sum", "strongly correlated", "weakly correlated"):
        for m, values in ((10, 5), (20, 10), (50, 10)):
            people = hard(family, 20, m, values)
            knapsack = Knapsack(*people[1:4])
            began = time.process_time()
            found = knapsack.solve(people.rows, people.need, max_states=300_000, threads=1)
            micro = 1e6 * (time.process_time() - began) / 20
            gap = ((found.cost - found.bound) / found.cost)[found.status <= 1]
            print(
                f"  {family:<20} {m:3d} × {values:3d}   {micro:12.1f} µs a person   proven "
                f"{(found.status == 0).sum()} of {len(gap)}, largest gap {gap.max():.1e}"
            )


if __name__ == "__main__":
    main()
