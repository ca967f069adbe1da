"""What rules say of one person: which applies, which would have others approved, what fails of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse.reports.document import plain
from recourse.summaries.applied import Applied
from recourse.summaries.rules import Rule

_COLUMNS = ["rule", "text", "satisfied", "fails", "failures", "possible", "flips", "cost", "precision", "n"]

_MOST_LINES = 6
"""A longer explanation is not read in a terminal; the table has all of it."""


class Explanation:
    """What the rules say of one person: made by `RecourseSet.explain`.

    Parameters
    ----------
    frame : DataFrame
        One row a rule; see `to_frame`.
    reason : str
        One sentence that says which rule applies, or why none does.
    assigned : int or None
        The number of the rule that applies.
    denied : bool
        Whether the model denies the person today. Rules say nothing to who is approved.
    """

    def __init__(self, frame: pd.DataFrame, reason: str, assigned: int | None, denied: bool) -> None:
        self._frame, self.reason, self.assigned, self.denied = frame, reason, assigned, denied

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule, the one that applies first, then those satisfied, then the nearest.

        Returns
        -------
        DataFrame
            The rule in words, whether it is satisfied and what fails, whether its action is possible for this person
            and would have them approved, its price to them, and the rule's precision and n.
        """
        return self._frame.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values."""
        rows = [plain(row) for row in self._frame.astype(object).to_dict(orient="records")]
        return {"denied": self.denied, "reason": self.reason, "assigned": self.assigned, "rules": rows}

    def __repr__(self) -> str:
        lines = [self.reason]
        nothing_satisfied = not self._frame["satisfied"].any()
        for row in self._frame.to_dict(orient="records") if self.denied else ():
            if row["satisfied"] or nothing_satisfied:
                lines.append(self._line(row))
        return "\n".join(lines[:_MOST_LINES])

    def _line(self, row: Mapping[Any, Any]) -> str:
        """A rule on one line: whether it applies, and what it would do."""
        applies = "applies" if row["rule"] == self.assigned else "satisfied too"
        does = "impossible for this person"
        if row["possible"]:
            outcome = "approved after it" if row["flips"] else "still denied after it"
            does = f"{outcome}; cost {row['cost']:.4g}"
        return f"  rule {row['rule']}: {row['text']}  [{applies if row['satisfied'] else row['fails']}; {does}]"


def explained_rules(rules: Sequence[Rule], applied: Applied, row: pd.DataFrame) -> pd.DataFrame:
    """The table of an explanation: what each rule says of the one person that rules were applied to."""
    rows = []
    for k, rule in enumerate(rules):
        wrong = [str(one) for one in (*rule.group, *rule.condition) if not one.holds(row[one.feature])[0]]
        satisfied = bool(applied.satisfied[k, 0])
        fails = "fails: " + " and ".join(wrong) if wrong else "does not work"
        rows.append(
            {
                "rule": k + 1,
                "text": str(rule),
                "satisfied": satisfied,
                "fails": "" if satisfied else fails,
                "failures": len(wrong),
                "possible": not np.isnan(applied.price[k, 0]),
                "flips": bool(applied.success[k, 0]),
                "cost": float(applied.price[k, 0]),
                "precision": rule.precision,
                "n": rule.n,
            }
        )

    # the rule that applies first, then by how little fails
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["others"] = frame["rule"] != int(applied.assigned[0]) + 1
    frame = frame.sort_values(["others", "failures", "rule"], kind="stable")
    return frame.drop(columns=["others", "failures"]).reset_index(drop=True)
