"""Counts and costs of groups of people; tallies of disjoint parts add up exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pandas as pd

from recourse.search import Status
from recourse.statistics import CostSketch, wilson_interval


class Level(Enum):
    """What is no value of a column: the level of those whose value is missing, whatever words the column holds."""

    MISSING = "missing"

    def __str__(self) -> str:
        return self.value


MISSING = Level.MISSING
Group = tuple[str, Any]


@dataclass(frozen=True)
class Tally:
    """Counts and costs of one group of people; tallies of disjoint groups add up exactly.

    n : people; denied : of them, denied today
    recourse : denied people with an action that works; unproven : of these, how many actions may not be
    the cheapest; no_recourse : proven to have none; undecided : the budget ran out
    costs : a summary of the costs of those with recourse
    """

    n: int = 0
    denied: int = 0
    recourse: int = 0
    unproven: int = 0
    no_recourse: int = 0
    undecided: int = 0
    costs: CostSketch = field(default_factory=CostSketch)

    def __add__(self, other: Tally) -> Tally:
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(
            self.n + other.n,
            self.denied + other.denied,
            self.recourse + other.recourse,
            self.unproven + other.unproven,
            self.no_recourse + other.no_recourse,
            self.undecided + other.undecided,
            self.costs + other.costs,
        )

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Tally:
        """Count the rows of an audit's table."""
        status = rows["status"]
        found = status.isin([Status.OPTIMAL.label, Status.FEASIBLE.label]).to_numpy()
        return cls(
            n=len(rows),
            denied=int(rows["denied"].sum()),
            recourse=int(found.sum()),
            unproven=int((status == Status.FEASIBLE.label).sum()),
            no_recourse=int((status == Status.INFEASIBLE.label).sum()),
            undecided=int((status == Status.UNKNOWN.label).sum()),
            costs=CostSketch.of(rows["cost"].to_numpy()[found]),
        )

    def measures(self) -> dict[str, Any]:
        """Return the counts and what follows from them; what nobody is there to tell is None.

        `feasible` is the share with recourse among the decided (`recourse` + `no_recourse`), with its
        95 % Wilson interval; undecided people are in neither. Costs are those of people with recourse.
        """
        decided = self.recourse + self.no_recourse
        low, high = wilson_interval(self.recourse, decided)
        return {
            "n": self.n,
            "denied": self.denied,
            "denied_share": self.denied / self.n if self.n else None,
            "recourse": self.recourse,
            "no_recourse": self.no_recourse,
            "undecided": self.undecided,
            "unproven": self.unproven,
            "feasible": self.recourse / decided if decided else None,
            "feasible_low": low if decided else None,
            "feasible_high": high if decided else None,
            "cost_mean": self.costs.mean,
            "cost_q25": self.costs.quantile(0.25),
            "cost_median": self.costs.quantile(0.5),
            "cost_q75": self.costs.quantile(0.75),
            "cost_max": self.costs.max,
        }


MEASURES = tuple(Tally().measures())
"""What an audit says of everybody and of each group, in this order."""


@dataclass(frozen=True)
class AuditPartial:
    """The tallies of one part of a population: of everybody in it, and of each group."""

    overall: Tally = field(default_factory=Tally)
    groups: Mapping[Group, Tally] = field(default_factory=dict)

    def __add__(self, other: AuditPartial) -> AuditPartial:
        if not isinstance(other, AuditPartial):
            return NotImplemented
        groups = dict(self.groups)
        for group, tally in other.groups.items():
            groups[group] = groups.get(group, Tally()) + tally
        return AuditPartial(self.overall + other.overall, groups)
