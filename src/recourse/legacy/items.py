"""Items as the old library asked for them and described them: moves that help, in plain dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from recourse.actions import ActionSet
from recourse.budget import Budget
from recourse.checks import one_of
from recourse.flipsets.flipset import flipset
from recourse.flipsets.result import FlipsetItem, FlipsetResult
from recourse.legacy.classifier import Classifier

ENUMERATIONS = {"distinct_subsets": "subsets", "mutually_exclusive": "exclusive"}
"""The old library's kinds of distinct items, and what `flipset` calls them."""


def enumeration_of(name: str) -> str:
    """Return what `flipset` calls a kind of distinct items."""
    return ENUMERATIONS[one_of("enumeration_type", name, ENUMERATIONS)]


def ask_flipset(
    classifier: Classifier,
    row: pd.DataFrame,
    action_set: ActionSet,
    total_items: float,
    distinct: str,
    cost: Any,
    time_limit: float | None,
    max_changes: int | None = None,
) -> FlipsetResult:
    """Ask `flipset` about the moves that help; who has no recourse with these is asked about with all moves."""
    budget = Budget.of(None, time_limit)
    settings: dict[str, Any] = {"cost": cost, "distinct": distinct, "max_changes": max_changes, "budget": budget}
    result = flipset(classifier.model, row, classifier.helpful(action_set), total_items=total_items, **settings)
    return result if len(result) else flipset(classifier.model, row, action_set, total_items=1, **settings)


def feature_info(item: FlipsetItem, row: pd.DataFrame, runtime: float) -> dict[str, Any]:
    """One action as the old builder described it."""
    names: list[Any] = list(row.columns)
    costs = np.zeros(len(names))
    actions: list[Any] = [0.0] * len(names)
    for change in item.changes:
        at = names.index(change.feature)
        numbers = all(isinstance(value, (bool, int, float)) for value in (change.today, change.new))
        costs[at], actions[at] = change.price, float(change.new) - float(change.today) if numbers else change.new
    return {
        "feasible": True,
        "status": item.status.label,
        "cost": item.cost,
        "costs": costs,
        "actions": np.array(actions),
        "upperbound": item.cost,
        "lowerbound": item.bound,
        "gap": (item.cost - item.bound) / item.cost if item.cost > 0 else 0.0,
        "runtime": runtime,
    }
