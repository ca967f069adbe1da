"""Joint conditions on an action: what must hold across features."""

from recourse.actions.constraints.change_limits import AtMost
from recourse.actions.constraints.constraint import Constraint, Linear
from recourse.actions.constraints.encodings import OrdinalEncoding, Thermometer
from recourse.actions.constraints.group_limits import GroupLimit, OneHot
from recourse.actions.constraints.if_then import IfThen
from recourse.actions.constraints.linkage import Linkage
from recourse.actions.constraints.predicate import Predicate
from recourse.actions.constraints.reachability import Reachability
from recourse.actions.constraints.sums import Sum
from recourse.actions.constraints.switch import Switch

IN_FILES: tuple[type[Constraint], ...] = (
    OneHot,
    GroupLimit,
    AtMost,
    IfThen,
    OrdinalEncoding,
    Thermometer,
    Linkage,
    Sum,
    Reachability,
    Switch,
)
"""The constraints that an action file can say; `Predicate` is code."""

__all__ = [
    "AtMost",
    "Constraint",
    "GroupLimit",
    "IfThen",
    "Linear",
    "Linkage",
    "OneHot",
    "OrdinalEncoding",
    "Predicate",
    "Reachability",
    "Sum",
    "Switch",
    "Thermometer",
]
