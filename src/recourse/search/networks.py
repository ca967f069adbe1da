"""Exact search for ReLU networks and ensembles of them: branch and bound over boxes of each person's menus.

In a *box* every menu keeps some of its items. A linear function above the network in the box (`relaxation`) bounds
its price from below by the cheapest items whose relaxed gains reach the bar. Boxes that nobody can afford or get
approved in are dropped, the cheapest of the others split, and all people advance together in large array operations.
The model itself judges every action before it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.network import NetworkStatement
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search import any_model
from recourse.search.exclusions import Exclusions
from recourse.search.first_action import first_actions
from recourse.search.network_boxes import (
    APPROVED,
    DENIED,
    FORBIDDEN,
    Boxes,
    Seen,
    SideBySide,
    affordable_inputs,
    cut_in_two,
    drop_changes,
    drop_dear_items,
    drop_excluded,
)
from recourse.search.questions import Questions, drop_free_changes
from recourse.search.relaxation import cheapest_cover, cheapest_peak, linear_bound
from recourse.search.solutions import EQUAL, FEASIBLE, OPTIMAL, Solutions

MOST_BOXES = 50_000
"""How many boxes are looked at for one person by default; then the answer comes with its gap."""

_BATCH = 256
"""So many boxes are looked at in a round, of so many people at once."""
_TOGETHER = 64
_CELLS = 1 << 19
"""Fewer boxes a round, where menus are so long that a round would hold more values of items than this."""
_POOL_BYTES = 1 << 29
"""Whoever has the most open boxes is given up with what is known, where all of them take more room than this."""
_SLACK = 16.0
"""By how much more than one score a relaxation may be rounded: a few sums of terms of the same sizes. Bounds of
prices are steep where gains are nearly equal, but they reach down from a bar that is lowered by as much."""

_ROUNDED = 1e-15
"""How far a sum may be off, for each of its terms, relative to the largest."""


def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
    """Whether the model is a network; any condition and exclusion will do."""
    return isinstance(statement, NetworkStatement)


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    statement: Any,
    budget: Budget | None = None,
    advance: Advance | None = None,
    most_boxes: int = MOST_BOXES,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves.

    Every action is put to the model and to the conditions across menus before it counts. What scores within the
    statement's tolerance of the bar is never ruled out by a bound, only by the model's own verdict. Where the model
    denies what lies clear above it, the statement is not true, and all actions are tried best-first instead.

    Parameters
    ----------
    model, menus, people, exclusions, budget, advance : see `recourse.search.solve`
        As there; the budget acts between two rounds.
    statement : NetworkStatement
        What the model states of itself over these menus.
    most_boxes : int
        At most so many boxes are looked at for a person; then the answer is FEASIBLE or UNKNOWN, with a bound.
    """
    questions = Questions(model, menus, people, exclusions, budget)
    out = questions.unknown()
    everyone = np.arange(len(questions))
    try:
        if menus.combine == "sum":
            _NetworkSearch(questions, statement, out, most_boxes).run(everyone, advance)
        else:
            # The smallest largest price first; then, of the actions within it, the smallest sum.
            _NetworkSearch(questions, statement, out, most_boxes, by_largest=True).run(everyone, advance)
            proven = np.flatnonzero(out.codes == OPTIMAL)
            out.codes[proven] = FEASIBLE
            if len(proven) and not out.interrupted:
                _NetworkSearch(questions, statement, out, most_boxes).run(proven, None)
    except _UntrueError:
        out = questions.unknown()
        any_model.enumerate_actions(questions, out)
    drop_free_changes(questions, out)
    return out


class _UntrueError(Exception):
    """The model denies what by its own statement it approves."""


class _NetworkSearch:
    """People, the pool of open boxes, and the best that is known."""

    def __init__(
        self,
        questions: Questions,
        network: NetworkStatement,
        out: Solutions,
        most_boxes: int,
        *,
        by_largest: bool = False,
    ) -> None:
        self.questions, self.network, self.out, self.most_boxes = questions, network, out, most_boxes
        menus = questions.menus
        self.menus, self.side = menus, SideBySide(menus, network, questions.people)

        # Which prices count: largest ones, or sums (of actions whose largest price is known, where that counts first).
        self.by_largest, self.prices = by_largest, menus.peaks if by_largest else menus.prices
        self.within_largest = menus.combine == "max" and not by_largest
        self.limit = np.where(out.found, out.total, np.inf)  # what the action at hand costs, in what counts now

        # The pool: whose boxes, from what price on, and which places are left, as bits.
        self.batch = max(1, min(_BATCH, _CELLS // self.side.values[:1].size // self.side.width))
        self.looked = np.zeros(len(questions), dtype=np.int64)
        self.who, self.bound = np.empty(0, np.int64), np.empty(0)
        self.left = np.empty((0, (self.side.width + 7) // 8), np.uint8)

    # -- the pool of boxes -------------------------------------------------------------------------------------

    def run(self, which: IntArray, advance: Advance | None) -> None:
        """Solve some of the people, `_TOGETHER` of them at once."""
        out = self.out
        waiting, active = which, np.empty(0, np.int64)
        try:
            while len(waiting) or len(active):
                if self.questions.budget.exhausted:
                    out.interrupted = True
                    return

                # Others join when half of the places are free.
                if len(active) <= _TOGETHER // 2 and len(waiting):
                    joining, waiting = np.split(waiting, [min(_TOGETHER - len(active), len(waiting))])
                    self._begin(joining)
                    active = np.concatenate([active, joining])

                # Whoever has no open box is answered; whoever has asked or looked enough is given up.
                self._round(len(active))
                open_ = np.isin(active, self.who)
                asks_on = ~out.out_of_questions[active]
                out.close(active[~open_ & asks_on])
                going = open_ & asks_on & (self.looked[active] < self.most_boxes)
                if self.left.nbytes > _POOL_BYTES:
                    going &= active != np.bincount(self.who).argmax()
                self._keep(~np.isin(self.who, active[~going]))
                if advance is not None and not going.all():
                    advance(int((~going).sum()))
                active = active[going]
        except KeyboardInterrupt:
            out.interrupted = True

    def _begin(self, which: IntArray) -> None:
        """Give people their first boxes, with every item that they may pick, and an action if one is near."""
        side, menus = self.side, self.menus
        items, left = side.items(which), side.inside(which)
        if self.within_largest:
            left &= menus.peaks[items] <= (self.out.cost[which] * (1 + EQUAL))[:, None]

        # Frozen features stay; so does what the model doesn't read, unless a condition or an exclusion asks for it.
        needless = ~np.isin(side.block, side.owner) & (side.place > 0)
        for k, i in enumerate(which):
            excluded = self.questions.exclusions[i]
            for feature in excluded.frozen:
                left[k] &= ~side.changes(items[k], feature)
            if not (menus.wide or excluded.subsets or excluded.picks):
                left[k] &= ~needless

        self._push(Boxes(which, np.zeros(len(which)), left))
        if not self.within_largest:
            today = self.network.today[self.questions.people[which]]
            lengths = side.lengths[which]
            near, picks = first_actions(side, self.network, lengths, today, items, self.prices, left)
            self._try(which[near], picks[near])

    def _push(self, boxes: Boxes) -> None:
        self.who = np.concatenate([self.who, boxes.who])
        self.bound = np.concatenate([self.bound, boxes.bound])
        self.left = np.concatenate([self.left, np.packbits(boxes.left, axis=1)])

    def _keep(self, kept: BoolArray) -> None:
        self.who, self.bound, self.left = self.who[kept], self.bound[kept], self.left[kept]

    def _round(self, active: int) -> None:
        """Look at everybody's most promising boxes and put what is left of them, in halves, back into the pool."""
        # Boxes by person and price; the first one of each person bounds what they must pay.
        order = np.lexsort((self.bound, self.who))
        who = self.who[order]
        new = np.flatnonzero(np.diff(who, prepend=-1))
        if not self.within_largest:
            lowest, mine = self.bound[order[new]], who[new]
            self.out.bound[mine] = np.where(self.out.found[mine], np.fmin(lowest, self.out.cost[mine]), lowest)

        # The cheapest few of each.
        rank = np.arange(len(who)) - np.repeat(new, np.diff(np.append(new, len(who))))
        taken = order[rank < max(1, self.batch // active)]
        left = np.unpackbits(self.left[taken], axis=1, count=self.side.width).astype(bool)
        halves = self._look(Boxes(self.who[taken], self.bound[taken], left))
        self.looked += np.bincount(self.who[taken], minlength=len(self.looked))

        # Their halves take their place.
        kept = np.ones(len(self.who), dtype=bool)
        kept[taken] = False
        self._keep(kept)
        for half in halves:
            self._push(half)
        self._keep(self.bound < self._beaten(self.who))

    def _beaten(self, who: IntArray) -> FloatArray:
        """From which price on an action is no better than the one at hand."""
        limit = self.limit[who]
        return limit - EQUAL / 2 * np.where(np.isfinite(limit), limit, 0.0)

    # -- a batch of boxes --------------------------------------------------------------------------------------

    def _look(self, boxes: Boxes) -> list[Boxes]:
        """Bound boxes, try one action of each, and return the halves of those that stay open."""
        side = self.side
        seen = self._relaxed(boxes)
        if seen is None:
            return []

        # The cheapest items whose relaxed gains reach the bar bound the price; those that do are an action to try.
        price = np.where(seen.left, self.prices[seen.items], np.inf)
        cover = cheapest_peak if self.by_largest else cheapest_cover
        least, rate, short, enough = cover(price, seen.gain, seen.need, side.starts)
        if not self.by_largest:  # sums of prices are rounded, by a share of the largest of them
            largest = np.where(seen.left, price, 0.0).max(axis=1)
            least = np.maximum(least - _ROUNDED * len(side.starts) * largest, 0.0)
        seen.bound = np.maximum(seen.bound, least)
        verdicts = self._try(seen.who, enough)

        # Drop items that would bring the sum to what the action at hand costs.
        if not self.by_largest:
            reduced = price - rate[:, None] * seen.gain
            more = reduced - side.least(reduced)[:, side.block]
            seen.left &= least[:, None] + more < self._beaten(seen.who)[:, None]

        block, apart, cut = cut_in_two(seen, side, short, enough, verdicts)
        lines = np.arange(len(seen))
        only_one = seen.left.sum(axis=1) == len(side.starts)
        tried = only_one & seen.left[lines[:, None], side.starts + enough].all(axis=1)
        goes_on = (seen.bound < self._beaten(seen.who)) & ~tried & (cut | ~seen.flat | (verdicts != DENIED))
        halves = []
        for part in (apart, ~apart):
            half = seen.left & (part | (side.block != block[:, None]))
            kept = goes_on & side.any(half).all(axis=1)
            halves.append(Boxes(seen.who[kept], seen.bound[kept], half[kept]))
        return halves

    def _relaxed(self, boxes: Boxes) -> Seen | None:
        """Drop what can't be afforded or approved, by a linear function above the network; None if nothing is left."""
        side = self.side
        items = side.items(boxes.who)
        drop_dear_items(boxes, side, self.prices[items], self._beaten(boxes.who), adds_up=not self.by_largest)
        drop_changes(boxes, side, items)
        drop_excluded(boxes, side, items, self.questions.exclusions)
        possible: BoolArray = np.all(side.any(boxes.left), axis=1)
        boxes, items = boxes.only(possible), items[possible]
        if not len(boxes):
            return None

        # A linear function that is nowhere below the network, over what can be afforded.
        values = side.values[items]
        limit = None if self.by_largest else self.limit[boxes.who]
        reachable = affordable_inputs(boxes, side, self.prices[items], values, limit)
        fixed = self.network.today[self.questions.people[boxes.who]]
        fixed[:, side.moving] = 0.0
        slope, constant, doubts = linear_bound(self.network.layers, side.moving, fixed, reachable)

        # What each item gains by it, and what is needed to come up to the bar, lowered for rounding.
        gain = np.zeros(boxes.left.shape)
        for d, (j, part) in enumerate(zip(side.owner, side.part, strict=True)):
            gain[:, side.spans[j]] += slope[:, d, None] * values[:, side.spans[j], part]
        need = self.network.level - _SLACK * self.network.tolerance - constant
        most = side.most(np.where(boxes.left, gain, -np.inf))
        spare = most.sum(axis=1) - need

        low, high = reachable.reach
        middle = np.minimum((low + high) / 2, np.nextafter(reachable.high, -np.inf))
        flat = (reachable.low == reachable.high).all(axis=1)
        doubts = (high - low) * doubts
        seen = Seen(boxes.who, boxes.bound, boxes.left, items, values, gain, need, slope, doubts, middle, flat)
        some: BoolArray = np.asarray(spare >= 0, dtype=bool)
        if not some.any():
            return None
        seen = seen if some.all() else seen.only(some)  # type: ignore[assignment]

        # Drop items that gain too little even with the best of all other menus.
        seen.left &= seen.gain >= (most - spare[:, None])[some][:, side.block]
        seen.gain = np.where(seen.left, seen.gain, 0.0)
        return seen

    def _try(self, who: IntArray, picks: IntArray) -> IntArray:
        """Judge actions, and keep those that cost less than what is at hand; others are judged by their score alone."""
        questions, people = self.questions, self.questions.people[who]
        score = self.network.score(self.network.inputs_at(self.menus, people, picks))
        verdicts = np.where(score >= -self.network.tolerance, APPROVED, DENIED)
        cost, total = self.menus.cost(people, picks)
        counts = cost if self.by_largest else total
        asked = np.flatnonzero((verdicts == APPROVED) & (counts < self._beaten(who)))
        if not len(asked):
            return verdicts

        allowed = questions.allowed(who[asked], picks[asked])
        verdicts[asked[~allowed]] = FORBIDDEN
        asked = self._within_questions(asked[allowed], who, counts)
        approved = questions.approves(who[asked], picks[asked])
        if (score[asked[~approved]] > self.network.tolerance).any():
            raise _UntrueError
        verdicts[asked[~approved]] = DENIED

        # The cheapest of each person's.
        good = asked[approved]
        good = good[np.lexsort((counts[good], who[good]))]
        good = good[np.flatnonzero(np.diff(who[good], prepend=-1))]
        mine, out = who[good], self.out
        out.picks[mine], out.cost[mine], out.total[mine] = picks[good], cost[good], total[good]
        out.codes[mine], self.limit[mine] = FEASIBLE, counts[good]
        return verdicts

    def _within_questions(self, asked: IntArray, who: IntArray, counts: FloatArray) -> IntArray:
        """Of the actions to ask about, those for which there are questions left; the cheapest first.

        Whoever has more is out of questions: no more may be concluded about them.
        """
        if self.questions.budget.max_questions is None:
            return asked
        order = asked[np.lexsort((counts[asked], who[asked]))]
        new = np.flatnonzero(np.diff(who[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(new, np.diff(np.append(new, len(order))))
        within = rank < self.questions.left(who[order])
        self.out.out_of_questions[who[order[~within]]] = True
        return np.sort(order[within])
