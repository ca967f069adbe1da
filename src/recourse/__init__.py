"""Algorithmic recourse: what can a person who was denied by a model change to be approved?

An *action set* says what people can do; a *cost* prices it; a model approves or denies. Four verbs ask about that,
each as ``verb(model, people, actions, ...)``:

    flipset     one person       which actions would flip this denial, cheapest first?
    audit       a population     who has recourse, who has none, and how hard is it for whom?
    summarize   rules            which few rules give recourse to how many, in which subgroup?
    simulate    over time        what happens when people act on it and the lender retrains?

`find` is the search that all of them rest on, for those who build something else. Every answer carries a `Status`:
what was proven, in a sentence.

Whoever comes from actionable-recourse finds its names here too: `Flipset`, `RecourseAuditor`, `RecourseBuilder` and
`print_recourse_audit_report` are thin over these verbs. They live in `recourse.legacy` and stay out of completion.

    >>> import recourse as rs
    >>> people = rs.datasets.lender(300)
    >>> A = rs.ActionSet(people.X)
    >>> A["gender"].actionable = False
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from recourse._version import __version__ as __version__

if TYPE_CHECKING:  # for editors and type checkers; at run time names are resolved when they are first used
    from recourse import actions as actions
    from recourse import audits as audits
    from recourse import costs as costs
    from recourse import datasets as datasets
    from recourse import errors as errors
    from recourse import flipsets as flipsets
    from recourse import generators as generators
    from recourse import legacy as legacy
    from recourse import menus as menus
    from recourse import models as models
    from recourse import reports as reports
    from recourse import search as search
    from recourse import simulations as simulations
    from recourse import statistics as statistics
    from recourse import summaries as summaries
    from recourse.actions import ActionSet as ActionSet
    from recourse.actions import FeatureActions as FeatureActions
    from recourse.actions import constraints as constraints
    from recourse.actions.files.draft import draft_actions as draft_actions
    from recourse.actions.files.problems import ActionFileError as ActionFileError
    from recourse.actions.files.read import LoadedActions as LoadedActions
    from recourse.actions.files.read import read_actions as read_actions
    from recourse.audits import Audit as Audit
    from recourse.audits import AuditPart as AuditPart
    from recourse.audits import AuditSpec as AuditSpec
    from recourse.audits import AuditTallies as AuditTallies
    from recourse.audits import audit_part as audit_part
    from recourse.audits.audit import audit as audit
    from recourse.budget import Budget as Budget
    from recourse.costs import COSTS as COSTS
    from recourse.costs import BradleyTerryCost as BradleyTerryCost
    from recourse.costs import Cost as Cost
    from recourse.costs import FeatureCost as FeatureCost
    from recourse.costs import FunctionCost as FunctionCost
    from recourse.costs import L1Cost as L1Cost
    from recourse.costs import LocalCost as LocalCost
    from recourse.costs import MaxCost as MaxCost
    from recourse.costs import TotalCost as TotalCost
    from recourse.errors import BudgetError as BudgetError
    from recourse.errors import InputError as InputError
    from recourse.errors import ModelError as ModelError
    from recourse.errors import RecourseError as RecourseError
    from recourse.flipsets import FlipsetItem as FlipsetItem
    from recourse.flipsets import FlipsetResult as FlipsetResult
    from recourse.flipsets.flipset import flipset as flipset
    from recourse.menus import Menus as Menus
    from recourse.models import LinearModel as LinearModel
    from recourse.models import Model as Model
    from recourse.models import Scorecard as Scorecard
    from recourse.models import inspect_model as inspect_model
    from recourse.models import load_model as load_model
    from recourse.models.as_model import as_model as as_model
    from recourse.models.network_classifier import NetworkClassifier as NetworkClassifier
    from recourse.search import Solutions as Solutions
    from recourse.search import Status as Status
    from recourse.search.find import find as find
    from recourse.search.kernels.builds import build_info as build_info
    from recourse.simulations import Design as Design
    from recourse.simulations import Simulation as Simulation
    from recourse.simulations.simulate import simulate as simulate
    from recourse.summaries import CandidateSpace as CandidateSpace
    from recourse.summaries import GlobalActions as GlobalActions
    from recourse.summaries import Limits as Limits
    from recourse.summaries import RecourseTree as RecourseTree
    from recourse.summaries import SelectionStatus as SelectionStatus
    from recourse.summaries import TwoLevelRecourseSet as TwoLevelRecourseSet
    from recourse.summaries.summarize import summarize as summarize

# Where each public name lives: it is imported when it is first used, so that importing the package is quick.
_HOME = {
    # what people can do
    "actions": ("ActionSet", "FeatureActions", "constraints"),
    "actions.files.read": ("LoadedActions", "read_actions"),
    "actions.files.problems": ("ActionFileError",),
    "actions.files.draft": ("draft_actions",),
    # what it costs them
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
    "models": ("LinearModel", "Model", "Scorecard", "inspect_model", "load_model"),
    "models.as_model": ("as_model",),
    "models.network_classifier": ("NetworkClassifier",),
    # one person
    "flipsets": ("FlipsetItem", "FlipsetResult", "flipset"),
    # a population
    "audits": ("Audit", "AuditPart", "AuditSpec", "AuditTallies", "audit", "audit_part"),
    # rules for everyone
    "summaries": (
        "CandidateSpace",
        "GlobalActions",
        "Limits",
        "RecourseTree",
        "SelectionStatus",
        "TwoLevelRecourseSet",
        "summarize",
    ),
    # a population over time
    "simulations": ("Design", "Simulation", "simulate"),
    # the search that all of them rest on
    "search": ("Solutions", "Status", "find"),
    "search.kernels.builds": ("build_info",),
    "menus": ("Menus",),
    # how long a job may take, and what can go wrong
    "budget": ("Budget",),
    "errors": ("BudgetError", "InputError", "ModelError", "RecourseError"),
}

# The names of actionable-recourse: they resolve, and stay out of completion.
_LEGACY = ("Flipset", "RecourseAuditor", "RecourseBuilder", "print_recourse_audit_report")

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
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names} | dict.fromkeys(_LEGACY, "legacy")

__all__ = [
    "COSTS",
    "ActionFileError",
    "ActionSet",
    "Audit",
    "AuditPart",
    "AuditSpec",
    "AuditTallies",
    "BradleyTerryCost",
    "Budget",
    "BudgetError",
    "CandidateSpace",
    "Cost",
    "Design",
    "FeatureActions",
    "FeatureCost",
    "FlipsetItem",
    "FlipsetResult",
    "FunctionCost",
    "GlobalActions",
    "InputError",
    "L1Cost",
    "Limits",
    "LinearModel",
    "LoadedActions",
    "LocalCost",
    "MaxCost",
    "Menus",
    "Model",
    "ModelError",
    "NetworkClassifier",
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
    "actions",
    "as_model",
    "audit",
    "audit_part",
    "audits",
    "build_info",
    "constraints",
    "costs",
    "datasets",
    "draft_actions",
    "errors",
    "find",
    "flipset",
    "flipsets",
    "generators",
    "inspect_model",
    "legacy",
    "load_model",
    "menus",
    "models",
    "read_actions",
    "reports",
    "search",
    "simulate",
    "simulations",
    "statistics",
    "summaries",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"recourse.{name}")
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"recourse.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'recourse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
