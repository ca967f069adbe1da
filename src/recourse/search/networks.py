"""Exact search for ReLU networks and ensembles of them: branch and bound over boxes of each person's menus.

In a box every block keeps some of its items. A linear function above the network in the box (`relaxation`) bounds
its price from below by the cheapest items whose relaxed gains reach the bar. Boxes that nobody can afford or get
approved in are dropped, the cheapest of the others split, and all people advance together in large array operations.
The model itself judges every action before it counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.network import NetworkStatement
from recourse.search import any_model
from recourse.search.relaxation import Affordable, cheapest_cover, cheapest_peak, linear_bound
from recourse.search.solutions import FEASIBLE, OPTIMAL, Exclusions, Solutions, exclude

BUDGET = 50_000
"""How many boxes are looked at for one person by default; then the answer comes with its gap."""

EQUAL = 1e-9
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
_FEW = 9
"""How many items of a menu are tried on the way to a first action."""
_DENIED, _APPROVED, _FORBIDDEN = range(3)
Boxes = tuple[IntArray, FloatArray, BoolArray]
"""Whose, from what price on, and which items are left."""


def solve(
    model: Model,
    menus: Menus,
    network: NetworkStatement,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    budget: int = BUDGET,
    deadline: float = np.inf,
    progress: Callable[[int], object] | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves.

    network : what the model states of itself on this grid
    budget : at most so many boxes are looked at for a person; then the answer is FEASIBLE or UNKNOWN, with a bound
    deadline : a `time.monotonic` value; it and Ctrl-C act within a round. What is done is kept.

    Every action is put to the model and to the grid's conditions before it counts. What scores within the
    statement's tolerance of the bar is never ruled out by a bound, only by the model's own verdict. Where the model
    denies what lies clear above it, the statement is not true, and all actions are tried best-first instead.
    """
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    out = Solutions.unknown(len(chosen), len(menus.blocks))
    given = exclude(exclusions, chosen)
    everyone = np.arange(len(chosen))
    try:
        if menus.combine == "sum":
            _Search(model, menus, network, chosen, given, out, budget, deadline).run(everyone, progress)
            return out
        # The smallest largest price first; then, of the actions within it, the smallest sum.
        _Search(model, menus, network, chosen, given, out, budget, deadline, by_peak=True).run(everyone, progress)
        proven = np.flatnonzero(out.codes == OPTIMAL)
        out.codes[proven] = FEASIBLE
        if len(proven) and not out.interrupted:
            _Search(model, menus, network, chosen, given, out, budget, deadline).run(proven, None)
        return out
    except _UntrueError:
        return any_model.solve(model, menus, chosen, given, deadline=deadline)


class _UntrueError(Exception):
    """The model denies what by its own statement it approves."""


class _Search:
    """People, the pool of open boxes, and the best that is known."""

    def __init__(
        self,
        model: Model,
        menus: Menus,
        network: NetworkStatement,
        people: IntArray,
        exclusions: list[Exclusions],
        out: Solutions,
        budget: int,
        deadline: float,
        *,
        by_peak: bool = False,
    ) -> None:
        self.model, self.menus, self.network, self.people = model, menus, network, people
        self.exclusions, self.out, self.budget, self.deadline = exclusions, out, budget, deadline
        self.by_peak, self.prices = by_peak, menus.peaks if by_peak else menus.prices
        self.within = menus.combine == "max" and not by_peak
        self.limit = np.where(out.found, out.total, np.inf)  # what the action at hand costs, in what counts now
        self.looked = np.zeros(len(people), dtype=np.int64)
        rows = menus.rows[people]
        self.first, self.lengths = menus.row_ptr[rows], np.diff(menus.row_ptr)[rows]
        # Items lie side by side, block by block, with room for the longest menu of each block.
        room = self.lengths.max(axis=0, initial=1)
        ends = np.cumsum(room)
        self.starts, self.width = ends - room, int(ends[-1])
        self.spans = [slice(a, b) for a, b in zip(self.starts, ends, strict=True)]
        self.block = np.repeat(np.arange(len(room)), room)
        self.place = np.arange(self.width) - self.starts[self.block]
        # Inputs that move: each one's block, and where its values are among those of its block.
        sizes = [len(columns) for columns in network.inputs]
        self.moving = np.concatenate(network.inputs)
        self.owner = np.repeat(np.arange(len(sizes)), sizes)
        self.part = np.concatenate([np.arange(size) for size in sizes])
        self.shares = np.array(sizes)[self.owner]  # one price pays for all inputs of a block
        self.values = np.zeros((len(menus.codes), max(sizes)))
        for columns, table, span in zip(network.inputs, network.values, menus.block_items, strict=True):
            self.values[span, : len(columns)] = table[menus.codes[span]]
        self.batch = max(1, min(_BATCH, _CELLS // self.values[:1].size // self.width))
        self.who, self.bound = np.empty(0, np.int64), np.empty(0)
        self.left = np.empty((0, (self.width + 7) // 8), np.uint8)

    # -- the pool of boxes -----------------------------------------------------------------------------------

    def run(self, which: IntArray, progress: Callable[[int], object] | None) -> None:
        """Solve some of the people, `_TOGETHER` of them at once."""
        waiting, active = which, np.empty(0, np.int64)
        try:
            while len(waiting) or len(active):
                if time.monotonic() >= self.deadline:
                    raise KeyboardInterrupt
                if len(active) <= _TOGETHER // 2 and len(waiting):
                    joining, waiting = np.split(waiting, [min(_TOGETHER - len(active), len(waiting))])
                    self._begin(joining)
                    active = np.concatenate([active, joining])
                self._round(len(active))
                open_ = np.isin(active, self.who)
                self._close(active[~open_])
                going = open_ & (self.looked[active] < self.budget)
                if self.left.nbytes > _POOL_BYTES:
                    going &= active != np.bincount(self.who).argmax()
                self._keep(~np.isin(self.who, active[open_ & ~going]))
                if progress is not None and not going.all():
                    progress(int((~going).sum()))
                active = active[going]
        except KeyboardInterrupt:
            self.out.interrupted = True

    def _begin(self, which: IntArray) -> None:
        """Give people their first boxes, with every item that they may pick, and an action if one is near."""
        items = self._items(which)
        left = self.place < self.lengths[which][:, self.block]
        if self.within:
            left &= self.menus.peaks[items] <= (self.out.cost[which] * (1 + EQUAL))[:, None]
        needless = ~np.isin(self.block, self.owner) & (self.place > 0)  # what the model doesn't read
        for k, i in enumerate(which):
            one = self.exclusions[i]
            for feature in one.frozen:
                left[k] &= ~self._changes(items[k], feature)
            if not (self.menus.wide or one.subsets or one.picks):
                left[k] &= ~needless
        self._push((which, np.zeros(len(which)), left))
        if not self.within:
            self._climb(which, items, left)

    def _push(self, boxes: Boxes) -> None:
        self.who = np.concatenate([self.who, boxes[0]])
        self.bound = np.concatenate([self.bound, boxes[1]])
        self.left = np.concatenate([self.left, np.packbits(boxes[2], axis=1)])

    def _keep(self, kept: BoolArray) -> None:
        self.who, self.bound, self.left = self.who[kept], self.bound[kept], self.left[kept]

    def _close(self, which: IntArray) -> None:
        """Nothing is open any more: the action at hand is the cheapest, or there is none."""
        out = self.out
        found = out.found[which]
        out.rule_out(which[~found])
        out.codes[which[found]] = OPTIMAL
        out.bound[which[found]] = out.cost[which[found]]

    def _round(self, active: int) -> None:
        """Look at everybody's most promising boxes and put what is left of them, in halves, back into the pool."""
        order = np.lexsort((self.bound, self.who))
        who = self.who[order]
        new = np.flatnonzero(np.diff(who, prepend=-1))
        if not self.within:
            lowest, mine = self.bound[order[new]], who[new]
            self.out.bound[mine] = np.where(self.out.found[mine], np.fmin(lowest, self.out.cost[mine]), lowest)
        rank = np.arange(len(who)) - np.repeat(new, np.diff(np.append(new, len(who))))
        taken = order[rank < max(1, self.batch // active)]
        left = np.unpackbits(self.left[taken], axis=1, count=self.width).astype(bool)
        halves = self._look(self.who[taken], self.bound[taken], left)
        self.looked += np.bincount(self.who[taken], minlength=len(self.looked))
        kept = np.ones(len(self.who), dtype=bool)
        kept[taken] = False
        self._keep(kept)
        for half in halves:
            self._push(half)
        self._keep(self.bound < self._beaten(self.who))

    def _beaten(self, who: IntArray) -> FloatArray:
        """From which price on an action is no better than the one at hand."""
        limit = self.limit[who]
        return limit - EQUAL / 2 * (1 + np.where(np.isfinite(limit), limit, 0.0))

    def _items(self, who: IntArray) -> IntArray:
        """The items of people's menus: int64[k, width]; beyond the end of a menu, its first one again."""
        inside = self.place < self.lengths[who][:, self.block]
        return self.first[who][:, self.block] + np.where(inside, self.place, 0)

    def _changes(self, items: IntArray, feature: int) -> BoolArray:
        """Which items change a feature, by its position in `Menus.features`."""
        block, bit = self.menus.place(feature)
        flag = (self.menus.changed[items] >> np.uint64(bit)) & np.uint64(1) == 1
        return flag & (self.block == block)

    def _any(self, flags: BoolArray) -> BoolArray:
        """Whether any item of each block is flagged."""
        some: BoolArray = np.logical_or.reduceat(flags, self.starts, axis=1)
        return some

    # -- a batch of boxes ------------------------------------------------------------------------------------

    def _look(self, who: IntArray, bound: FloatArray, left: BoolArray) -> list[Boxes]:
        """Bound boxes, try one action of each, and return the halves of those that stay open."""
        items = self._items(who)
        self._narrow(who, items, left)
        some = self._any(left).all(axis=1)
        who, bound, left, items = who[some], bound[some], left[some], items[some]
        if not len(who):
            return []
        values = self.values[items]
        box = self._affordable(who, items, left, values)
        fixed = self.network.today[self.people[who]]
        fixed[:, self.moving] = 0.0
        slope, constant, doubts = linear_bound(self.network.layers, self.moving, fixed, box)
        gain = np.zeros(left.shape)
        for d, (j, part) in enumerate(zip(self.owner, self.part, strict=True)):
            gain[:, self.spans[j]] += slope[:, d, None] * values[:, self.spans[j], part]
        need = self.network.level - _SLACK * self.network.tolerance - constant
        most = np.maximum.reduceat(np.where(left, gain, -np.inf), self.starts, axis=1)
        spare = most.sum(axis=1) - need
        some = spare >= 0
        who, bound, left, items, values, gain, need = (
            one[some] for one in (who, bound, left, items, values, gain, need)
        )
        if not len(who):
            return []
        left &= gain >= (most - spare[:, None])[some][:, self.block]  # else too little with the best of all others
        gain, price = np.where(left, gain, 0.0), np.where(left, self.prices[items], np.inf)
        cover = cheapest_peak if self.by_peak else cheapest_cover
        least, rate, short, enough = cover(price, gain, need, self.starts)
        bound = np.maximum(bound, least)
        verdicts = self._try(who, enough)
        if not self.by_peak:  # items that would bring the sum to what the action at hand costs
            reduced = price - rate[:, None] * gain
            more = reduced - np.minimum.reduceat(reduced, self.starts, axis=1)[:, self.block]
            left &= least[:, None] + more < self._beaten(who)[:, None]
        low, high = box.reach
        middle = np.minimum((low + high) / 2, np.nextafter(box.high, -np.inf))[some]
        doubts, flat = ((high - low) * doubts)[some], (box.low == box.high).all(axis=1)[some]
        block, apart, cut = self._cut(items, left, values, slope[some], doubts, middle, short, enough, verdicts)
        lines = np.arange(len(who))[:, None]
        tried = (left.sum(axis=1) == len(self.starts)) & left[lines, self.starts + enough].all(axis=1)
        goes_on = (bound < self._beaten(who)) & ~tried & (cut | ~flat | (verdicts != _DENIED))
        halves = []
        for side in (apart, ~apart):
            half = left & (side | (self.block != block[:, None]))
            kept = goes_on & self._any(half).all(axis=1)
            halves.append((who[kept], bound[kept], half[kept]))
        return halves

    def _narrow(self, who: IntArray, items: IntArray, left: BoolArray) -> None:
        """Drop items that cost too much with the cheapest of all other blocks, or that conditions rule out."""
        price = np.where(left, self.prices[items], np.inf)
        room = self._beaten(who)
        if not self.by_peak:
            least = np.minimum.reduceat(price, self.starts, axis=1)
            room = room - least.sum(axis=1)
            price = price - np.where(np.isfinite(least), least, 0.0)[:, self.block]
        left &= price < room[:, None]
        if self.menus.max_changes is not None:
            changes = self.menus.n_changed[items]
            fewest = np.minimum.reduceat(np.where(left, changes, 64), self.starts, axis=1)
            left &= changes - fewest[:, self.block] <= (self.menus.max_changes - fewest.sum(axis=1))[:, None]
        for i in np.unique(who):
            if self.exclusions[i].supersets or self.exclusions[i].subsets:
                lines = np.flatnonzero(who == i)
                left[lines] = self._exclude(self.exclusions[i], items[lines], left[lines])

    def _exclude(self, one: Exclusions, items: IntArray, left: BoolArray) -> BoolArray:
        """Drop what would complete a set of features that may not change together, or exactly so."""
        features = range(len(self.menus.features))
        changes = [self._changes(items, feature) for feature in features]
        own = [self.block == self.menus.place(feature)[0] for feature in features]
        may = np.stack([(left & flags).any(axis=1) for flags in changes], axis=1)
        must = np.stack([~(left & mine & ~flags).any(axis=1) for flags, mine in zip(changes, own, strict=True)], axis=1)
        for subset in one.supersets:
            members = list(subset)
            for at, feature in enumerate(members):
                last = np.delete(must[:, members], at, axis=1).all(axis=1)
                left[last] &= ~changes[feature][last]
        for subset in one.subsets:
            exactly = np.isin(np.arange(len(features)), list(subset))
            left[((must == exactly) & (may == exactly)).all(axis=1)] = False
        return left

    def _affordable(self, who: IntArray, items: IntArray, left: BoolArray, values: FloatArray) -> Affordable:
        """Where the inputs of boxes can go, and for what."""
        price = np.where(left, self.prices[items], np.inf)
        least = np.minimum.reduceat(price, self.starts, axis=1)
        lines = np.arange(len(who))
        start, low, high, up, down = np.zeros((5, len(who), len(self.owner)))
        for d, (j, part) in enumerate(zip(self.owner, self.part, strict=True)):
            value, here, paid = values[:, self.spans[j], part], left[:, self.spans[j]], price[:, self.spans[j]]
            start[:, d] = value[lines, paid.argmin(axis=1)]
            low[:, d] = np.where(here, value, np.inf).min(axis=1)
            high[:, d] = np.where(here, value, -np.inf).max(axis=1)
            move = np.where(here, value - start[:, d, None], 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                rate = np.where(move == 0, 0.0, move / (paid - least[:, j, None]))
            up[:, d], down[:, d] = self.shares[d] * rate.max(axis=1), -self.shares[d] * rate.min(axis=1)
        budget = np.full(len(who), np.inf) if self.by_peak else np.maximum(self.limit[who] - least.sum(axis=1), 0.0)
        return Affordable(start, low, high, up, down, budget)

    def _try(self, who: IntArray, picks: IntArray) -> IntArray:
        """Judge actions, and keep those that cost less than what is at hand; others are judged by their score alone."""
        people = self.people[who]
        score = self.network.score(self.network.inputs_at(self.menus, people, picks))
        verdicts = np.where(score >= -self.network.tolerance, _APPROVED, _DENIED)
        cost, total = self.menus.cost(people, picks)
        counts = cost if self.by_peak else total
        asked = np.flatnonzero((verdicts == _APPROVED) & (counts < self._beaten(who)))
        if not len(asked):
            return verdicts
        allowed = self.menus.allows(people[asked], picks[asked])
        changed = self.menus.feature_changes(people[asked], picks[asked])
        for k, b in enumerate(asked):
            one = self.exclusions[who[b]]
            allowed[k] &= one == Exclusions() or one.allow(picks[b], changed[k])
        verdicts[asked[~allowed]] = _FORBIDDEN
        asked = asked[allowed]
        approved = self.model.approves(self.menus.points(people[asked], picks[asked]))
        if (score[asked[~approved]] > self.network.tolerance).any():
            raise _UntrueError
        verdicts[asked[~approved]] = _DENIED
        good = asked[approved]
        good = good[np.lexsort((counts[good], who[good]))]
        good = good[np.flatnonzero(np.diff(who[good], prepend=-1))]
        mine, out = who[good], self.out
        out.picks[mine], out.cost[mine], out.total[mine] = picks[good], cost[good], total[good]
        out.codes[mine], self.limit[mine] = FEASIBLE, counts[good]
        return verdicts

    def _cut(
        self,
        items: IntArray,
        left: BoolArray,
        values: FloatArray,
        slope: FloatArray,
        doubts: FloatArray,
        middle: FloatArray,
        short: IntArray,
        enough: IntArray,
        verdicts: IntArray,
    ) -> tuple[IntArray, BoolArray, BoolArray]:
        """Choose a block of each box and which of its items to set apart; and say where there was something to cut.

        Where the network lies below its bound, the input that is most to blame is halved. Where it doesn't, but the
        price's bound mixes two selections, these are parted; where conditions forbid the action, moving from staying.
        Where nothing of that can be, the action is set apart from all others.
        """
        lines = np.arange(len(left))
        here, there = (
            values[lines[:, None], (self.starts + picks)[:, self.owner], self.part] for picks in (short, enough)
        )
        mixed = np.abs((there - here) * slope)
        doubtful, mixes = doubts.max(axis=1) > 0, mixed.max(axis=1) > 0
        parts = mixes & (~doubtful | (verdicts == _APPROVED))
        d = np.where(parts, mixed.argmax(axis=1), doubts.argmax(axis=1))
        at = np.where(parts, np.minimum(here, there)[lines, d], middle[lines, d])
        block, apart = self.owner[d], values[lines, :, self.part[d]] <= at[:, None]
        moves = self.menus.n_changed[items] > 0
        either = self._any(left & moves) & self._any(left & ~moves)
        forbidden = (verdicts == _FORBIDDEN) & either.any(axis=1)
        block, apart[forbidden] = np.where(forbidden, either.argmax(axis=1), block), moves[forbidden]
        alone = ~(parts | doubtful | forbidden)
        counts = np.add.reduceat(left, self.starts, axis=1, dtype=np.int64)
        block = np.where(alone, counts.argmax(axis=1), block)
        apart[alone] = (self.place == enough[lines, block][:, None])[alone]
        return block, apart, ~alone

    # -- a first action --------------------------------------------------------------------------------------

    def _climb(self, which: IntArray, items: IntArray, left: BoolArray) -> None:
        """Walk towards approval one block at a time, the most for its price first, then back where that is cheaper."""
        m = len(self.starts)
        lengths = self.lengths[which]
        places = np.round(np.linspace(0, 1, _FEW) * (lengths[..., None] - 1)).astype(np.int64)
        at = (self.starts[:, None] + places).reshape(len(which), -1)
        lines = np.arange(len(which))[:, None]
        usable, offered = left[lines, at], self.values[items[lines, at]]
        price = self.prices[items[lines, at]]
        block, place = np.repeat(np.arange(m), _FEW), places.reshape(len(which), -1)
        picks = np.zeros((len(which), m), dtype=np.int64)
        now = self.network.today[self.people[which]]
        paid, score = np.zeros((len(which), m)), self.network.score(now)
        walking = np.arange(len(which))
        for _ in range(2 * m):
            if not len(walking):
                break
            rows = np.repeat(now[walking, None], at.shape[1], axis=1)
            for d, (j, part) in enumerate(zip(self.owner, self.part, strict=True)):
                rows[:, block == j, self.moving[d]] = offered[walking][:, block == j, part]
            there = self.network.score(rows.reshape(-1, rows.shape[2])).reshape(rows.shape[:2])
            there[~usable[walking]] = -np.inf
            more = price[walking] - paid[walking][:, block]
            clear = self.network.tolerance
            arrives = there > clear
            cheapest = np.where(arrives, more, np.inf).argmin(axis=1)
            rise = there - score[walking, None]
            steepest = np.where(rise > 0, rise / np.maximum(more, 1e-6), -np.inf).argmax(axis=1)
            ends = arrives.any(axis=1)
            take = np.where(ends, cheapest, steepest)
            k = np.arange(len(walking))
            already = score[walking] > clear
            goes = np.where(already, ends & (more[k, take] < -EQUAL), ends | (rise[k, take] > EQUAL))
            walking, take, k = walking[goes], take[goes], k[goes]
            j = block[take]
            picks[walking, j], paid[walking, j] = place[walking, take], price[walking, take]
            now[walking], score[walking] = rows[k, take], there[k, take]
        good = np.flatnonzero(score > self.network.tolerance)
        if len(good):
            self._try(which[good], picks[good])
