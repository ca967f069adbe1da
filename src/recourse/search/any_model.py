"""Any model, any constraint: enumerate actions in order of cost and ask the model.

The first approved action is the cheapest; exhausted menus prove that there is none; and when the budget
ends, the next action's cost bounds all that was not tried. Everybody advances together, so that the model
is asked in large batches.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search.exclusions import Exclusions
from recourse.search.questions import Questions
from recourse.search.solutions import Solutions

MOST_TRIED = 200_000
"""How many actions are tried for one person, where `max_questions` says nothing else."""

BATCH = 20_000
"""How many rows are put to the model at once."""

FIRST_SHARE = 16
"""How many actions of each person the first batch holds, at least; from batch to batch there are twice as many."""

Picks = tuple[int, ...]


def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
    """Whether it can answer: always."""
    return True


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    statement: Any = None,
    budget: Budget | None = None,
    advance: Advance | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves.

    Parameters
    ----------
    model, menus, people, exclusions, advance : see `recourse.search.solve`
        As there.
    statement : any
        Not needed; every search can be called with one.
    budget : Budget, optional
        Whose questions or time run out is UNKNOWN, with a bound. Without a `max_questions`, `MOST_TRIED` actions
        are tried for each person.
    """
    questions = Questions(model, menus, people, exclusions, budget)
    out = questions.unknown()
    enumerate_actions(questions, out, advance)
    return out


def enumerate_actions(questions: Questions, out: Solutions, advance: Advance | None = None) -> None:
    """Write everybody's answer to `out`."""
    walks = {k: _CheapestFirst(questions, k) for k in range(len(questions))}
    share = FIRST_SHARE
    try:
        while walks and not questions.budget.exhausted:
            # The next actions of everybody, as one batch of questions.
            share = min(share * 2, max(FIRST_SHARE, BATCH // len(walks)), BATCH)
            batches = {k: walk.take(share) for k, walk in walks.items()}
            if questions.budget.exhausted:
                break
            who = np.repeat(list(batches), [len(batch) for batch in batches.values()]).astype(np.int64)
            picks = np.array([one for batch in batches.values() for one in batch], dtype=np.int64)
            approved = _works(questions, who, picks)

            # Whoever has an answer by now, or no action left, is done.
            ends = np.cumsum([len(batch) for batch in batches.values()])
            verdicts = np.split(approved, ends[:-1])
            done = [
                k
                for (k, batch), mine in zip(batches.items(), verdicts, strict=True)
                if walks[k].settle(batch, mine, out)
            ]
            for k in done:
                del walks[k]
            if advance is not None and done:
                advance(len(done))
    except KeyboardInterrupt:
        out.interrupted = True
    out.interrupted |= bool(walks)
    for k, walk in walks.items():
        if not out.found[k]:
            out.bound[k] = walk.asked_up_to


def _works(questions: Questions, who: npt.NDArray[np.int64], picks: npt.NDArray[np.int64]) -> BoolArray:
    """Which actions keep the conditions and are approved."""
    if not len(who):
        return np.zeros(0, dtype=bool)
    works = questions.menus.allows(questions.people[who], picks)
    works[works] = questions.approves(who[works], picks[works])
    return works


class _CheapestFirst:
    """One person's actions in order of cost: a heap over the product of menus, each sorted by price.

    An action is a rank in each menu, 0 for the cheapest item. Its children raise one rank, in the menu raised last
    or a later one, so that every action is reached exactly once, and never before a cheaper one. Where the largest
    price counts and menus hold several features, sums are not in order within one largest price: a second walk
    finds the smallest.
    """

    def __init__(self, questions: Questions, k: int) -> None:
        self.menus, self.person, self.excluded = questions.menus, int(questions.people[k]), questions.exclusions[k]
        self.questions, self.k = questions, k
        limit = questions.budget.max_questions
        self.most = MOST_TRIED if limit is None else max(limit, MOST_TRIED)
        self.tried = 0
        self.asked_up_to = 0.0
        self._start(by_largest=self.menus.combine == "max", ceiling=np.inf)

    def _start(self, *, by_largest: bool, ceiling: float) -> None:
        """Begin the enumeration, over the items whose largest price is at most `ceiling`."""
        menus, self.by_largest, self.ceiling = self.menus, by_largest, ceiling
        starts = menus.row_ptr[menus.rows[self.person]]
        stops = menus.row_ptr[menus.rows[self.person] + 1]

        # Each menu's items by price: where they are, their prices, largest prices, and numbers of changes.
        self.order, self.prices, self.peaks, self.changes = [], [], [], []
        for a, b in zip(starts.tolist(), stops.tolist(), strict=True):
            prices, peaks = menus.prices[a:b], menus.peaks[a:b]
            order = np.lexsort((np.arange(b - a), prices, peaks if by_largest else prices))
            order = order[peaks[order] <= ceiling]
            self.order.append(order)
            self.prices.append(prices[order].tolist())
            self.peaks.append(peaks[order].tolist())
            self.changes.append(menus.n_changed[a:b][order].tolist())

        start = (0,) * len(self.order)
        self.heap: list[tuple[float, float, Picks, int]] = [(0.0, 0.0, start, 0)]

    def take(self, count: int) -> list[Picks]:
        """Return the next actions, cheapest first, as menu positions: at most `count`, and what may be asked."""
        batch: list[Picks] = []
        count = min(count, int(self.questions.left(np.array([self.k]))[0]))
        budget = self.questions.budget
        while self.heap and len(batch) < count and self.tried < self.most:
            if self.tried % 256 == 0 and budget.exhausted:
                break
            _, _, ranks, last = heapq.heappop(self.heap)
            self._push_children(ranks, last)
            self.tried += 1
            picks = tuple(int(self.order[j][rank]) for j, rank in enumerate(ranks))
            if self.excluded:
                changed = self.menus.feature_changes([self.person], np.array([picks]))[0]
                if not self.excluded.allow(picks, changed):
                    continue
            batch.append(picks)
        return batch

    def settle(self, batch: list[Picks], approved: BoolArray, out: Solutions) -> bool:
        """Write the answer if there is one by now; returns whether this person is done."""
        works = np.flatnonzero(approved)
        if len(works):
            return self._write(batch[works[0]], out)
        out_of_questions = not self.questions.may_ask(np.array([self.k]))[0]
        at_the_limit = out_of_questions or self.tried >= self.most

        # On the second walk there is an action already; only its sum of prices was to be made smaller.
        if self.ceiling < np.inf:
            out.out_of_questions[self.k] = bool(self.heap) and out_of_questions
            return not self.heap or at_the_limit

        self.asked_up_to = self.heap[0][0] if self.heap else np.inf
        if not self.heap:
            out.rule_out(np.array([self.k]))
        elif at_the_limit:
            out.bound[self.k] = self.asked_up_to
            out.out_of_questions[self.k] = out_of_questions
        return not self.heap or at_the_limit

    def _write(self, picks: Picks, out: Solutions) -> bool:
        """Write the first action that works; returns whether it is the answer."""
        cost, total = self.menus.cost([self.person], np.array([picks]))
        out.propose(self.k, picks, cost[0], total[0])
        out.bound[self.k] = cost[0]
        if self.by_largest and not self.menus.single:
            # The smallest largest price is known; of the actions within it, the smallest sum is still to find.
            self._start(by_largest=False, ceiling=float(cost[0]))
            return False
        out.prove(np.array([self.k]))
        return True

    def _push_children(self, ranks: Picks, last: int) -> None:
        limit = self.menus.max_changes
        for j in range(last, len(ranks)):
            if ranks[j] + 1 >= len(self.prices[j]):
                continue
            child = (*ranks[:j], ranks[j] + 1, *ranks[j + 1 :])
            if limit is not None and self._least_changes(child, j) > limit:
                continue
            total = sum(prices[rank] for prices, rank in zip(self.prices, child, strict=True))
            largest = (
                max(peaks[rank] for peaks, rank in zip(self.peaks, child, strict=True)) if self.by_largest else 0.0
            )
            key = largest if self.by_largest else total
            heapq.heappush(self.heap, (key, total, child, j))

    def _least_changes(self, ranks: Picks, last: int) -> int:
        """How few features any action from here on can change: menus before the last one raised are settled."""
        return sum(self.changes[j][ranks[j]] for j in range(last))
