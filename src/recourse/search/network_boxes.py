"""Boxes of menus for the network search: how items lie side by side, what can be dropped, and where to cut.

In a *box* every menu keeps some of its items. Boxes of many people are looked at together: B boxes are a flag for each
of N places, where places are the items of the m menus one after the other, with room for the longest menu of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.menus.menus import Menus
from recourse.models.statements.network import NetworkStatement
from recourse.search.exclusions import Exclusions
from recourse.search.relaxation import Affordable

DENIED, APPROVED, FORBIDDEN = range(3)
"""What was found out about an action: by the model, or that conditions or exclusions forbid it."""


class SideBySide:
    """The items of some people's menus at N places, and which places move which of the network's inputs.

    starts, spans : where each menu's places begin, and all of them; block, place : int64[N], whose menu a place is
    of, and the position within it; moving : int64[D], the inputs that move; owner, part : int64[D], the menu that
    moves each of them, and the position among the inputs which that menu moves
    """

    def __init__(self, menus: Menus, network: NetworkStatement, people: IntArray) -> None:
        self.menus = menus
        rows = menus.rows[people]
        self.first, self.lengths = menus.row_ptr[rows], np.diff(menus.row_ptr)[rows]

        # Places.
        room = self.lengths.max(axis=0, initial=1)
        ends = np.cumsum(room)
        self.starts, self.width = ends - room, int(ends[-1])
        self.spans = [slice(a, b) for a, b in zip(self.starts, ends, strict=True)]
        self.block = np.repeat(np.arange(len(room)), room)
        self.place = np.arange(self.width) - self.starts[self.block]

        # Inputs that move. One price pays for all inputs of a menu: so many share it.
        sizes = [len(columns) for columns in network.inputs]
        self.moving = np.concatenate(network.inputs)
        self.owner = np.repeat(np.arange(len(sizes)), sizes)
        self.part = np.concatenate([np.arange(size) for size in sizes])
        self.shares = np.array(sizes)[self.owner]

        # The values that items give to their menu's inputs.
        self.values = np.zeros((len(menus.codes), max(sizes)))
        for columns, table, span in zip(network.inputs, network.values, menus.block_items, strict=True):
            self.values[span, : len(columns)] = table[menus.codes[span]]

    def items(self, who: IntArray) -> IntArray:
        """The items of people's menus: int64[k, N]; beyond the end of a menu, its first one again."""
        return self.first[who][:, self.block] + np.where(self.inside(who), self.place, 0)

    def inside(self, who: IntArray) -> BoolArray:
        """Which places hold an item of people's menus: bool[k, N]."""
        inside: BoolArray = self.place < self.lengths[who][:, self.block]
        return inside

    def changes(self, items: IntArray, feature: int) -> BoolArray:
        """Which items change a feature, by its position in `Menus.features`."""
        block, bit = self.menus.place(feature)
        flag = (self.menus.changed[items] >> np.uint64(bit)) & np.uint64(1) == 1
        return flag & (self.block == block)

    def any(self, flags: BoolArray) -> BoolArray:
        """Whether any place of each menu is flagged: bool[B, m]."""
        some: BoolArray = np.logical_or.reduceat(flags, self.starts, axis=1)
        return some

    def least(self, amounts: npt.NDArray[np.number]) -> npt.NDArray[np.number]:
        """The smallest amount of each menu: [B, m]."""
        return np.minimum.reduceat(amounts, self.starts, axis=1)

    def most(self, amounts: FloatArray) -> FloatArray:
        """The largest amount of each menu: [B, m]."""
        largest: FloatArray = np.maximum.reduceat(amounts, self.starts, axis=1)
        return largest


@dataclass
class Boxes:
    """B boxes: whose they are, the price that actions in them cost at least, and which places are left."""

    who: IntArray
    bound: FloatArray
    left: BoolArray

    def __len__(self) -> int:
        return len(self.who)

    def only(self, kept: BoolArray) -> Boxes:
        """The boxes that are flagged."""
        return replace(self, **{field.name: getattr(self, field.name)[kept] for field in fields(self)})


def drop_dear_items(
    boxes: Boxes, side: SideBySide, prices: FloatArray, affordable: FloatArray, *, adds_up: bool
) -> None:
    """Drop items that cost too much, even with the cheapest of all other menus.

    prices : float64[B, N], of the items; affordable : float64[B], actions must cost less than this; adds_up : whether
    prices add up, or the largest counts
    """
    price = np.where(boxes.left, prices, np.inf)
    room = affordable
    if adds_up:
        least = side.least(price)
        room = room - least.sum(axis=1)
        price = price - np.where(np.isfinite(least), least, 0.0)[:, side.block]
    boxes.left &= price < room[:, None]


def drop_changes(boxes: Boxes, side: SideBySide, items: IntArray) -> None:
    """Drop items that change too many features, even with the fewest changes in all other menus."""
    most = side.menus.max_changes
    if most is not None:
        changes = side.menus.n_changed[items]
        fewest = side.least(np.where(boxes.left, changes, 64))
        boxes.left &= changes - fewest[:, side.block] <= (most - fewest.sum(axis=1))[:, None]


def drop_excluded(boxes: Boxes, side: SideBySide, items: IntArray, exclusions: Sequence[Exclusions]) -> None:
    """Drop what would complete a set of features that may not change together, or exactly so."""
    for i in np.unique(boxes.who):
        if exclusions[i].supersets or exclusions[i].subsets:
            lines = np.flatnonzero(boxes.who == i)
            boxes.left[lines] = _not_excluded(exclusions[i], side, items[lines], boxes.left[lines])


def _not_excluded(excluded: Exclusions, side: SideBySide, items: IntArray, left: BoolArray) -> BoolArray:
    """What is left of one person's boxes."""
    features = range(len(side.menus.features))
    changes = [side.changes(items, feature) for feature in features]
    own = [side.block == side.menus.place(feature)[0] for feature in features]

    # Which features may still change in each box, and which must.
    may = np.stack([(left & flags).any(axis=1) for flags in changes], axis=1)
    stays = [(left & mine & ~flags).any(axis=1) for flags, mine in zip(changes, own, strict=True)]
    must = ~np.stack(stays, axis=1)

    # Where all others of a set must change, the last one may not.
    for subset in excluded.supersets:
        members = list(subset)
        for at, feature in enumerate(members):
            last = np.delete(must[:, members], at, axis=1).all(axis=1)
            left[last] &= ~changes[feature][last]

    # Where a set must change and nothing else may, nothing is left.
    for subset in excluded.subsets:
        exactly = np.isin(np.arange(len(features)), list(subset))
        left[((must == exactly) & (may == exactly)).all(axis=1)] = False
    return left


def affordable_inputs(
    boxes: Boxes, side: SideBySide, prices: FloatArray, values: FloatArray, limit: FloatArray | None
) -> Affordable:
    """Where the network's inputs can go in each box, and for what.

    prices : float64[B, N]; values : float64[B, N, parts]; limit : float64[B], no action may cost more than this; None
    where prices don't add up
    """
    price = np.where(boxes.left, prices, np.inf)
    least = side.least(price)
    lines = np.arange(len(boxes))
    start, low, high, up, down = np.zeros((5, len(boxes), len(side.owner)))
    for d, (j, part) in enumerate(zip(side.owner, side.part, strict=True)):
        span = side.spans[j]
        value, here, paid = values[:, span, part], boxes.left[:, span], price[:, span]

        # From where the cheapest item takes it to the ends of what is left.
        start[:, d] = value[lines, paid.argmin(axis=1)]
        low[:, d] = np.where(here, value, np.inf).min(axis=1)
        high[:, d] = np.where(here, value, -np.inf).max(axis=1)

        # The steepest move, up and down, for one unit of price more than the cheapest item's.
        move = np.where(here, value - start[:, d, None], 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(move == 0, 0.0, move / (paid - least[:, j, None]))
        up[:, d], down[:, d] = side.shares[d] * rate.max(axis=1), -side.shares[d] * rate.min(axis=1)

    spend = np.full(len(boxes), np.inf) if limit is None else np.maximum(limit - least.sum(axis=1), 0.0)
    return Affordable(start, low, high, up, down, spend)


@dataclass
class Seen(Boxes):
    """Boxes that were looked at, and what a linear function above the network says of each.

    items, values, gain : int64[B, N], float64[B, N, parts], float64[B, N], of the places: their items, the inputs
    these give, and what that adds to the linear function
    need : float64[B], what the gains together must reach
    slope, doubts, middle : float64[B, D], of the inputs that move: the linear function's slopes, how much of its excess
    over the network they are to blame for, and the middle of their ranges
    flat : bool[B], whether no input has a range
    """

    items: IntArray
    values: FloatArray
    gain: FloatArray
    need: FloatArray
    slope: FloatArray
    doubts: FloatArray
    middle: FloatArray
    flat: BoolArray


def cut_in_two(
    boxes: Seen, side: SideBySide, short: IntArray, enough: IntArray, verdicts: IntArray
) -> tuple[IntArray, BoolArray, BoolArray]:
    """Choose a menu of each box and which of its items to set apart; and say where there was something to cut.

    Where the network lies below its bound, the input that is most to blame is halved. Where it doesn't, but the
    price's bound mixes two selections, these are parted; where conditions forbid the action, moving from staying.
    Where nothing of that can be, the action is set apart from all others.

    short, enough : int64[B, m], the two selections between which the cheapest cover lies; verdicts : int64[B], on
    the action `enough`
    """
    lines = np.arange(len(boxes))

    # The input with the most doubt, or where the two selections differ most.
    here, there = (
        boxes.values[lines[:, None], (side.starts + picks)[:, side.owner], side.part] for picks in (short, enough)
    )
    mixed = np.abs((there - here) * boxes.slope)
    doubtful, mixes = boxes.doubts.max(axis=1) > 0, mixed.max(axis=1) > 0
    parts = mixes & (~doubtful | (verdicts == APPROVED))
    d = np.where(parts, mixed.argmax(axis=1), boxes.doubts.argmax(axis=1))
    at = np.where(parts, np.minimum(here, there)[lines, d], boxes.middle[lines, d])
    block, apart = side.owner[d], boxes.values[lines, :, side.part[d]] <= at[:, None]

    # A forbidden action: a menu in which both moving and staying are left.
    moves = side.menus.n_changed[boxes.items] > 0
    either = side.any(boxes.left & moves) & side.any(boxes.left & ~moves)
    forbidden = (verdicts == FORBIDDEN) & either.any(axis=1)
    block, apart[forbidden] = np.where(forbidden, either.argmax(axis=1), block), moves[forbidden]

    # Nothing to cut: one item of the longest menu.
    alone = ~(parts | doubtful | forbidden)
    counts = np.add.reduceat(boxes.left, side.starts, axis=1, dtype=np.int64)
    block = np.where(alone, counts.argmax(axis=1), block)
    apart[alone] = (side.place == enough[lines, block][:, None])[alone]
    return block, apart, ~alone
