"""Small random worlds that every guarantee is tested in: tables, models, action sets, costs.

`MODELS` is the register of model types: whoever adds one adds a line here, and every guarantee test runs it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import recourse as rs
from recourse.models.network_classifier import NetworkClassifier
from recourse.search.brute_force import solve as try_everything
from recourse.search.exclusions import Exclusions

CLOSE = {"rtol": 1e-9, "atol": 1e-9}

NETWORKS = {
    "network": lambda: NetworkClassifier((6,), epochs=15, warm_start=False, random_state=0),
    "deep network": lambda: make_pipeline(
        StandardScaler(), NetworkClassifier((5, 4), epochs=15, warm_start=False, random_state=0)
    ),
    "ensemble": lambda: NetworkClassifier((5,), members=3, epochs=10, warm_start=False, random_state=0),
    "linear ensemble": lambda: NetworkClassifier((), members=2, epochs=10, warm_start=False, random_state=0),
    "mlp": lambda: make_pipeline(
        StandardScaler(), MLPClassifier((6,), solver="lbfgs", alpha=1.0, tol=0.01, random_state=0)
    ),
}
TREES = {
    "tree": lambda: DecisionTreeClassifier(max_depth=5, random_state=0),
    "forest": lambda: RandomForestClassifier(7, max_depth=4, random_state=0),
    "grown forest": lambda: RandomForestClassifier(10, random_state=0),
    "extra trees": lambda: make_pipeline(StandardScaler(), ExtraTreesClassifier(6, max_depth=5, random_state=0)),
    "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=12, max_depth=3, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=12, min_samples_leaf=5, random_state=0),
    "ada boost": lambda: AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=8, random_state=0),
}
MODELS = {
    "logistic": lambda: LogisticRegression(),
    "scaled logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "twice scaled ridge": lambda: make_pipeline(MinMaxScaler(), RobustScaler(), RidgeClassifier()),
    "scaled svm": lambda: make_pipeline(MaxAbsScaler(), LinearSVC(dual=False)),
    "discriminant": lambda: LinearDiscriminantAnalysis(),
    "sgd": lambda: make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)),
    "splines, PCA": lambda: make_pipeline(SplineTransformer(n_knots=4), PCA(6), StandardScaler(), LogisticRegression()),
    "linear network": lambda: make_pipeline(
        StandardScaler(), NetworkClassifier((), epochs=20, warm_start=False, random_state=0)
    ),
    "gaussian bayes": lambda: make_pipeline(StandardScaler(), GaussianNB()),
    "threshold": lambda: FixedThresholdClassifier(make_pipeline(StandardScaler(), LogisticRegression()), threshold=0.6),
    "boosted stumps": lambda: GradientBoostingClassifier(max_depth=1, n_estimators=10, random_state=0),
    "mixed logistic": lambda: make_pipeline(
        make_column_transformer(
            (OneHotEncoder(drop="first"), ["housing"]),
            (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["balance"]),
            (KBinsDiscretizer(4, strategy="uniform"), ["income"]),
            remainder="passthrough",
        ),
        LogisticRegression(),
    ),
    "mixed bayes": lambda: make_pipeline(
        make_column_transformer(
            (OneHotEncoder(sparse_output=False), ["housing"]),
            (make_pipeline(SimpleImputer(), Binarizer()), ["balance"]),
            remainder=MinMaxScaler(),
        ),
        BernoulliNB(binarize=0.4),
    ),
    **NETWORKS,
    **TREES,
}
MIXED = {kind for kind in MODELS if kind.startswith("mixed")}
"""Models for worlds with a column of words, and with values missing in another one."""
LABELS = {"01": (0, 1), "±1": (-1, 1), "12": (1, 2), "words": ("bad", "good")}
COSTS = ("total", "local", "max", "l1")


@dataclass
class World:
    """A small table with a fitted model and an action set; `desired` is the label to reach."""

    X: pd.DataFrame
    y: np.ndarray
    clf: Any
    model: rs.Model
    actions: rs.ActionSet
    desired: Any

    @property
    def denied(self) -> pd.DataFrame:
        return self.X[~self.model.approves(self.X)]


def world(seed: int, *, kind: str = "logistic", labels: str = "01", favourable: int = 1, n: int = 80) -> World:
    """Make a world of four features (boolean, integer, two real) with few enough actions to try them all.

    For models of mixed tables there is a fifth, of words, and `balance` is missing for some.
    """
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "owns": rng.integers(0, 2, n),
            "overdue": rng.integers(0, 8, n),
            "income": np.round(rng.gamma(4.0, 2.0, n), 1),
            "balance": np.round(rng.normal(0, 3, n), 2),
        }
    )
    score = (X / X.std()).to_numpy() @ rng.normal(size=4) + rng.normal(size=n)
    if kind in MIXED:
        X["housing"] = rng.choice(["free", "own", "rent"], n)
        score += 2 * (X["housing"] == "own").to_numpy()
        X.loc[rng.random(n) < 0.2, "balance"] = np.nan
    y = np.array(LABELS[labels])[(score > np.median(score)).astype(int)]
    clf = MODELS[kind]().fit(X, y)
    desired = LABELS[labels][favourable]
    actions = rs.ActionSet(X, default_bounds=(5, 95, "percentile"))
    actions[["income", "balance"]].step_size = 0.2
    actions["overdue"].bounds = (0, 5)
    actions["income"].step_direction = int(rng.integers(-1, 2))
    actions["owns"].actionable = bool(rng.integers(0, 2))
    if rng.integers(0, 3) == 0:
        actions["balance"].bounds = (-20, 20)  # leaves the data: moves at no price
        actions["balance"].step_size = 0.25
    return World(X, y, clf, rs.as_model(clf, desired=desired), actions, desired)


def tie(w: World, by_function: bool) -> None:
    """Constraints of four kinds on a world's action set."""
    w.actions.add_constraint(rs.constraints.Sum({"income": 1.0, "balance": 2.0}, ub=2.0, of_changes=True))
    w.actions.add_constraint(rs.constraints.IfThen(("overdue", ">", 3), ("income", ">=", 5)))
    if by_function:
        w.actions.add_constraint(
            rs.constraints.Predicate(lambda today, new: new["income"] + new["overdue"] < 14, ["income", "overdue"])
        )
    else:
        w.actions.add_constraint(rs.constraints.AtMost(1, ["overdue", "balance"]))


def brute_force(world: World, x: pd.Series, cost: str, max_changes: int | None = None) -> tuple[float, float] | None:
    """The cheapest action by the definitions alone: prices from the formulae, approval from `predict`."""
    import itertools

    person_menus = []
    for name in world.X.columns:
        feature = world.actions[name]
        here, way = x[name], feature.step_direction
        values = [here]
        if feature.actionable and not pd.isna(here):
            values += [v for v in feature.target_values if v != here and (way == 0 or (v - here) * way >= 0)]
        person_menus.append([(v, 0.0 if k == 0 else _price(world, name, here, v, cost)) for k, v in enumerate(values)])
    points = list(itertools.product(*person_menus))
    table = pd.DataFrame([[value for value, _ in point] for point in points], columns=world.X.columns)
    table = table.astype({name: float if world.X[name].dtype.kind in "if" else str for name in table.columns})
    approved = world.clf.predict(table) == world.desired
    best = None
    for point, good in zip(points, approved, strict=True):
        changes = sum(v != here and not pd.isna(here) for (v, _), here in zip(point, x, strict=True))
        if good and (max_changes is None or changes <= max_changes):
            prices = [price for _, price in point]
            key = (max(prices), sum(prices)) if cost == "max" else (sum(prices), sum(prices))
            best = key if best is None else min(best, key)
    return best


def _price(world: World, name: str, x: Any, v: Any, cost: str) -> float:
    if name == "housing":
        known = world.X[name]
        share = ((known == v).sum() + 1) / (len(known) + known.nunique())
        return {"l1": 1.0, "local": -np.log(share)}.get(cost, 1 - share)
    column = np.sort(world.X[name].dropna().to_numpy(dtype=float))
    if cost == "l1":
        scale = np.median(np.abs(column - np.median(column))) or np.mean(np.abs(column - np.median(column))) or 1.0
        return abs(v - x) / scale
    here, there = _share(column, x), _share(column, v)
    return abs(np.log((1 - there) / (1 - here))) if cost == "local" else abs(there - here)


def _share(column: np.ndarray, v: float) -> float:
    """F(v) by its definition, one value at a time."""
    n = len(column)
    if v < column[0]:
        return 0.5 / (n + 1)
    if v > column[-1]:
        return (n + 0.5) / (n + 1)
    below, above = column[column <= v].max(), column[column >= v].min()
    at = np.sum(column <= below) / (n + 1)
    if below == above:
        return at
    return at + (np.sum(column <= above) / (n + 1) - at) * (v - below) / (above - below)


def agrees_with_brute_force(ours, model, menus, exclusions=None):
    """Assert that a search's answers for everybody are those of brute force, allowed and approved; returns them."""
    exact = try_everything(model, menus, np.arange(len(menus)), exclusions)
    np.testing.assert_array_equal(ours.codes, exact.codes)
    for name in ("cost", "total", "bound"):
        np.testing.assert_allclose(getattr(ours, name), getattr(exact, name), **CLOSE)
    found = np.flatnonzero(ours.found)
    if len(found):
        assert model.approves(menus.points(found, ours.picks[found])).all()
        assert menus.allows(found, ours.picks[found]).all()
    return ours


def draw_exclusions(data, menus, solve):
    """Draw exclusions of every kind for everybody; `solve(person)` is the answer that they may forbid."""
    feature = st.integers(0, len(menus.features) - 1)
    sets = st.frozensets(feature, max_size=2)
    exclusions = []
    for person in range(len(menus)):
        first = solve([person])
        picks = [tuple(first.picks[0].tolist())] if first.found[0] and data.draw(st.booleans()) else []
        exclusions.append(
            Exclusions(
                data.draw(st.lists(sets, max_size=2)),
                data.draw(st.lists(st.frozensets(feature, min_size=1, max_size=2), max_size=2)),
                data.draw(sets),
                picks,
            )
        )
    return exclusions


def printed_under_hash_seeds(script, environments):
    """What a script prints, as a set, under several (hash seed, threads); it gets the folder of the tests."""
    printed = set()
    for seed, threads in environments:
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        }
        done = subprocess.run(
            [sys.executable, "-c", script, os.path.dirname(__file__)],
            capture_output=True, text=True, env=environment, check=True,
        )  # fmt: skip
        printed.add(done.stdout)
    return printed


class Fragile:
    """A black box that raises once it has been asked about so many rows."""

    classes_ = np.array([0, 1])

    def __init__(self, inner, rows):
        self.inner, self.rows, self.feature_names_in_ = inner, rows, inner.feature_names_in_

    def predict(self, X):
        self.rows -= len(X)
        if self.rows < 0:
            raise RuntimeError("out of memory")
        return self.inner.predict(X)


class Evil:
    """Writes a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))
