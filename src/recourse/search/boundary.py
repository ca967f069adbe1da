"""Additive models: a solver proposes, the user's own model decides, and rejected proposals are cut off.

The *bar* is the score from which a model approves. A statement of a score is true up to rounding, so the bar is first
lowered by that tolerance: what is out of reach then is out of reach for certain, and what is cheapest then bounds
every cost from below. All proposals are put to the model in one batch. A rejected one lies within rounding of the bar:
the bar is raised by the tolerance to get an action that works, and rejected points are cut off, one a round, until
the cheapest action that works costs no more than the bound. Whoever has few actions is spared the cuts: all of them
that could reach the bar are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, IntArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search.additive import KnapsackProposer
from recourse.search.exclusions import Exclusions
from recourse.search.linear_conditions import MilpProposer
from recourse.search.protocol import Proposer
from recourse.search.questions import Questions, drop_free_changes
from recourse.search.small_menus import are_few, enumerate_few
from recourse.search.solutions import FEASIBLE, INFEASIBLE, OPTIMAL, Solutions

PROPOSERS: tuple[type[Proposer], ...] = (KnapsackProposer, MilpProposer)
"""Who proposes actions, in order of preference: the first one that accepts the conditions."""

CUTS = 50
"""How many rejected proposals a person may cost before the answer is returned with its gap."""


def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
    """Whether anybody proposes actions under these conditions."""
    return any(proposer.accepts(statement, menus, exclusions) for proposer in PROPOSERS)


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    statement: Any,
    budget: Budget | None = None,
    advance: Advance | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves.

    Parameters
    ----------
    model, menus, people, exclusions, budget, advance : see `recourse.search.solve`
        As there; whose questions run out keeps an action with its gap, or is UNKNOWN with a bound.
    statement : Additive
        What the model states of itself over these menus.
    """
    questions = Questions(model, menus, people, exclusions, budget)
    return _BoundaryRounds(questions, statement).run(advance)


class _BoundaryRounds:
    """The rounds for many people at once, one batched question to the model in each."""

    def __init__(self, questions: Questions, statement: Additive) -> None:
        self.questions, self.statement = questions, statement
        self.exclusions = questions.exclusions
        self.out = questions.unknown()
        self._proposers: dict[type[Proposer], Proposer] = {}

    def run(self, advance: Advance | None) -> Solutions:
        """Lower the bar and ask; settle those whose proposals are rejected."""
        out = self.out
        everyone = np.arange(len(self.questions))
        proposed = self._propose(everyone, self.statement.lowered, advance)
        found = np.flatnonzero(proposed.found)
        works = self.questions.works(found, proposed.picks[found])
        rejected = found[~works]
        out.put(everyone, proposed)
        out.withdraw(rejected)
        if len(rejected) and not out.interrupted:
            self._settle(rejected, proposed)
        drop_free_changes(self.questions, out)
        return out

    def _settle(self, rejected: IntArray, proposed: Solutions) -> None:
        """Answer the people whose first proposal the model rejected: it lay within rounding of the bar."""
        out = self.out

        # Whoever has few actions is answered by trying those that could reach the bar.
        few = are_few(self.questions, rejected)
        enumerate_few(self.questions, rejected[few], out, self.statement)
        rejected = rejected[~few]
        last = {int(i): proposed.picks[i] for i in rejected}
        pending = self._who_may_ask(rejected)

        # An action that works, from the raised bar; its cost need not be the smallest.
        raised = self._propose(pending, self.statement.raised)
        found = np.flatnonzero(raised.found)
        works = found[self.questions.works(pending[found], raised.picks[found])]
        out.put(pending[works], raised, works)
        out.bound[pending] = proposed.bound[pending]
        out.compare_with_bounds(pending[works])
        pending = pending[out.codes[pending] != OPTIMAL]

        # Cut off what was rejected, until bound and cost meet.
        for _ in range(CUTS):
            pending = self._who_may_ask(pending)
            if not len(pending) or out.interrupted:
                break
            pending = self._cut(pending, last)

    def _cut(self, pending: IntArray, last: dict[int, npt.NDArray[np.int32]]) -> IntArray:
        """Exclude everybody's `last` rejected proposal and ask for the next one; returns whose was rejected again."""
        out = self.out
        for i in pending.tolist():
            self.exclusions[i] = self.exclusions[i].without(last[i], self._matters(i))
        proposed = self._propose(pending, self.statement.lowered)

        # Whatever is proposed now, nothing cheaper can work.
        out.bound[pending] = np.fmax(out.bound[pending], proposed.bound)
        self._nothing_left(pending[proposed.codes == INFEASIBLE])
        out.compare_with_bounds(pending[out.codes[pending] == FEASIBLE])

        # Ask about the proposals of those who are not settled by that.
        unsettled = np.flatnonzero(proposed.found & (out.codes[pending] != OPTIMAL))
        works = self.questions.works(pending[unsettled], proposed.picks[unsettled])
        approved, rejected = unsettled[works], unsettled[~works]
        better = approved[~(out.cost[pending[approved]] <= proposed.cost[approved])]
        out.put(pending[better], proposed, better)
        for k in rejected:
            last[int(pending[k])] = proposed.picks[k]
        return pending[rejected]

    def _who_may_ask(self, which: IntArray) -> IntArray:
        """Those who have a question left; of the others it is noted that they have none."""
        may = self.questions.may_ask(which)
        self.out.out_of_questions[which[~may]] = True
        return which[may]

    def _matters(self, i: int) -> BoolArray:
        """Which menus change this person's score at all: only they can tell a rejected point from another."""
        menus, gains = self.questions.menus, self.statement.gains
        rows = menus.rows[self.questions.people[i]]
        starts, stops = menus.row_ptr[rows], menus.row_ptr[rows + 1]
        return np.array([bool(gains[a:b].any()) for a, b in zip(starts, stops, strict=True)], dtype=bool)

    def _nothing_left(self, which: IntArray) -> None:
        """Nothing is left above the lowered bar: an action at hand has met its bound, otherwise there is none."""
        found = self.out.found[which]
        self.out.rule_out(which[~found])
        self.out.bound[which[found]] = self.out.cost[which[found]]

    def _propose(self, which: IntArray, raised_by: float, advance: Advance | None = None) -> Solutions:
        """Ask the first proposer that accepts the conditions for the cheapest actions above a moved bar."""
        questions = self.questions
        exclusions = [self.exclusions[i] for i in which]
        kind = next(one for one in PROPOSERS if one.accepts(self.statement, questions.menus, exclusions))
        if kind not in self._proposers:
            self._proposers[kind] = kind(self.statement, questions.menus)
        people = questions.people[which]
        solutions = self._proposers[kind].propose(
            people, raised_by, exclusions, budget=questions.budget, advance=advance
        )
        self.out.interrupted |= solutions.interrupted
        return solutions
