# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# mypy: ignore-errors
# (the decorators and C types of pure Python mode are Cython's to check)
# ruff: noqa: SIM109 - a tuple of C integers would be a Python tuple
"""The cheapest way over a tree ensemble's bar, proven: best-first branch and bound over boxes of menu states.

A person's menu of a block is a short list of *states*, cheapest first; a box is a set of states for each
block, as bits, so that the first bit of each set is the box's cheapest point. The file runs compiled (Cython,
pure Python mode) and interpreted, with the same arithmetic in the same order.

How one person is solved
------------------------
1. *Tests.* Each split of the ensemble becomes the set of the person's states that it sends left. Splits that
   part the states in the same way become one; those that don't part them are decided.
2. *Pruning.* Only leaves that the person can reach, and more cheaply than the incumbent, are kept.
3. *An incumbent.* A dive towards the leaves that matter most, pulled back block by block; again from the
   box at hand after 64, 128, 256 … boxes, and by the moves that gain most for their price.
4. *Branch and bound.* A box costs at least its cheapest point. Its score is at most the sum, over trees, of the
   best leaf that can be reached in the box at less than the incumbent's cost. If that is too low, the box is
   done; if its cheapest point is approved, that is the box's best; otherwise it is split by the test at which
   most score is lost on the way to the cheapest point.

Linear conditions across blocks rule out boxes whose sums can't meet them, and split the others by coefficient.
Whatever the kernel can't decide it asks: a point whose score is within rounding of the bar, or one that must
satisfy a condition that only a function knows. `run` returns `ASK`, the caller answers, and the search goes on. A
denied point is cut out of its box.

*Several objectives* are one: a cost is a pair (largest price, sum of prices), compared lexicographically; where
prices only add up, the first is 0. *At most k changes* is counted along every path. *Excluded sets of features*
split the box that runs into them.

Rounding: scores from `high` on are approved, below `low` denied, and between them the model is asked. Costs that
differ by less than 1e-12 (relative to 1 + cost) count as equal.
"""

import cython

DONE = cython.declare(cython.int, 0)
ASK = cython.declare(cython.int, 1)  # the point in `point` needs a verdict
PAUSED = cython.declare(cython.int, 2)  # as many boxes done as were asked for
FULL = cython.declare(cython.int, 3)  # give the pool more room and come back
STOP = cython.declare(cython.int, 4)
DIVE = cython.declare(cython.int, 5)

OPEN = cython.declare(cython.int, 0)
APPROVED = cython.declare(cython.int, 1)
DENIED = cython.declare(cython.int, 2)
FORBIDDEN = cython.declare(cython.int, 3)

ALL_LEFT = cython.declare(cython.int, -1)
ALL_RIGHT = cython.declare(cython.int, -2)
MISSING_LEFT = cython.declare(cython.int, 1)
IN_SET = cython.declare(cython.int, 2)

WORD = cython.declare(cython.int, 63)  # bits in a word, so that words are never negative
ONE = cython.declare(cython.longlong, 1)
HALF = cython.declare(cython.longlong, 0xFFFFFFFF)
INFINITY = cython.declare(cython.double, float("inf"))
EQUAL = cython.declare(cython.double, 1e-12)
LOOSE = cython.declare(cython.double, 1e-7)  # sums that miss a limit by less are put to the caller
LAST = cython.declare(cython.int, 2147483647)


def source_hash() -> int:
    """Say which source this build was compiled from; 0 when it runs interpreted."""
    if cython.compiled:
        return RECOURSE_SOURCE_HASH  # noqa: F821 - declared in trees_kernel.pxd, defined by setup.py
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
@cython.inline
@cython.exceptval(check=False)
def _lowest(word: cython.longlong) -> cython.int:
    """The position of the lowest bit of a word that has one."""
    k: cython.int = 0
    if not (word & HALF):
        word >>= 32
        k = 32
    if not (word & 0xFFFF):
        word >>= 16
        k += 16
    if not (word & 0xFF):
        word >>= 8
        k += 8
    if not (word & 0xF):
        word >>= 4
        k += 4
    if not (word & 0x3):
        word >>= 2
        k += 2
    if not (word & 0x1):
        k += 1
    return k


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sort(key: cython.p_int, order: cython.p_int, spare: cython.p_int, n: cython.int) -> cython.void:
    """Fill `order` with 0..n-1 sorted by key, ties in their first order."""
    i: cython.int
    j: cython.int
    k: cython.int
    width: cython.int
    left: cython.int
    middle: cython.int
    right: cython.int
    for left in range(0, n, 8):
        right = left + 8 if left + 8 < n else n
        for i in range(left, right):
            j = i - 1
            while j >= left and key[order[j]] > key[i]:
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


@cython.cclass
class Shared:
    """What all people and threads read: trees, tests, and menus collapsed to states.

    Node i tests `test[i]` (-1 at a leaf, whose worth is `value[i]`). Tests are numbered sequence by sequence:
    a sequence has one column and one way of treating missing values, and its cuts rise. State s of menu row r
    lies in `state_start[r] .. state_start[r + 1]`, today's first, then cheapest first. Its cells in the columns
    of block j start at `cell_start[j] + state_group[s] * columns[j]`; cell -1 is a missing value.
    """

    n_trees: cython.int
    n_tests: cython.int
    n_sequences: cython.int
    n_blocks: cython.int
    n_fixed: cython.int
    set_width: cython.int
    limit: cython.int  # most changed features; -1 for no limit
    low: cython.double
    high: cython.double
    roots: cython.p_int
    test: cython.p_int
    left: cython.p_int
    right: cython.p_int
    value: cython.p_double
    sequence_start: cython.p_int
    sequence_block: cython.p_int
    sequence_column: cython.p_int
    sequence_kind: cython.p_int
    cut: cython.p_int
    sets: cython.p_uchar
    state_start: cython.p_longlong
    state_item: cython.p_int
    state_peak: cython.p_double
    state_price: cython.p_double
    state_changed: cython.p_longlong
    state_group: cython.p_int
    cells: cython.p_int
    cell_start: cython.p_longlong
    columns: cython.p_int
    rows: cython.p_int
    today: cython.p_int
    wide: cython.p_uchar
    n_linear: cython.int
    n_states: cython.longlong
    n_people: cython.longlong
    linear: cython.p_double  # for each condition, each state's coefficient
    still: cython.p_uchar  # … and whether it leaves the condition's features alone
    reads: cython.p_uchar  # for each condition, whether it reads a block
    least_sum: cython.p_double  # for each condition, everybody's least and largest sum
    most_sum: cython.p_double
    owners: object

    def __init__(self, sizes, bar, trees, tests, states, people, conditions):
        self.owners = (trees, tests, states, people, conditions)
        self.n_linear, self.n_states, self.n_people = conditions[0]
        self.linear = _doubles(conditions[1])
        self.still = _bytes(conditions[2])
        self.reads = _bytes(conditions[3])
        self.least_sum = _doubles(conditions[4])
        self.most_sum = _doubles(conditions[5])
        self.n_trees, self.n_tests, self.n_sequences, self.n_blocks, self.n_fixed, self.set_width, self.limit = sizes
        self.low, self.high = bar
        self.roots = _ints(trees[0])
        self.test = _ints(trees[1])
        self.left = _ints(trees[2])
        self.right = _ints(trees[3])
        self.value = _doubles(trees[4])
        self.sequence_start = _ints(tests[0])
        self.sequence_block = _ints(tests[1])
        self.sequence_column = _ints(tests[2])
        self.sequence_kind = _ints(tests[3])
        self.cut = _ints(tests[4])
        self.sets = _bytes(tests[5])
        self.state_start = _longs(states[0])
        self.state_item = _ints(states[1])
        self.state_peak = _doubles(states[2])
        self.state_price = _doubles(states[3])
        self.state_changed = _longs(states[4])
        self.state_group = _ints(states[5])
        self.cells = _ints(states[6])
        self.cell_start = _longs(states[7])
        self.columns = _ints(states[8])
        self.rows = _ints(people[0])
        self.today = _ints(people[1])
        self.wide = _bytes(people[2])


@cython.cclass
class Solver:
    """One person's search at a time, with the room it needs; `begin`, then `run` until it is `DONE`."""

    owners: object
    pool_owners: object
    person_owners: object
    shared: Shared

    # the person's states, block by block from start[j]; the words of block j's set from word[j]
    person: cython.longlong
    start: cython.p_int
    word: cython.p_int
    n_words: cython.int
    item: cython.p_int
    peak: cython.p_double
    price: cython.p_double
    least: cython.p_double  # the lowest price from this state on
    changed: cython.p_longlong
    count: cython.p_int
    fewest: cython.p_int  # the fewest changes from this state on
    cell: cython.p_longlong
    state: cython.p_longlong  # its number among all states

    # tests that part the person's states
    n_local: cython.int
    test_local: cython.p_int
    local_block: cython.p_int
    local_word: cython.p_longlong
    left_set: cython.p_longlong
    votes: cython.p_double
    key: cython.p_int
    order: cython.p_int
    spare: cython.p_int

    # the trees within the person's reach
    n_nodes: cython.int
    n_live: cython.int
    live: cython.p_int
    node_test: cython.p_int
    node_left: cython.p_int
    node_right: cython.p_int
    node_value: cython.p_double  # the best leaf below
    rest: cython.p_double
    base: cython.double

    # the box at hand
    box: cython.p_longlong
    far: cython.p_longlong
    aside: cython.p_longlong
    trail: cython.p_longlong
    trail_end: cython.longlong
    box_peak: cython.double
    box_sum: cython.double
    box_forced: cython.int
    diving: cython.bint
    first_left: cython.int
    first_right: cython.int
    tree_best: cython.double
    tree_here: cython.double
    tree_split: cython.int
    most: cython.double  # the box's score at most, and at its cheapest point
    here: cython.double

    # the pool of boxes
    room: cython.int
    n_boxes: cython.int
    n_free: cython.int
    n_heap: cython.int
    pool: cython.p_longlong
    pool_peak: cython.p_double
    pool_sum: cython.p_double
    heap: cython.p_int
    free: cython.p_int

    # what was found
    best: cython.p_int
    point: cython.p_int
    gain: cython.p_double
    found: cython.bint
    best_peak: cython.double
    best_sum: cython.double
    done: cython.longlong
    next_guess: cython.longlong
    verdict: cython.int
    asks: cython.bint
    n_excluded: cython.int
    frozen: cython.p_longlong
    excluded: cython.p_longlong
    excluded_kind: cython.p_int

    def __init__(self, shared, ints, doubles, longs):
        self.owners = (ints, doubles, longs)
        self.shared = shared
        self.start = _ints(ints[0])
        self.word = _ints(ints[1])
        self.item = _ints(ints[2])
        self.count = _ints(ints[3])
        self.fewest = _ints(ints[4])
        self.test_local = _ints(ints[5])
        self.local_block = _ints(ints[6])
        self.key = _ints(ints[7])
        self.order = _ints(ints[8])
        self.spare = _ints(ints[9])
        self.live = _ints(ints[10])
        self.node_test = _ints(ints[11])
        self.node_left = _ints(ints[12])
        self.node_right = _ints(ints[13])
        self.best = _ints(ints[14])
        self.point = _ints(ints[15])
        self.peak = _doubles(doubles[0])
        self.price = _doubles(doubles[1])
        self.least = _doubles(doubles[2])
        self.votes = _doubles(doubles[3])
        self.node_value = _doubles(doubles[4])
        self.rest = _doubles(doubles[5])
        self.gain = _doubles(doubles[6])
        self.changed = _longs(longs[0])
        self.cell = _longs(longs[1])
        self.local_word = _longs(longs[2])
        self.left_set = _longs(longs[3])
        self.box = _longs(longs[4])
        self.far = _longs(longs[5])
        self.trail = _longs(longs[6])
        self.state = _longs(longs[7])
        self.aside = _longs(longs[8])
        self.room = 0

    def hold(self, room, pool, doubles, ints):
        """Give the pool room for more boxes; what it holds is kept."""
        i: cython.longlong
        new_pool: cython.p_longlong = _longs(pool)
        new_peak: cython.p_double = _doubles(doubles[0])
        new_sum: cython.p_double = _doubles(doubles[1])
        new_heap: cython.p_int = _ints(ints[0])
        new_free: cython.p_int = _ints(ints[1])
        if self.room:
            for i in range(cython.cast(cython.longlong, self.n_boxes) * self.n_words):
                new_pool[i] = self.pool[i]
            for i in range(self.n_boxes):
                new_peak[i] = self.pool_peak[i]
                new_sum[i] = self.pool_sum[i]
            for i in range(self.n_heap):
                new_heap[i] = self.heap[i]
            for i in range(self.n_free):
                new_free[i] = self.free[i]
        self.pool = new_pool
        self.pool_peak = new_peak
        self.pool_sum = new_sum
        self.heap = new_heap
        self.free = new_free
        self.pool_owners = (pool, doubles, ints)
        self.room = room

    def begin(self, person: cython.longlong, frozen, excluded, kinds, n_excluded: cython.int, asks: cython.bint):
        """Turn to a person. `frozen`: bits per block of features that may not change; `excluded`: sets of
        features that an action may not change exactly (kind 0) or may not contain (kind 1), as bits per block.
        With `asks`, every candidate is put to the caller.
        """
        self.person_owners = (frozen, excluded, kinds)
        self.frozen = _longs(frozen)
        self.excluded = _longs(excluded)
        self.excluded_kind = _ints(kinds)
        self.n_excluded = n_excluded
        self.asks = asks
        self.person = person
        with cython.nogil:
            self._begin()

    def run(self, verdict: cython.int, boxes: cython.longlong) -> cython.int:
        """Go on for so many boxes, with the verdict that was asked for; returns DONE, ASK, PAUSED or FULL."""
        code: cython.int
        if verdict != OPEN:
            self.verdict = verdict
        with cython.nogil:
            code = self._search(boxes)
        return code

    def answer(self, picks):
        """Write the best action's items; returns (found, boxes, largest price below, sum below, asked)."""
        j: cython.int
        low: cython.int
        out: cython.p_int = _ints(picks)
        peak: cython.double = INFINITY
        total: cython.double = INFINITY
        if self.found:
            for j in range(self.shared.n_blocks):
                out[j] = self.item[self.best[j]]
            peak = self.best_peak
            total = self.best_sum
        if self.n_heap:
            low = self.heap[0]
            if self.pool_peak[low] < peak or (self.pool_peak[low] == peak and self.pool_sum[low] < total):
                peak = self.pool_peak[low]
                total = self.pool_sum[low]
        if self.diving and (self.box_peak < peak or (self.box_peak == peak and self.box_sum < total)):
            peak = self.box_peak
            total = self.box_sum
        return self.found, self.done, peak, total

    def question(self, picks):
        """Write the items of the point that a verdict is needed on."""
        j: cython.int
        out: cython.p_int = _ints(picks)
        for j in range(self.shared.n_blocks):
            out[j] = self.item[self.point[j]]

    # -- preparing a person ---------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _begin(self) -> cython.void:
        self.found = False
        self.best_peak = INFINITY
        self.best_sum = INFINITY
        self.n_boxes = 0
        self.n_free = 0
        self.n_heap = 0
        self.done = 0
        self.next_guess = 64
        self.diving = False
        self.verdict = OPEN
        self.trail_end = 0
        self._states()
        self._tests()
        self._whole()
        self._prune_all()
        if not self.asks and self._reachable():
            self._guess()
            if self.found:
                self._whole()
                self._prune_all()
        self._whole()
        self.diving = True

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _reachable(self) -> cython.bint:
        """Whether the best leaves of all trees together reach the bar."""
        return self.base + self.rest[0] >= self.shared.low

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _states(self) -> cython.void:
        """Copy the person's states and what is least from each one on."""
        j: cython.int
        n: cython.int = 0
        words: cython.int = 0
        row: cython.int
        s: cython.longlong
        bits: cython.longlong
        for j in range(self.shared.n_blocks):
            row = self.shared.rows[self.person * self.shared.n_blocks + j]
            self.start[j] = n
            self.word[j] = words
            for s in range(self.shared.state_start[row], self.shared.state_start[row + 1]):
                if self.shared.state_changed[s] & self.frozen[j]:
                    continue
                self.state[n] = s
                self.item[n] = self.shared.state_item[s]
                self.peak[n] = self.shared.state_peak[s]
                self.price[n] = self.shared.state_price[s]
                self.changed[n] = self.shared.state_changed[s]
                self.cell[n] = (
                    self.shared.cell_start[j]
                    + cython.cast(cython.longlong, self.shared.state_group[s]) * (self.shared.columns[j])
                )
                bits = self.shared.state_changed[s]
                self.count[n] = 0
                while bits:
                    bits &= bits - 1
                    self.count[n] += 1
                n += 1
            words += (n - self.start[j] + WORD - 1) // WORD
            self.least[n - 1] = self.price[n - 1]
            self.fewest[n - 1] = self.count[n - 1]
            for s in range(n - 2, self.start[j] - 1, -1):
                self.least[s] = self.price[s] if self.price[s] < self.least[s + 1] else self.least[s + 1]
                self.fewest[s] = self.count[s] if self.count[s] < self.fewest[s + 1] else self.fewest[s + 1]
        self.start[self.shared.n_blocks] = n
        self.word[self.shared.n_blocks] = words
        self.n_words = words

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _tests(self) -> cython.void:
        """Find for each test the set of states that go left; tests that part them alike become one."""
        s: cython.int
        q: cython.int
        j: cython.int
        k: cython.int
        w: cython.int
        n: cython.int
        at: cython.int
        before: cython.int
        column: cython.int
        kind: cython.int
        words: cython.int
        value: cython.int
        lefts: cython.int
        end: cython.longlong = 0
        self.n_local = 0
        for s in range(self.shared.n_sequences):
            j = self.shared.sequence_block[s]
            column = self.shared.sequence_column[s]
            kind = self.shared.sequence_kind[s]
            n = 1 if j < 0 else self.start[j + 1] - self.start[j]
            if n == 1:
                if j < 0:
                    value = self.shared.today[self.person * self.shared.n_fixed + column]
                else:
                    value = self.shared.cells[self.cell[self.start[j]] + column]
                if kind != IN_SET and value < 0 and kind != MISSING_LEFT:
                    value = LAST
                for q in range(self.shared.sequence_start[s], self.shared.sequence_start[s + 1]):
                    if kind == IN_SET:
                        lefts = self.shared.sets[self.shared.cut[q] * self.shared.set_width + value]
                    else:
                        lefts = value <= self.shared.cut[q]
                    self.test_local[q] = ALL_LEFT if lefts else ALL_RIGHT
                continue
            words = self.word[j + 1] - self.word[j]
            if kind == IN_SET:
                for q in range(self.shared.sequence_start[s], self.shared.sequence_start[s + 1]):
                    for w in range(words):
                        self.left_set[end + w] = 0
                    lefts = 0
                    for k in range(n):
                        value = self.shared.cells[self.cell[self.start[j] + k] + column]
                        if self.shared.sets[self.shared.cut[q] * self.shared.set_width + value]:
                            self.left_set[end + k // WORD] |= ONE << (k % WORD)
                            lefts += 1
                    if lefts == 0 or lefts == n:
                        self.test_local[q] = ALL_LEFT if lefts else ALL_RIGHT
                        continue
                    self.test_local[q] = self.n_local
                    self.local_block[self.n_local] = j
                    self.local_word[self.n_local] = end
                    self.n_local += 1
                    end += words
                continue
            for k in range(n):
                value = self.shared.cells[self.cell[self.start[j] + k] + column]
                if value < 0 and kind != MISSING_LEFT:
                    value = LAST
                self.key[k] = value
            _sort(self.key, self.order, self.spare, n)
            at = 0
            before = 0
            for q in range(self.shared.sequence_start[s], self.shared.sequence_start[s + 1]):
                while at < n and self.key[self.order[at]] <= self.shared.cut[q]:
                    at += 1
                if at == 0 or at == n:
                    self.test_local[q] = ALL_LEFT if at else ALL_RIGHT
                    continue
                if at != before:
                    for w in range(words):
                        self.left_set[end + w] = self.left_set[end - words + w] if before else 0
                    for k in range(before, at):
                        self.left_set[end + self.order[k] // WORD] |= ONE << (self.order[k] % WORD)
                    before = at
                    self.local_block[self.n_local] = j
                    self.local_word[self.n_local] = end
                    self.n_local += 1
                    end += words
                self.test_local[q] = self.n_local - 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _whole(self) -> cython.void:
        """Make the box all of the person's states."""
        j: cython.int
        w: cython.int
        n: cython.int
        for j in range(self.shared.n_blocks):
            n = self.start[j + 1] - self.start[j]
            for w in range(self.word[j], self.word[j + 1]):
                if n >= WORD:
                    self.box[w] = (ONE << (WORD - 1)) - 1 + (ONE << (WORD - 1))
                else:
                    self.box[w] = (ONE << n) - 1
                n -= WORD
        self.box_peak = 0.0
        self.box_sum = 0.0
        self.box_forced = 0

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _prune_all(self) -> cython.void:
        """Keep the leaves that can be reached at less than the incumbent's cost; decided trees become a number."""
        t: cython.int
        node: cython.int
        self.n_nodes = 0
        self.n_live = 0
        self.base = 0.0
        for t in range(self.shared.n_trees):
            node = self._prune(self.shared.roots[t], 0.0, 0.0, 0)
            if self.node_test[node] < 0:
                self.base += self.node_value[node]
            else:
                self.live[self.n_live] = node
                self.n_live += 1
        self.rest[self.n_live] = 0.0
        for t in range(self.n_live - 1, -1, -1):
            self.rest[t] = self.rest[t + 1] + self.node_value[self.live[t]]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _prune(self, node: cython.int, peak: cython.double, total: cython.double, forced: cython.int) -> cython.int:
        """Copy what the box at hand can reach below a node; returns the copy."""
        local: cython.int
        here: cython.int
        other: cython.int
        left: cython.int
        right: cython.int
        near: cython.int
        far: cython.int
        block: cython.int
        near_left: cython.bint
        saved: cython.longlong
        while True:
            if self.shared.test[node] < 0:
                near = self.n_nodes
                self.n_nodes += 1
                self.node_test[near] = -1
                self.node_value[near] = self.shared.value[node]
                return near
            local = self.test_local[self.shared.test[node]]
            if local == ALL_LEFT:
                node = self.shared.left[node]
                continue
            if local == ALL_RIGHT:
                node = self.shared.right[node]
                continue
            self._sides(local)
            if self.first_right < 0:
                node = self.shared.left[node]
                continue
            if self.first_left < 0:
                node = self.shared.right[node]
                continue
            near_left = self.first_left < self.first_right
            here = self.first_left if near_left else self.first_right
            other = self.first_right if near_left else self.first_left
            block = self.local_block[local]
            saved = self._enter(local, near_left)
            near = self._prune(self.shared.left[node] if near_left else self.shared.right[node], peak, total, forced)
            far = -1
            if self.peak[other] > peak:
                peak = self.peak[other]
            total += self.least[other] - self.least[here]
            forced += self.fewest[other] - self.fewest[here]
            if self._cheaper(peak, total) and (self.shared.limit < 0 or forced <= self.shared.limit):
                self._flip(local, not near_left, saved)
                far = self._prune(self.shared.right[node] if near_left else self.shared.left[node], peak, total, forced)
            self._leave(block, saved)
            if far < 0:
                return near
            if self.node_test[near] < 0 and self.node_test[far] < 0 and self.node_value[near] == self.node_value[far]:
                return near
            left = self.n_nodes
            self.n_nodes += 1
            self.node_test[left] = local
            self.node_left[left] = near if near_left else far
            self.node_right[left] = far if near_left else near
            right = near if self.node_value[near] >= self.node_value[far] else far
            self.node_value[left] = self.node_value[right]
            return left

    # -- sets of states -------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _sides(self, local: cython.int) -> cython.void:
        """Find the first state on either side of a test, within the box; -1 where there is none."""
        block: cython.int = self.local_block[local]
        at: cython.longlong = self.local_word[local]
        first: cython.int = self.start[block]
        w: cython.int
        side: cython.longlong
        self.first_left = -1
        self.first_right = -1
        for w in range(self.word[block], self.word[block + 1]):
            if self.first_left < 0:
                side = self.box[w] & self.left_set[at]
                if side:
                    self.first_left = first + _lowest(side)
            if self.first_right < 0:
                side = self.box[w] & ~self.left_set[at]
                if side:
                    self.first_right = first + _lowest(side)
            if self.first_left >= 0 and self.first_right >= 0:
                return
            at += 1
            first += WORD

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _enter(self, local: cython.int, left: cython.bint) -> cython.longlong:
        """Restrict the box to one side of a test; returns where the old set is saved."""
        block: cython.int = self.local_block[local]
        at: cython.longlong = self.local_word[local]
        saved: cython.longlong = self.trail_end
        w: cython.int
        for w in range(self.word[block], self.word[block + 1]):
            self.trail[self.trail_end] = self.box[w]
            self.trail_end += 1
            self.box[w] = self.box[w] & (self.left_set[at] if left else ~self.left_set[at])
            at += 1
        return saved

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _flip(self, local: cython.int, left: cython.bint, saved: cython.longlong) -> cython.void:
        """Go from one side of a test to the other."""
        block: cython.int = self.local_block[local]
        at: cython.longlong = self.local_word[local]
        w: cython.int
        for w in range(self.word[block], self.word[block + 1]):
            self.box[w] = self.trail[saved] & (self.left_set[at] if left else ~self.left_set[at])
            saved += 1
            at += 1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _leave(self, block: cython.int, saved: cython.longlong) -> cython.void:
        """Undo `_enter`."""
        w: cython.int
        self.trail_end = saved
        for w in range(self.word[block], self.word[block + 1]):
            self.box[w] = self.trail[saved]
            saved += 1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _first(self, block: cython.int) -> cython.int:
        """The first state of a block's set."""
        first: cython.int = self.start[block]
        w: cython.int
        for w in range(self.word[block], self.word[block + 1]):
            if self.box[w]:
                return first + _lowest(self.box[w])
            first += WORD
        return -1

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _cheaper(self, peak: cython.double, total: cython.double) -> cython.bint:
        """Whether a cost is below the incumbent's."""
        if not self.found:
            return True
        if peak != self.best_peak:
            return peak < self.best_peak
        return total < self.best_sum - EQUAL * (1.0 + self.best_sum)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _price_box(self) -> cython.void:
        """Price the box at hand by its cheapest point, which becomes `point`."""
        j: cython.int
        k: cython.int
        self.box_peak = 0.0
        self.box_sum = 0.0
        self.box_forced = 0
        for j in range(self.shared.n_blocks):
            k = self._first(j)
            self.point[j] = k
            if self.peak[k] > self.box_peak:
                self.box_peak = self.peak[k]
            self.box_sum += self.least[k]
            self.box_forced += self.fewest[k]

    # -- the bound ------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _bound(self) -> cython.void:
        """Bound the box's score, score its cheapest point, and vote for the test to split by."""
        t: cython.int
        low: cython.double = self.shared.low
        for t in range(self.n_local):
            self.votes[t] = 0.0
        self.most = self.base
        self.here = self.base
        for t in range(self.n_live):
            if self.most + self.rest[t] < low:
                self.most += self.rest[t]
                return
            self.tree_best = -INFINITY
            self.tree_split = -1
            self._reach(self.live[t], self.box_peak, self.box_sum, self.box_forced, -1)
            self.most += self.tree_best
            self.here += self.tree_here
            if self.tree_split >= 0:
                self.votes[self.tree_split] += self.tree_best - self.tree_here

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _reach(
        self, node: cython.int, peak: cython.double, total: cython.double, forced: cython.int, split: cython.int
    ) -> cython.void:
        """Visit the leaves below a node that may be best; `split` is where the way left the cheapest point's."""
        local: cython.int
        here: cython.int
        other: cython.int
        block: cython.int
        left: cython.int
        right: cython.int
        near_left: cython.bint
        saved: cython.longlong
        while True:
            if split >= 0 and self.node_value[node] <= self.tree_best:
                return
            local = self.node_test[node]
            if local < 0:
                if split < 0:
                    self.tree_here = self.node_value[node]
                if self.node_value[node] > self.tree_best:
                    self.tree_best = self.node_value[node]
                    self.tree_split = split
                return
            left = self.node_left[node]
            right = self.node_right[node]
            self._sides(local)
            if self.first_right < 0:
                node = left
                continue
            if self.first_left < 0:
                node = right
                continue
            near_left = self.first_left < self.first_right
            here = self.first_left if near_left else self.first_right
            other = self.first_right if near_left else self.first_left
            block = self.local_block[local]
            saved = self._enter(local, near_left)
            self._reach(left if near_left else right, peak, total, forced, split)
            node = right if near_left else left
            if self.node_value[node] > self.tree_best:
                if self.peak[other] > peak:
                    peak = self.peak[other]
                total += self.least[other] - self.least[here]
                forced += self.fewest[other] - self.fewest[here]
                if self._cheaper(peak, total) and (self.shared.limit < 0 or forced <= self.shared.limit):
                    self._flip(local, not near_left, saved)
                    self._reach(node, peak, total, forced, local if split < 0 else split)
            self._leave(block, saved)
            return

    # -- an incumbent ---------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _guess(self) -> cython.void:
        """Dive to where most score is to be had, then pull back."""
        local: cython.int
        while True:
            self._price_box()
            self._bound()
            if self.most < self.shared.low:
                return
            if self.here >= self.shared.high:
                break
            local = self._choose()
            if local < 0:
                return
            self._sides(local)
            self._enter(local, self.first_right < self.first_left)
            self.trail_end = 0
        self._pull_back()

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _climb(self) -> cython.void:
        """From today on, make the move that gains most for its price until the bar is reached; then pull back."""
        j: cython.int
        k: cython.int
        _move: cython.int
        block: cython.int
        state: cython.int = 0
        score: cython.double
        gain: cython.double
        price: cython.double
        best: cython.double
        for j in range(self.shared.n_blocks):
            self.point[j] = self.start[j]
        for _move in range(4 * self.shared.n_blocks):
            block = -1
            best = 0.0
            for j in range(self.shared.n_blocks):
                if self.start[j + 1] - self.start[j] == 1:
                    continue
                self._profile(j)
                score = self.gain[self.point[j] - self.start[j]]
                if score >= self.shared.high:
                    self._pull_back()
                    return
                for k in range(self.start[j], self.start[j + 1]):
                    gain = self.gain[k - self.start[j]]
                    if gain > self.shared.high:
                        gain = self.shared.high
                    price = self.price[k] - self.price[self.point[j]]
                    gain = (gain - score) / (price if price > 1e-9 else 1e-9)
                    if gain > best:
                        best = gain
                        block = j
                        state = k
            if block < 0:
                return
            self.point[block] = state

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _pull_back(self) -> cython.void:
        """Move every block of `point` as far back as the bar allows, the dearest first; keep what comes of it."""
        j: cython.int
        k: cython.int
        t: cython.int
        pick: cython.int
        best: cython.double
        worst: cython.double
        moved: cython.bint = True
        passes: cython.int = 0
        while moved and passes < 3:
            moved = False
            passes += 1
            for j in range(self.shared.n_blocks):
                self.order[j] = 0
            while True:
                pick = -1
                worst = 0.0
                for j in range(self.shared.n_blocks):
                    k = self.point[j]
                    if self.order[j] == 0 and k > self.start[j] and (pick < 0 or self.price[k] > worst):
                        worst = self.price[k]
                        pick = j
                if pick < 0:
                    break
                self.order[pick] = 1
                self._profile(pick)
                best = self.shared.high
                for k in range(self.start[pick], self.point[pick]):
                    if self.gain[k - self.start[pick]] >= best:
                        self.point[pick] = k
                        moved = True
                        break
        t = 0
        for j in range(self.shared.n_blocks):
            t += self.count[self.point[j]]
        if (self.shared.limit >= 0 and t > self.shared.limit) or self._excluded_at() >= 0:
            return
        for j in range(self.shared.n_linear):
            if self._meets(j) <= 0:
                return
        self._accept()

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _guess_again(self) -> cython.void:
        """Look for a better incumbent from the box at hand; if there is one, prune the trees by it."""
        w: cython.int
        total: cython.double = self.best_sum
        peak: cython.double = self.best_peak
        self.next_guess = 2 * self.done
        for w in range(self.n_words):
            self.aside[w] = self.box[w]
        self._guess()
        self._climb()
        if self.best_sum != total or self.best_peak != peak:
            self._whole()
            self._prune_all()
        for w in range(self.n_words):
            self.box[w] = self.aside[w]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _profile(self, block: cython.int) -> cython.void:
        """Score every state of a block, the other blocks staying at `point`, into `gain`."""
        j: cython.int
        k: cython.int
        t: cython.int
        n: cython.int
        w: cython.int
        for j in range(self.shared.n_blocks):
            n = self.start[j + 1] - self.start[j]
            k = self.point[j] - self.start[j]
            for w in range(self.word[j], self.word[j + 1]):
                if j != block:
                    self.box[w] = ONE << k if 0 <= k < WORD else 0
                    k -= WORD
                elif n >= WORD:
                    self.box[w] = (ONE << (WORD - 1)) - 1 + (ONE << (WORD - 1))
                else:
                    self.box[w] = (ONE << n) - 1
                n -= WORD
        n = self.start[block + 1] - self.start[block]
        for k in range(n):
            self.gain[k] = self.base
        for t in range(self.n_live):
            self._spread(self.live[t], block)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _spread(self, node: cython.int, block: cython.int) -> cython.void:
        local: cython.int
        first: cython.int
        saved: cython.longlong
        word: cython.longlong
        w: cython.int
        while True:
            local = self.node_test[node]
            if local < 0:
                first = 0
                for w in range(self.word[block], self.word[block + 1]):
                    word = self.box[w]
                    while word:
                        self.gain[first + _lowest(word)] += self.node_value[node]
                        word &= word - 1
                    first += WORD
                return
            self._sides(local)
            if self.first_right < 0:
                node = self.node_left[node]
                continue
            if self.first_left < 0:
                node = self.node_right[node]
                continue
            saved = self._enter(local, True)
            self._spread(self.node_left[node], block)
            self._flip(local, False, saved)
            self._spread(self.node_right[node], block)
            self._leave(block, saved)
            return

    # -- branch and bound -----------------------------------------------------------------------------------

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _search(self, boxes: cython.longlong) -> cython.int:
        code: cython.int
        while True:
            if not self.diving:
                if not self.n_heap or not self._cheaper(self.pool_peak[self.heap[0]], self.pool_sum[self.heap[0]]):
                    self.n_heap = 0
                    return DONE
                if boxes <= 0:
                    return PAUSED
                self._pop()
                self.diving = True
                if self.done >= self.next_guess and not self.asks:
                    self._guess_again()
            if self.n_free == 0 and self.n_boxes >= self.room:
                return FULL
            boxes -= 1
            code = self._step()
            if code == ASK:
                return ASK
            self.diving = code == DIVE

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _step(self) -> cython.int:
        """Decide the box at hand or split it: the side of its cheapest point stays at hand, the other is kept."""
        verdict: cython.int = self.verdict
        violated: cython.int
        local: cython.int
        peak: cython.double = 0.0
        total: cython.double = 0.0
        j: cython.int
        met: cython.int
        ask: cython.bint
        changes: cython.int = 0
        self.verdict = OPEN
        if verdict == APPROVED:
            self._accept()
            return self._split_point(False) if self._cheaper(self.box_peak, self.box_sum) else STOP
        if verdict == DENIED or verdict == FORBIDDEN:
            return self._split_point(verdict == FORBIDDEN)
        self.done += 1
        for j in range(self.shared.n_linear):
            if self._out_of_reach(j):
                return STOP
        self._price_box()
        self._bound()
        if self.most < self.shared.low:
            return STOP
        if self.here >= self.shared.low:
            for j in range(self.shared.n_blocks):
                if self.peak[self.point[j]] > peak:
                    peak = self.peak[self.point[j]]
                total += self.price[self.point[j]]
                changes += self.count[self.point[j]]
            if not self._cheaper(peak, total) or (self.shared.limit >= 0 and changes > self.shared.limit):
                return self._split_point(False)
            violated = self._excluded_at()
            if violated >= 0:
                return self._split_excluded(violated)
            ask = self.asks
            for j in range(self.shared.n_linear):
                met = self._meets(j)
                if met < 0:
                    return self._split_linear(j)
                ask = ask or met == 0
            if ask or self.here < self.shared.high:
                return ASK
            self._accept()
            return self._split_point(False) if self._cheaper(self.box_peak, self.box_sum) else STOP
        local = self._choose()
        if local < 0:
            return STOP
        self._sides(local)
        j = self.local_block[local]
        self._save_far(local, self.first_left < self.first_right)
        return self._keep_far(j)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _choose(self) -> cython.int:
        """The test with most votes, or -1."""
        t: cython.int
        chosen: cython.int = -1
        best: cython.double = 0.0
        for t in range(self.n_local):
            if self.votes[t] > best:
                best = self.votes[t]
                chosen = t
        return chosen

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _accept(self) -> cython.void:
        """Make `point` the incumbent if it is cheaper."""
        j: cython.int
        peak: cython.double = 0.0
        total: cython.double = 0.0
        for j in range(self.shared.n_blocks):
            if self.peak[self.point[j]] > peak:
                peak = self.peak[self.point[j]]
            total += self.price[self.point[j]]
        if self._cheaper(peak, total):
            self.found = True
            self.best_peak = peak
            self.best_sum = total
            for j in range(self.shared.n_blocks):
                self.best[j] = self.point[j]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _save_far(self, local: cython.int, near_left: cython.bint) -> cython.void:
        """Restrict the box to the near side of a test; the far side goes to `far`."""
        block: cython.int = self.local_block[local]
        at: cython.longlong = self.local_word[local]
        w: cython.int
        for w in range(self.word[block], self.word[block + 1]):
            self.far[w - self.word[block]] = self.box[w] & (~self.left_set[at] if near_left else self.left_set[at])
            self.box[w] = self.box[w] & (self.left_set[at] if near_left else ~self.left_set[at])
            at += 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _split_point(self, wide_only: cython.bint) -> cython.int:
        """Cut the cheapest point out: keep one of its states, and put the others of that block aside."""
        j: cython.int
        k: cython.int
        w: cython.int
        at: cython.int
        chosen: cython.int = -1
        rise: cython.double
        most: cython.double = -1.0
        word: cython.longlong
        for j in range(self.shared.n_blocks):
            if wide_only and not self.shared.wide[j]:
                continue
            k = self.point[j] - self.start[j]
            at = self.start[j]
            for w in range(self.word[j], self.word[j + 1]):
                word = self.box[w]
                if 0 <= k < WORD:
                    word &= ~(ONE << k)
                k -= WORD
                if word:
                    rise = self.least[at + _lowest(word)] - self.least[self.point[j]]
                    if rise > most or chosen < 0:
                        most = rise
                        chosen = j
                    break
                at += WORD
        if chosen < 0:
            return STOP
        k = self.point[chosen] - self.start[chosen]
        for w in range(self.word[chosen], self.word[chosen + 1]):
            word = ONE << k if 0 <= k < WORD else 0
            self.far[w - self.word[chosen]] = self.box[w] & ~word
            self.box[w] = word
            k -= WORD
        return self._keep_far(chosen)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _matches(self, excluded: cython.int, block: cython.int, state: cython.int) -> cython.bint:
        """Whether a state changes just what an excluded set has in this block, or at least that."""
        bits: cython.longlong = self.excluded[cython.cast(cython.longlong, excluded) * self.shared.n_blocks + block]
        if self.excluded_kind[excluded]:
            return not (bits & ~self.changed[state])
        return bits == self.changed[state]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _excluded_at(self) -> cython.int:
        """The first excluded set that `point` runs into, or -1."""
        e: cython.int
        j: cython.int
        hit: cython.bint
        for e in range(self.n_excluded):
            hit = True
            for j in range(self.shared.n_blocks):
                if not self._matches(e, j, self.point[j]):
                    hit = False
                    break
            if hit:
                return e
        return -1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _split_excluded(self, excluded: cython.int) -> cython.int:
        """Part the states that match an excluded set from those that don't, in one block that has both."""
        j: cython.int
        k: cython.int
        w: cython.int
        outside: cython.bint
        word: cython.longlong
        for j in range(self.shared.n_blocks):
            outside = False
            for w in range(self.word[j], self.word[j + 1]):
                self.far[w - self.word[j]] = 0
                word = self.box[w]
                while word:
                    k = _lowest(word)
                    word &= word - 1
                    if not self._matches(excluded, j, self.start[j] + (w - self.word[j]) * WORD + k):
                        self.far[w - self.word[j]] |= ONE << k
                        outside = True
            if outside:
                for w in range(self.word[j], self.word[j + 1]):
                    self.box[w] &= ~self.far[w - self.word[j]]
                return self._keep_far(j)
        return STOP

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _out_of_reach(self, condition: cython.int) -> cython.bint:
        """Whether no point of the box meets a linear condition: all change what it reads, and no sum fits."""
        j: cython.int
        k: cython.longlong
        w: cython.int
        least: cython.double
        most: cython.double
        value: cython.double
        low: cython.double = 0.0
        high: cython.double = 0.0
        size: cython.double = 0.0
        stays: cython.bint = True
        stay: cython.bint
        word: cython.longlong
        base: cython.longlong = condition * self.shared.n_states
        for j in range(self.shared.n_blocks):
            if not self.shared.reads[condition * self.shared.n_blocks + j]:
                continue
            least = INFINITY
            most = -INFINITY
            stay = False
            for w in range(self.word[j], self.word[j + 1]):
                word = self.box[w]
                while word:
                    k = base + self.state[self.start[j] + (w - self.word[j]) * WORD + _lowest(word)]
                    word &= word - 1
                    value = self.shared.linear[k]
                    if value < least:
                        least = value
                    if value > most:
                        most = value
                    if self.shared.still[k]:
                        stay = True
            stays = stays and stay
            low += least
            high += most
            size += (most if most > 0.0 else -most) + (least if least > 0.0 else -least)
        if stays:
            return False
        least = self.shared.least_sum[condition * self.shared.n_people + self.person]
        most = self.shared.most_sum[condition * self.shared.n_people + self.person]
        return high < least - LOOSE * (1.0 + size - least) or low > most + LOOSE * (1.0 + size + most)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _meets(self, condition: cython.int) -> cython.int:
        """Whether `point` meets a linear condition: 1 yes, -1 no, 0 too close to tell."""
        j: cython.int
        k: cython.longlong
        total: cython.double = 0.0
        size: cython.double = 1.0
        still: cython.bint = True
        low: cython.double = self.shared.least_sum[condition * self.shared.n_people + self.person]
        high: cython.double = self.shared.most_sum[condition * self.shared.n_people + self.person]
        for j in range(self.shared.n_blocks):
            if not self.shared.reads[condition * self.shared.n_blocks + j]:
                continue
            k = condition * self.shared.n_states + self.state[self.point[j]]
            total += self.shared.linear[k]
            size += self.shared.linear[k] if self.shared.linear[k] > 0.0 else -self.shared.linear[k]
            if not self.shared.still[k]:
                still = False
        if still or (total >= low - EQUAL * size and total <= high + EQUAL * size):
            return 1
        if low > -INFINITY:
            size += low if low > 0.0 else -low
        if high < INFINITY:
            size += high if high > 0.0 else -high
        return -1 if total < low - LOOSE * size or total > high + LOOSE * size else 0

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _split_linear(self, condition: cython.int) -> cython.int:
        """Part the block whose coefficients differ most, halfway between the smallest and the largest."""
        j: cython.int
        k: cython.longlong
        w: cython.int
        bit: cython.int
        chosen: cython.int = -1
        least: cython.double
        most: cython.double
        value: cython.double
        half: cython.double = 0.0
        span: cython.double = 0.0
        above: cython.bint
        word: cython.longlong
        base: cython.longlong = condition * self.shared.n_states
        for j in range(self.shared.n_blocks):
            if not self.shared.reads[condition * self.shared.n_blocks + j]:
                continue
            least = INFINITY
            most = -INFINITY
            for w in range(self.word[j], self.word[j + 1]):
                word = self.box[w]
                while word:
                    k = base + self.state[self.start[j] + (w - self.word[j]) * WORD + _lowest(word)]
                    word &= word - 1
                    value = self.shared.linear[k]
                    if value < least:
                        least = value
                    if value > most:
                        most = value
            if most - least > span:
                span = most - least
                half = least + 0.5 * span
                chosen = j
        if chosen < 0:
            return self._split_point(True)
        above = self.shared.linear[base + self.state[self.point[chosen]]] > half
        for w in range(self.word[chosen], self.word[chosen + 1]):
            self.far[w - self.word[chosen]] = 0
            word = self.box[w]
            while word:
                bit = _lowest(word)
                word &= word - 1
                k = base + self.state[self.start[chosen] + (w - self.word[chosen]) * WORD + bit]
                if (self.shared.linear[k] > half) != above:
                    self.far[w - self.word[chosen]] |= ONE << bit
            self.box[w] &= ~self.far[w - self.word[chosen]]
        return self._keep_far(chosen)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _keep_far(self, block: cython.int) -> cython.int:
        """Put the box whose set of one block is `far` into the pool, if it can be better than the incumbent."""
        j: cython.int
        k: cython.int
        w: cython.int
        slot: cython.int
        i: cython.int
        parent: cython.int
        forced: cython.int = 0
        peak: cython.double = 0.0
        total: cython.double = 0.0
        at: cython.longlong
        for j in range(self.shared.n_blocks):
            k = self.point[j]
            if j == block:
                k = self.start[j]
                for w in range(self.word[j + 1] - self.word[j]):
                    if self.far[w]:
                        k += _lowest(self.far[w])
                        break
                    k += WORD
            if self.peak[k] > peak:
                peak = self.peak[k]
            total += self.least[k]
            forced += self.fewest[k]
        if not self._cheaper(peak, total) or (self.shared.limit >= 0 and forced > self.shared.limit):
            return DIVE
        if self.n_free:
            self.n_free -= 1
            slot = self.free[self.n_free]
        else:
            slot = self.n_boxes
            self.n_boxes += 1
        at = cython.cast(cython.longlong, slot) * self.n_words
        for w in range(self.n_words):
            self.pool[at + w] = self.box[w]
        for w in range(self.word[block], self.word[block + 1]):
            self.pool[at + w] = self.far[w - self.word[block]]
        self.pool_peak[slot] = peak
        self.pool_sum[slot] = total
        i = self.n_heap
        self.n_heap += 1
        while i > 0:
            parent = (i - 1) >> 1
            if not self._before(slot, self.heap[parent]):
                break
            self.heap[i] = self.heap[parent]
            i = parent
        self.heap[i] = slot
        return DIVE

    @cython.cfunc
    @cython.nogil
    @cython.inline
    @cython.exceptval(check=False)
    def _before(self, one: cython.int, other: cython.int) -> cython.bint:
        if self.pool_peak[one] != self.pool_peak[other]:
            return self.pool_peak[one] < self.pool_peak[other]
        return self.pool_sum[one] < self.pool_sum[other]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _pop(self) -> cython.void:
        """Take the cheapest box out of the pool."""
        slot: cython.int = self.heap[0]
        last: cython.int
        i: cython.int = 0
        child: cython.int
        w: cython.int
        at: cython.longlong = cython.cast(cython.longlong, slot) * self.n_words
        for w in range(self.n_words):
            self.box[w] = self.pool[at + w]
        self.free[self.n_free] = slot
        self.n_free += 1
        self.n_heap -= 1
        if self.n_heap == 0:
            return
        last = self.heap[self.n_heap]
        while True:
            child = 2 * i + 1
            if child >= self.n_heap:
                break
            if child + 1 < self.n_heap and self._before(self.heap[child + 1], self.heap[child]):
                child += 1
            if not self._before(self.heap[child], last):
                break
            self.heap[i] = self.heap[child]
            i = child
        self.heap[i] = last
