"""Small random worlds that every guarantee is tested in: tables, models, action sets, costs.

`MODELS` is the register of model types: whoever adds one adds a line here, and every guarantee test runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import LinearSVC

import recourse as rs

MODELS = {
    "logistic": lambda: LogisticRegression(),
    "scaled logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "twice scaled ridge": lambda: make_pipeline(MinMaxScaler(), RobustScaler(), RidgeClassifier()),
    "scaled svm": lambda: make_pipeline(MaxAbsScaler(), LinearSVC(dual=False)),
    "discriminant": lambda: LinearDiscriminantAnalysis(),
    "sgd": lambda: make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)),
}
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
    """Make a world of four features (boolean, integer, two real) with few enough actions to try them all."""
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


def brute_force(world: World, x: pd.Series, cost: str, max_changes: int | None = None) -> tuple[float, float] | None:
    """The cheapest action by the definitions alone: prices from the formulae, approval from `predict`."""
    import itertools

    menus = []
    for name in world.X.columns:
        feature = world.actions[name]
        values = [x[name]]
        if feature.actionable:
            values += [v for v in feature.grid if v != x[name] and (v - x[name]) * feature.step_direction >= 0]
        menus.append([(v, _price(world, name, x[name], v, cost)) for v in values])
    points = list(itertools.product(*menus))
    table = pd.DataFrame([[value for value, _ in point] for point in points], columns=world.X.columns)
    table = table.astype(dict.fromkeys(table.columns, float))
    approved = world.clf.predict(table) == world.desired
    best = None
    for point, row, good in zip(points, table.to_numpy(), approved, strict=True):
        changes = int((row != x.to_numpy(dtype=float)).sum())
        if good and (max_changes is None or changes <= max_changes):
            prices = [price for _, price in point]
            key = (max(prices), sum(prices)) if cost == "max" else (sum(prices), sum(prices))
            best = key if best is None else min(best, key)
    return best


def _price(world: World, name: str, x: float, v: float, cost: str) -> float:
    column = np.sort(world.X[name].to_numpy(dtype=float))
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
