"""Effectiveness against cost: the choices that no other of those tried beats on both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd

from recourse.costs.cost import Cost
from recourse.errors import InputError
from recourse.reports import Report
from recourse.reports.document import plain
from recourse.summaries import views
from recourse.summaries.choice.select import SelectionStatus

MEASURES = ("size", "reach", "accuracy", "accuracy_any_rule", "fcost")
"""What a front shows of each choice."""


class Choice(Protocol):
    """What a front asks of a choice."""

    status: SelectionStatus

    def measures_in_sample(self) -> dict[str, Any]:
        """What it does to the people it was made from."""


C = TypeVar("C", bound=Choice)


class Front(Report, Generic[C]):
    """The Pareto front of accuracy and mean cost among several choices; made by `RecourseSet.front`.

    `front[k]`, `len(front)` and iteration give the choices on the front themselves, the most accurate first. They
    are recourse sets like the one they were made from. All figures are in sample. The front is that of the choices
    tried: one that was not tried may beat them.

    Parameters
    ----------
    tried : sequence of (mapping, choice)
        The settings that differ, and what was chosen under them.
    origin : mapping
        The document of the recourse set that they were made from.
    interrupted : bool
        Whether settings were left out because the time was up, or the job was cancelled.

    Attributes
    ----------
    tried : DataFrame
        One row a choice: the settings that differ, size, reach, accuracy, fcost (mean over the successes: read it
        beside the accuracy), status, and `dominated`, true where another choice is at least as accurate at no higher
        mean cost, and better in one of them (of equal choices, all but the first with the fewest rules).
    points : tuple
        The choices on the front.
    """

    view = views.FRONT_VIEW

    def __init__(
        self, tried: Sequence[tuple[Mapping[str, Any], C]], origin: Mapping[str, Any], *, interrupted: bool = False
    ) -> None:
        rows = []
        for said, one in tried:
            measures = one.measures_in_sample()
            settings = {name: _in_a_table(value) for name, value in said.items()}
            rows.append(settings | {name: measures[name] for name in MEASURES} | {"status": one.status.label})
        self.tried = pd.DataFrame(rows).astype({"fcost": float})
        kept = _not_beaten(self.tried)
        self.tried["dominated"] = ~np.isin(np.arange(len(rows)), kept)
        self.points: tuple[C, ...] = tuple(tried[k][1] for k in kept)
        self.interrupted = interrupted
        self._rows = kept
        self._varied = list(tried[0][0])
        self._origin = {name: origin[name] for name in ("kind", "model", "cost", "people", "denied")}

    def at_least(self, accuracy: float) -> C:
        """Return the choice with the lowest mean cost of those whose accuracy is at least a share.

        Parameters
        ----------
        accuracy : float
            A share of the denied.

        Returns
        -------
        RecourseSet

        Raises
        ------
        InputError
            If no choice on the front is so accurate.
        """
        accuracies = self.to_frame()["accuracy"]
        for point in reversed(range(len(self))):
            if accuracies.iloc[point] >= accuracy:
                return self.points[point]
        raise InputError(
            f"no choice on this front has an accuracy of {accuracy!r}; the highest is {accuracies.max():.4g}."
        )

    def at_most(self, fcost: float) -> C:
        """Return the most accurate choice of those whose mean cost is at most an amount.

        Parameters
        ----------
        fcost : float
            A mean price per person, over the successes.

        Returns
        -------
        RecourseSet

        Raises
        ------
        InputError
            If every choice on the front costs more.
        """
        prices = self.to_frame()["fcost"]
        for point, price in enumerate(prices):
            if price <= fcost:
                return self.points[point]
        raise InputError(
            f"no choice on this front has a mean cost of {fcost!r} or less; the lowest is {prices.min():.4g}."
        )

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

    def __getitem__(self, point: int) -> C:
        return self.points[point]

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[C]:
        return iter(self.points)


def _not_beaten(tried: pd.DataFrame) -> list[int]:
    """The rows on the front, the most accurate first: each is cheaper than all that are more accurate."""
    cost = tried["fcost"].fillna(np.inf).to_numpy()
    accuracy = tried["accuracy"].to_numpy(dtype=float)
    order = np.lexsort((np.arange(len(tried)), tried["size"].to_numpy(), cost, -accuracy))
    least = np.inf
    kept: list[int] = []
    for k in order.tolist():
        if cost[k] < least or not kept:
            kept.append(k)
            least = cost[k]
    return kept


def _in_a_table(value: Any) -> Any:
    """A setting as a table shows it: numbers and text as they are, a cost by its name, all else as text."""
    if value is None or isinstance(value, (str, int, float, np.number)):
        return value
    return value.name if isinstance(value, Cost) else str(value)
