"""Exact proposals for additive models: the cheapest picks from every person's priced menus, by the knapsack kernel.

It takes features that are free of each other, or tied within one menu; at most k changes and exclusions only where
every menu is of one feature; and no condition across menus. Everything else is for `linear_conditions`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.statements.additive import Additive
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search.exclusions import Exclusions
from recourse.search.knapsack import Distinct, Knapsack, KnapsackSolutions
from recourse.search.solutions import UNKNOWN, Solutions


class KnapsackProposer:
    """The knapsack over some people's menus, for one additive model."""

    def __init__(self, statement: Additive, menus: Menus) -> None:
        self._menus, self._score = menus, statement.score
        self._knapsack = Knapsack(menus.row_ptr, statement.gains, menus.prices)

    @staticmethod
    def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
        """Whether every condition is one that the kernel knows; of exclusions, frozen features."""
        if not isinstance(statement, Additive) or menus.wide:
            return False
        if any(one.subsets or one.supersets or one.picks for one in exclusions):
            return False
        if menus.single:
            return True
        # Items that change several features: the kernel counts neither those nor a largest price within an item.
        return menus.max_changes is None and menus.combine == "sum" and not any(one.frozen for one in exclusions)

    def propose(
        self,
        people: IntArray,
        raised_by: float,
        exclusions: Sequence[Exclusions],
        *,
        budget: Budget,
        advance: Advance | None = None,
    ) -> Solutions:
        """Return cheapest actions of `people` whose scores reach the bar raised by so much."""
        menus = self._menus
        frozen = np.zeros((len(people), len(menus.blocks)), dtype=bool)
        for k, one in enumerate(exclusions):
            frozen[k, list(one.frozen)] = True
        answers = self._knapsack.solve(
            menus.rows[people],
            raised_by - self._score[people],
            objective=menus.combine,
            max_changes=menus.max_changes,
            frozen=frozen if frozen.any() else None,
            budget=budget,
            advance=advance,
        )
        return self._solutions(people, answers)

    def propose_several(
        self,
        people: IntArray,
        raised_by: float,
        total_items: int,
        distinct: Distinct,
        *,
        budget: Budget,
        advance: Advance | None = None,
    ) -> list[Solutions]:
        """Return the proposals of each rank; see `Knapsack.best_subsets`. Every menu must be of one feature."""
        menus = self._menus
        ranks = self._knapsack.best_subsets(
            menus.rows[people],
            raised_by - self._score[people],
            total_items=total_items,
            distinct=distinct,
            objective=menus.combine,
            max_changes=menus.max_changes,
            budget=budget,
            advance=advance,
        )
        return [self._solutions(people, answers) for answers in ranks]

    def _solutions(self, people: IntArray, answers: KnapsackSolutions) -> Solutions:
        """The kernel's answers, with costs added up as menus do."""
        nobody_knows = answers.status == UNKNOWN
        out = Solutions.unknown(len(people), len(self._menus.blocks))
        out.codes, out.picks, out.bound = answers.status.astype(np.int8), answers.picks, answers.bound
        out.cost = np.where(nobody_knows, np.nan, answers.cost)
        out.total = np.where(nobody_knows, np.nan, answers.total)
        out.interrupted = answers.interrupted
        out.price(self._menus, people)
        return out
