"""Additive pipelines on real people: which search answers whom, how fast, and what the pipeline costs.

    RECOURSE_DATA=… python benchmarks/pipelines.py [--quick]

For credit, german (in its own codes) and adult, each with a realistic pipeline over its raw columns:
the share of denied people solved by the knapsack kernel, by mixed-integer programming (where a condition
ties many features, so that it can't be folded) and by best-first search (a model that mixes features), with
milliseconds a person; and a whole audit against one of the bare linear model on numeric columns.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, PolynomialFeatures, StandardScaler

import recourse as rs
from recourse.search import any_model as best_first
from recourse.search import linear_conditions
from recourse.search.kernels import builds

LABEL = {"credit": ("NoDefaultNextMonth", 1), "german_raw": ("class", 1), "adult": ("income", ">50K")}
BINNED = {
    "credit": ["MaxBillAmountOverLast6Months", "MostRecentBillAmount"],
    "german_raw": ["duration_months", "credit_amount"],
    "adult": ["hours_per_week"],
}
ENCODED = {"credit": ["EducationLevel"], "german_raw": [], "adult": []}
IMMUTABLE = {
    "credit": ["Married", "Single", "Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60"],
    "german_raw": ["age", "personal_status_sex", "foreign_worker", "credit_history"],
    "adult": ["age", "race", "sex", "native_country", "fnlwgt"],
}


def table(name: str, folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """The raw columns and the label, 1 if favourable."""
    frame = pd.read_csv(folder / f"{name}.csv")
    label, good = LABEL[name]
    return frame.drop(columns=label), (frame[label] == good).to_numpy().astype(int)


def pipeline(name: str):
    """Words imputed and one-hot encoded, a few columns in bins, the rest scaled."""
    words = make_pipeline(
        SimpleImputer(missing_values="?", strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    parts = [
        (KBinsDiscretizer(8, quantile_method="averaged_inverted_cdf"), BINNED[name]),
        (words, make_column_selector(dtype_include=["object", "str"])),
    ]
    if ENCODED[name]:
        parts.append((OneHotEncoder(handle_unknown="ignore"), ENCODED[name]))
    return make_pipeline(make_column_transformer(*parts, remainder=StandardScaler()), LogisticRegression(max_iter=3000))


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Wall seconds: the best of a few calls."""
    best = np.inf
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def by_program(work: Callable[[], object]) -> int:
    """How many different people a call hands on to mixed-integer programming."""
    people: set[int] = set()
    propose = linear_conditions.MilpProposer.propose

    def counted(proposer, chosen, *args, **settings):
        people.update(int(person) for person in chosen)
        return propose(proposer, chosen, *args, **settings)

    linear_conditions.MilpProposer.propose = counted
    try:
        work()
    finally:
        linear_conditions.MilpProposer.propose = propose
    return len(people)


def shares(answers: rs.Solutions) -> str:
    """What was proven, in shares."""
    counts = np.bincount(answers.codes, minlength=4) / max(1, len(answers))
    return ", ".join(f"{status.label} {share:.1%}" for status, share in zip(rs.Status, counts, strict=True) if share)


def report(name: str, folder: Path, quick: bool) -> None:
    """Everything about one table."""
    X, y = table(name, folder)
    clf = pipeline(name).fit(X, y)
    actions = rs.ActionSet(X, missing=["?"])
    actions[IMMUTABLE[name]].actionable = False
    model = rs.as_model(clf)
    denied = X[~model.approves(X)].drop_duplicates()
    print(f"\n{name}: {len(X):,} people, {len(denied):,} different ones denied, {X.shape[1]} columns")

    menus = actions.menus(denied)
    statement = model.additive(menus)
    assert statement is not None
    probe = seconds(lambda: model.additive(menus))
    took = seconds(lambda: rs.search.solve(model, menus))
    handed_on = by_program(lambda: rs.search.solve(model, menus))
    print(
        f"  kernel       {1e3 * took / len(denied):9.4f} ms a person ({1e3 * probe / len(denied):.4f} of it to measure "
        f"the terms)   alone for {1 - handed_on / len(denied):.2%} "
        f"of {len(denied):,}, with MILP for {handed_on}: {shares(rs.search.solve(model, menus))}; "
        f"tolerance {statement.tolerance:.1e}"
    )

    # A limit over all features does not fold into menus, and its linear rows make it a mixed-integer program.
    tied = actions.copy()
    names = [feature.name for feature in tied if feature.actionable]
    tied.add_constraint(rs.constraints.AtMost(3, names))
    some = denied.sample(min(len(denied), 20 if quick else 100), random_state=0)
    menus = tied.menus(some)
    began = time.perf_counter()
    answers = rs.search.solve(model, menus)
    took = time.perf_counter() - began
    print(f"  MILP         {1e3 * took / len(some):9.2f} ms a person   {len(some)} people, at most 3 of {len(names)}"
          f" features by name: {shares(answers)}")  # fmt: skip

    numbers = X.select_dtypes("number")
    mixing = make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression(C=0.01, max_iter=3000))
    mixing.fit(numbers.iloc[:3000], y[:3000])
    black_box = rs.as_model(mixing)
    few = actions_on(numbers, IMMUTABLE[name])
    some = numbers[~black_box.approves(numbers)].drop_duplicates()
    some = some.sample(min(len(some), 5 if quick else 20), random_state=0)
    menus = few.menus(some)
    began = time.perf_counter()
    answers = best_first.solve(black_box, menus, budget=rs.Budget(max_questions=20_000))
    took = time.perf_counter() - began
    print(f"  best-first   {1e3 * took / len(some):9.2f} ms a person   {len(some)} people, products of features, at "
          f"most 20,000 actions each: {shares(answers)}")  # fmt: skip

    bare = LogisticRegression(max_iter=300).fit(numbers, y)
    bare_actions = actions_on(numbers, IMMUTABLE[name])
    n_bare = int(rs.audit(bare, numbers, bare_actions).overall["denied"])
    n_pipe = int(rs.audit(clf, X, actions).overall["denied"])
    times = []
    for cost in ("total", "max"):
        linear = seconds(lambda cost=cost: rs.audit(bare, numbers, bare_actions, cost=cost))
        whole = seconds(lambda cost=cost: rs.audit(clf, X, actions, cost=cost))
        predicting = seconds(lambda: clf.predict(X)) - seconds(lambda: bare.predict(numbers))
        times.append((cost, linear, whole, predicting))
    for cost, linear, whole, predicting in times:
        print(
            f"  audit, {cost:<5} {1e6 * whole / len(X):7.1f} µs a person audited ({1e6 * whole / n_pipe:.1f} a person "
            f"denied), bare linear model {1e6 * linear / len(X):.1f} ({1e6 * linear / max(1, n_bare):.1f}): ratio "
            f"{whole / linear:.2f}; {(whole - predicting) / linear:.2f} without the pipeline's own predict"
        )


def actions_on(X: pd.DataFrame, immutable: list[str]) -> rs.ActionSet:
    """The same action set on numeric columns alone."""
    actions = rs.ActionSet(X)
    for name in immutable:
        if name in X:
            actions[name].actionable = False
    return actions


def main() -> None:
    """Print all measurements."""
    warnings.simplefilter("ignore")
    print("kernels:", *builds.build_info())
    folder = Path(os.environ.get("RECOURSE_DATA", ""))
    for name in LABEL:
        if (folder / f"{name}.csv").exists():
            report(name, folder, "--quick" in sys.argv)
        else:
            print(f"\n{name}: not in RECOURSE_DATA")


if __name__ == "__main__":
    main()
