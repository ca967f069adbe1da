"""What a choice is made under: which subgroups, at which prices, within which limits; all that `refit` may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from recourse.checks import instance_of
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.costs.per_change import FeatureCost
from recourse.errors import InputError, nearest
from recourse.summaries.choice.limits import LIMIT_NAMES, Limits
from recourse.summaries.evidence.candidate_space import CandidateSpace
from recourse.summaries.evidence.evidence import Evidence
from recourse.tables import Name

SETTINGS = ("subgroups", "cost", *LIMIT_NAMES)
"""Everything that a choice depends on beside the evidence."""

_NEEDS_THE_MODEL = {one.name for one in fields(CandidateSpace)} | {"space", "held_out", "desired", "threshold"}


@dataclass(frozen=True)
class ChoiceSettings:
    """What a choice is made under.

    subgroups : columns that describe subgroups; () for everybody, None for discovered ones
    cost : prices of the changes, which add up; limits : what may be chosen
    """

    subgroups: tuple[Name, ...] | None
    cost: Cost
    limits: Limits

    def changed(
        self, evidence: Evidence, limits: Limits | None, changes: Mapping[str, Any], known: Sequence[str]
    ) -> ChoiceSettings:
        """Return the settings with other limits, and then some of the settings changed.

        known : the names that may be changed. Raises `InputError` for others, saying the nearest, and for values
        that don't fit the evidence.
        """
        for name in changes:
            if name in _NEEDS_THE_MODEL:
                raise InputError(
                    f"refit can't change {name!r}: the model would have to be asked again. Call summarize."
                )
            if name not in known:
                raise InputError(f"refit can't change {name!r}. {nearest(name, known)}")
        limits = self.limits if limits is None else as_limits(limits)
        settings = replace(self, limits=replace(limits, **{n: v for n, v in changes.items() if n in LIMIT_NAMES}))
        if "subgroups" in changes:
            settings = replace(settings, subgroups=plain_subgroups(changes["subgroups"]))
        if "cost" in changes:
            settings = replace(settings, cost=price_list(changes["cost"]))
        check_settings(settings, evidence)
        return settings


def check_settings(settings: ChoiceSettings, evidence: Evidence) -> None:
    """Raise `InputError` for settings that don't fit the evidence they are for."""
    for name in settings.subgroups or ():
        if name not in evidence.columns:
            raise InputError(f"subgroups: {name!r} is no column that was read. {nearest(name, evidence.columns)}")
        if evidence.mobility[name].actionable:
            raise InputError(f"subgroups: {name!r} is actionable, so it can't describe a subgroup.")
    check_cost(settings.cost, evidence.columns)


def as_limits(limits: Any) -> Limits:
    """Return limits as they are, None as the default ones; raise `InputError` for everything else."""
    if limits is None:
        return Limits()
    return instance_of("limits", limits, Limits, "As in limits=Limits(max_rules=4).")


def check_cost(cost: Cost, names: Sequence[Name]) -> None:
    """Raise `InputError` for a cost that weighs what is no feature, or that doesn't add up."""
    for name in cost.weights:
        if name not in names:
            raise InputError(f"the cost weighs {name!r}, which is no feature. {nearest(name, names)}")
    if cost.combine != "sum":
        raise InputError(
            f"a summary adds up the prices of the features, but the cost {cost.name!r} counts the largest only; "
            "use a cost that adds up."
        )


def price_list(cost: Any) -> Cost:
    """Return the cost that a mapping from feature to price, a name or a `Cost` stands for; 1 a feature if None."""
    if cost is None:
        return FeatureCost()
    if isinstance(cost, Mapping):
        return FeatureCost(cost)
    return as_cost(cost)


def plain_subgroups(subgroups: Any) -> tuple[Name, ...] | None:
    """Return columns that describe subgroups, each once; None stays None."""
    if subgroups is None:
        return None
    if isinstance(subgroups, str):
        return (subgroups,)
    if not isinstance(subgroups, Iterable):
        raise InputError(f"subgroups is a list of columns, [] or None, not {subgroups!r}.")
    return tuple(dict.fromkeys(subgroups))
