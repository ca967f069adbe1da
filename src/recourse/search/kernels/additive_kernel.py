# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# mypy: ignore-errors
# (the decorators and C types of pure Python mode are Cython's to check)
# ruff: noqa: SIM109 - a tuple of C integers would be a Python tuple
"""The cheapest picks for an additive model, proven: one item per feature so that the gains reach a bar.

This is the multiple-choice covering knapsack, solved for one person at a time over menu rows that people
share. The file runs compiled (Cython, pure Python mode) and interpreted, with the same arithmetic in the
same order.

How one person is solved
------------------------
1. Per *row*, once for everyone: its Pareto front (price and gain both rising; a free move that helps is
   part of it, one that doesn't is dominated by staying) and the lower convex hull of that front.
2. The linear relaxation: the hull step at which the bar is reached, by selection over the rows' sorted
   slopes.
3. An action: the relaxation with one or two features moved further.
4. Reduced-cost fixing: only items near the hull can be part of something cheaper; the hull says where to
   look.
5. A list dynamic programme over the features that are left (the core), with a linear bound per partial
   action, dominance, and a cap on the states. At the cap the states of the highest bounds are dropped; the
   lowest bound dropped is what remains proven.

*max* first finds the smallest largest price by selection over price levels, exactly, then solves the
knapsack over the items up to that price. *At most k changes* adds a Lagrange multiplier per change to the
bound and a count to the states. *K best* is Lawler's partition: each found subset splits the rest of the
space into features kept in and out.

Rounding
--------
An action is accepted if and only if its gains, added in feature order from 0.0, reach the bar. Adding in a
fixed order is monotone in every term, also in floating point, so "nobody's largest gains reach the bar"
(infeasible) and the smallest largest price are decided without tolerance. The search inside adds in other
orders; it runs with the bar lowered by `slack`, a bound on the difference between two orders, so that it
misses nothing. If its best action then fails by rounding alone, it runs once more with the bar raised by
`slack`: the same cost is a proof, another is not (FEASIBLE with the first run's bound). Costs that differ by
less than 1e-12 of the cost count as equal.
"""

import cython

OPTIMAL = cython.declare(cython.int, 0)
FEASIBLE = cython.declare(cython.int, 1)
INFEASIBLE = cython.declare(cython.int, 2)
UNKNOWN = cython.declare(cython.int, 3)
NOT_BETTER = cython.declare(cython.int, 4)  # nothing below the cut-off
STATES_FULL = cython.declare(cython.int, 5)  # grow the state lists and come back
NODES_FULL = cython.declare(cython.int, 6)  # grow the node lists and come back

FREE = cython.declare(cython.int, 0)
IN = cython.declare(cython.int, 1)
OUT = cython.declare(cython.int, 2)

DISTINCT = cython.declare(cython.int, 0)
MINIMAL = cython.declare(cython.int, 1)
EXCLUSIVE = cython.declare(cython.int, 2)

INFINITY = cython.declare(cython.double, float("inf"))
STEEPEST = cython.declare(cython.double, 1e300)
EQUAL = cython.declare(cython.double, 1e-12)
ROUNDING = cython.declare(cython.double, 2.0**-53)


def source_hash() -> int:
    """Say which source this build was compiled from; 0 when it runs interpreted."""
    if cython.compiled:
        return RECOURSE_SOURCE_HASH  # noqa: F821 - declared in additive_kernel.pxd, defined by setup.py
    return 0


def is_compiled() -> bool:
    """Whether this module is the compiled one."""
    return cython.compiled


@cython.cfunc
def _doubles(array: object) -> cython.p_double:
    if cython.compiled:
        address: cython.size_t = array.__array_interface__["data"][0]
        return cython.cast(cython.p_double, address)
    else:
        return array


@cython.cfunc
def _ints(array: object) -> cython.p_int:
    if cython.compiled:
        address: cython.size_t = array.__array_interface__["data"][0]
        return cython.cast(cython.p_int, address)
    else:
        return array


@cython.cfunc
def _longs(array: object) -> cython.p_longlong:
    if cython.compiled:
        address: cython.size_t = array.__array_interface__["data"][0]
        return cython.cast(cython.p_longlong, address)
    else:
        return array


@cython.cfunc
def _bytes(array: object) -> cython.p_uchar:
    if cython.compiled:
        address: cython.size_t = array.__array_interface__["data"][0]
        return cython.cast(cython.p_uchar, address)
    else:
        return array


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sort(key: cython.p_double, order: cython.p_int, spare: cython.p_int, n: cython.int) -> cython.void:
    """Fill `order` with 0..n-1 sorted by key, ties in their first order. Sorted and reversed keys take one
    pass.
    """
    i: cython.int
    j: cython.int
    k: cython.int
    width: cython.int
    left: cython.int
    middle: cython.int
    right: cython.int
    best: cython.double
    i = 1
    while i < n and key[i] >= key[i - 1]:
        i += 1
    if i >= n:
        for i in range(n):
            order[i] = i
        return
    i = 1
    while i < n and key[i] < key[i - 1]:
        i += 1
    if i >= n:
        for i in range(n):
            order[i] = n - 1 - i
        return
    for left in range(0, n, 8):
        right = left + 8 if left + 8 < n else n
        for i in range(left, right):
            best = key[i]
            j = i - 1
            while j >= left and key[order[j]] > best:
                order[j + 1] = order[j]
                j -= 1
            order[j + 1] = i
    width = 8
    while width < n:
        left = 0
        while left < n:
            middle = left + width if left + width < n else n
            right = middle + width if middle + width < n else n
            i = left
            j = middle
            for k in range(left, right):
                if i < middle and (j >= right or key[order[i]] <= key[order[j]]):
                    spare[k] = order[i]
                    i += 1
                else:
                    spare[k] = order[j]
                    j += 1
            left = right
        for k in range(n):
            order[k] = spare[k]
        width *= 2


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def _push(
    hull_gain: cython.p_double,
    hull_price: cython.p_double,
    hull_slope: cython.p_double,
    hull_at: cython.p_longlong,
    start: cython.longlong,
    stop: cython.longlong,
    at: cython.longlong,
    gain: cython.double,
    price: cython.double,
) -> cython.longlong:
    """Add a point to the right of the hull start..stop-1, so that its computed slopes stay strictly
    rising.
    """
    slope: cython.double = 0.0
    rise: cython.double
    while True:
        rise = gain - hull_gain[stop - 1]
        slope = price - hull_price[stop - 1]
        # Two gains can be so close that the quotient overflows; the order of slopes is all that matters then.
        slope = slope / rise if slope < STEEPEST * rise else STEEPEST
        if stop - 1 > start and slope <= hull_slope[stop - 1]:
            stop -= 1
        else:
            break
    hull_gain[stop] = gain
    hull_price[stop] = price
    hull_slope[stop] = slope
    hull_at[stop] = at
    return stop + 1


@cython.cclass
class Menus:
    """The rows' Pareto fronts and hulls, shared by all people and all threads.

    A row has two variants: *open* (today's value and the moves that help) and, at `row + n_rows`,
    *changed* (moves only, for a feature that must change). `place[4 v:]` holds where the front and the
    hull of variant v start and stop, `worth[4 v:]` its first gain, first price, largest gain and largest
    absolute gain. In an open variant today's value is always stored; if a free move beats it, the front
    starts one position later.
    """

    n_rows: cython.longlong
    row_ptr: cython.p_longlong
    gains: cython.p_double
    prices: cython.p_double
    place: cython.p_longlong
    worth: cython.p_double
    front_gain: cython.p_double
    front_price: cython.p_double
    front_item: cython.p_int
    hull_gain: cython.p_double
    hull_price: cython.p_double
    hull_slope: cython.p_double
    hull_at: cython.p_longlong
    owners: object

    def __init__(self, n_rows, row_ptr, gains, prices, place, worth, front, hull):
        self.owners = (row_ptr, gains, prices, place, worth, front, hull)
        self.n_rows = n_rows
        self.row_ptr = _longs(row_ptr)
        self.gains = _doubles(gains)
        self.prices = _doubles(prices)
        self.place = _longs(place)
        self.worth = _doubles(worth)
        self.front_gain = _doubles(front[0])
        self.front_price = _doubles(front[1])
        self.front_item = _ints(front[2])
        self.hull_gain = _doubles(hull[0])
        self.hull_price = _doubles(hull[1])
        self.hull_slope = _doubles(hull[2])
        self.hull_at = _longs(hull[3])

    def prepare(self, start: cython.longlong, stop: cython.longlong, changed: cython.bint, key, order, spare):
        """Build the fronts and hulls of rows start..stop-1; `key`, `order`, `spare` hold the longest row
        twice.
        """
        keys: cython.p_double = _doubles(key)
        orders: cython.p_int = _ints(order)
        spares: cython.p_int = _ints(spare)
        with cython.nogil:
            self._prepare(start, stop, changed, keys, orders, spares)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _prepare(
        self,
        start: cython.longlong,
        stop: cython.longlong,
        changed: cython.bint,
        key: cython.p_double,
        order: cython.p_int,
        spare: cython.p_int,
    ) -> cython.void:
        front_gain: cython.p_double = self.front_gain
        front_price: cython.p_double = self.front_price
        front_item: cython.p_int = self.front_item
        gains: cython.p_double = self.gains
        prices: cython.p_double = self.prices
        row: cython.longlong
        base: cython.longlong
        first: cython.longlong
        n: cython.longlong
        hull: cython.longlong
        k: cython.longlong
        v: cython.longlong
        items: cython.int
        kept: cython.int
        z: cython.int
        gain: cython.double
        best: cython.double
        low: cython.double
        # The rows of one call are packed from the place that their first row certainly has to itself.
        n = self.row_ptr[start]
        if changed:
            n += self.row_ptr[self.n_rows]
        hull = n
        for row in range(start, stop):
            base = self.row_ptr[row]
            items = self.row_ptr[row + 1] - base
            first = n
            kept = 0
            if not changed:
                front_gain[n] = 0.0
                front_price[n] = 0.0
                front_item[n] = 0
                n += 1
            for z in range(1, items):
                if changed or gains[base + z] > 0.0:
                    spare[kept] = z
                    key[kept] = prices[base + z]
                    kept += 1
            for z in range(kept):
                order[kept + z] = spare[z]  # the item behind each key, out of the sort's way
            _sort(key, order, spare, kept)
            best = -INFINITY if changed else 0.0
            k = n
            for z in range(kept):
                gain = gains[base + order[kept + order[z]]]
                if gain > best:
                    best = gain
                    if n > k and front_price[n - 1] == key[order[z]]:
                        n -= 1
                    front_gain[n] = gain
                    front_price[n] = key[order[z]]
                    front_item[n] = order[kept + order[z]]
                    n += 1
            if not changed and n > k and front_price[k] == 0.0:
                first += 1
            v = row + self.n_rows if changed else row
            self.place[4 * v] = first
            self.place[4 * v + 1] = n
            self.place[4 * v + 2] = hull
            if n > first:
                self.hull_gain[hull] = front_gain[first]
                self.hull_price[hull] = front_price[first]
                self.hull_slope[hull] = 0.0
                self.hull_at[hull] = first
                hull += 1
                for k in range(first + 1, n):
                    hull = _push(
                        self.hull_gain,
                        self.hull_price,
                        self.hull_slope,
                        self.hull_at,
                        self.place[4 * v + 2],
                        hull,
                        k,
                        front_gain[k],
                        front_price[k],
                    )
                self.worth[4 * v] = front_gain[first]
                self.worth[4 * v + 1] = front_price[first]
                self.worth[4 * v + 2] = front_gain[n - 1]
                low = -front_gain[first]
                self.worth[4 * v + 3] = low if low > front_gain[n - 1] else front_gain[n - 1]
            self.place[4 * v + 3] = hull


@cython.cclass
class Solver:
    """One thread's workspace: solves people over shared `Menus`.

    The person's classes (features that are not frozen, in feature order) are `feature`, with their front at
    `low..end-1` and their hull at `hull_low..hull_end-1`; `chosen` is a position in the front per class.
    """

    owners: object
    n_rows: cython.longlong
    place: cython.p_longlong
    worth: cython.p_double
    front_gain: cython.p_double
    front_price: cython.p_double
    front_item: cython.p_int
    hull_gain: cython.p_double
    hull_price: cython.p_double
    hull_slope: cython.p_double
    hull_at: cython.p_longlong
    m: cython.int
    by_max: cython.bint
    limit: cython.int  # most changed features; -1 for no limit
    rows: cython.p_int
    need: cython.p_double
    frozen: cython.p_uchar
    forced: cython.p_uchar
    has_frozen: cython.bint
    has_forced: cython.bint

    # one person
    person: cython.longlong
    state: cython.p_uchar
    n: cython.int
    n_in: cython.int
    slack: cython.double
    feature: cython.p_longlong
    low: cython.p_longlong
    end: cython.p_longlong
    full: cython.p_longlong  # the row's end
    allowed: cython.p_longlong  # the end at the price level in force; `end` is that or earlier
    hull_low: cython.p_longlong
    hull_end: cython.p_longlong
    hull_from: cython.p_longlong  # the shared hull, while the one in use is the person's own
    hull_to: cython.p_longlong
    at: cython.p_longlong  # the relaxation's position in the hull
    top: cython.p_longlong
    middle: cython.p_longlong
    opened: cython.p_longlong
    chosen: cython.p_longlong
    counted: cython.p_longlong  # 1 where leaving the first item is a change
    kept_low: cython.p_longlong
    ceiling: cython.p_double  # gain of the last item: no more than what is needed
    pick: cython.p_int
    best_pick: cython.p_int
    scratch: cython.longlong
    scratch_next: cython.longlong

    # the relaxation
    guess: cython.double
    slope: cython.double
    level: cython.double
    gain: cython.double
    price: cython.double
    missing: cython.double
    breaking: cython.int

    # the answer
    value: cython.double
    proven: cython.double
    cost: cython.double
    total: cython.double
    cost_bound: cython.double
    total_bound: cython.double

    # the core
    core: cython.p_longlong
    core_start: cython.p_longlong
    core_order: cython.p_int
    core_rank: cython.p_int
    core_spare: cython.p_int
    split: cython.p_int  # the state of the node being split
    core_key: cython.p_double
    item_gain: cython.p_double
    item_price: cython.p_double
    item_at: cython.p_longlong
    item_count: cython.p_int
    step_gain: cython.p_double
    step_price: cython.p_double
    step_slope: cython.p_double
    step_rank: cython.p_int
    step_item: cython.p_int
    step_count: cython.p_int
    step_order: cython.p_int
    step_spare: cython.p_int
    after_gain: cython.p_double
    after_price: cython.p_double
    after_slope: cython.p_double
    after_count: cython.p_int
    least: cython.p_double
    states: cython.longlong
    max_states: cython.longlong
    state_gain: cython.p_double
    state_price: cython.p_double
    state_bound: cython.p_double
    state_parent: cython.p_int
    state_item: cython.p_int
    state_count: cython.p_int
    one_gain: cython.p_double
    one_price: cython.p_double
    one_bound: cython.p_double
    one_parent: cython.p_int
    one_item: cython.p_int
    one_count: cython.p_int
    two_gain: cython.p_double
    two_price: cython.p_double
    two_bound: cython.p_double
    two_parent: cython.p_int
    two_item: cython.p_int
    two_count: cython.p_int

    # K best
    nodes: cython.longlong
    node_state: cython.p_uchar
    node_pick: cython.p_int
    node_cost: cython.p_double
    node_total: cython.p_double
    node_cost_bound: cython.p_double
    node_total_bound: cython.p_double
    node_status: cython.p_int
    best_cost: cython.p_double
    best_total: cython.p_double

    def __init__(self, menus: Menus, m, scratch, longs, doubles, ints, state, items):
        """`longs`, `doubles`, `ints` are arrays of length m + 2; `items` are (doubles, longs, ints) as
        long as m of the longest rows; `scratch` is this thread's first place behind the shared hulls."""
        self.n_rows = menus.n_rows
        self.place = menus.place
        self.worth = menus.worth
        self.front_gain = menus.front_gain
        self.front_price = menus.front_price
        self.front_item = menus.front_item
        self.hull_gain = menus.hull_gain
        self.hull_price = menus.hull_price
        self.hull_slope = menus.hull_slope
        self.hull_at = menus.hull_at
        self.m = m
        self.scratch = scratch
        self.owners = [menus, longs, doubles, ints, state, items, None, None, None]
        self.guess = 0.0
        self.level = 0.0
        self.state = _bytes(state)
        self.feature = _longs(longs[0])
        self.low = _longs(longs[1])
        self.end = _longs(longs[2])
        self.full = _longs(longs[3])
        self.allowed = _longs(longs[17])
        self.hull_low = _longs(longs[4])
        self.hull_end = _longs(longs[5])
        self.at = _longs(longs[6])
        self.top = _longs(longs[7])
        self.middle = _longs(longs[8])
        self.opened = _longs(longs[9])
        self.chosen = _longs(longs[10])
        self.counted = _longs(longs[11])
        self.kept_low = _longs(longs[12])
        self.hull_from = _longs(longs[13])
        self.hull_to = _longs(longs[14])
        self.core = _longs(longs[15])
        self.core_start = _longs(longs[16])
        self.ceiling = _doubles(doubles[0])
        self.core_key = _doubles(doubles[1])
        self.least = _doubles(doubles[2])
        self.pick = _ints(ints[0])
        self.best_pick = _ints(ints[1])
        self.core_order = _ints(ints[2])
        self.core_rank = _ints(ints[3])
        self.core_spare = _ints(ints[4])
        self.split = _ints(ints[5])
        self.item_gain = _doubles(items[0][0])
        self.item_price = _doubles(items[0][1])
        self.step_gain = _doubles(items[0][2])
        self.step_price = _doubles(items[0][3])
        self.step_slope = _doubles(items[0][4])
        self.after_gain = _doubles(items[0][5])
        self.after_price = _doubles(items[0][6])
        self.after_slope = _doubles(items[0][7])
        self.item_at = _longs(items[1][0])
        self.item_count = _ints(items[2][0])
        self.step_rank = _ints(items[2][1])
        self.step_item = _ints(items[2][2])
        self.step_count = _ints(items[2][3])
        self.step_order = _ints(items[2][4])
        self.step_spare = _ints(items[2][5])
        self.after_count = _ints(items[2][6])

    def hold_people(self, rows, need, frozen, forced, by_max, limit):
        """Point at the people's arrays; `frozen` and `forced` may be None, a negative `limit` is none."""
        self.owners[6] = (rows, need, frozen, forced)
        self.rows = _ints(rows)
        self.need = _doubles(need)
        self.has_frozen = frozen is not None
        self.has_forced = forced is not None
        self.frozen = self.state if frozen is None else _bytes(frozen)
        self.forced = self.state if forced is None else _bytes(forced)
        self.by_max = by_max
        self.limit = limit

    def hold_states(self, states, max_states, doubles, ints):
        """Point at the state lists: nine arrays of doubles and nine of ints, `states` long."""
        self.owners[7] = (doubles, ints)
        self.states = states
        self.max_states = max_states
        self.state_gain = _doubles(doubles[0])
        self.state_price = _doubles(doubles[1])
        self.state_bound = _doubles(doubles[2])
        self.one_gain = _doubles(doubles[3])
        self.one_price = _doubles(doubles[4])
        self.one_bound = _doubles(doubles[5])
        self.two_gain = _doubles(doubles[6])
        self.two_price = _doubles(doubles[7])
        self.two_bound = _doubles(doubles[8])
        self.state_parent = _ints(ints[0])
        self.state_item = _ints(ints[1])
        self.state_count = _ints(ints[2])
        self.one_parent = _ints(ints[3])
        self.one_item = _ints(ints[4])
        self.one_count = _ints(ints[5])
        self.two_parent = _ints(ints[6])
        self.two_item = _ints(ints[7])
        self.two_count = _ints(ints[8])

    def hold_nodes(self, nodes, state, pick, doubles, status, best):
        """Point at the node lists of the K best search."""
        self.owners[8] = (state, pick, doubles, status, best)
        self.nodes = nodes
        self.node_state = _bytes(state)
        self.node_pick = _ints(pick)
        self.node_cost = _doubles(doubles[0])
        self.node_total = _doubles(doubles[1])
        self.node_cost_bound = _doubles(doubles[2])
        self.node_total_bound = _doubles(doubles[3])
        self.node_status = _ints(status)
        self.best_cost = _doubles(best[0])
        self.best_total = _doubles(best[1])

    # ------------------------------------------------------------------ people

    def solve(self, start: cython.longlong, stop: cython.longlong, picks, numbers, statuses) -> tuple:
        """Solve people start..stop-1; returns (the first person not solved, why), `stop` when all are.

        `picks` is flat, m per person; `numbers` holds cost, total, cost bound, total bound.
        """
        out_pick: cython.p_int = _ints(picks)
        out_cost: cython.p_double = _doubles(numbers[0])
        out_total: cython.p_double = _doubles(numbers[1])
        out_cost_bound: cython.p_double = _doubles(numbers[2])
        out_total_bound: cython.p_double = _doubles(numbers[3])
        out_status: cython.p_uchar = _bytes(statuses)
        person: cython.longlong = start
        m: cython.int = self.m
        j: cython.int
        status: cython.int = 0
        with cython.nogil:
            while person < stop:
                self._masks(person)
                status = self._answer(person, INFINITY, INFINITY)
                if status == STATES_FULL:
                    break
                for j in range(m):
                    out_pick[person * m + j] = self.pick[j]
                out_cost[person] = self.cost
                out_total[person] = self.total
                out_cost_bound[person] = self.cost_bound
                out_total_bound[person] = self.total_bound
                out_status[person] = status
                person += 1
        return person, status

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _masks(self, person: cython.longlong) -> cython.void:
        j: cython.int
        for j in range(self.m):
            self.state[j] = FREE
            if self.has_frozen and self.frozen[person * self.m + j] != 0:
                self.state[j] = OUT
            if self.has_forced and self.forced[person * self.m + j] != 0:
                self.state[j] = IN

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _answer(self, person: cython.longlong, cost_cut: cython.double, total_cut: cython.double) -> cython.int:
        """Solve one person under `state`. Sets pick, cost, total and bounds; NOT_BETTER if (cost, total)
        can't be below the cut-off, which for `sum` is total_cut."""
        need: cython.double = self.need[person]
        status: cython.int
        j: cython.int
        changes: cython.int
        limited: cython.bint = self.limit >= 0
        level: cython.double = INFINITY
        lower: cython.double = 0.0
        for j in range(self.m):
            self.pick[j] = 0
        self.cost = INFINITY
        self.total = INFINITY
        self.cost_bound = INFINITY
        self.total_bound = INFINITY
        self.person = person
        if not self._load(person):
            return INFEASIBLE
        if self._reach(0) < need:
            return INFEASIBLE
        if limited and self.n_in > self.limit:
            return INFEASIBLE
        if self.by_max:
            level = self._level(need, -1)
            if level > cost_cut:
                return NOT_BETTER
            if level < cost_cut:
                total_cut = INFINITY
        status = self._cheapest(need, -1, total_cut)
        if limited and status <= FEASIBLE:
            changes = 0
            for j in range(self.m):
                if self.pick[j] != 0:
                    changes += 1
            if changes > self.limit:
                lower = self.total_bound
                status = self._limited(need, cost_cut, total_cut, lower, level)
        return status

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _limited(
        self,
        need: cython.double,
        cost_cut: cython.double,
        total_cut: cython.double,
        lower: cython.double,
        level: cython.double,
    ) -> cython.int:
        """Solve again with at most `limit` changes, given that the cheapest action needs more."""
        most: cython.int = self.limit - self.n_in
        status: cython.int
        j: cython.int
        bound: cython.double = 0.0
        reached: cython.double
        self.cost = INFINITY
        self.total = INFINITY
        self.cost_bound = INFINITY
        self.total_bound = INFINITY
        for j in range(self.m):
            self.pick[j] = 0
        self._count()
        reached = self._reach_with(most)
        if reached < need - self.slack:
            return INFEASIBLE
        if reached < need:  # some other set might reach the bar by rounding: neither found nor ruled out
            self.cost_bound = level if self.by_max else lower
            self.total_bound = lower
            return UNKNOWN
        if self.by_max:
            bound = self._level(need - self.slack, most)
            level = self._level(need, most)
            if bound > cost_cut:
                return NOT_BETTER
            if level < cost_cut:
                total_cut = INFINITY
            lower = 0.0
        status = self._cheapest(need, most, total_cut)
        if status <= FEASIBLE:
            if self.by_max and bound < self.cost:
                status = FEASIBLE
                self.cost_bound = bound
            if self.total_bound < lower:
                self.total_bound = lower
                if not self.by_max:
                    self.cost_bound = lower
        return status

    # ------------------------------------------------------------------ one person

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _load(self, person: cython.longlong) -> cython.bint:
        """Look up the person's classes; False if a feature must change and can't."""
        place: cython.p_longlong = self.place
        worth: cython.p_double = self.worth
        n: cython.int = 0
        j: cython.int
        row: cython.longlong
        size: cython.double = self.need[person]
        if size < 0.0:
            size = -size
        self.n_in = 0
        for j in range(self.m):
            if self.state[j] == OUT:
                continue
            row = self.rows[person * self.m + j]
            if self.state[j] == IN:
                row += self.n_rows
                self.n_in += 1
                if place[4 * row] == place[4 * row + 1]:
                    return False
            elif place[4 * row + 1] - place[4 * row] == 1 and worth[4 * row] == 0.0:
                continue  # nothing here helps
            self.feature[n] = j
            self.low[n] = place[4 * row]
            self.end[n] = place[4 * row + 1]
            self.full[n] = place[4 * row + 1]
            self.allowed[n] = place[4 * row + 1]
            self.hull_from[n] = place[4 * row + 2]
            self.hull_to[n] = place[4 * row + 3]
            self.counted[n] = 0
            size += worth[4 * row + 3]
            n += 1
        self.n = n
        # Each of two sums of at most m + 2 terms is off by less than (m + 2) roundings of the terms' size.
        self.slack = 4.0 * (self.m + 2) * ROUNDING * size
        return True

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _count(self) -> cython.void:
        """Make leaving today's value a change in every class that is not forced: free moves then compete
        with it.
        """
        i: cython.int
        for i in range(self.n):
            self.allowed[i] = self.full[i]
            if self.state[self.feature[i]] == FREE:
                self.counted[i] = 1
                if self.front_item[self.low[i]] != 0:
                    self.low[i] -= 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _reach(self, lowest: cython.bint) -> cython.double:
        """Add each class's largest (or first) gain in feature order."""
        i: cython.int
        reached: cython.double = 0.0
        for i in range(self.n):
            reached += self.front_gain[self.low[i] if lowest else self.allowed[i] - 1]
        return reached

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _reach_with(self, most: cython.int) -> cython.double:
        """Add the largest gains in feature order, at most `most` of them in counted classes."""
        gain: cython.p_double = self.front_gain
        i: cython.int
        z: cython.int
        k: cython.int = 0
        value: cython.double
        reached: cython.double = 0.0
        cut: cython.double = INFINITY
        ties: cython.int = 0
        if most > 0:
            for i in range(self.n):  # the `most` largest gains, sorted down, in core_key
                if self.counted[i] == 0:
                    continue
                value = gain[self.allowed[i] - 1]
                if k == most and value <= self.core_key[k - 1]:
                    continue
                z = k if k < most else k - 1
                while z > 0 and self.core_key[z - 1] < value:
                    self.core_key[z] = self.core_key[z - 1]
                    z -= 1
                self.core_key[z] = value
                if k < most:
                    k += 1
            if k > 0:
                cut = self.core_key[k - 1]
            for z in range(k):
                if self.core_key[z] == cut:
                    ties += 1
        for i in range(self.n):
            value = gain[self.allowed[i] - 1]
            self.opened[i] = 1
            if self.counted[i] == 1:
                if value > cut:
                    pass
                elif value == cut and ties > 0:
                    ties -= 1
                else:
                    self.opened[i] = 0
                    continue
            reached += value
        return reached

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _level(self, bar: cython.double, most: cython.int) -> cython.double:
        """The smallest t such that the largest gains among items priced at most t reach the bar.

        Cuts every class's front there (`allowed`). Infinite if the bar is out of reach.
        """
        price: cython.p_double = self.front_price
        gain: cython.p_double = self.front_gain
        at: cython.p_longlong = self.at
        top: cython.p_longlong = self.top
        middle: cython.p_longlong = self.middle
        i: cython.int
        step: cython.int = 0
        widest: cython.int
        a: cython.longlong
        b: cython.longlong
        c: cython.longlong
        width: cython.longlong
        best: cython.double = INFINITY
        level: cython.double = 0.0
        reached: cython.double
        low_level: cython.double = 0.0
        low_reached: cython.double = 0.0
        high_level: cython.double = 0.0
        high_reached: cython.double = -INFINITY
        for i in range(self.n):
            at[i] = self.low[i]
            top[i] = self.full[i] - 1
            if price[at[i]] > level:
                level = price[at[i]]
        while True:
            # `at` is below the answer's level in every class, items behind `top` are not below it.
            if step > 0:
                width = 0
                widest = -1
                for i in range(self.n):
                    if top[i] - at[i] > width:
                        width = top[i] - at[i]
                        widest = i
                if widest < 0:
                    break
                if step == 1 and self.level > low_level:
                    level = self.level  # the last person's answer is a good first guess
                elif step % 2 == 1 and high_reached > low_reached:
                    level = low_level + (high_level - low_level) * (bar - low_reached) / (high_reached - low_reached)
                else:
                    level = price[(at[widest] + top[widest] + 1) >> 1]
            reached = 0.0
            for i in range(self.n):
                a = at[i]
                b = top[i]
                while a < b:
                    c = (a + b + 1) >> 1
                    if price[c] <= level:
                        a = c
                    else:
                        b = c - 1
                middle[i] = a
                reached += gain[a]
            if most >= 0:
                for i in range(self.n):
                    self.allowed[i] = middle[i] + 1
                reached = self._reach_with(most)
            if reached >= bar and step == 0:
                best = level
                break
            if reached >= bar:
                high_level = level
                high_reached = reached
                for i in range(self.n):
                    a = middle[i]
                    top[i] = a - 1 if a > at[i] and price[a] >= level else a
            else:
                low_level = level
                low_reached = reached
                for i in range(self.n):
                    at[i] = middle[i]
            step += 1
        if step > 0:
            for i in range(self.n):
                middle[i] = at[i]
                if at[i] + 1 < self.full[i] and price[at[i] + 1] < best:
                    best = price[at[i] + 1]
            for i in range(self.n):
                if at[i] + 1 < self.full[i] and price[at[i] + 1] <= best:
                    middle[i] += 1
        for i in range(self.n):
            self.allowed[i] = middle[i] + 1
        if best < INFINITY:
            self.level = best
        return best

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _cheapest(self, need: cython.double, most: cython.int, cut: cython.double) -> cython.int:
        """The smallest total over the loaded classes, verified in feature order; at most `most` counted
        changes.
        """
        status: cython.int
        i: cython.int
        proven: cython.double
        lower: cython.double
        if self._reach(1) >= need:
            for i in range(self.n):
                self.chosen[i] = self.low[i]
            self._take(need)
            self.total_bound = self.total
            self._bounds()
            return OPTIMAL
        status = self._search(need - self.slack, most, cut)
        if status == STATES_FULL or status == NOT_BETTER:
            self.total_bound = self.proven
            self._bounds()
            return status
        proven = self.proven
        if status != INFEASIBLE and self._take(need):
            self.total_bound = self.total if status == OPTIMAL or self.total < proven else proven
            self._bounds()
            return status
        # Rounding alone refused the cheapest action.
        lower = proven
        status = self._search(need + self.slack, most, INFINITY)
        if status == STATES_FULL:
            return status
        if status == INFEASIBLE or not self._take(need):
            if most >= 0:
                self._reach_with(most)
            for i in range(self.n):
                self.chosen[i] = self.allowed[i] - 1 if most < 0 or self.opened[i] == 1 else self.low[i]
            self._take(need)
            status = FEASIBLE
        if self.total <= lower + EQUAL * self.total:
            self.total_bound = self.total
            self._bounds()
            return OPTIMAL
        self.total_bound = lower
        self._bounds()
        return FEASIBLE

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _bounds(self) -> cython.void:
        # For `max` the level is exact: every action has a price of at least it.
        self.cost_bound = self.cost if self.by_max else self.total_bound

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _take(self, need: cython.double) -> cython.bint:
        """Turn `chosen` into picks, costs and totals, without free moves that aren't needed; is the bar
        reached?
        """
        i: cython.int
        j: cython.int
        k: cython.int
        at: cython.longlong
        reached: cython.double = 0.0
        without: cython.double
        price: cython.double
        free: cython.bint = False
        for i in range(self.n):
            at = self.chosen[i]
            reached += self.front_gain[at]
            if self.front_price[at] == 0.0 and self.front_item[at] != 0 and self.state[self.feature[i]] == FREE:
                free = True
        if reached < need:
            return False
        self.total = 0.0
        self.cost = 0.0
        for j in range(self.m):
            self.pick[j] = 0
        for i in range(self.n):
            at = self.chosen[i]
            price = self.front_price[at]
            self.total += price
            if price > self.cost:
                self.cost = price
            self.pick[self.feature[i]] = self.front_item[at]
        if free:
            for i in range(self.n):
                j = self.feature[i]
                if self.state[j] == FREE and self.pick[j] != 0 and self.front_price[self.chosen[i]] == 0.0:
                    without = 0.0
                    for k in range(self.n):
                        if k != i and self.pick[self.feature[k]] != 0:
                            without += self.front_gain[self.chosen[k]]
                    if without >= need:
                        self.pick[j] = 0
        if not self.by_max:
            self.cost = self.total
        return True

    # ------------------------------------------------------------------ relaxation

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _hulls(self, bar: cython.double, extra: cython.double) -> cython.void:
        """Set each class's hull: the shared one, or the person's own where items are cut off, clipped or
        cost extra.

        A class never needs more than the bar minus the other classes' first gains, so it ends at its first
        item that gives this, with no more gain than this: a tighter relaxation.
        """
        gain: cython.p_double = self.front_gain
        price: cython.p_double = self.front_price
        hull_gain: cython.p_double = self.hull_gain
        hull_price: cython.p_double = self.hull_price
        hull_slope: cython.p_double = self.hull_slope
        hull_at: cython.p_longlong = self.hull_at
        i: cython.int
        a: cython.longlong
        b: cython.longlong
        c: cython.longlong
        q: cython.longlong
        last: cython.longlong
        begin: cython.longlong
        stop: cython.longlong
        before: cython.longlong
        base: cython.double = 0.0
        wanted: cython.double
        add: cython.double
        clipped: cython.bint
        self.scratch_next = self.scratch
        for i in range(self.n):
            base += gain[self.low[i]]
        for i in range(self.n):
            last = self.allowed[i] - 1
            wanted = bar - base + gain[self.low[i]] + self.slack  # enough in any order of addition
            clipped = gain[last] > wanted
            self.end[i] = last + 1
            if clipped:
                a = self.low[i]
                b = last
                while a < b:
                    c = (a + b) >> 1
                    if gain[c] >= wanted:
                        b = c
                    else:
                        a = c + 1
                last = a
                self.end[i] = last + 1
            self.ceiling[i] = wanted if clipped else gain[last]
            if not clipped and last + 1 == self.full[i] and self.counted[i] == 0:
                self.hull_low[i] = self.hull_from[i]
                self.hull_end[i] = self.hull_to[i]
                continue
            begin = self.scratch_next
            stop = begin
            q = self.hull_from[i]
            add = 0.0
            if self.counted[i] == 1:
                hull_gain[stop] = 0.0
                hull_price[stop] = 0.0
                hull_slope[stop] = 0.0
                hull_at[stop] = self.low[i]
                stop += 1
                add = extra
                if hull_at[q] == self.low[i]:
                    q += 1
                before = begin
                while q < self.hull_to[i] and hull_at[q] < last:
                    if stop - before == 1 and stop - begin > 2:
                        # The last two vertices are neighbours in the shared hull: so are all that follow.
                        hull_gain[stop] = hull_gain[q]
                        hull_price[stop] = hull_price[q] + add
                        hull_slope[stop] = hull_slope[q]
                        hull_at[stop] = hull_at[q]
                        stop += 1
                        before += 1
                        q += 1
                        continue
                    before = stop
                    stop = _push(
                        hull_gain,
                        hull_price,
                        hull_slope,
                        hull_at,
                        begin,
                        stop,
                        hull_at[q],
                        hull_gain[q],
                        hull_price[q] + add,
                    )
                    q += 1
            else:
                while q < self.hull_to[i] and hull_at[q] < last:
                    hull_gain[stop] = hull_gain[q]
                    hull_price[stop] = hull_price[q]
                    hull_slope[stop] = hull_slope[q]
                    hull_at[stop] = hull_at[q]
                    stop += 1
                    q += 1
                if stop == begin:
                    hull_gain[stop] = gain[self.low[i]]
                    hull_price[stop] = price[self.low[i]]
                    hull_slope[stop] = 0.0
                    hull_at[stop] = self.low[i]
                    stop += 1
            a = hull_at[q - 1] + 1 if q > self.hull_from[i] else self.low[i] + 1
            if a <= self.low[i]:
                a = self.low[i] + 1
            for c in range(a, last):
                stop = _push(hull_gain, hull_price, hull_slope, hull_at, begin, stop, c, gain[c], price[c] + add)
            if last > self.low[i]:
                stop = _push(
                    hull_gain,
                    hull_price,
                    hull_slope,
                    hull_at,
                    begin,
                    stop,
                    last,
                    self.ceiling[i],
                    price[last] + add,
                )
            self.hull_low[i] = begin
            self.hull_end[i] = stop
            self.scratch_next = stop

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _relax(self, bar: cython.double) -> cython.bint:
        """Solve the linear relaxation over the hulls: `at`, its gain and price, and the class that breaks."""
        slope: cython.p_double = self.hull_slope
        gain: cython.p_double = self.hull_gain
        at: cython.p_longlong = self.at
        top: cython.p_longlong = self.top
        middle: cython.p_longlong = self.middle
        opened: cython.p_longlong = self.opened
        i: cython.int
        z: cython.int
        n_open: cython.int = 0
        still: cython.int
        a: cython.longlong
        b: cython.longlong
        c: cython.longlong
        width: cython.longlong
        widest: cython.longlong = 0
        fixed: cython.double = 0.0
        reached: cython.double
        pivot: cython.double = self.guess
        best: cython.double
        for i in range(self.n):
            at[i] = self.hull_low[i]
            top[i] = self.hull_end[i] - 1
            if top[i] > at[i]:
                opened[n_open] = i
                n_open += 1
            else:
                fixed += gain[at[i]]
        while n_open > 0:
            reached = fixed
            for z in range(n_open):
                i = opened[z]
                a = at[i]
                b = top[i]
                while a < b:
                    c = (a + b + 1) >> 1
                    if slope[c] <= pivot:
                        a = c
                    else:
                        b = c - 1
                middle[i] = a
                reached += gain[a]
            still = 0
            width = 0
            if reached >= bar:
                for z in range(n_open):
                    i = opened[z]
                    a = middle[i]
                    if a > at[i] and slope[a] >= pivot:
                        a -= 1
                    top[i] = a
                    if a > at[i]:
                        opened[still] = i
                        still += 1
                        if a - at[i] > width:
                            width = a - at[i]
                            widest = i
                    else:
                        fixed += gain[a]
            else:
                for z in range(n_open):
                    i = opened[z]
                    a = middle[i]
                    at[i] = a
                    if top[i] > a:
                        opened[still] = i
                        still += 1
                        if top[i] - a > width:
                            width = top[i] - a
                            widest = i
                    else:
                        fixed += gain[a]
            n_open = still
            if n_open > 0:
                pivot = slope[(at[widest] + top[widest] + 1) >> 1]
        self.gain = 0.0
        self.price = 0.0
        for i in range(self.n):
            self.gain += gain[at[i]]
            self.price += self.hull_price[at[i]]
        while True:
            best = INFINITY
            self.breaking = -1
            for i in range(self.n):
                if at[i] + 1 < self.hull_end[i] and slope[at[i] + 1] < best:
                    best = slope[at[i] + 1]
                    self.breaking = i
            if self.gain >= bar:  # by rounding: the positions are the optimum of the relaxation
                break
            if self.breaking < 0:
                return False
            i = self.breaking
            if self.gain + (gain[at[i] + 1] - gain[at[i]]) >= bar:
                break
            self.gain += gain[at[i] + 1] - gain[at[i]]
            self.price += self.hull_price[at[i] + 1] - self.hull_price[at[i]]
            at[i] += 1
        self.slope = best if self.breaking >= 0 else 0.0
        self.guess = self.slope
        self.missing = bar - self.gain
        if self.missing < 0.0:
            self.missing = 0.0
        return True

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _search(self, bar: cython.double, most: cython.int, cut: cython.double) -> cython.int:
        """The cheapest choice that reaches the bar in any order of addition; sets chosen, value, proven."""
        if most >= 0:
            return self._search_limited(bar, most, cut)
        self._hulls(bar, 0.0)
        if not self._relax(bar):
            self.proven = INFINITY
            return INFEASIBLE
        self.proven = self.price + self.slope * self.missing
        if self.proven >= cut * (1.0 - EQUAL):
            return NOT_BETTER
        self._round_up(bar)
        return self._core(bar, 0.0, -1, cut)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _round_up(self, bar: cython.double) -> cython.void:
        """From the relaxation: one class moved up, or the breaking class up and another down; sets value,
        chosen.
        """
        gain: cython.p_double = self.front_gain
        price: cython.p_double = self.front_price
        slope: cython.p_double = self.hull_slope
        i: cython.int
        a: cython.longlong
        b: cython.longlong
        c: cython.longlong
        here: cython.longlong
        breaking: cython.longlong
        target: cython.double
        worth: cython.double
        raised: cython.double
        surplus: cython.double
        best: cython.double = INFINITY
        moved: cython.int = -1
        moved_to: cython.longlong = -1
        both: cython.bint = False
        for i in range(self.n):
            self.chosen[i] = self.hull_at[self.at[i]]
        if self.missing <= 0.0 or self.breaking < 0:
            self.value = self.price
            return
        breaking = self.at[self.breaking] + 1
        surplus = self.gain + (self.hull_gain[breaking] - self.hull_gain[breaking - 1]) - bar
        raised = self.price + (self.hull_price[breaking] - self.hull_price[breaking - 1])
        best = raised
        for i in range(self.n):
            here = self.chosen[i]
            if self.at[i] + 1 < self.hull_end[i] and self.price + slope[self.at[i] + 1] * self.missing < best:
                target = gain[here] + self.missing
                if self.ceiling[i] >= target:
                    a = here
                    b = self.end[i] - 1
                    while a < b:
                        c = (a + b) >> 1
                        if gain[c] >= target:
                            b = c
                        else:
                            a = c + 1
                    worth = self.price + (price[a] - price[here])
                    if worth < best:
                        best = worth
                        moved = i
                        moved_to = a
                        both = False
            if (
                surplus > 0.0
                and i != self.breaking
                and self.at[i] > self.hull_low[i]
                and raised - slope[self.at[i]] * surplus < best
            ):
                target = gain[here] - surplus
                a = self.low[i]
                b = here
                while a < b:
                    c = (a + b) >> 1
                    if gain[c] >= target:
                        b = c
                    else:
                        a = c + 1
                worth = raised - (price[here] - price[a])
                if worth < best:
                    best = worth
                    moved = i
                    moved_to = a
                    both = True
        if moved < 0 or both:
            self.chosen[self.breaking] = self.hull_at[breaking]
        if moved >= 0:
            self.chosen[moved] = moved_to
        self.value = best
        # What is given beyond the bar pays for lowering other classes, the best saving first.
        surplus = -bar
        for i in range(self.n):
            surplus += gain[self.chosen[i]]
        while surplus > 0.0:
            best = 0.0
            moved = -1
            for i in range(self.n):
                here = self.chosen[i]
                if here == self.low[i] or gain[here] - gain[here - 1] > surplus:
                    continue
                target = gain[here] - surplus
                a = self.low[i]
                b = here - 1
                while a < b:
                    c = (a + b) >> 1
                    if gain[c] >= target:
                        b = c
                    else:
                        a = c + 1
                if price[here] - price[a] > best:
                    best = price[here] - price[a]
                    moved = i
                    moved_to = a
            if moved < 0:
                break
            surplus -= gain[self.chosen[moved]] - gain[moved_to]
            self.chosen[moved] = moved_to
            self.value -= best

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _search_limited(self, bar: cython.double, most: cython.int, cut: cython.double) -> cython.int:
        """`_search` with at most `most` changes in counted classes: Lagrangian relaxation, then the same
        core.
        """
        i: cython.int
        step: cython.int
        lowest: cython.double = 0.0
        highest: cython.double = 0.0
        low_bound: cython.double = 0.0
        low_slope: cython.double = 0.0
        high_bound: cython.double = 0.0
        high_slope: cython.double = 0.0
        met: cython.double = INFINITY
        closed: cython.bint = False
        extra: cython.double
        best_extra: cython.double = 0.0
        bound: cython.double
        best: cython.double = -INFINITY
        count: cython.double
        # A first action: the largest gains.
        if self._reach_with(most) < bar:
            self.proven = INFINITY
            return INFEASIBLE
        self.value = 0.0
        for i in range(self.n):
            self.chosen[i] = self.allowed[i] - 1 if self.opened[i] == 1 else self.low[i]
            self.value += self.front_price[self.chosen[i]]
        self._thin(bar, most)
        # The bound is concave and piecewise linear in the multiplier: meet the tangents from both sides.
        extra = 0.0
        for step in range(24):
            self._hulls(bar, extra)
            if not self._relax(bar):
                self.proven = INFINITY
                return INFEASIBLE
            bound = self.price + self.slope * self.missing - extra * most
            if bound > best:
                best = bound
                best_extra = extra
            count = 0.0
            for i in range(self.n):
                if self.counted[i] == 1 and self.at[i] > self.hull_low[i]:
                    count += 1.0
            i = self.breaking
            if i >= 0 and self.counted[i] == 1 and self.at[i] == self.hull_low[i] and self.missing > 0.0:
                count += self.missing / (self.hull_gain[self.at[i] + 1] - self.hull_gain[self.at[i]])
            self._round_counted(bar, most)
            if best >= cut * (1.0 - EQUAL) or best >= self.value * (1.0 - EQUAL):
                break
            if step > 1 and bound >= met - 1e-6 * self.value:
                break
            if count > most:
                lowest = extra
                low_bound = bound
                low_slope = count - most
                if not closed:
                    extra = self.value if step == 0 else 4.0 * extra
                    met = INFINITY
                    continue
            else:
                if step == 0:
                    break
                highest = extra
                high_bound = bound
                high_slope = count - most
                closed = True
            extra = high_bound - low_bound + low_slope * lowest - high_slope * highest
            extra /= low_slope - high_slope
            met = low_bound + low_slope * (extra - lowest)
            if extra <= lowest or extra >= highest:
                break
        self._hulls(bar, best_extra)
        if not self._relax(bar):
            self.proven = INFINITY
            return INFEASIBLE
        self.proven = self.price + self.slope * self.missing - best_extra * most
        if self.proven < 0.0:
            self.proven = 0.0
        if self.proven >= cut * (1.0 - EQUAL):
            return NOT_BETTER
        return self._core(bar, best_extra, most, cut)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _thin(self, bar: cython.double, most: cython.int) -> cython.void:
        """Lower the chosen items, one class after the other, while the bar is still reached."""
        gain: cython.p_double = self.front_gain
        price: cython.p_double = self.front_price
        i: cython.int
        a: cython.longlong
        b: cython.longlong
        c: cython.longlong
        reached: cython.double = 0.0
        target: cython.double
        for i in range(self.n):
            reached += gain[self.chosen[i]]
        for i in range(self.n):
            target = gain[self.chosen[i]] - (reached - bar)
            a = self.low[i]
            b = self.chosen[i]
            while a < b:
                c = (a + b) >> 1
                if gain[c] >= target:
                    b = c
                else:
                    a = c + 1
            if a != self.chosen[i] and reached - (gain[self.chosen[i]] - gain[a]) >= bar:
                reached -= gain[self.chosen[i]] - gain[a]
                self.value -= price[self.chosen[i]] - price[a]
                self.chosen[i] = a

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _round_counted(self, bar: cython.double, most: cython.int) -> cython.void:
        """Round the relaxation up where it keeps to `most` changes; keep the result if it is cheaper."""
        i: cython.int
        count: cython.int = 0
        at: cython.longlong
        worth: cython.double = 0.0
        reached: cython.double = 0.0
        for i in range(self.n):
            at = self.at[i]
            if i == self.breaking and self.missing > 0.0:
                at += 1
            at = self.hull_at[at]
            self.kept_low[i] = at
            if self.counted[i] == 1 and at != self.low[i]:
                count += 1
            worth += self.front_price[at]
            reached += self.front_gain[at]
        if count <= most and worth < self.value and reached >= bar:
            self.value = worth
            for i in range(self.n):
                self.chosen[i] = self.kept_low[i]

    # ------------------------------------------------------------------ core

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _core(self, bar: cython.double, extra: cython.double, most: cython.int, cut: cython.double) -> cython.int:
        """Prove `value` or find better: fix items by reduced cost, then search what is left.

        `extra` is the multiplier per change. On entry `chosen` and `value` are an action, `proven` is the
        bound.
        """
        front_gain: cython.p_double = self.front_gain
        front_price: cython.p_double = self.front_price
        hull_gain: cython.p_double = self.hull_gain
        hull_price: cython.p_double = self.hull_price
        hull_at: cython.p_longlong = self.hull_at
        item_gain: cython.p_double = self.item_gain
        item_price: cython.p_double = self.item_price
        slope: cython.double = self.slope
        i: cython.int
        z: cython.int
        items: cython.int = 0
        begun: cython.int
        cores: cython.int = 0
        fixed_count: cython.int = 0
        charge: cython.double = extra * most if most > 0 else 0.0
        below: cython.double
        near: cython.double
        gap: cython.double
        here_gain: cython.double
        here_price: cython.double
        reduced: cython.double
        worth: cython.double
        width: cython.double
        price: cython.double
        fixed_gain: cython.double = 0.0
        fixed_price: cython.double = 0.0
        q: cython.longlong
        k: cython.longlong
        left: cython.longlong
        right: cython.longlong
        here: cython.longlong
        counts: cython.bint
        near = EQUAL * self.value
        below = self.value if self.value < cut else cut
        gap = below - self.proven - near
        if gap <= 0.0:
            if self.value < cut:
                self.proven = self.value if self.proven > self.value else self.proven
                return OPTIMAL
            return NOT_BETTER
        for i in range(self.n):
            q = self.at[i]
            here = hull_at[q]
            here_gain = hull_gain[q]
            here_price = hull_price[q]
            counts = most >= 0 and self.counted[i] == 1
            # Reduced cost grows along the hull in both directions, and items lie above the hull.
            left = self.low[i]
            while q > self.hull_low[i]:
                q -= 1
                if (hull_price[q] - here_price) - slope * (hull_gain[q] - here_gain) >= gap:
                    left = hull_at[q] + 1
                    break
            right = self.end[i] - 1
            q = self.at[i]
            while q + 1 < self.hull_end[i]:
                q += 1
                if (hull_price[q] - here_price) - slope * (hull_gain[q] - here_gain) >= gap:
                    right = hull_at[q] - 1
                    break
            begun = items
            for k in range(left, right + 1):
                worth = front_gain[k]
                if worth > self.ceiling[i]:
                    worth = self.ceiling[i]
                price = front_price[k]
                if counts and k != self.low[i]:
                    reduced = (price + extra - here_price) - slope * (worth - here_gain)
                else:
                    reduced = (price - here_price) - slope * (worth - here_gain)
                if reduced < gap or k == here:
                    item_gain[items] = worth
                    item_price[items] = price
                    self.item_at[items] = k
                    self.item_count[items] = 1 if counts and k != self.low[i] else 0
                    items += 1
            if items - begun <= 1:
                items = begun
                fixed_gain += here_gain
                fixed_price += front_price[here]
                if counts and here != self.low[i]:
                    fixed_count += 1
                self.kept_low[i] = here
            else:
                self.core[cores] = i
                self.core_start[cores] = begun
                # First the classes that keep the relaxation loose: a wide choice around long hull steps.
                width = 0.0
                q = self.at[i]
                if q > self.hull_low[i]:
                    width = hull_gain[q] - hull_gain[q - 1]
                if q + 1 < self.hull_end[i] and hull_gain[q + 1] - hull_gain[q] > width:
                    width = hull_gain[q + 1] - hull_gain[q]
                self.core_key[cores] = -width * (item_gain[items - 1] - item_gain[begun])
                self.kept_low[i] = -1
                cores += 1
        self.core_start[cores] = items
        if cores == 0:
            if self.value < cut:
                self.proven = self.value
                return OPTIMAL
            return NOT_BETTER
        _sort(self.core_key, self.core_order, self.core_spare, cores)
        for z in range(cores):
            self.core_rank[self.core_order[z]] = z
        return self._states(bar, extra, most, cut, cores, fixed_gain, fixed_price, fixed_count, charge, near)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _steps(self, cores: cython.int, extra: cython.double) -> cython.int:
        """The hull steps of the core's items, sorted by slope: step_order."""
        item_gain: cython.p_double = self.item_gain
        item_price: cython.p_double = self.item_price
        hull: cython.p_int = self.after_count  # spare room here
        slopes: cython.p_double = self.after_slope
        i: cython.int
        k: cython.int
        n: cython.int
        q: cython.int
        steps: cython.int = 0
        slope: cython.double
        rise: cython.double
        for i in range(cores):
            n = 0
            slope = 0.0
            for k in range(self.core_start[i], self.core_start[i + 1]):
                while n > 0:
                    rise = item_gain[k] - item_gain[hull[n - 1]]
                    slope = (item_price[k] + extra * self.item_count[k]) - (
                        item_price[hull[n - 1]] + extra * self.item_count[hull[n - 1]]
                    )
                    slope = slope / rise if slope < STEEPEST * rise else STEEPEST
                    if n > 1 and slope <= slopes[n - 1]:
                        n -= 1
                    else:
                        break
                hull[n] = k
                slopes[n] = slope
                n += 1
            for q in range(1, n):
                self.step_gain[steps] = item_gain[hull[q]] - item_gain[hull[q - 1]]
                self.step_count[steps] = self.item_count[hull[q]] - self.item_count[hull[q - 1]]
                self.step_price[steps] = item_price[hull[q]] - item_price[hull[q - 1]] + extra * self.step_count[steps]
                self.step_slope[steps] = slopes[q]
                self.step_rank[steps] = self.core_rank[i]
                self.step_item[steps] = hull[q]
                steps += 1
        _sort(self.step_slope, self.step_order, self.step_spare, steps)
        return steps

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _states(
        self,
        bar: cython.double,
        extra: cython.double,
        most: cython.int,
        cut: cython.double,
        cores: cython.int,
        fixed_gain: cython.double,
        fixed_price: cython.double,
        fixed_count: cython.int,
        charge: cython.double,
        near: cython.double,
    ) -> cython.int:
        """The list dynamic programme over the core, class by class, with states sorted by falling gain."""
        item_gain: cython.p_double = self.item_gain
        item_price: cython.p_double = self.item_price
        item_count: cython.p_int = self.item_count
        order: cython.p_int = self.core_order
        step_order: cython.p_int = self.step_order
        after_gain: cython.p_double = self.after_gain
        after_price: cython.p_double = self.after_price
        after_slope: cython.p_double = self.after_slope
        after_count: cython.p_int = self.after_count
        least: cython.p_double = self.least
        state_gain: cython.p_double = self.state_gain
        state_price: cython.p_double = self.state_price
        state_bound: cython.p_double = self.state_bound
        state_parent: cython.p_int = self.state_parent
        state_item: cython.p_int = self.state_item
        state_count: cython.p_int = self.state_count
        a_gain: cython.p_double = self.one_gain
        a_price: cython.p_double = self.one_price
        a_bound: cython.p_double = self.one_bound
        a_parent: cython.p_int = self.one_parent
        a_item: cython.p_int = self.one_item
        a_count: cython.p_int = self.one_count
        b_gain: cython.p_double = self.two_gain
        b_price: cython.p_double = self.two_price
        b_bound: cython.p_double = self.two_bound
        b_parent: cython.p_int = self.two_parent
        b_item: cython.p_int = self.two_item
        b_count: cython.p_int = self.two_count
        swap_double: cython.p_double
        swap_int: cython.p_int
        steps: cython.int = self._steps(cores, extra)
        left: cython.int = steps
        step_left: cython.p_int = self.step_spare
        step_rank: cython.p_int = self.step_rank
        step_gain: cython.p_double = self.step_gain
        step_price: cython.p_double = self.step_price
        step_slope: cython.p_double = self.step_slope
        top: cython.int = most if most > 0 else 0
        depth: cython.int
        i: cython.int
        z: cython.int
        q: cython.int
        k: cython.int
        t: cython.int
        u: cython.longlong
        v: cython.longlong
        e: cython.int
        ahead: cython.int
        s: cython.longlong
        from_state: cython.longlong = 0
        to_state: cython.longlong = 1
        have: cython.longlong
        found: cython.longlong
        merged: cython.longlong
        n_states: cython.longlong
        count: cython.int
        done: cython.int = 0
        gain_k: cython.double
        price_k: cython.double
        count_k: cython.int
        gain_s: cython.double = 0.0
        price_s: cython.double = 0.0
        lower: cython.double = 0.0
        upper: cython.double
        rest: cython.double
        below: cython.double = self.value if self.value < cut else cut
        best: cython.double = self.value
        found_depth: cython.int = -1
        found_state: cython.longlong = -1
        found_item: cython.int = -1
        found_steps: cython.int = -1
        t_first: cython.int
        first: cython.bint
        dropped: cython.double = INFINITY
        state_gain[0] = fixed_gain
        state_price[0] = fixed_price
        state_bound[0] = self.proven
        state_parent[0] = -1
        state_item[0] = -1
        state_count[0] = fixed_count
        for z in range(steps):
            step_left[z] = step_order[z]
        for depth in range(cores):
            i = order[depth]
            # What the classes after this one can still give: first items, then steps by slope.
            after_gain[0] = 0.0
            after_price[0] = 0.0
            after_count[0] = 0
            for z in range(depth + 1, cores):
                q = self.core_start[order[z]]
                after_gain[0] += item_gain[q]
                after_price[0] += item_price[q] + extra * item_count[q]
                after_count[0] += item_count[q]
            ahead = 0
            for z in range(left):
                q = step_left[z]
                if step_rank[q] > depth:
                    step_left[ahead] = q
                    after_gain[ahead + 1] = after_gain[ahead] + step_gain[q]
                    after_price[ahead + 1] = after_price[ahead] + step_price[q]
                    after_slope[ahead + 1] = step_slope[q]
                    ahead += 1
            left = ahead
            if most >= 0:
                for z in range(left):
                    after_count[z + 1] = after_count[z] + self.step_count[step_left[z]]
            have = 0
            t_first = 0
            n_states = to_state - from_state
            for k in range(self.core_start[i + 1] - 1, self.core_start[i] - 1, -1):
                if have + n_states > self.states:
                    if self.states < self.max_states:
                        return STATES_FULL
                    found = (self.states - n_states) // 2
                    dropped = self._drop(
                        a_gain,
                        a_price,
                        a_bound,
                        a_parent,
                        a_item,
                        a_count,
                        have,
                        found,
                        dropped,
                        b_parent,
                        b_item,
                    )
                    have = found
                gain_k = item_gain[k]
                price_k = item_price[k]
                count_k = item_count[k]
                found = have  # new states wait behind the level's list until they are merged into it
                t = t_first  # items come with falling gain, so what the first state misses only rises
                first = True
                for s in range(from_state, to_state):
                    if state_bound[s] >= below - near:
                        continue
                    count = state_count[s] + count_k
                    if most >= 0 and count > most:
                        continue
                    gain_s = state_gain[s] + gain_k
                    price_s = state_price[s] + price_k
                    rest = bar - gain_s
                    if rest <= after_gain[0]:
                        e = 0
                        lower = after_price[0]
                        first = False
                    else:
                        while t < ahead and after_gain[t + 1] < rest:
                            t += 1
                        if first:
                            first = False
                            t_first = t
                        if t >= ahead:  # gains only fall from here: nothing more reaches the bar
                            break
                        e = t + 1
                        lower = after_price[t] + after_slope[e] * (rest - after_gain[t])
                    upper = after_price[e]
                    if most >= 0:
                        upper -= extra * after_count[e]
                        lower += extra * count - charge
                    lower += price_s
                    if price_s + upper < below - near and (most < 0 or count + after_count[e] <= most):
                        best = price_s + upper
                        below = best
                        found_depth = depth
                        found_state = s
                        found_item = k
                        found_steps = e
                    if lower < below - near and depth < cores - 1:
                        a_gain[found] = gain_s
                        a_price[found] = price_s
                        a_bound[found] = lower
                        a_parent[found] = s
                        a_item[found] = k
                        a_count[found] = count
                        found += 1
                if found == have:
                    continue
                if have == 0:
                    have = found
                    continue
                # Merge the two lists, dropping states that another one dominates.
                for z in range(top + 1):
                    least[z] = INFINITY
                merged = 0
                u = 0
                v = have
                while u < have or v < found:
                    if v == found or (
                        u < have and (a_gain[u] > a_gain[v] or (a_gain[u] == a_gain[v] and a_price[u] <= a_price[v]))
                    ):
                        s = u
                        u += 1
                    else:
                        s = v
                        v += 1
                    count = a_count[s]
                    if a_price[s] < least[count]:
                        b_gain[merged] = a_gain[s]
                        b_price[merged] = a_price[s]
                        b_bound[merged] = a_bound[s]
                        b_parent[merged] = a_parent[s]
                        b_item[merged] = a_item[s]
                        b_count[merged] = count
                        for z in range(count, top + 1):
                            if a_price[s] < least[z]:
                                least[z] = a_price[s]
                        merged += 1
                have = merged
                swap_double = a_gain
                a_gain = b_gain
                b_gain = swap_double
                swap_double = a_price
                a_price = b_price
                b_price = swap_double
                swap_double = a_bound
                a_bound = b_bound
                b_bound = swap_double
                swap_int = a_parent
                a_parent = b_parent
                b_parent = swap_int
                swap_int = a_item
                a_item = b_item
                b_item = swap_int
                swap_int = a_count
                a_count = b_count
                b_count = swap_int
            if to_state + have > self.states:
                if self.states < self.max_states:
                    return STATES_FULL
                found = (self.states - to_state) // (cores - depth)
                dropped = self._drop(
                    a_gain,
                    a_price,
                    a_bound,
                    a_parent,
                    a_item,
                    a_count,
                    have,
                    found,
                    dropped,
                    b_parent,
                    b_item,
                )
                have = found
            if have == 0:
                break
            for s in range(have):
                state_gain[to_state + s] = a_gain[s]
                state_price[to_state + s] = a_price[s]
                state_bound[to_state + s] = a_bound[s]
                state_parent[to_state + s] = a_parent[s]
                state_item[to_state + s] = a_item[s]
                state_count[to_state + s] = a_count[s]
            from_state = to_state
            to_state += have
        if found_depth >= 0:
            self.value = best
            for i in range(self.n):
                if self.kept_low[i] >= 0:
                    self.chosen[i] = self.kept_low[i]
            for z in range(found_depth + 1, cores):
                self.chosen[self.core[order[z]]] = self.item_at[self.core_start[order[z]]]
            done = 0
            for z in range(steps):
                if done == found_steps:
                    break
                q = step_order[z]
                if self.step_rank[q] > found_depth:
                    self.chosen[self.core[order[self.step_rank[q]]]] = self.item_at[self.step_item[q]]
                    done += 1
            self.chosen[self.core[order[found_depth]]] = self.item_at[found_item]
            s = found_state
            z = found_depth - 1
            while z >= 0:
                self.chosen[self.core[order[z]]] = self.item_at[state_item[s]]
                s = state_parent[s]
                z -= 1
        if dropped < below - near:
            # Everything cheaper descends from the states that were dropped.
            if dropped > self.proven:
                self.proven = dropped
            return FEASIBLE
        if self.value < cut:
            self.proven = self.value
            return OPTIMAL
        self.proven = cut
        return NOT_BETTER

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _drop(
        self,
        gain: cython.p_double,
        price: cython.p_double,
        bound: cython.p_double,
        parent: cython.p_int,
        item: cython.p_int,
        count: cython.p_int,
        have: cython.longlong,
        keep: cython.longlong,
        dropped: cython.double,
        order: cython.p_int,
        spare: cython.p_int,
    ) -> cython.double:
        """Keep the `keep` states of the lowest bound, in place and in order; returns the lowest bound
        dropped.
        """
        s: cython.longlong
        n: cython.longlong = 0
        if keep >= have:
            return dropped
        _sort(bound, order, spare, have)
        if bound[order[keep]] < dropped:
            dropped = bound[order[keep]]
        for s in range(have):
            spare[s] = 0
        for s in range(keep):
            spare[order[s]] = 1
        for s in range(have):
            if spare[s] == 1:
                gain[n] = gain[s]
                price[n] = price[s]
                bound[n] = bound[s]
                parent[n] = parent[s]
                item[n] = item[s]
                count[n] = count[s]
                n += 1
        return dropped

    # ------------------------------------------------------------------ K best

    def best(
        self,
        start: cython.longlong,
        stop: cython.longlong,
        ranks: cython.int,
        mode: cython.int,
        picks,
        numbers,
        statuses,
    ) -> tuple:
        """The `ranks` best subsets of people start..stop-1, laid out person, rank, feature. Returns as
        `solve`.
        """
        out_pick: cython.p_int = _ints(picks)
        out_cost: cython.p_double = _doubles(numbers[0])
        out_total: cython.p_double = _doubles(numbers[1])
        out_cost_bound: cython.p_double = _doubles(numbers[2])
        out_total_bound: cython.p_double = _doubles(numbers[3])
        out_status: cython.p_uchar = _bytes(statuses)
        person: cython.longlong = start
        status: cython.int = 0
        with cython.nogil:
            while person < stop:
                status = self._best(
                    person,
                    ranks,
                    mode,
                    out_pick,
                    out_cost,
                    out_total,
                    out_cost_bound,
                    out_total_bound,
                    out_status,
                )
                if status == STATES_FULL or status == NODES_FULL:
                    break
                person += 1
        return person, status

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _best(
        self,
        person: cython.longlong,
        ranks: cython.int,
        mode: cython.int,
        out_pick: cython.p_int,
        out_cost: cython.p_double,
        out_total: cython.p_double,
        out_cost_bound: cython.p_double,
        out_total_bound: cython.p_double,
        out_status: cython.p_uchar,
    ) -> cython.int:
        m: cython.int = self.m
        n: cython.longlong = 0
        node: cython.longlong
        best: cython.longlong
        place: cython.longlong = person * ranks
        out: cython.int = 0
        j: cython.int
        r: cython.int
        earlier: cython.int
        status: cython.int
        unproven: cython.bint = False
        inside: cython.bint
        changed: cython.bint
        pick: cython.p_int
        low_cost: cython.double
        low_total: cython.double
        for r in range(ranks):
            out_status[place + r] = INFEASIBLE
            out_cost[place + r] = INFINITY
            out_total[place + r] = INFINITY
            out_cost_bound[place + r] = INFINITY
            out_total_bound[place + r] = INFINITY
            self.best_cost[r] = INFINITY
            self.best_total[r] = INFINITY
            for j in range(m):
                out_pick[(place + r) * m + j] = 0
        self._masks(person)
        status = self._node(person, 0, ranks, mode)
        if status == STATES_FULL or status == NODES_FULL:
            return status
        if status == UNKNOWN:
            unproven = True
        if status <= FEASIBLE:
            n = 1
        while out < ranks and n > 0:
            best = 0
            low_cost = self.node_cost_bound[0]
            low_total = self.node_total_bound[0]
            for node in range(1, n):
                if self.node_cost[node] < self.node_cost[best] or (
                    self.node_cost[node] == self.node_cost[best] and self.node_total[node] < self.node_total[best]
                ):
                    best = node
                if self.node_cost_bound[node] < low_cost or (
                    self.node_cost_bound[node] == low_cost and self.node_total_bound[node] < low_total
                ):
                    low_cost = self.node_cost_bound[node]
                    low_total = self.node_total_bound[node]
            # Take the node out: its state becomes the current one, the last node fills its place.
            pick = self.best_pick
            for j in range(m):
                pick[j] = self.node_pick[best * m + j]
                self.split[j] = self.node_state[best * m + j]
            earlier = -1
            if mode == MINIMAL:
                for r in range(out):
                    inside = True
                    for j in range(m):
                        if out_pick[(place + r) * m + j] != 0 and pick[j] == 0:
                            inside = False
                            break
                    if inside:
                        earlier = r
                        break
            if earlier < 0:
                for j in range(m):
                    out_pick[(place + out) * m + j] = pick[j]
                out_cost[place + out] = self.node_cost[best]
                out_total[place + out] = self.node_total[best]
                status = self.node_status[best]
                if low_cost < self.node_cost[best] * (1.0 - EQUAL):
                    status = FEASIBLE
                else:
                    low_cost = self.node_cost[best]
                if self.by_max and low_cost == self.node_cost[best] and low_total < self.node_total[best]:
                    if low_total < self.node_total[best] * (1.0 - EQUAL):
                        status = FEASIBLE
                else:
                    low_total = self.node_total[best] if low_total > self.node_total[best] else low_total
                if not self.by_max:
                    low_total = low_cost
                if unproven:
                    status = FEASIBLE
                    low_cost = 0.0
                    low_total = 0.0
                out_status[place + out] = status
                out_cost_bound[place + out] = low_cost
                out_total_bound[place + out] = low_total
                earlier = out
                out += 1
                if out == ranks:
                    break
            n -= 1
            self._move(n, best)
            # Split what the node covered, without the sets that are done with.
            for j in range(m):
                if self.split[j] != FREE:
                    continue
                changed = out_pick[(place + earlier) * m + j] != 0
                if mode != DISTINCT and not changed:
                    continue
                if n >= self.nodes:
                    return NODES_FULL
                for r in range(m):
                    self.state[r] = self.split[r]
                    if mode == EXCLUSIVE and out_pick[(place + earlier) * m + r] != 0 and self.state[r] == FREE:
                        self.state[r] = OUT
                if mode != EXCLUSIVE:
                    self.state[j] = OUT if changed else IN
                status = self._node(person, n, ranks if mode == DISTINCT else 0, mode)
                if status == STATES_FULL:
                    return status
                if status == UNKNOWN:
                    unproven = True
                if status <= FEASIBLE:
                    n += 1
                if mode == EXCLUSIVE:
                    break
                self.split[j] = IN if changed else OUT
        if unproven:
            for r in range(out, ranks):
                out_status[place + r] = UNKNOWN
                out_cost_bound[place + r] = 0.0
                out_total_bound[place + r] = 0.0
        return OPTIMAL

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _move(self, source: cython.longlong, target: cython.longlong) -> cython.void:
        j: cython.int
        if source == target:
            return
        for j in range(self.m):
            self.node_pick[target * self.m + j] = self.node_pick[source * self.m + j]
            self.node_state[target * self.m + j] = self.node_state[source * self.m + j]
        self.node_cost[target] = self.node_cost[source]
        self.node_total[target] = self.node_total[source]
        self.node_cost_bound[target] = self.node_cost_bound[source]
        self.node_total_bound[target] = self.node_total_bound[source]
        self.node_status[target] = self.node_status[source]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _node(self, person: cython.longlong, node: cython.longlong, ranks: cython.int, mode: cython.int) -> cython.int:
        """Solve under `state` and store the answer as a node; with `ranks`, drop what can't be among them."""
        j: cython.int
        r: cython.int
        status: cython.int
        cost_cut: cython.double = INFINITY
        total_cut: cython.double = INFINITY
        if ranks > 0:
            cost_cut = self.best_cost[ranks - 1]
            total_cut = self.best_total[ranks - 1]
        for j in range(self.m):
            self.node_state[node * self.m + j] = self.state[j]
        status = self._answer(person, cost_cut, total_cut)
        if status > FEASIBLE:
            return status
        for j in range(self.m):
            self.node_pick[node * self.m + j] = self.pick[j]
        self.node_cost[node] = self.cost
        self.node_total[node] = self.total
        self.node_cost_bound[node] = self.cost_bound
        self.node_total_bound[node] = self.total_bound
        self.node_status[node] = status
        if ranks > 0:
            r = ranks - 1
            if self.cost < self.best_cost[r] or (self.cost == self.best_cost[r] and self.total < self.best_total[r]):
                while r > 0 and (
                    self.cost < self.best_cost[r - 1]
                    or (self.cost == self.best_cost[r - 1] and self.total < self.best_total[r - 1])
                ):
                    self.best_cost[r] = self.best_cost[r - 1]
                    self.best_total[r] = self.best_total[r - 1]
                    r -= 1
                self.best_cost[r] = self.cost
                self.best_total[r] = self.total
        return status
