"""What a search is: something that says which questions it can answer, and answers them.

To add a search, write a module with `accepts` and `solve` and add it to `SEARCHES` in `recourse.search.find`. One
that only needs a model's additive statement is easier still: a class with `accepts` and `propose`, added to
`PROPOSERS` in `recourse.search.boundary`, where the model's own verdict and the proofs are taken care of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy.typing as npt

from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search.exclusions import Exclusions
from recourse.search.solutions import Solutions


class Search(Protocol):
    """A module (or an object) that finds each person's cheapest action."""

    def accepts(self, statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
        """Return whether the search can answer such a question; everybody's exclusions count."""

    def solve(
        self,
        model: Model,
        menus: Menus,
        people: npt.ArrayLike | None = None,
        exclusions: Sequence[Exclusions] | None = None,
        *,
        statement: Any,
        budget: Budget | None = None,
        advance: Advance | None = None,
    ) -> Solutions:
        """Return the cheapest action of each of `people` that the model approves; see `recourse.search.solve`.

        It is only called with a statement, menus and exclusions that it accepts.
        """


class Proposer(Protocol):
    """A class that proposes actions by a model's additive statement alone; made once for many calls."""

    def __init__(self, statement: Additive, menus: Menus) -> None: ...

    @staticmethod
    def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
        """Return whether proposals can be made under these conditions."""

    def propose(
        self,
        people: IntArray,
        raised_by: float,
        exclusions: Sequence[Exclusions],
        *,
        budget: Budget,
        advance: Advance | None = None,
    ) -> Solutions:
        """Return cheapest actions whose scores reach the bar when it is raised by so much (lowered, if negative).

        The bar is the score from which the model approves.
        """
