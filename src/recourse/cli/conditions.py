"""Conditions on an audit, as `--fail-if` takes them: 'feasible<0.9' or 'difference.feasible>0.05'."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass

import recourse as rs

COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Condition:
    """A measure of an audit, or the difference of one between groups, compared with a limit."""

    text: str
    measure: str
    between_groups: bool
    comparison: str
    limit: float

    @classmethod
    def read(cls, text: str, *, grouped: bool) -> Condition:
        """Read a condition; `grouped` says whether the audit will have groups to differ between."""
        match = re.fullmatch(r"\s*(difference\.)?(\w+)\s*(<=|>=|<|>)\s*([-+.\deE]+)\s*", text)
        measures = rs.audits.MEASURES
        if match is None or match[2] not in measures:
            raise rs.InputError(
                f"--fail-if: {text!r} must be like 'feasible<0.9' or 'difference.feasible>0.05'; the measures are "
                f"{', '.join(measures)}."
            )
        try:
            limit = float(match[4])
        except ValueError:
            raise rs.InputError(f"--fail-if: {match[4]!r} is not a number.") from None
        condition = cls(text.strip(), match[2], bool(match[1]), match[3], limit)
        if condition.between_groups and not grouped:
            raise rs.InputError(
                f"--fail-if: {condition.text!r} needs --group-by: there is no difference without groups."
            )
        return condition

    def hit(self, result: rs.Audit) -> str:
        """Say how an audit hits the condition; empty if it doesn't.

        A measure that nobody is there to tell (a share of nobody, a gap of one group) hits, too: it proves nothing.
        """
        compare = COMPARISONS[self.comparison]
        hits = []
        for name, value in self._values(result).items():
            if value is None:
                hits.append(f"{name}: nobody to tell {self.measure} from")
            elif compare(value, self.limit):
                hits.append(f"{name}: {value:.4g}")
        return f"{self.text} ({', '.join(hits)})" if hits else ""

    def _values(self, result: rs.Audit) -> dict[str, float | None]:
        """What is compared, by whom it is about; None where there is no value."""
        if not self.between_groups:
            return {"everybody": result.overall[self.measure]}
        known = result.difference(self.measure)["difference"].to_dict()
        return {str(group): known.get(group) for group in result.by_group.index.unique("group")}
