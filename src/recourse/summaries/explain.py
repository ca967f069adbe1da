"""What rules say of one person."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


class Explanation:
    """What the rules say of one person: made by `RecourseSet.explain`.

    reason : one sentence; assigned : the number of the rule that applies, or None
    to_frame() : one row a rule: satisfied, what fails, whether its action would flip the denial, its cost
    """

    def __init__(self, frame: pd.DataFrame, reason: str, assigned: int | None, denied: bool) -> None:
        self._frame, self.reason, self.assigned, self.denied = frame, reason, assigned, denied

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule, the one that applies first, then those satisfied, then the nearest."""
        return self._frame.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values."""
        rows = [
            {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}
            for row in self._frame.astype(object).to_dict(orient="records")
        ]
        return {"denied": self.denied, "reason": self.reason, "assigned": self.assigned, "rules": rows}

    def __repr__(self) -> str:
        lines = [self.reason]
        for row in self._frame.to_dict(orient="records") if self.denied else ():
            if row["satisfied"] or not self._frame["satisfied"].any():
                applies = "applies" if row["rule"] == self.assigned else "satisfied too"
                flips = "approved after it" if row["flips"] else "still denied after it"
                does = f"{flips}; cost {row['cost']:.4g}" if row["possible"] else "impossible for this person"
                lines.append(
                    f"  rule {row['rule']}: {row['text']}  [{applies if row['satisfied'] else row['fails']}; {does}]"
                )
        return "\n".join(lines[:6])
