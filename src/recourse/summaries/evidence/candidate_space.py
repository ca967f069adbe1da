"""Which rules are tried at all: bins, support, widths, operators and moves.

Everything here decides what the model is asked; changing it needs new evidence, while `Limits` choose from the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from recourse.checks import known_names, one_of, share, whole_number
from recourse.errors import InputError
from recourse.summaries.evidence.bins import BINNINGS
from recourse.summaries.evidence.moves import MOVES
from recourse.summaries.evidence.predicates import OPERATORS

FROM_TO = ("to",)
"""The paper's moves: a condition says what each changed feature is today, and the action what it becomes."""

TARGETS = ("approved", "denied", "all")
"""Among whom the targets of an action must be frequent together."""

BATCH = 100_000
"""How many rows are built at once; the model is asked for those that are distinct. Larger tables take more memory and
are not asked faster."""

_SPELLING = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
"""Operators as Python spells them."""

_WHOLE_NUMBERS = ("max_descriptor", "max_condition", "max_changes", "beam", "max_candidates", "max_rows", "batch")


@dataclass(frozen=True, kw_only=True)
class CandidateSpace:
    """Which rules `summarize` tries: what subgroups, conditions and actions are made of.

    Parameters
    ----------
    min_support : float
        A subgroup, a condition, and both together, are true of at least this share of the *denied*. The number of
        candidates grows fastest as this gets lower.
    max_descriptor, max_condition : int
        Predicates of a subgroup and of a condition at most.
    max_changes : int
        Features that one action changes at most. A constraint `AtMost` of the action set lowers it.
    operators : sequence of str
        What conditions and subgroups compare with: "=" (a value, or a bin), "≠" (or "!="), "≤" ("<="), "≥" (">=").
    moves : sequence of str
        How actions change features. With ("to",), as in the paper, a condition says what each changed feature is
        today, and the action sets it to a value or bin. With any other of "to", "at_least", "at_most" and "shift"
        conditions need not mention what is changed.
    bins : int
        Numbers with more values than this are binned, on the people summarised only.
    binning : str
        Bins of equal "width", or with as many people each ("quantile").
    targets : str
        An action's targets are, together, frequent among the "approved" (which spares dead ends), the "denied" (as in
        the paper) or "all".
    beam : int
        With moves other than ("to",), so many actions of each width are tried with one more move.
    max_candidates, max_rows : int
        A space with more candidate triples, or more rows to ask the model, is refused before the work begins.
    batch : int
        Rows held at once while the model is asked, which bounds the memory.

    Raises
    ------
    InputError
        For a value that means nothing, or a name that is none of these.

    Examples
    --------
    >>> CandidateSpace(moves=["at_most", "at_least"], max_condition=1).moves
    ('at_least', 'at_most')
    """

    min_support: float = 0.01
    max_descriptor: int = 2
    max_condition: int = 3
    max_changes: int = 3
    operators: Sequence[str] = ("=",)
    moves: Sequence[str] = FROM_TO
    bins: int = 10
    binning: str = "width"
    targets: str = "approved"
    beam: int = 200
    max_candidates: int = 50_000_000
    max_rows: int = 20_000_000
    batch: int = BATCH

    def __new__(cls, **settings: Any) -> CandidateSpace:
        """Refuse names that are no settings, with the nearest that is."""
        known_names(cls.__name__, settings, [one.name for one in fields(cls)], of="one of its settings")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check each setting, and store it in its plain form."""
        checked: dict[str, Any] = {"min_support": share("min_support", self.min_support, zero=False)}
        for name in _WHOLE_NUMBERS:
            checked[name] = whole_number(name, getattr(self, name), least=1)
        checked["bins"] = whole_number("bins", self.bins, least=2)
        one_of("binning", self.binning, BINNINGS)
        one_of("targets", self.targets, TARGETS)
        checked["operators"] = _several("operators", self.operators, OPERATORS)
        checked["moves"] = _several("moves", self.moves, MOVES)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def from_to(self) -> bool:
        """Whether a condition says what each changed feature is today, as in the paper."""
        return self.moves == FROM_TO

    @property
    def all_change(self) -> bool:
        """Whether an action changes all of its features for everybody who satisfies a condition it goes with."""
        return self.from_to and self.operators == ("=",)

    def people(self, n: int) -> int:
        """Return how many of n people the support is.

        Parameters
        ----------
        n : int
            How many people there are.

        Returns
        -------
        int
            At least 1.
        """
        return max(1, int(np.ceil(self.min_support * n - 1e-9)))


def _several(what: str, given: Any, options: Sequence[str]) -> tuple[str, ...]:
    """Options in their own order, each at most once."""
    given = [given] if isinstance(given, str) else list(given)
    if not given:
        raise InputError(f"{what} must name at least one of {', '.join(map(repr, options))}.")
    chosen = {one_of(what, _SPELLING.get(one, one), options) for one in given}
    return tuple(one for one in options if one in chosen)
