"""Algorithmic recourse: what can a person who was denied by a model change to be approved?

An *action set* says what people can do; a *cost* prices it; a model approves or denies. Five verbs ask
about that:

    flipset     one person       which actions would flip this denial, cheapest first?
    audit       a population     who has recourse, who has none, and how hard is it for whom?
    simulate    over time        what happens when people act on it and the lender retrains?
    summarize   rules            which few rules give recourse to how many, in which subgroup?
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
    from recourse import costs, datasets, generators, simulations, statistics
    from recourse.actions import ActionSet, FeatureActions, constraints
    from recourse.actions.files.draft import draft_actions
    from recourse.actions.files.problems import ActionFileError
    from recourse.actions.files.read import LoadedActions, read_actions
    from recourse.audits.audit import audit, audit_batch
    from recourse.audits.result import Audit, AuditSpec
    from recourse.audits.tally import AuditPartial
    from recourse.budget import Budget
    from recourse.costs.bradley_terry import BradleyTerryCost
    from recourse.costs.by_name import COSTS
    from recourse.costs.cost import Cost
    from recourse.costs.function import FunctionCost
    from recourse.costs.l1 import L1Cost
    from recourse.costs.per_change import FeatureCost
    from recourse.costs.percentile import LocalCost, MaxCost, TotalCost
    from recourse.errors import InputError, ModelError, RecourseError
    from recourse.flipsets.flipset import flipset
    from recourse.flipsets.result import FlipsetItem, FlipsetResult
    from recourse.legacy import Flipset, RecourseAuditor, RecourseBuilder, print_recourse_audit_report
    from recourse.menus import Menus
    from recourse.models import LinearModel, Model, Scorecard, as_model, inspect_model, load_model
    from recourse.models.network_classifier import NetworkClassifier
    from recourse.search import Solutions, Status, find
    from recourse.search.kernels.builds import build_info
    from recourse.simulations.result import Simulation
    from recourse.simulations.simulate import simulate
    from recourse.summaries import GlobalActions, RecourseTree, SelectionStatus, TwoLevelRecourseSet
    from recourse.summaries.summarize import summarize

_HOME = {
    # what people can do, and what it costs them
    "actions": ("ActionSet", "FeatureActions", "constraints"),
    "actions.files.read": ("LoadedActions", "read_actions"),
    "actions.files.problems": ("ActionFileError",),
    "actions.files.draft": ("draft_actions",),
    "menus": ("Menus",),
    "costs": (
        "COSTS",
        "BradleyTerryCost",
        "Cost",
        "FeatureCost",
        "FunctionCost",
        "L1Cost",
        "LocalCost",
        "MaxCost",
        "TotalCost",
    ),
    # who approves
    "models": ("LinearModel", "Model", "Scorecard", "as_model", "inspect_model", "load_model"),
    "models.network_classifier": ("NetworkClassifier",),
    # one person, a population, and the search that both rest on
    "flipsets": ("FlipsetItem", "FlipsetResult", "flipset"),
    "audits": ("Audit", "AuditPartial", "AuditSpec", "audit", "audit_batch"),
    "search": ("Solutions", "Status", "find"),
    "search.kernels.builds": ("build_info",),
    # the names of actionable-recourse, thin over the verbs
    "legacy": ("Flipset", "RecourseAuditor", "RecourseBuilder", "print_recourse_audit_report"),
    # a population over time
    "simulations": ("Simulation", "simulate"),
    # rules for everyone
    "summaries": ("GlobalActions", "RecourseTree", "SelectionStatus", "TwoLevelRecourseSet", "summarize"),
    # how long a job may take
    "budget": ("Budget",),
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
    "generators",
    "legacy",
    "menus",
    "models",
    "reports",
    "search",
    "simulations",
    "statistics",
    "summaries",
)

__all__ = [
    "COSTS",
    "ActionFileError",
    "ActionSet",
    "Audit",
    "AuditPartial",
    "AuditSpec",
    "BradleyTerryCost",
    "Budget",
    "Cost",
    "FeatureActions",
    "FeatureCost",
    "Flipset",
    "FlipsetItem",
    "FlipsetResult",
    "FunctionCost",
    "GlobalActions",
    "InputError",
    "L1Cost",
    "LinearModel",
    "LoadedActions",
    "LocalCost",
    "MaxCost",
    "Menus",
    "Model",
    "ModelError",
    "NetworkClassifier",
    "RecourseAuditor",
    "RecourseBuilder",
    "RecourseError",
    "RecourseTree",
    "Scorecard",
    "SelectionStatus",
    "Simulation",
    "Solutions",
    "Status",
    "TotalCost",
    "TwoLevelRecourseSet",
    "__version__",
    "as_model",
    "audit",
    "audit_batch",
    "build_info",
    "constraints",
    "costs",
    "datasets",
    "draft_actions",
    "find",
    "flipset",
    "generators",
    "inspect_model",
    "load_model",
    "print_recourse_audit_report",
    "read_actions",
    "simulate",
    "simulations",
    "statistics",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"recourse.{name}")
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"recourse.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'recourse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
