"""Figure 2 of Ustun, Spangher & Liu (FAT* 2019): recourse in ten models of credit default, one search for each.

    python benchmarks/figure2.py [--check] [--plot figure2.png] [--data FOLDER] [1 20 1000 …]

fits ℓ1-penalised logistic regression for ten penalties λ on the credit data (a folder with credit.csv, by
default $RECOURSE_DATA), audits everybody who is denied with the old library's grids, percentiles and cost,
and prints who has recourse and at what cost. `--check` compares with the published numbers. The fits take
seconds, and so do the audits. Means, quartiles and shares are over rows; "unique" counts distinct rows.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs

PENALTIES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
PUBLISHED = pd.DataFrame.from_dict(
    {
        1: [2903, 100, 0.2347, 0.1108, 0.2017, 0.3264],
        5: [2898, 100, 0.2467, 0.1189, 0.2187, 0.3594],
        20: [2880, 100, 0.3078, 0.1534, 0.2776, 0.3862],
        50: [2867, 99.97, 0.3252, 0.1534, 0.3198, 0.3912],
        100: [2808, 98.74, 0.3425, 0.1739, 0.3605, 0.3928],
        200: [2664, 96.34, 0.3782, 0.2071, 0.3862, 0.5194],
        500: [2237, 20.79, 0.3154, 0.2768, 0.3605, 0.3928],
        1000: [1765, 0, np.nan, np.nan, np.nan, np.nan],
    },
    orient="index",
    columns=["unique denied", "with recourse %", "mean cost", "q25", "median", "q75"],
)
"""What the old library computes, to its printed digits; for two of the ten models nothing is printed."""


def fit(X: pd.DataFrame, y: pd.Series, penalty: float) -> Pipeline:
    """Fit the paper's model: standardised, ℓ1-penalised logistic regression."""
    older = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8)
    lasso = {"penalty": "l1"} if older else {"l1_ratio": 1}
    clf = LogisticRegression(C=1 / penalty, solver="saga", tol=1e-8, max_iter=1000, random_state=0, **lasso)
    return make_pipeline(StandardScaler(), clf).fit(X, y)


def action_set(X: pd.DataFrame) -> rs.ActionSet:
    """Return what the paper says people can do, on the grids and percentiles of the old library."""
    A = rs.ActionSet(X, default_bounds=(0.1, 99.9, "percentile"), grid="legacy", percentiles="kde")
    fixed = [name for name in X if name in ("Single", "Married") or "Age" in name or "Overdue" in name]
    A[fixed].actionable = False
    A["EducationLevel"].step_direction = 1
    amounts = [name for name in X if "Amount" in name]
    A[amounts].step_type = "absolute"
    A[amounts].step_size = 50
    return A


def measure(clf: Pipeline, X: pd.DataFrame, A: rs.ActionSet) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Audit everybody; return the row of the table, and the cost of each person with recourse."""
    started = time.perf_counter()
    audited = rs.audit(clf, X, A, cost="max").to_frame()
    seconds = time.perf_counter() - started
    denied = audited[audited["denied"]]
    costs = denied.loc[denied["feasible"] == True, "cost"].to_numpy()  # noqa: E712
    q25, median, q75 = np.quantile(costs, (0.25, 0.5, 0.75)) if len(costs) else (np.nan,) * 3
    row = {
        "unique denied": len(X[audited["denied"].to_numpy()].drop_duplicates()),
        "with recourse %": 100 * float(denied["feasible"].mean()),
        "mean cost": costs.mean() if len(costs) else np.nan,
        "q25": q25,
        "median": median,
        "q75": q75,
        "seconds": seconds,
        "undecided": int((denied["status"] == rs.Status.UNKNOWN.label).sum()),
    }
    return row, costs


def deviations(table: pd.DataFrame) -> pd.DataFrame:
    """Return where a table differs from the published one in its printed digits (an empty frame if nowhere)."""
    digits = {"unique denied": 0, "with recourse %": 2, **dict.fromkeys(("mean cost", "q25", "median", "q75"), 4)}
    ours = table.loc[table.index.intersection(PUBLISHED.index), PUBLISHED.columns].astype(float).round(digits)
    return ours.compare(PUBLISHED.loc[ours.index].astype(float), result_names=("ours", "published"))


def plot(table: pd.DataFrame, costs: dict[int, Any], path: Path) -> None:
    """Draw the figure: who has recourse, and the distribution of what it costs, by penalty."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)

    # who has recourse
    left.plot(table.index, table["with recourse %"], "o-", color="black")
    left.set(xscale="log", ylim=(0, 103), ylabel="denied people with recourse, %")
    left.set_xticks(list(table.index), list(map(str, table.index)))
    left.minorticks_off()

    # what it costs, for the models under which somebody has it
    some = [penalty for penalty in table.index if len(costs[penalty])]
    places = np.log10(some)
    violins = right.violinplot([costs[penalty] for penalty in some], positions=places, widths=0.25, showextrema=False)
    for body in violins["bodies"]:
        body.set(facecolor="goldenrod", alpha=0.6)
    right.vlines(places, table.loc[some, "q25"], table.loc[some, "q75"], color="black", linewidth=3)
    right.plot(places, table.loc[some, "median"], "o", color="white", markeredgecolor="black")
    right.set_xticks(np.log10(list(table.index)), [str(penalty) for penalty in table.index])
    for penalty in table.index.difference(some):
        right.text(np.log10(penalty), 0.02, "nobody", ha="center", rotation=90, color="gray")

    # the axes
    right.set(
        xlim=(-0.2, np.log10(max(table.index)) + 0.2),
        ylim=(0, 1),
        ylabel="cost of those with recourse (largest percentile shift)",
    )
    for axes in (left, right):
        axes.set_xlabel("ℓ1 penalty λ, log scale")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("penalties", nargs="*", type=int, default=PENALTIES, help="ℓ1 penalties (default: the ten)")
    parser.add_argument("--data", type=Path, default=os.environ.get("RECOURSE_DATA"), help="a folder with credit.csv")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the figure (needs matplotlib)")
    parser.add_argument("--check", action="store_true", help="fail unless the published digits come out")
    options = parser.parse_args()
    credit = rs.datasets.load("credit", data_home=options.data)
    A = action_set(credit.X)
    rows, costs, fitting = {}, {}, 0.0
    for penalty in sorted(options.penalties):
        started = time.perf_counter()
        clf = fit(credit.X, credit.y, penalty)
        fitting += time.perf_counter() - started
        rows[penalty], costs[penalty] = measure(clf, credit.X, A)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("λ")
    shown = table.assign(**{"with recourse %": table["with recourse %"].map("{:.2f}".format)})
    print(shown.to_string(float_format="{:.4f}".format, na_rep="–"))
    print(f"\nfits {fitting:.1f} s, audits {table['seconds'].sum():.1f} s")
    if options.plot:
        plot(table, costs, options.plot)
    if options.check:
        wrong = deviations(table)
        if len(wrong):
            raise SystemExit(f"differs from the published table:\n{wrong.to_string()}")
        print("every published digit comes out")


if __name__ == "__main__":
    main()
