"""Several actions a person, each different from the ones before it: the cheapest, the next cheapest, and so on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.checks import one_of, whole_number
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search.additive import KnapsackProposer
from recourse.search.exclusions import exclusions_of
from recourse.search.find import solve_stated
from recourse.search.solutions import Solutions

DISTINCT = ("minimal", "subsets", "exclusive")
"""What may make the next action a different one."""


def solve_items(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    *,
    total_items: int = 1,
    distinct: str = "minimal",
    budget: Budget | None = None,
    advance: Advance | None = None,
) -> list[Solutions]:
    """Return up to `total_items` actions for each person, one `Solutions` for each rank, cheapest first.

    Parameters
    ----------
    model, menus, people, budget, advance : see `solve`
        As there; the time is for all ranks together, `max_questions` for each action.
    total_items : int
        How many actions to list at most for one person.
    distinct : {"minimal", "subsets", "exclusive"}
        What makes the next action a different one. "subsets": the set of features it changes differs from all
        earlier sets. "minimal": moreover it contains none of them, so that nothing is padded with a needless
        change. "exclusive": it changes no feature that an earlier one changed.

    Returns
    -------
    list of Solutions
        A person whose items are exhausted is INFEASIBLE from that rank on: no *further* action exists.

    Raises
    ------
    InputError
        If `distinct` or `total_items` is none of these.
    """
    one_of("distinct", distinct, DISTINCT)
    whole_number("total_items", total_items, least=1)
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    statement = model.states(menus) if len(chosen) else None
    question = _Listing(model, menus, statement, chosen, total_items, distinct, Budget.of(budget), advance)

    # All ranks at once where the kernel can; one rank after the other for whoever is left.
    ranks, left = question.all_at_once()
    if len(left):
        ranks = _merged(ranks, question.one_by_one(left), left, len(chosen), len(menus.blocks))
    for rank in ranks:
        rank.menus, rank.people = menus, chosen
    return ranks


@dataclass(frozen=True, eq=False)
class _Listing:
    """One call of `solve_items`."""

    model: Model
    menus: Menus
    statement: Statement | None
    people: IntArray
    total_items: int
    distinct: str
    budget: Budget
    advance: Advance | None

    def all_at_once(self) -> tuple[list[Solutions], IntArray]:
        """All ranks in one call of the kernel; returns them and for whom they don't hold.

        They hold for everybody whose proposals the model approves in full. Whoever has one rejected, within
        rounding of the boundary, is left for the slower way.
        """
        menus, statement = self.menus, self.statement
        everyone = np.arange(len(self.people))
        if not isinstance(statement, Additive) or not menus.single:
            return [], everyone
        if not KnapsackProposer.accepts(statement, menus, ()):
            return [], everyone
        ranks = KnapsackProposer(statement, menus).propose_several(
            self.people,
            statement.lowered,
            self.total_items,
            self.distinct,  # type: ignore[arg-type]
            budget=self.budget,
            advance=self.advance,
        )
        good = np.ones(len(self.people), dtype=bool)
        for rank in ranks:
            found = np.flatnonzero(rank.found)
            good[found] &= self.model.approves(menus.points(self.people[found], rank.picks[found]))
        last = max((k for k, rank in enumerate(ranks) if rank.found.any()), default=0)
        return ranks[: last + 2], everyone[~good]

    def one_by_one(self, which: IntArray) -> list[Solutions]:
        """One rank after the other, each search excluding what was found before."""
        people = self.people[which]
        exclusions = exclusions_of(None, people)
        ranks: list[Solutions] = []
        active = np.arange(len(people))
        while len(active) and len(ranks) < self.total_items:
            # The next action of everybody who has not run out of them.
            rank = Solutions.unknown(len(people), len(self.menus.blocks))
            if ranks:
                rank.put(slice(None), ranks[-1])
            allowed = [exclusions[i] for i in active]
            answers = solve_stated(
                self.model, self.menus, people[active], allowed, self.statement, self.budget, self.advance
            )
            rank.put(active, answers)
            rank.interrupted = answers.interrupted
            ranks.append(rank)

            # What the next one may not be.
            active = active[rank.found[active]]
            changes = self.menus.feature_changes(people[active], rank.picks[active])
            for i, flags in zip(active, changes, strict=True):
                changed = frozenset(np.flatnonzero(flags).tolist())
                if self.distinct == "exclusive":
                    exclusions[i].frozen |= changed
                elif self.distinct == "minimal":
                    exclusions[i].supersets.append(changed)
                else:
                    exclusions[i].subsets.append(changed)
        return ranks


def _merged(ranks: list[Solutions], more: list[Solutions], left: IntArray, people: int, blocks: int) -> list[Solutions]:
    """The ranks of everybody: `more` are those of the people who were left."""
    while len(ranks) < len(more):
        ranks.append(Solutions.unknown(people, blocks))
        if len(ranks) > 1:
            ranks[-1].put(slice(None), ranks[-2])
    for k, rank in enumerate(ranks):
        answers = more[min(k, len(more) - 1)]
        rank.put(left, answers)
        rank.interrupted |= answers.interrupted
    return ranks
