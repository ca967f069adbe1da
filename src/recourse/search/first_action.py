"""A first action for a network, so that the search starts with a price to beat: a greedy walk towards approval."""

from __future__ import annotations

import numpy as np

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.models.statements.network import NetworkStatement
from recourse.search.network_boxes import SideBySide
from recourse.search.solutions import EQUAL

_FEW = 9
"""How many items of a menu are tried on the way."""


def first_actions(
    side: SideBySide,
    network: NetworkStatement,
    lengths: IntArray,
    today: FloatArray,
    items: IntArray,
    prices: FloatArray,
    left: BoolArray,
) -> tuple[IntArray, IntArray]:
    """Walk towards approval one menu at a time, the most for its price first, then back where that is cheaper.

    lengths : int64[k, m], of k people's menus; today : float64[k, inputs]; items, left : int64 and bool[k, N], their
    items and which of them may be taken; prices : float64, of all items

    Returns which of the people came clear above the bar, and everybody's action, int64[k, m].
    """
    k_people, m = lengths.shape

    # The items to try: a few of each menu, from one end to the other.
    places = np.round(np.linspace(0, 1, _FEW) * (lengths[..., None] - 1)).astype(np.int64)
    at = (side.starts[:, None] + places).reshape(k_people, -1)
    lines = np.arange(k_people)[:, None]
    few = items[lines, at]
    usable, offered, price = left[lines, at], side.values[few], prices[few]
    block, place = np.repeat(np.arange(m), _FEW), places.reshape(k_people, -1)

    picks = np.zeros((k_people, m), dtype=np.int64)
    now, score = today.copy(), network.score(today)
    paid = np.zeros((k_people, m))
    clear = network.tolerance
    walking = np.arange(k_people)
    for _ in range(2 * m):
        if not len(walking):
            break

        # Where each item would lead, and what it costs more than what that menu's item costs now.
        rows = np.repeat(now[walking, None], at.shape[1], axis=1)
        for d, (j, part) in enumerate(zip(side.owner, side.part, strict=True)):
            rows[:, block == j, side.moving[d]] = offered[walking][:, block == j, part]
        there = network.score(rows.reshape(-1, rows.shape[2])).reshape(rows.shape[:2])
        there[~usable[walking]] = -np.inf
        more = price[walking] - paid[walking][:, block]

        # The cheapest item that arrives; where none does, the one that rises most for its price.
        arrives = there > clear
        cheapest = np.where(arrives, more, np.inf).argmin(axis=1)
        rise = there - score[walking, None]
        least = 1e-6 * np.abs(more).max(axis=1, keepdims=True)
        rate = rise / np.maximum(np.maximum(more, least), np.finfo(np.float64).tiny)
        steepest = np.where(rise > 0, rate, -np.inf).argmax(axis=1)
        ends = arrives.any(axis=1)
        take = np.where(ends, cheapest, steepest)

        # Whoever has arrived goes on only where that is cheaper.
        k = np.arange(len(walking))
        already = score[walking] > clear
        goes = np.where(
            already, ends & (more[k, take] < -EQUAL * paid[walking].sum(axis=1)), ends | (rise[k, take] > EQUAL)
        )
        walking, take, k = walking[goes], take[goes], k[goes]
        j = block[take]
        picks[walking, j], paid[walking, j] = place[walking, take], price[walking, take]
        now[walking], score[walking] = rows[k, take], there[k, take]
    return np.flatnonzero(score > clear), picks
