"""Linear functions above a ReLU network, in a box of inputs of which not everything can be afforded at once.

Each ReLU that may be on or off is replaced by a line above and a line below it, and the network by one linear
function of its inputs (CROWN: Zhang et al., Efficient Neural Network Robustness Certification with General
Activation Functions, NeurIPS 2018; DeepPoly: Singh et al., An Abstract Domain for Certifying Neural Networks, POPL
2019). How far each layer can go is bounded over what a budget pays for, not over the far ends of all inputs at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.models.statements.network import Layers, logistic


@dataclass(frozen=True, eq=False)
class Affordable:
    """Where B people's inputs can go, in D inputs that move: from `start`, for at most `budget`.

    start, low, high : float64[B, D]; up, down : float64[B, D], the largest move that one unit of price buys
    budget : float64[B], inf for no limit
    """

    start: FloatArray
    low: FloatArray
    high: FloatArray
    up: FloatArray
    down: FloatArray
    budget: FloatArray

    def highest(self, rows: FloatArray) -> FloatArray:
        """Return an upper bound of ``rows @ inputs``: float64[B, Q] for float64[B or 1, Q, D].

        A fractional knapsack: the moves that gain most for their price first, each up to its end.
        """
        up = rows > 0
        start, low, high = self.start[:, None], self.low[:, None], self.high[:, None]
        gain = rows * np.where(up, high - start, low - start)
        base = (rows * start).sum(axis=-1)
        if not np.isfinite(self.budget).any():
            return base + gain.sum(axis=-1)
        with np.errstate(invalid="ignore"):  # a free move of an input that doesn't count
            rate = np.where(up, rows * self.up[:, None], -rows * self.down[:, None])
        paid = np.divide(gain, rate, out=np.zeros_like(gain), where=(gain > 0) & np.isfinite(rate))
        order = np.argsort(-np.where(gain > 0, rate, 0.0), axis=-1)
        gain, paid = np.take_along_axis(gain, order, -1), np.take_along_axis(paid, order, -1)
        before = np.cumsum(paid, axis=-1) - paid
        left = np.maximum(self.budget[:, None, None] - before, 0.0)
        share = np.divide(left, paid, out=np.ones_like(paid), where=paid > left)
        return base + (gain * share).sum(axis=-1)

    @property
    def reach(self) -> tuple[FloatArray, FloatArray]:
        """How far down and up each input alone can go: two float64[B, D]."""
        spend = np.minimum(self.budget, np.finfo(np.float64).max)[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            down = np.where(self.down > 0, self.down * spend, 0.0)
            up = np.where(self.up > 0, self.up * spend, 0.0)
        return np.maximum(self.start - down, self.low), np.minimum(self.start + up, self.high)


@dataclass(frozen=True, eq=False)
class LinesAroundReLUs:
    """A layer of ReLUs between two lines each: slope_above · z + offset_above and slope_below · z.

    All are float64[B, members, width]; gap : how much lies between the lines, for a unit of z's range.
    """

    slope_above: FloatArray
    offset_above: FloatArray
    slope_below: FloatArray
    gap: FloatArray

    @classmethod
    def between(cls, low: FloatArray, high: FloatArray) -> LinesAroundReLUs:
        """The lines for sums z with low ≤ z ≤ high; one and the same line where the ReLU is on or off throughout."""
        bends = (low < 0) & (high > 0)
        width = np.where(bends, high - low, 1.0)
        slope_above = np.where(bends, high / width, (high > 0) * 1.0)
        offset_above = np.where(bends, -slope_above * low, 0.0)
        slope_below = np.where(bends, (high > -low) * 1.0, slope_above)
        return cls(slope_above, offset_above, slope_below, offset_above / width)


class LayersInABox:
    """A network's layers over B boxes of inputs, bounded one after the other.

    bent : the lines around each layer of ReLUs so far; slopes : the linear functions above these layers' sums,
    float64[B, members, width, D] each
    """

    def __init__(self, layers: Layers, moving: IntArray, fixed: FloatArray, box: Affordable) -> None:
        self.layers, self.box = layers, box
        self.n = len(fixed)
        self.entry = layers.weights[0][:, moving].swapaxes(1, 2)  # members × first width × D
        from_fixed = fixed @ layers.weights[0] + layers.biases[0]  # members × B × first width
        self.base = from_fixed.swapaxes(0, 1)[..., None]  # B × members × first width × 1
        self.bent: list[LinesAroundReLUs] = []
        self.slopes: list[FloatArray] = []

    def bend(self, k: int) -> None:
        """Put the next layer's ReLUs between lines."""
        rows, _, high, _ = self.above(k, 1.0)
        low = -self.above(k, -1.0)[2]
        self.bent.append(LinesAroundReLUs.between(low, np.maximum(high, low)))
        self.slopes.append(rows)

    def above(self, k: int, sign: float) -> tuple[FloatArray, FloatArray, FloatArray, list[FloatArray]]:
        """Bound layer k's sums from above; for sign −1 their negatives, and so the sums from below.

        Returns the linear functions above them, as slopes and constants; their largest values in the boxes; and with
        which weights the ReLUs of each earlier layer enter.
        """
        layers = self.layers
        enter: list[FloatArray] = []
        if k == 0:
            rows, constant = sign * self.entry[None], sign * self.base[..., 0]
        else:
            weights = sign * layers.weights[k].swapaxes(1, 2)
            rows = np.broadcast_to(weights, (self.n, *weights.shape))
            rows, constant, enter = self._through_relus(rows, sign * layers.biases[k][None, :, 0])
        members, width = layers.biases[k].shape[0], layers.biases[k].shape[2]
        flat = rows.reshape(rows.shape[0], members * width, rows.shape[-1])
        top = constant + self.box.highest(flat).reshape(self.n, members, width)
        return rows, np.broadcast_to(constant, top.shape), top, enter

    def _through_relus(self, rows: FloatArray, constant: FloatArray) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
        """Replace ``rows @ ReLUs + constant`` by a linear function of the inputs above it, layer by layer."""
        layers = self.layers
        enter = []
        for k in range(len(self.bent) - 1, -1, -1):
            # A ReLU that counts for something is replaced by the line above it, one that counts against by the other.
            enter.append(rows)
            lines = self.bent[k]
            above, below = np.maximum(rows, 0.0), np.minimum(rows, 0.0)
            constant = constant + (above @ lines.offset_above[..., None])[..., 0]
            rows = above * lines.slope_above[:, :, None] + below * lines.slope_below[:, :, None]

            # Its sum is one of the layer before.
            if k:
                constant = constant + (rows @ layers.biases[k].swapaxes(1, 2))[..., 0]
                rows = rows @ layers.weights[k].swapaxes(1, 2)
        return rows @ self.entry, constant + (rows @ self.base)[..., 0], enter[::-1]


def linear_bound(
    layers: Layers, moving: IntArray, fixed: FloatArray, box: Affordable
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a linear function that is nowhere below the network in a box, and which inputs it owes its excess to.

    moving : int64[D], the inputs that move; fixed : float64[B, all inputs], the others' values, 0 where they move

    Returns slopes float64[B, D], constants float64[B], and doubts float64[B, D]: about how much the bound would
    come down for a unit of an input's range. Of one network it bounds the logit, of an ensemble the mean probability.
    """
    inside = LayersInABox(layers, moving, fixed, box)
    last = len(layers.weights) - 1
    for k in range(last):
        inside.bend(k)

    # The logits; of an ensemble, the mean of lines above each member's probability.
    rows, constant, high, enter = inside.above(last, 1.0)
    weight = np.ones((len(fixed), layers.members))
    total = constant[..., 0]
    if layers.members > 1:
        low = -inside.above(last, -1.0)[2]
        slope, offset = above_logistic(low[..., 0], np.maximum(high, low)[..., 0])
        weight, total = slope / layers.members, (slope * total + offset) / layers.members
    slopes = (weight[..., None] * rows[:, :, 0]).sum(axis=1)

    # Of each gap between two lines, what reaches the bound, and through which inputs.
    doubts = np.zeros_like(slopes)
    for lines, through, part in zip(inside.bent, inside.slopes, enter, strict=True):
        share = np.abs(part[:, :, 0]) * lines.gap * weight[..., None]
        size = np.abs(np.broadcast_to(through, (*share.shape, slopes.shape[1])))
        doubts += np.einsum("bmk,bmkd->bd", share, size)
    return slopes, total.sum(axis=1), doubts


def above_logistic(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (rise, lift) with logistic(z) ≤ rise · z + lift for all low ≤ z ≤ high.

    The chord where the curve bends up, a tangent where it bends down; the tangent through the lower end between.

    >>> rise, lift = above_logistic(np.array([-3.0]), np.array([2.0]))
    >>> z = np.linspace(-3, 2)
    >>> bool((logistic(z) <= rise * z + lift + 1e-12).all())
    True
    """
    at_low, at_high = logistic(low), logistic(high)

    def beyond(t: FloatArray) -> BoolArray:
        """Whether the tangent at t ≥ 0 lies above the curve at `low` too."""
        p = logistic(t)
        return p + p * (1 - p) * (low - t) >= at_low

    left, right = np.maximum(low, 0.0), np.maximum(high, 0.0)
    chord = (high <= 0) | ((low < 0) & ~beyond(right))
    for _ in range(30):
        middle = (left + right) / 2
        good = beyond(middle)
        right, left = np.where(good, middle, right), np.where(good, left, middle)
    touch = np.where(low >= 0, (low + high) / 2, np.maximum(right, (low + high) / 2))
    p = logistic(touch)
    width = high - low
    rise = np.where(
        chord, np.divide(at_high - at_low, width, out=np.zeros_like(width), where=width > 1e-9), p * (1 - p)
    )
    lift = np.where(chord, np.where(rise > 0, at_low - rise * low, at_high), p - rise * touch)
    return rise, lift


def cheapest_cover(
    price: FloatArray, gain: FloatArray, need: FloatArray, starts: IntArray, steps: int = 10
) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Bound from below what one item of each block costs together, if their gains must reach `need`.

    price : float64[B, N], inf where an item is not to be had; gain : float64[B, N], 0 there
    starts : where blocks begin; every block has an item to be had, and the largest gains reach `need`

    Lagrangian duality: for any rate ≥ 0, ``min Σ (price − rate · gain) + rate · need`` is such a bound, and the best
    rate lies on the edge between a selection that falls short and one that doesn't. Returns the bound, the rate, and
    both selections, as positions within blocks.
    """

    def sums(price: FloatArray, gain: FloatArray, picks: IntArray) -> tuple[FloatArray, FloatArray]:
        at = starts + picks
        return np.take_along_axis(price, at, 1).sum(axis=1), np.take_along_axis(gain, at, 1).sum(axis=1)

    # Two selections: the cheapest items, which fall short, and those with the largest gains, which don't.
    short, enough = _choose(price, starts), _choose(np.where(np.isfinite(price), -gain, np.inf), starts)
    (paid, got), (paid_more, got_more) = sums(price, gain, short), sums(price, gain, enough)
    bound, rate = paid.copy(), np.zeros(len(price))
    reached = got >= need
    enough[reached], open_ = short[reached], np.flatnonzero(~reached & (got_more > got))
    for _ in range(steps):
        if not len(open_):
            break
        # The rate at which both cost the same, and the selection that is best then: a bound, and a closer edge.
        at = (paid_more[open_] - paid[open_]) / (got_more[open_] - got[open_])
        picks = _choose(price[open_] - at[:, None] * gain[open_], starts)
        spent, gained = sums(price[open_], gain[open_], picks)
        dual = spent + at * (need[open_] - gained)
        better = dual > bound[open_]
        bound[open_[better]], rate[open_[better]] = dual[better], at[better]

        # It takes the place of the one on its own side; where it is that one, the edge is found.
        over = gained >= need[open_]
        moved = np.where(over, gained < got_more[open_], gained > got[open_])
        up, down = open_[over], open_[~over]
        enough[up], paid_more[up], got_more[up] = picks[over], spent[over], gained[over]
        short[down], paid[down], got[down] = picks[~over], spent[~over], gained[~over]
        open_ = open_[moved]
    return bound, rate, short, enough


def cheapest_peak(
    price: FloatArray, gain: FloatArray, need: FloatArray, starts: IntArray
) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Bound from below the largest price of one item of each block, if their gains must reach `need`.

    As `cheapest_cover`, of which it has the arguments and what is returned; there is no rate, which is 0. By
    bisection: with no more than the bound to pay for each, even the largest gains fall short.
    """
    short = np.minimum.reduceat(price, starts, axis=1).max(axis=1)
    enough = np.where(np.isfinite(price), price, -np.inf).max(axis=1)

    def gains(at: FloatArray) -> FloatArray:
        return np.where(price <= at[:, None], gain, -np.inf)

    def reaches(at: FloatArray) -> BoolArray:
        return np.maximum.reduceat(gains(at), starts, axis=1).sum(axis=1) >= need

    least, free = short, reaches(short)
    enough = np.where(free, short, enough)
    for _ in range(12):
        middle = (short + enough) / 2
        good = reaches(middle)
        enough, short = np.where(good, middle, enough), np.where(good, short, middle)
    following = np.where(price > short[:, None], price, np.inf).min(axis=1)  # the next price that there is
    bound = np.where(free, least, following)
    return bound, np.zeros(len(price)), _choose(price, starts), _choose(-gains(enough), starts)


def _choose(value: FloatArray, starts: IntArray) -> IntArray:
    """The place of each block's smallest value within the block: int64[B, blocks]."""
    ends = np.append(starts[1:], value.shape[1])
    return np.stack([value[:, a:b].argmin(axis=1) for a, b in zip(starts, ends, strict=True)], axis=1)
