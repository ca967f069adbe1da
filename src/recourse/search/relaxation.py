"""Linear functions above a ReLU network, in a box of inputs of which not everything can be afforded at once.

Each ReLU that may be on or off is replaced by a line above and a line below it, and the network by one linear
function of its inputs (CROWN: Zhang et al., Efficient Neural Network Robustness Certification with General
Activation Functions, NeurIPS 2018; DeepPoly: Singh et al., An Abstract Domain for Certifying Neural Networks, POPL
2019). How far each layer can go is bounded over what a budget pays for, not over the far ends of all inputs at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recourse.models.statements.network import Layers, logistic

FloatArray = npt.NDArray[np.float64]


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
class _Bent:
    """A layer of ReLUs between lines: above = rise · z + lift, below = floor · z, for float64[B, members, width].

    doubt : how much lies between them, for a unit of z's range
    """

    rise: FloatArray
    lift: FloatArray
    floor: FloatArray
    doubt: FloatArray

    @classmethod
    def between(cls, low: FloatArray, high: FloatArray) -> _Bent:
        bends = (low < 0) & (high > 0)
        width = np.where(bends, high - low, 1.0)
        rise = np.where(bends, high / width, (high > 0) * 1.0)
        lift = np.where(bends, -rise * low, 0.0)
        return cls(rise, lift, np.where(bends, (high > -low) * 1.0, rise), lift / width)


def linear_bound(
    layers: Layers, moving: npt.NDArray[np.int64], fixed: FloatArray, box: Affordable
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a linear function that is nowhere below the network in a box, and which inputs it owes its excess to.

    moving : int64[D], the inputs that move; fixed : float64[B, all inputs], the others' values, 0 where they move

    Returns slopes float64[B, D], constants float64[B], and doubts float64[B, D]: about how much the bound would
    come down for a unit of an input's range. Of one network it bounds the logit, of an ensemble the mean probability.
    """
    last = len(layers.weights) - 1
    entry = layers.weights[0][:, moving].swapaxes(1, 2)  # members × first width × D
    base = (fixed @ layers.weights[0] + layers.biases[0]).swapaxes(0, 1)[..., None]  # B × members × first width × 1
    bent: list[_Bent] = []
    slopes: list[FloatArray] = []  # of each bent layer: B × members × width × D

    def back(rows: FloatArray, constant: FloatArray) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
        """Replace ``rows @ ReLUs + constant`` by a linear function above it; also says how the layers' ReLUs enter."""
        enter = []
        for k in range(len(bent) - 1, -1, -1):
            enter.append(rows)
            above, below = np.maximum(rows, 0.0), np.minimum(rows, 0.0)
            constant = constant + (above @ bent[k].lift[..., None])[..., 0]
            rows = above * bent[k].rise[:, :, None] + below * bent[k].floor[:, :, None]
            if k:
                constant = constant + (rows @ layers.biases[k].swapaxes(1, 2))[..., 0]
                rows = rows @ layers.weights[k].swapaxes(1, 2)
        return rows @ entry, constant + (rows @ base)[..., 0], enter[::-1]

    def layer(k: int, sign: float) -> tuple[FloatArray, FloatArray, FloatArray, list[FloatArray]]:
        """Bound layer k's sums from above (of their negatives for sign −1): the linear functions and their maxima."""
        if not k:
            rows, constant = sign * entry[None], sign * base[..., 0]
            enter: list[FloatArray] = []
        else:
            weights = sign * layers.weights[k].swapaxes(1, 2)
            shape = (len(fixed), *weights.shape)
            rows, constant, enter = back(np.broadcast_to(weights, shape), sign * layers.biases[k][None, :, 0])
        members, width = layers.biases[k].shape[0], layers.biases[k].shape[2]
        flat = rows.reshape(rows.shape[0], members * width, rows.shape[-1])
        top = constant + box.highest(flat).reshape(len(fixed), members, width)
        return rows, np.broadcast_to(constant, top.shape), top, enter

    for k in range(last):
        rows, _, high, _ = layer(k, 1.0)
        low = -layer(k, -1.0)[2]
        bent.append(_Bent.between(low, np.maximum(high, low)))
        slopes.append(rows)
    rows, constant, high, enter = layer(last, 1.0)
    weight = np.ones((len(fixed), layers.members))
    total = constant[..., 0]
    if layers.members > 1:
        low = -layer(last, -1.0)[2]
        rise, lift = above_logistic(low[..., 0], np.maximum(high, low)[..., 0])
        weight, total = rise / layers.members, (rise * total + lift) / layers.members
    slope = (weight[..., None] * rows[:, :, 0]).sum(axis=1)
    doubts = np.zeros_like(slope)
    for one, through, part in zip(bent, slopes, enter, strict=True):
        share = np.abs(part[:, :, 0]) * one.doubt * weight[..., None]
        doubts += np.einsum("bmk,bmkd->bd", share, np.abs(np.broadcast_to(through, (*share.shape, slope.shape[1]))))
    return slope, total.sum(axis=1), doubts


def above_logistic(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (rise, lift) with logistic(z) ≤ rise · z + lift for all low ≤ z ≤ high.

    The chord where the curve bends up, a tangent where it bends down; the tangent through the lower end between.

    >>> rise, lift = above_logistic(np.array([-3.0]), np.array([2.0]))
    >>> z = np.linspace(-3, 2)
    >>> bool((logistic(z) <= rise * z + lift + 1e-12).all())
    True
    """
    at_low, at_high = logistic(low), logistic(high)

    def beyond(t: FloatArray) -> npt.NDArray[np.bool_]:
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
    price: FloatArray, gain: FloatArray, need: FloatArray, starts: npt.NDArray[np.int64], steps: int = 10
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Bound from below what one item of each block costs together, if their gains must reach `need`.

    price : float64[B, N], inf where an item is not to be had; gain : float64[B, N], 0 there
    starts : where blocks begin; every block has an item to be had, and the largest gains reach `need`

    Lagrangian duality: for any rate ≥ 0, ``min Σ (price − rate · gain) + rate · need`` is such a bound, and the best
    rate lies on the edge between a selection that falls short and one that doesn't. Returns the bound, the rate, and
    both selections, as positions within blocks.
    """

    def weigh(price: FloatArray, gain: FloatArray, picks: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        at = starts + picks
        return np.take_along_axis(price, at, 1).sum(axis=1), np.take_along_axis(gain, at, 1).sum(axis=1)

    short, enough = _choose(price, starts), _choose(np.where(np.isfinite(price), -gain, np.inf), starts)
    (paid, got), (paid_more, got_more) = weigh(price, gain, short), weigh(price, gain, enough)
    bound, rate = paid.copy(), np.zeros(len(price))
    reached = got >= need
    enough[reached], open_ = short[reached], np.flatnonzero(~reached & (got_more > got))
    for _ in range(steps):
        if not len(open_):
            break
        at = (paid_more[open_] - paid[open_]) / (got_more[open_] - got[open_])
        picks = _choose(price[open_] - at[:, None] * gain[open_], starts)
        spent, gained = weigh(price[open_], gain[open_], picks)
        dual = spent + at * (need[open_] - gained)
        better = dual > bound[open_]
        bound[open_[better]], rate[open_[better]] = dual[better], at[better]
        over = gained >= need[open_]
        moved = np.where(over, gained < got_more[open_], gained > got[open_])
        up, down = open_[over], open_[~over]
        enough[up], paid_more[up], got_more[up] = picks[over], spent[over], gained[over]
        short[down], paid[down], got[down] = picks[~over], spent[~over], gained[~over]
        open_ = open_[moved]
    return bound, rate, short, enough


def cheapest_peak(
    price: FloatArray, gain: FloatArray, need: FloatArray, starts: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Bound from below the largest price of one item of each block, if their gains must reach `need`.

    As `cheapest_cover`, of which it has the arguments and what is returned; there is no rate, which is 0. By
    bisection: with no more than the bound to pay for each, even the largest gains fall short.
    """
    short = np.minimum.reduceat(price, starts, axis=1).max(axis=1)
    enough = np.where(np.isfinite(price), price, -np.inf).max(axis=1)

    def gains(at: FloatArray) -> FloatArray:
        return np.where(price <= at[:, None], gain, -np.inf)

    def reaches(at: FloatArray) -> npt.NDArray[np.bool_]:
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


def _choose(value: FloatArray, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place of each block's smallest value within the block: int64[B, blocks]."""
    ends = np.append(starts[1:], value.shape[1])
    return np.stack([value[:, a:b].argmin(axis=1) for a, b in zip(starts, ends, strict=True)], axis=1)
