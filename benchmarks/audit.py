"""Whole audits of the credit table: warm, from the command line, and as the population grows.

    RECOURSE_DATA=... python benchmarks/audit.py

Prints, in one run: the time of `rs.audit` over all 30,000 rows (grid, groups and verification included) and
its parts, the same audit through HiGHS on a sample of people, the command line in a fresh process, the time
to import and to show help, and memory against the number of people.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs
from recourse.search.exclusions import exclusions_of
from recourse.search.kernels import builds
from recourse.search.linear_conditions import MilpProposer


def best_of(runs: int, work: Callable[[], object]) -> tuple[float, float]:
    """The shortest wall and CPU seconds of several runs."""
    wall, cpu = [], []
    for _ in range(runs):
        a, b = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - a)
        cpu.append(time.process_time() - b)
    return min(wall), min(cpu)


def by_program(statement: Any, menus: rs.Menus) -> rs.Solutions:
    """Everybody's cheapest action, by mixed-integer programming."""
    people = np.arange(len(menus))
    proposer = MilpProposer(statement, menus)
    return proposer.propose(people, 0.0, exclusions_of(None, people), budget=rs.Budget())


def main() -> None:
    credit = rs.datasets.load("credit")
    X = credit.X
    clf = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, credit.y)
    model = rs.as_model(clf)
    actions = rs.ActionSet(X)
    actions[["Married", "Single", "Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60"]].actionable = False
    groups = ["Married", "EducationLevel"]
    denied = X[~model.approves(X)]
    print(f"kernels: {builds.build_info()[0]}; credit: {len(X):,} rows, {len(denied):,} denied\n")

    print(f"{'rs.audit of all rows':34}{'wall ms':>9}{'CPU µs a denied person':>24}")
    for cost in ("total", "local", "max"):
        wall, cpu = best_of(5, lambda cost=cost: rs.audit(clf, X, actions, cost=cost, group_by=groups))
        print(f"  {cost:32}{1e3 * wall:9.0f}{1e6 * cpu / len(denied):24.1f}")

    menus = actions.menus(denied)
    print("\nparts, wall ms")
    for name, work in (
        ("approves, all rows", lambda: model.approves(X)),
        ("equal rows", lambda: rs.tables.distinct_rows(denied)),
        ("grid of the denied", lambda: actions.menus(denied)),
        ("find", lambda: rs.search.solve(model, menus)),
        (
            "10 minimal subsets each",
            lambda: rs.search.solve_items(model, menus, total_items=10),
        ),
    ):
        print(f"  {name:32}{1e3 * best_of(5, work)[0]:9.1f}")

    sample = denied.sample(100, random_state=0)
    print("\nCPU a person, against HiGHS on 100 people")
    for cost in ("total", "local", "max"):
        few, everybody = actions.menus(sample, cost), actions.menus(denied, cost)
        statement = model.additive(few)
        _, slow = best_of(1, lambda: by_program(statement, few))  # noqa: B023
        _, fast = best_of(5, lambda: rs.search.solve(model, everybody))  # noqa: B023
        print(
            f"  {cost:8} HiGHS {1e3 * slow / len(sample):6.1f} ms   find, model's verdict included "
            f"{1e6 * fast / len(denied):5.1f} µs   ratio {slow / len(sample) / (fast / len(denied)):8,.0f}"
        )

    print("\nfresh processes, wall s")
    file = str(Path(rs.datasets.available().set_index("name").loc["credit", "where"]))
    command = ["-m", "recourse", "audit", file, "--target", "NoDefaultNextMonth", "--fit", "logistic"]
    for name, arguments in (
        ("recourse audit credit.csv", command),
        ("recourse --help", ["-m", "recourse", "--help"]),
        ("import recourse", ["-c", "import recourse"]),
        ("python", ["-c", ""]),
    ):
        run = lambda arguments=arguments: subprocess.run([sys.executable, *arguments], capture_output=True, check=True)  # noqa: E731
        print(f"  {name:32}{best_of(3, run)[0]:9.2f}")

    print("\nmemory as the population grows (peak MiB of the process so far)")
    for times in (1, 4, 16):
        large = pd.concat([X] * times, ignore_index=True)
        wall, _ = best_of(1, lambda: rs.audit(clf, large, actions, group_by=groups))  # noqa: B023
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        table = large.memory_usage(index=False).sum() / 2**20
        print(f"  {len(large):9,} rows   table {table:6.0f}   peak {peak:6.0f}   {wall:6.2f} s")


if __name__ == "__main__":
    main()
