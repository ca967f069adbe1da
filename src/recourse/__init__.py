"""Algorithmic recourse: what can a person who was denied by a model change to be approved?

An *action set* says what people can do; a *cost* prices it; a model approves or denies. Three verbs ask
about that:

    flipset     one person       which actions would flip this denial, cheapest first?
    audit       a population     who has recourse, who has none, and how hard is it for whom?
    find        the search both rest on, for people who build something else

Whoever comes from actionable-recourse finds its names here too: `Flipset`, `RecourseAuditor`,
`RecourseBuilder` and `print_recourse_audit_report` are thin over these verbs.

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
    from recourse import costs, datasets, metrics
    from recourse.actions import ActionGrid, ActionSet, FeatureActions, constraints
    from recourse.audits import Audit, AuditPartial, AuditSpec, audit, audit_batch
    from recourse.costs import COSTS, Cost, FunctionCost, L1Cost, LocalCost, MaxCost, TotalCost
    from recourse.errors import InputError, ModelError, RecourseError
    from recourse.flipsets import FlipsetItem, FlipsetResult, flipset
    from recourse.legacy import Flipset, RecourseAuditor, RecourseBuilder, print_recourse_audit_report
    from recourse.models import LinearModel, Model, as_model, load_model
    from recourse.search import Solutions, Status, find

_HOME = {
    # what people can do, and what it costs them
    "actions": ("ActionGrid", "ActionSet", "FeatureActions", "constraints"),
    "costs": ("COSTS", "Cost", "FunctionCost", "L1Cost", "LocalCost", "MaxCost", "TotalCost"),
    # who approves
    "models": ("LinearModel", "Model", "as_model", "load_model"),
    # one person, a population, and the search that both rest on
    "flipsets": ("FlipsetItem", "FlipsetResult", "flipset"),
    "audits": ("Audit", "AuditPartial", "AuditSpec", "audit", "audit_batch"),
    "search": ("Solutions", "Status", "find"),
    # the names of actionable-recourse, thin over the verbs
    "legacy": ("Flipset", "RecourseAuditor", "RecourseBuilder", "print_recourse_audit_report"),
    # what can go wrong
    "errors": ("InputError", "ModelError", "RecourseError"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
_MODULES = (
    "actions",
    "audits",
    "costs",
    "datasets",
    "errors",
    "flipsets",
    "legacy",
    "metrics",
    "models",
    "reports",
    "search",
)

__all__ = [
    "COSTS",
    "ActionGrid",
    "ActionSet",
    "Audit",
    "AuditPartial",
    "AuditSpec",
    "Cost",
    "FeatureActions",
    "Flipset",
    "FlipsetItem",
    "FlipsetResult",
    "FunctionCost",
    "InputError",
    "L1Cost",
    "LinearModel",
    "LocalCost",
    "MaxCost",
    "Model",
    "ModelError",
    "RecourseAuditor",
    "RecourseBuilder",
    "RecourseError",
    "Solutions",
    "Status",
    "TotalCost",
    "__version__",
    "as_model",
    "audit",
    "audit_batch",
    "constraints",
    "costs",
    "datasets",
    "find",
    "flipset",
    "load_model",
    "metrics",
    "print_recourse_audit_report",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"recourse.{name}")
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"recourse.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'recourse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
