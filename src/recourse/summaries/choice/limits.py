"""Limits: what may be chosen from the candidates, and what a choice is worth.

Another choice under other limits, prices or subgroups never asks the model; `CandidateSpace` says what does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from recourse.checks import known_names, number, one_of, share, true_or_false, whole_number
from recourse.errors import InputError

WEIGHTS = ("incorrect_recourse", "cover", "feature_cost", "feature_change")
"""The terms of the objective, by their names in the paper's Table 1."""

TIE_BREAKS = {"precision": "precision", "wilson": "lower end of the precision's interval"}
"""What decides between several rules that somebody satisfies, in words."""

METHODS = ("exact", "local", "greedy")
"""The ways to choose; only the first proves that nothing better exists."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a set of rules may be and what it is worth.

    Parameters
    ----------
    max_rules, max_subgroups : int
        At most so many rules, and different subgroups.
    max_width : int
        Predicates of subgroup and condition together; with `apart`, of each.
    apart : bool
        Whether `max_width` counts subgroup and condition each on their own.
    min_precision : float
        Of the denied people who satisfy a rule, at least this share is approved after it.
    max_overlap : float or None
        At most this share of the denied satisfies several rules; 0 for an exclusive cover, None for no limit.
    cost_weight : float
        How many people more a rule must help for each unit of its cost.
    weights : mapping or None
        Instead of `cost_weight`, the paper's λ by the names in its Table 1: incorrect_recourse, cover, feature_cost,
        feature_change. A term that is not named has weight 0.
    tie_break : str
        Who satisfies several rules gets the one with the highest "precision", or the highest lower end of its
        "wilson" interval, which distrusts rules with few people; `min_precision` is then about that lower end too.
    method : str
        "exact" for a proof, within `time_limit`; "local" for the paper's approximate search; or "greedy".
    time_limit : float or None
        Seconds for the choice alone; the best set found by then comes with a bound, and depends on the machine's
        speed. None waits for the proof.

    Raises
    ------
    InputError
        For a value that means nothing, or a name that is none of these.

    Examples
    --------
    >>> Limits(max_rules=4, max_overlap=0).max_rules
    4
    """

    max_rules: int = 20
    max_width: int = 7
    max_subgroups: int = 10
    apart: bool = False
    min_precision: float = 0.0
    max_overlap: float | None = None
    cost_weight: float = 1.0
    weights: Mapping[str, float] | None = None
    tie_break: str = "precision"
    method: str = "exact"
    time_limit: float | None = 10.0

    def __new__(cls, **settings: Any) -> Limits:
        """Refuse names that are no limits, with the nearest that is."""
        known_names(cls.__name__, settings, LIMIT_NAMES, of="one of its settings")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check each setting, and store it in its plain form."""
        checked: dict[str, Any] = {}
        for name in ("max_rules", "max_width", "max_subgroups"):
            checked[name] = whole_number(name, getattr(self, name), least=1)
        checked["apart"] = true_or_false("apart", self.apart)
        checked["min_precision"] = share("min_precision", self.min_precision)
        if self.max_overlap is not None:
            checked["max_overlap"] = share("max_overlap", self.max_overlap)
        checked["cost_weight"] = number("cost_weight", self.cost_weight, least=0)
        _check_weights(self.weights)
        one_of("tie_break", self.tie_break, TIE_BREAKS)
        one_of("method", self.method, METHODS)
        checked["time_limit"] = number("time_limit", self.time_limit, above=0, or_none=True)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def lambdas(self) -> dict[str, float]:
        """The weights of the objective's terms: those given, or people minus `cost_weight` × costs.

        By default one person covered, one wrong recourse less and 1/`cost_weight` of feature cost weigh the same;
        a hundredth of that goes to the magnitude of changes, which only settles ties between near equals.
        """
        if self.weights is not None:
            return {name: float(self.weights.get(name, 0.0)) for name in WEIGHTS}
        return {
            "incorrect_recourse": 1.0,
            "cover": 1.0,
            "feature_cost": self.cost_weight,
            "feature_change": 0.01 * self.cost_weight,
        }


LIMIT_NAMES = tuple(one.name for one in fields(Limits))
"""What `Limits` are called."""


def _check_weights(weights: Any) -> None:
    """Raise `InputError` for weights that are no mapping from the objective's terms to numbers."""
    if weights is None:
        return
    if not isinstance(weights, Mapping):
        raise InputError(
            f"weights is a mapping from a term of the objective ({', '.join(WEIGHTS)}) to a number, not {weights!r}."
        )
    known_names("weights", weights, WEIGHTS, of="a term of the objective")
    for name, value in weights.items():
        number(f"the weight {name}", value, least=0)
