"""Effectiveness against cost: the choices that no other of those tried beats on both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse.errors import InputError
from recourse.reports import Report
from recourse.reports.document import plain
from recourse.summaries import report

if TYPE_CHECKING:
    from recourse.summaries.recourse_set import RecourseSet

MEASURES = ("size", "reach", "accuracy", "accuracy_any_rule", "fcost")


class Front(Report):
    """The Pareto front of accuracy and mean cost among several choices; made by `RecourseSet.front`.

    tried : one row a choice: the settings that differ, size, reach, accuracy, fcost (mean over the successes: read it
    beside the accuracy), status, and `dominated`, true where another choice is at least as accurate at no higher
    mean cost, and better in one of them (of equal choices, all but the first with the fewest rules)

    `front[k]`, `len(front)` and iteration give the choices on the front themselves, the most accurate first. They
    are recourse sets like the one they were made from. All figures are in sample. The front is that of the choices
    tried: one that was not tried may beat them.
    """

    view = report.FRONT_VIEW

    def __init__(self, tried: Sequence[tuple[Mapping[str, Any], RecourseSet]], origin: Mapping[str, Any]) -> None:
        """Measure the choices; `origin` is the document of the recourse set that they were made from."""
        rows = []
        for said, one in tried:
            measures = one.measures_in_sample()
            settings = {name: _plain(value) for name, value in said.items()}
            rows.append(settings | {name: measures[name] for name in MEASURES} | {"status": one.status.label})
        self.tried = pd.DataFrame(rows).astype({"fcost": float})
        cost, good = self.tried["fcost"].fillna(np.inf).to_numpy(), self.tried["accuracy"].to_numpy(dtype=float)
        order = np.lexsort((np.arange(len(rows)), self.tried["size"].to_numpy(), cost, -good))
        least = np.inf
        kept: list[int] = []
        for k in order.tolist():
            if cost[k] < least or not kept:
                kept.append(k)
                least = cost[k]
        self.tried["dominated"] = ~np.isin(np.arange(len(rows)), kept)
        self.points: tuple[RecourseSet, ...] = tuple(tried[k][1] for k in kept)
        self._rows = kept
        self._varied = list(tried[0][0])
        self._origin = {name: origin[name] for name in ("kind", "model", "cost", "people", "denied")}

    def at_least(self, accuracy: float) -> RecourseSet:
        """Return the choice with the lowest mean cost of those whose accuracy is at least a share."""
        for point in reversed(range(len(self))):
            if self.to_frame()["accuracy"].iloc[point] >= accuracy:
                return self.points[point]
        best = self.to_frame()["accuracy"].max()
        raise InputError(f"no choice on this front has an accuracy of {accuracy!r}; the highest is {best:.4g}.")

    def at_most(self, fcost: float) -> RecourseSet:
        """Return the most accurate choice of those whose mean cost is at most an amount."""
        for point, price in enumerate(self.to_frame()["fcost"]):
            if price <= fcost:
                return self.points[point]
        least = self.to_frame()["fcost"].min()
        raise InputError(f"no choice on this front has a mean cost of {fcost!r} or less; the lowest is {least:.4g}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each choice on the front, the most accurate first; columns as in `tried`."""
        frame = self.tried.iloc[self._rows].drop(columns="dominated").reset_index(drop=True)
        return frame.rename_axis("point")

    def to_dict(self) -> dict[str, Any]:
        """Return the front as plain values: the document that views are rendered from."""
        rows = self.to_frame().astype(object).to_dict(orient="records")
        return {
            "document": "openrecourse/front",
            "version": 1,
            **self._origin,
            "tried": len(self.tried),
            "varied": self._varied,
            "points": [plain({"point": k, **row}) for k, row in enumerate(rows)],
        }

    def __getitem__(self, point: int) -> RecourseSet:
        return self.points[point]

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[RecourseSet]:
        return iter(self.points)


def _plain(value: Any) -> Any:
    """A setting as a table shows it: numbers and text as they are, everything else by its name."""
    if value is None or isinstance(value, (str, int, float, np.number)):
        return value
    return getattr(value, "name", None) or str(value)
