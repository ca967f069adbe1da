"""Algorithmic recourse: what can a person who was denied by a model change to be approved?

An *action set* says what people can do; a *cost* prices it; a model approves or denies. Three verbs ask
about that:

    flipset     one person       which actions would flip this denial, cheapest first?
    audit       a population     who has recourse, who has none, and how hard is it for whom?
    find        the search both rest on, for people who build something else

Every answer carries a `Status`: what was proven, in a sentence. Names are resolved when they are first
used, so that importing the package is quick.

    >>> import recourse as rs
    >>> people = rs.datasets.lender(300)
    >>> A = rs.ActionSet(people.X)
    >>> A["gender"].actionable = False
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from recourse._version import __version__

if TYPE_CHECKING:
    from recourse import costs, datasets, metrics, reports
    from recourse.actions import ActionGrid, ActionSet, FeatureActions
    from recourse.audits import Audit, AuditPartial, AuditSpec, audit, audit_batch
    from recourse.costs import COSTS, Cost, FunctionCost, L1Cost, LocalCost, MaxCost, TotalCost
    from recourse.errors import InputError, ModelError, RecourseError
    from recourse.flipsets import FlipsetItem, FlipsetResult, flipset
    from recourse.models import LinearModel, Model, as_model, load_model
    from recourse.search import Solutions, Status, find

_HOME = {
    # what people can do, and what it costs them
    "ActionSet": "actions",
    "FeatureActions": "actions",
    "ActionGrid": "actions",
    "Cost": "costs",
    "TotalCost": "costs",
    "LocalCost": "costs",
    "MaxCost": "costs",
    "L1Cost": "costs",
    "FunctionCost": "costs",
    "COSTS": "costs",
    # who approves
    "as_model": "models",
    "load_model": "models",
    "Model": "models",
    "LinearModel": "models",
    # one person
    "flipset": "flipsets",
    "FlipsetResult": "flipsets",
    "FlipsetItem": "flipsets",
    # a population
    "audit": "audits",
    "audit_batch": "audits",
    "Audit": "audits",
    "AuditSpec": "audits",
    "AuditPartial": "audits",
    # what both rest on
    "find": "search",
    "Solutions": "search",
    "Status": "search",
    # what can go wrong
    "RecourseError": "errors",
    "InputError": "errors",
    "ModelError": "errors",
}
_MODULES = ("costs", "datasets", "metrics", "reports")

__all__ = [*_HOME, *_MODULES, "__version__"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"recourse.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"recourse.{_HOME[name]}"), name)
    raise AttributeError(f"module 'recourse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
