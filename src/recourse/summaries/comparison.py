"""The same rules side by side across the levels of a column: does the model ask one group for more?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recourse.arrays import IntArray
from recourse.errors import InputError, nearest
from recourse.summaries.applied import Applied
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.rules import Rule
from recourse.tables import Name

MOST_LEVELS = 100
"""A column with more values than this would make a table that nobody reads."""

_COLUMNS = ["rule", "condition", "action", "level", "denied", "n", "precision", "cost"]


def compare(evidence: Evidence, rules: Sequence[Rule], applied: Applied, by: Name) -> pd.DataFrame:
    """Return one row for each rule and level of a column; see `RecourseSet.compare`."""
    people = evidence.people[evidence.counted]
    codes, names = _levels(evidence, people, by)
    rows: list[dict[str, Any]] = []

    # each rule on everybody who satisfies its inner condition, whatever its subgroup
    for k, rule in enumerate(rules):
        inner = replace(rule, group=()).holds(people)
        success, price = applied.success[k], applied.price[k]
        for level, name in enumerate(names):
            mine = inner & (codes == level)
            may = mine & ~np.isnan(price)
            rows.append(
                {
                    "rule": k + 1,
                    "condition": rule.condition_text,
                    "action": rule.action_text,
                    "level": name,
                    "denied": int((codes == level).sum()),
                    "n": int(mine.sum()),
                    "precision": float(success[mine].mean()) if mine.any() else None,
                    "cost": float(price[may].mean()) if may.any() else None,
                }
            )

    # the rules as they are assigned
    for level, name in enumerate(names):
        who = np.flatnonzero(codes == level)
        part = applied.only(who).measures()
        rows.append(
            {
                "rule": 0,
                "condition": "all rules",
                "action": "as assigned",
                "level": name,
                "denied": len(who),
                "n": part["cover"],
                "precision": part["accuracy"],
                "cost": part["fcost"],
            }
        )

    # shares and prices of nobody are NaN
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return frame.astype({"precision": float, "cost": float}).set_index(["rule", "level"])


def _levels(evidence: Evidence, people: pd.DataFrame, by: Name) -> tuple[IntArray, list[str]]:
    """The level of each denied person, and the levels' names; who lacks a value is in the level "missing"."""
    if not isinstance(by, Hashable) or by not in people.columns:
        raise InputError(f"X has no column {by!r}. {nearest(by, people.columns)}")
    levels = evidence.levels.get(by)
    if levels is not None:
        names = [predicate.value_text() for predicate in levels.predicates]
        codes = levels.codes(people[by])
    else:
        found, distinct = pd.factorize(people[by], sort=True)
        codes, names = found.astype(np.int64), [str(level) for level in distinct]
        if len(names) > MOST_LEVELS:
            raise InputError(f"{by!r} has {len(names):,} levels; bin its values into a column of their own first.")
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, "missing"]
    return codes, names
