"""Recourse summaries of COMPAS, German Credit and Adult: how long, how good, and how sure.

    RECOURSE_DATA=... python benchmarks/summaries.py

Prints, in one run: the seconds to gather the evidence (candidates and the cache of people × actions), to
choose with a proof, and to choose again; mining against a data-frame implementation of fp-growth (if mlxtend
is installed); and accuracy and cost against the number of rules, in sample and held out, by the rule assigned
and by any rule, with all features free and with the protected ones frozen; and what global actions, trees and
fronts reach from the same evidence. The COMPAS split, rows, bins and
mutability are printed with the figures. These data carry the biases they became known for; the figures are
about the method.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import recourse as rs
from recourse.models import as_model
from recourse.summaries import CandidateSpace, Limits
from recourse.summaries.choice.candidates import candidates_of
from recourse.summaries.evidence.gather import gather
from recourse.summaries.evidence.itemsets import frequent_itemsets
from recourse.summaries.two_level import TwoLevelRecourseSet

PROTECTED = ("sex", "race", "age")


def seconds(work: Callable[[], Any], runs: int = 5) -> tuple[float, float]:
    """Median and shortest wall seconds of several runs."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), min(taken)


def halves(X: pd.DataFrame, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A random half to fit a model on, and the other."""
    order = np.random.default_rng(seed).permutation(len(X))
    return order[: len(X) // 2], order[len(X) // 2 :]


def boosted(X: pd.DataFrame, y: pd.Series) -> Any:
    """Boosted trees behind one-hot codes of the text columns."""
    text = [name for name in X if X[name].dtype.kind not in "biuf"]
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), text), remainder="passthrough"
    )
    return make_pipeline(encode, GradientBoostingClassifier(random_state=0)).fit(X, y)


def freeze(actions: rs.ActionSet, names: tuple[str, ...]) -> rs.ActionSet:
    for name in names:
        actions[name].actionable = False
    return actions


def compas() -> tuple[pd.DataFrame, pd.Series]:
    data = rs.datasets.load("compas")
    known = data.X.dropna().index
    return data.X.loc[known].reset_index(drop=True), data.y.loc[known].eq(data.desired).astype(int).reset_index(
        drop=True
    )


def as_public_code_has_it() -> tuple[pd.DataFrame, pd.Series]:
    """COMPAS as public re-implementations prepare it: 6,172 rows, six features with three age groups."""
    d = rs.datasets.load("compas").frame
    kept = d["days_b_screening_arrest"].abs().le(30) & d["is_recid"].ne(-1) & d["c_charge_degree"].ne("O")
    d = d[kept & d["score_text"].ne("N/A")].reset_index(drop=True)
    ages = np.where(d["age"] < 25, "below 25", np.where(d["age"] > 45, "above 45", "25 to 45"))
    X = d[["sex", "race", "priors_count", "c_charge_degree"]].assign(age=ages, stay=d["length_of_stay_days"].round())
    return X, d["two_year_recid"].eq(0).astype(int)


def speed(name: str, model: Any, X: pd.DataFrame, actions: rs.ActionSet, subgroups: Any, **settings: Any) -> Any:
    """Time the parts of a summary and return it."""
    space = CandidateSpace(**settings)
    named = None if subgroups is None else tuple(subgroups)

    def evidence() -> Any:
        found = gather(as_model(model), X, actions, space, named)
        return found, candidates_of(found, named, 7, apart=False)

    found, candidates = evidence()
    result = rs.summarize(model, X, actions, subgroups=subgroups, limits=Limits(time_limit=60), space=space)
    rows = found.outcomes.rows
    start = time.perf_counter()
    sample = X.sample(min(rows, 200_000), replace=True, random_state=0)
    model.predict(sample)
    alone = (time.perf_counter() - start) * rows / len(sample)
    refit = {"min_precision": 0.9, "max_rules": 10, "cost": {actions.names[-3]: 3.0}}
    print(
        f"\n{name}: {len(X):,} people, {found.n:,} denied, support 1 % of them, subgroups {subgroups or 'discovered'}"
    )
    print(f"  {candidates.triples:,} triples → {len(candidates):,} rules, {len(found.outcomes.actions):,} actions, "
          f"{rows:,} distinct rows asked")  # fmt: skip
    for what, work in (
        ("candidates and cache", evidence),
        ("choice with proof", lambda: TwoLevelRecourseSet(found, result.settings)),
        ("refit(min_precision=.9, max_rules=10, cost=other)", lambda: result.refit(**refit)),
        ("refit(max_rules=10)", lambda: result.refit(max_rules=10)),
        ("refit(method='greedy')", lambda: result.refit(method="greedy")),
    ):
        median, best = seconds(work)
        print(f"  {what:52}{median:7.3f} s median {best:7.3f} s best")
    print(f"  {'(of the cache, the model alone: about)':52}{alone:7.3f} s")
    print(f"  value {result.value:.2f}, bound {result.bound:.2f}, {result.status.label}")
    for method in ("local", "greedy"):
        other = result.refit(method=method)
        print(f"  {method:8} value {other.value:.2f} ({other.value / result.value:.1%} of the best), "
              f"anytime bound {other.bound:.2f}")  # fmt: skip
    print(f"  peak memory of the process so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    return result


def curve(name: str, result: Any, held_out: pd.DataFrame, rules: tuple[int, ...] = (1, 2, 4, 8, 12, 20)) -> None:
    """Accuracy and cost against the number of rules."""
    print(
        f"\n{name}\n  rules   in sample: assigned  any rule  reach  FCost   held out: assigned  any rule  reach  FCost"
    )
    for k in rules:
        found = result.refit(max_rules=k, time_limit=20)
        measures = found.measures(held_out)
        cells = []
        for column in ("in sample", "held out"):
            m = measures[column]
            cost = "–" if m["fcost"] is None else f"{m['fcost']:.2f}"
            cells.append(f"{m['accuracy']:19.1%} {m['accuracy_any_rule']:9.1%} {m['reach']:6.1%} {cost:>6}")
        print(f"  {k:5} {cells[0]} {cells[1]}   {found.status.label}")


def variants(name: str, result: Any) -> None:
    """A few actions for everybody, trees of subgroups, and fronts, from the same evidence: no question to the model."""
    print(f"\n{name}: other forms, from the same evidence\n  {'':36} approved   FCost  size   CPU s  what is proven")
    makes: list[tuple[str, Callable[[], Any]]] = [("rules", lambda: result.refit())]
    for weight in (0.01, 0.1):
        for k in (1, 2, 3, 5):
            makes.append((f"global actions: {k}, λ = {weight}", lambda k=k, w=weight: result.global_actions(
                k, fcost_weight=w)))  # fmt: skip
        for depth in (1, 2, 3):
            makes.append((f"tree: depth {depth}, λ = {weight}", lambda d=depth, w=weight: result.tree(
                d, fcost_weight=w, time_limit=60)))  # fmt: skip
    for what, make in makes:
        start = time.process_time()
        found = make()
        taken = time.process_time() - start
        m = found.measures()["in sample"]
        print(f"  {what:36} {m['accuracy']:8.1%} {m['fcost']:7.2f} {m['size']:5} {taken:7.2f}  {found.status.label}, "
              f"gap {found.gap:.2%}")  # fmt: skip
    for what, one in (("rules", result), ("tree", result.tree(2)), ("global actions", result.global_actions(3))):
        start = time.process_time()
        front = one.front()
        taken = time.process_time() - start
        points = "; ".join(
            f"{row.accuracy:.1%} at {row.fcost:.2f} ({row.size})" for row in front.to_frame().itertuples()
        )
        print(f"  front of {what}: {len(front.tried)} choices in {taken:.2f} CPU s: {points}")


def mining(result: Any) -> None:
    """Frequent itemsets on packed bits against fp-growth on a data frame, on the same table."""
    evidence = result.evidence
    least = evidence.space.people(evidence.n)
    ours, _ = seconds(lambda: frequent_itemsets(evidence.bits, evidence.feature, least, 4))
    found = frequent_itemsets(evidence.bits, evidence.feature, least, 4)
    print(f"\nmining itemsets of up to 4 predicates at 1 %: {len(found):,} in {1e3 * ours:.0f} ms", end="")
    try:
        from mlxtend.frequent_patterns import fpgrowth
    except ImportError:
        print(" (mlxtend is not installed)")
        return
    table = pd.DataFrame({str(p): p.holds(evidence.people[p.feature]) for p in evidence.predicates})
    theirs, _ = seconds(lambda: fpgrowth(table, min_support=least / evidence.n - 1e-12, max_len=4), runs=3)
    same = len(fpgrowth(table, min_support=least / evidence.n - 1e-12, max_len=4))
    print(f"; fp-growth of mlxtend: {same:,} in {1e3 * theirs:.0f} ms, {theirs / ours:.0f} × as long")


def main() -> None:
    X, y = compas()
    train, test = halves(X)
    model = boosted(X.iloc[train], y.iloc[train])
    here, there = X.iloc[test], X.iloc[train]
    print("COMPAS: 9 features, 10 equal-width bins, model: boosted trees fitted on a random half (seed 0), rules made "
          "from the other; held out: the half the model was fitted on")  # fmt: skip
    free = speed("all features free", model, here, rs.ActionSet(here), None)
    frozen = speed("sex, race and age frozen", model, here, freeze(rs.ActionSet(here), PROTECTED), ["sex", "race"])
    mining(free)
    curve("COMPAS, all features free", free, there)
    curve("COMPAS, sex, race and age frozen", frozen, there)

    P, label = as_public_code_has_it()
    P, label = P.iloc[: int(0.8 * len(P))], label.iloc[: int(0.8 * len(P))]
    everything = rs.ActionSet(P, default_bounds=(0, 100, "percentile"))
    known = speed("COMPAS as public code has it, in sample, all free", boosted(P, label), P, everything, None)
    curve("COMPAS as public code has it (both columns in sample)", known, P, (5, 10, 20))
    variants("COMPAS as public code has it, in sample, all free", known)

    german = rs.datasets.load("german")
    G = german.X.drop(columns=["Gender", "PurposeOfLoan"], errors="ignore")
    good = german.y.eq(german.desired).astype(int)
    train, test = halves(G)
    clf = boosted(G.iloc[train], good.iloc[train])
    names = tuple(name for name in ("ForeignWorker", "Single", "Age") if name in G)
    summary = speed("German Credit, width 3", clf, G.iloc[test], freeze(rs.ActionSet(G.iloc[test]), names),
                    ["Single", "ForeignWorker"], max_condition=2, max_changes=2, max_descriptor=1)  # fmt: skip
    curve("German Credit, width 3", summary, G.iloc[train], (1, 4, 8, 20))

    adult = rs.datasets.load("adult")
    A = adult.X.drop(columns=["fnlwgt"], errors="ignore")
    rich = adult.y.eq(adult.desired).astype(int)
    train, test = halves(A)
    clf = boosted(A.iloc[train], rich.iloc[train])
    some = A.iloc[test[:4000]]
    immutable = ("age", "race", "sex", "native_country", "relationship", "marital_status")
    summary = speed("Adult, 4,000 people, width 4", clf, some, freeze(rs.ActionSet(A, missing=["?"]), immutable),
                    ["sex", "race"], max_condition=2, max_changes=2)  # fmt: skip
    curve("Adult", summary, A.iloc[test[4000:8000]], (1, 4, 8, 20))


if __name__ == "__main__":
    main()
