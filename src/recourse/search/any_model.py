"""Any model, any constraint: enumerate actions in order of cost and ask the model.

The first approved action is the cheapest; an exhausted menu proves that there is none; and when the budget
ends, the next action's cost bounds all that was not tried. Everybody advances together, so that the model
is asked in large batches.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.search.solutions import FEASIBLE, OPTIMAL, Exclusions, Solutions, exclude

BUDGET = 200_000
"""How many actions are tried for one person by default."""

BATCH = 20_000
"""How many rows are put to the model at once."""


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    budget: int = BUDGET,
    deadline: float = np.inf,
    progress: Callable[[int], object] | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves.

    budget : at most so many actions are tried for a person; then the answer is UNKNOWN with a bound
    deadline : a `time.monotonic` value; Ctrl-C has the same effect. What is done is kept.
    """
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    out = Solutions.unknown(len(chosen), len(menus.blocks))
    given = exclude(exclusions, chosen)
    walks = {k: _Walk(menus, int(person), given[k]) for k, person in enumerate(chosen)}
    share = 16
    try:
        while walks:
            if time.monotonic() >= deadline:
                raise KeyboardInterrupt
            share = min(share * 2, max(16, BATCH // len(walks)), BATCH)
            batches = {k: walk.take(share, budget) for k, walk in walks.items()}
            asked = [(k, picks) for k, batch in batches.items() for picks in batch]
            approved = _ask(model, menus, chosen, asked)
            at = 0
            done = []
            for k, batch in batches.items():
                verdicts = approved[at : at + len(batch)]
                at += len(batch)
                if walks[k].settle(batch, verdicts, budget, out, k):
                    done.append(k)
            for k in done:
                del walks[k]
            if progress is not None and done:
                progress(len(done))
    except KeyboardInterrupt:
        out.interrupted = True
        for k, walk in walks.items():
            if not out.found[k]:
                out.bound[k] = walk.asked_up_to
    return out


def _ask(
    model: Model, menus: Menus, people: npt.NDArray[np.int64], asked: list[tuple[int, tuple[int, ...]]]
) -> npt.NDArray[np.bool_]:
    if not asked:
        return np.zeros(0, dtype=bool)
    who = people[np.array([k for k, _ in asked])]
    picks = np.array([picks for _, picks in asked], dtype=np.int64).reshape(len(asked), len(menus.blocks))
    approved = menus.allows(who, picks)
    good = np.flatnonzero(approved)
    if len(good):
        approved[good] = model.approves(menus.points(who[good], picks[good]))
    return approved


class _Walk:
    """One person's actions in order of cost: a heap over the product of menus, each sorted by price.

    A state's children raise the pick of one block at or after the last one raised, so that every action is
    reached exactly once, and never before a cheaper one. Where the largest price counts and blocks hold
    several features, sums are not in order within one largest price: a second walk finds the smallest.
    """

    def __init__(self, menus: Menus, person: int, excluded: Exclusions) -> None:
        self.menus, self.person, self.excluded = menus, person, excluded
        self.tried = 0
        self.asked_up_to = 0.0
        self._start(by_peak=menus.combine == "max", ceiling=np.inf)

    def _start(self, *, by_peak: bool, ceiling: float) -> None:
        """Begin the enumeration, over the items whose largest price is at most `ceiling`."""
        menus, self.by_peak, self.ceiling = self.menus, by_peak, ceiling
        starts = menus.row_ptr[menus.rows[self.person]]
        stops = menus.row_ptr[menus.rows[self.person] + 1]
        self.order, self.prices, self.peaks, self.changes = [], [], [], []
        for a, b in zip(starts.tolist(), stops.tolist(), strict=True):
            prices, peaks = menus.prices[a:b], menus.peaks[a:b]
            order = np.lexsort((np.arange(b - a), prices, peaks if by_peak else prices))
            order = order[peaks[order] <= ceiling]
            self.order.append(order)
            self.prices.append(prices[order].tolist())
            self.peaks.append(peaks[order].tolist())
            self.changes.append(menus.n_changed[a:b][order].tolist())
        start = (0,) * len(self.order)
        self.heap: list[tuple[float, float, tuple[int, ...], int]] = [(0.0, 0.0, start, 0)]

    def take(self, count: int, budget: int) -> list[tuple[int, ...]]:
        """Return the next actions, cheapest first, as menu positions."""
        batch: list[tuple[int, ...]] = []
        plain = self.excluded == Exclusions()
        while self.heap and len(batch) < count and self.tried < budget:
            _, _, ranks, last = heapq.heappop(self.heap)
            self._push_children(ranks, last)
            self.tried += 1
            picks = tuple(int(self.order[j][r]) for j, r in enumerate(ranks))
            if not plain:
                changed = self.menus.feature_changes([self.person], np.array([picks]))[0]
                if not self.excluded.allow(picks, changed):
                    continue
            batch.append(picks)
        return batch

    def settle(
        self, batch: list[tuple[int, ...]], approved: npt.NDArray[np.bool_], budget: int, out: Solutions, k: int
    ) -> bool:
        """Write the answer if there is one by now; returns whether this person is done."""
        works = np.flatnonzero(approved)
        if len(works):
            picks = np.array([batch[works[0]]])
            cost, total = self.menus.cost([self.person], picks)
            out.picks[k] = picks[0]
            out.cost[k], out.total[k], out.bound[k] = cost[0], total[0], cost[0]
            if self.by_peak and not self.menus.single:
                # The smallest largest price is known; of the actions within it, the smallest sum is still to find.
                out.codes[k] = FEASIBLE
                self._start(by_peak=False, ceiling=float(cost[0]))
                return False
            out.codes[k] = OPTIMAL
            return True
        if self.ceiling < np.inf:
            return not self.heap or self.tried >= budget
        self.asked_up_to = self.heap[0][0] if self.heap else np.inf
        if not self.heap:
            out.rule_out(np.array([k]))
            return True
        if self.tried >= budget:
            out.bound[k] = self.asked_up_to
            return True
        return False

    def _push_children(self, ranks: tuple[int, ...], last: int) -> None:
        limit = self.menus.max_changes
        for j in range(last, len(ranks)):
            if ranks[j] + 1 >= len(self.prices[j]):
                continue
            child = (*ranks[:j], ranks[j] + 1, *ranks[j + 1 :])
            if limit is not None and self._least_changes(child, j) > limit:
                continue
            total = sum(prices[r] for prices, r in zip(self.prices, child, strict=True))
            key = max(peaks[r] for peaks, r in zip(self.peaks, child, strict=True)) if self.by_peak else total
            heapq.heappush(self.heap, (key, total, child, j))

    def _least_changes(self, ranks: tuple[int, ...], last: int) -> int:
        """How few features any action from here on can change: blocks before the last one raised are settled."""
        return sum(self.changes[j][ranks[j]] for j in range(last))
