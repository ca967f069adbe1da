"""Exact search for tree ensembles: the cheapest way over the bar, with a proof.

Trees see of a value only which cell it lies in, so a menu collapses to the cheapest item of each cell, which
loses nothing. This module is the door to the compiled kernel: it collapses the menus, runs people on threads,
puts what the kernel can't decide to the model in batches, and keeps what is done when time runs out.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import IntArray
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.trees import TreeEnsemble
from recourse.search.kernels import builds
from recourse.search.solutions import FEASIBLE, OPTIMAL, Exclusions, Solutions, exclude

BUDGET = 200_000
"""How many boxes are looked at for one person by default; then the answer comes with its gap."""

EQUAL = 1e-9
_SLICE_SECONDS = 0.05
_DONE, _ASK, _PAUSED, _FULL = range(4)
_APPROVED, _DENIED, _FORBIDDEN = 1, 2, 3
_NUMERIC_SETS = 2
_WORD = 63
_ROOM = 64
_PARKED_BYTES = 1 << 28


def solve(
    model: Model,
    menus: Menus,
    statement: TreeEnsemble,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    budget: int = BUDGET,
    threads: int | None = None,
    interpreted: bool = False,
    deadline: float = np.inf,
    progress: Callable[[int], object] | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves.

    budget : at most so many boxes are looked at for a person; then the answer is FEASIBLE or UNKNOWN, with a
        bound
    threads : all processors by default; every answer is the same for any number
    deadline : a `time.monotonic` value; it and Ctrl-C act within about 50 ms. What is done is kept.

    Scores within the statement's tolerance of the bar, and conditions across blocks, are put to the model and
    the grid during the search, in batches. All answers are put to the model once more at the end; where it
    denies what its own trees approve, nothing is claimed about cheaper actions.
    """
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    search = _Search(model, menus, statement, chosen, exclude(exclusions, chosen), budget, interpreted)
    out = search.run(np.arange(len(chosen)), threads, deadline, progress)
    found = np.flatnonzero(out.found)
    wrong = found[~search.approves(found, out.picks[found])]
    if len(wrong):  # the statement is not true here: ask about every candidate, and believe no bound
        search.trusting = False
        out.withdraw(wrong)
        out.put(wrong, search.run(wrong, threads, deadline, None))
        out.withdraw(wrong[~out.found[wrong]])
        out.codes[wrong[out.found[wrong]]] = FEASIBLE
        out.bound[wrong] = 0.0
    return out


class _Search:
    """One call's people, and everything that is prepared for them once."""

    def __init__(
        self,
        model: Model,
        menus: Menus,
        statement: TreeEnsemble,
        people: IntArray,
        exclusions: list[Exclusions],
        budget: int,
        interpreted: bool,
    ) -> None:
        self.model, self.menus, self.statement = model, menus, statement
        self.people, self.exclusions, self.budget = people, exclusions, budget
        self.kernel = builds.load("trees_kernel", interpreted=interpreted)
        self.trusting = True
        self._shared: dict[str, _Shared] = {}
        self._lock = threading.Lock()

    def shared(self, k: int) -> _Shared:
        """The menus for one person, collapsed as far as their exclusions allow."""
        one, menus = self.exclusions[k], self.menus
        if one.picks:
            detail = "items"
        elif one.subsets or one.supersets or ((one.frozen or menus.max_changes is not None) and not menus.single):
            detail = "changes"
        else:
            detail = "cells"
        with self._lock:
            if detail not in self._shared:
                self._shared[detail] = _Shared(self, detail)
            return self._shared[detail]

    def run(
        self, which: IntArray, threads: int | None, deadline: float, progress: Callable[[int], object] | None
    ) -> Solutions:
        """Solve some of the people: threads work until all that is left waits for the model, then it is asked."""
        out = Solutions.unknown(len(which), len(self.menus.blocks))
        if threads is None:
            threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if not self.kernel.is_compiled():
            threads = 1  # the interpreter would only take turns
        rounds = _Rounds(self, which, out, deadline, progress)
        with ThreadPoolExecutor(max(threads, 1)) as pool:
            try:
                while rounds.left():
                    workers = min(threads, max(1, rounds.left()))
                    others = [pool.submit(rounds.work, False) for _ in range(workers - 1)]
                    try:
                        rounds.work(True)
                    finally:
                        for other in others:
                            other.result()
                    if rounds.stopped:
                        raise KeyboardInterrupt
                    rounds.ask()
                rounds.tell()
            except KeyboardInterrupt:
                rounds.stopped = True
                out.interrupted = True
                rounds.give_up()
        works = np.flatnonzero(out.found)
        out.cost[works], out.total[works] = self.menus.cost(self.people[which[works]], out.picks[works])
        out.bound[works] = np.minimum(out.bound[works], out.cost[works])
        if self.menus.combine == "sum":
            met = out.cost[works] - out.bound[works] <= EQUAL * (1 + out.cost[works])
            out.codes[works[met]] = OPTIMAL
        proven = np.flatnonzero(out.codes == OPTIMAL)
        out.bound[proven] = out.cost[proven]
        return out

    def approves(self, which: IntArray, picks: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        if not len(which):
            return np.zeros(0, dtype=bool)
        people = self.people[which]
        approved = self.model.approves(self.menus.points(people, picks))
        return approved & self.menus.allows(people, picks) if self.menus.wide else approved

    def verdicts(self, which: IntArray, picks: npt.NDArray[np.int32]) -> list[int]:
        """Judge candidates: by the conditions across blocks and excluded actions first, then by the model."""
        people = self.people[which]
        allowed = self.menus.allows(people, picks)
        verdicts = np.where(allowed, _DENIED, _FORBIDDEN)
        for k, i in enumerate(which):
            if allowed[k] and self.exclusions[i].picks:
                allowed[k] = tuple(picks[k].tolist()) not in self.exclusions[i].picks
        good = np.flatnonzero(allowed)
        approved = good[self.approves(which[good], picks[good])]
        verdicts[approved] = _APPROVED
        return [int(verdict) for verdict in verdicts]


class _Shared:
    """The kernel's view of trees and collapsed menus, and what room a solver needs for them."""

    def __init__(self, search: _Search, detail: str) -> None:
        menus, statement, kernel = search.menus, search.statement, search.kernel
        self.kernel = kernel
        m = len(menus.blocks)
        items, groups, start = _collapse(menus, statement, detail)
        lengths = np.diff(start)
        longest = np.ones(m, dtype=np.int64)
        np.maximum.at(longest, menus.row_block, lengths)
        self.longest = longest
        by_max = menus.combine == "max"
        wide = np.zeros(m, dtype=np.uint8)
        for constraint in menus.wide:
            wide |= np.array([bool(set(names) & set(constraint.features)) for names in menus.blocks], dtype=np.uint8)
        self.asks = not menus.has_rows
        # Sequences of tests: one column, one way of treating missing values, rising cuts.
        pairs = np.stack([statement.column, statement.kind], axis=1)
        change = np.flatnonzero((pairs[1:] != pairs[:-1]).any(axis=1)) + 1 if len(pairs) else np.empty(0, np.int64)
        first = np.concatenate([[0], change, [len(pairs)]]) if len(pairs) else np.array([0])
        block = np.full(statement.today.shape[1], -1)
        slot = np.arange(statement.today.shape[1])
        for j, columns in enumerate(statement.columns):
            block[columns], slot[columns] = j, np.arange(len(columns))
        column = statement.column[first[:-1]]
        kind = statement.kind[first[:-1]]
        cells = [table.ravel() for table in statement.cells]
        cell_start = np.concatenate([[0], np.cumsum([len(one) for one in cells])])[:-1]
        exact = statement.tolerance == 0
        if exact:
            low = high = np.nextafter(statement.bar, np.inf) if statement.strict else statement.bar
        else:
            low, high = statement.bar - statement.tolerance, statement.bar + statement.tolerance
        limit = -1 if menus.max_changes is None else menus.max_changes
        width = max(1, statement.sets.shape[1])
        give = self.give
        self.handle = kernel.Shared(
            (len(statement.roots), len(pairs), len(column), m, statement.today.shape[1], width,
             min(limit, 2**31 - 1)),
            (float(low), float(high)),
            [give(statement.roots, np.int32), give(statement.test, np.int32), give(statement.left, np.int32),
             give(statement.right, np.int32), give(statement.value, np.float64)],
            [give(first, np.int32), give(block[column], np.int32), give(slot[column], np.int32), give(kind, np.int32),
             give(statement.cut, np.int32), give(statement.sets, np.uint8)],
            [give(start, np.int64), give(items - menus.row_ptr[menus.item_row[items]], np.int32),
             give(menus.peaks[items] if by_max else np.zeros(len(items)), np.float64),
             give(menus.prices[items], np.float64), give(menus.changed[items].astype(np.int64), np.int64),
             give(groups, np.int32), give(np.concatenate([np.empty(0, np.int32), *cells]), np.int32),
             give(cell_start, np.int64), give([len(columns) for columns in statement.columns], np.int32)],
            [give(menus.rows, np.int32), give(statement.today, np.int32), give(wide, np.uint8)],
            [(len(menus.linear), len(items), len(menus)),
             give([row.coefficients[items] for row in menus.linear], np.float64),
             give([row.still[items] for row in menus.linear], np.uint8),
             give([[j in row.blocks for j in range(m)] for row in menus.linear], np.uint8),
             give([row.low for row in menus.linear], np.float64), give([row.high for row in menus.linear], np.float64)],
        )  # fmt: skip
        self.m, self.n_tests, self.n_nodes, self.n_trees = m, len(pairs), len(statement.test), len(statement.roots)
        # Room for one person: tests that part a block are at most its states less one, in each sequence.
        counts = np.diff(first)
        sets = kind == _NUMERIC_SETS
        owner = block[column]
        inside = owner >= 0
        most = np.where(sets, counts, np.minimum(counts, np.append(longest, 1)[owner]))
        words = (longest + _WORD - 1) // _WORD
        self.n_states, self.n_words = int(longest.sum()), int(words.sum())
        self.n_local = int(most[inside].sum())
        self.local_words = int((most[inside] * words[owner[inside]]).sum())
        self.trail = int(words.max(initial=1)) * (_depth(statement) + 2)
        self.most = int(longest.max(initial=1))
        self.bytes = 28 * self.n_nodes + 8 * self.local_words + 4 * self.n_tests + 48 * self.n_states

    def give(self, array: npt.ArrayLike, kind: Any) -> Any:
        """An array for the kernel: as it is compiled, a list (five times faster to index) interpreted."""
        flat = np.ascontiguousarray(array, kind).ravel()
        if not len(flat):
            flat = np.zeros(1, kind)
        return flat if self.kernel.is_compiled() else flat.tolist()

    def empty(self, length: int, kind: Any) -> Any:
        length = max(length, 1)
        return np.empty(length, kind) if self.kernel.is_compiled() else [kind(0).item()] * length

    def solver(self) -> Any:
        """Room for one person's search."""
        m, n, most = self.m, self.n_states, max(self.most, self.m)
        ints = [m + 1, m + 1, n, n, n, self.n_tests, self.n_local, most, most, most, self.n_trees, self.n_nodes,
                self.n_nodes, self.n_nodes, m, m]  # fmt: skip
        doubles = [n, n, n, self.n_local, self.n_nodes, self.n_trees + 1, self.most]
        longs = [n, n, self.n_local, self.local_words, self.n_words, self.n_words, self.trail, n, self.n_words]
        solver = self.kernel.Solver(
            self.handle,
            [self.empty(size, np.int32) for size in ints],
            [self.empty(size, np.float64) for size in doubles],
            [self.empty(size, np.int64) for size in longs],
        )
        self.hold(solver, _ROOM)
        return solver

    def hold(self, solver: Any, room: int) -> None:
        """Give a solver's pool room for so many boxes."""
        solver.hold(
            room,
            self.empty(room * self.n_words, np.int64),
            [self.empty(room, np.float64), self.empty(room, np.float64)],
            [self.empty(room, np.int32), self.empty(room, np.int32)],
        )


class _Case:
    """One person's search in progress."""

    def __init__(self, k: int, shared: _Shared, before: _Case | None) -> None:
        self.k, self.shared, self.verdict = k, shared, 0
        self.solver: Any = shared.solver() if before is None else before.solver
        self.room: int = _ROOM if before is None else before.room
        self.question = shared.empty(shared.m, np.int32)


class _Rounds:
    """Who is still to be begun, who goes on, who waits for the model; safe to work on from several threads."""

    def __init__(
        self,
        search: _Search,
        which: IntArray,
        out: Solutions,
        deadline: float,
        progress: Callable[[int], object] | None,
    ) -> None:
        self.search, self.which, self.out = search, which, out
        self.deadline, self.progress = deadline, progress
        self.next = 0
        self.ready: list[_Case] = []
        self.waiting: list[_Case] = []
        self.spare: list[_Case] = []
        self.lock = threading.Lock()
        self.stopped = False
        self.done = 0
        self.told = 0

    def left(self) -> int:
        return len(self.which) - self.next + len(self.ready) + len(self.waiting)

    def work(self, main: bool) -> None:
        """Take people and search until there are none, or too many wait."""
        try:
            while not self.stopped:
                case = self._take()
                if case is None:
                    return
                if self._go_on(case):
                    with self.lock:
                        self.done += 1
                        self.spare.append(case)
                if main:
                    self.tell()
        except BaseException:
            self.stopped = True
            raise

    def _take(self) -> _Case | None:
        with self.lock:
            if self.ready:
                return self.ready.pop()
            if self.next >= len(self.which):
                return None
            if self.waiting and sum(case.shared.bytes for case in self.waiting) > _PARKED_BYTES:
                return None
            k = self.next
            self.next += 1
        if time.monotonic() >= self.deadline:
            self.stopped = True
            with self.lock:
                self.next -= 1
            return None
        person = int(self.which[k])
        shared = self.search.shared(person)
        with self.lock:
            free = next((case for case in self.spare if case.shared is shared), None)
            if free is not None:
                self.spare.remove(free)
        case = _Case(k, shared, free)
        self._begin(case, person)
        return case

    def _begin(self, case: _Case, person: int) -> None:
        search, shared = self.search, case.shared
        one, m = search.exclusions[person], shared.m
        frozen = np.zeros(m, dtype=np.int64)
        for feature in one.frozen:
            j, bit = search.menus.place(feature)
            frozen[j] |= np.int64(1) << np.int64(bit)
        sets = [(subset, 0) for subset in one.subsets] + [(subset, 1) for subset in one.supersets]
        masks = np.zeros((len(sets), m), dtype=np.int64)
        for row, (subset, _) in zip(masks, sets, strict=True):
            for feature in subset:
                j, bit = search.menus.place(feature)
                row[j] |= np.int64(1) << np.int64(bit)
        give = shared.give
        asks = shared.asks or bool(one.picks) or not search.trusting
        case.solver.begin(
            int(search.people[person]), give(frozen, np.int64), give(masks, np.int64),
            give([kind for _, kind in sets], np.int32), len(sets), asks,
        )  # fmt: skip

    def _go_on(self, case: _Case) -> bool:
        """Search until the person is done (True), or has a question or ran out of time (False)."""
        boxes = 64
        while True:
            began = time.perf_counter()
            code = case.solver.run(case.verdict, boxes)
            case.verdict = 0
            if code == _FULL:
                case.room *= 4
                case.shared.hold(case.solver, case.room)
                continue
            found, looked, peak, total = case.solver.answer(case.question)
            if code == _DONE or looked >= self.search.budget:
                self._write(case, code == _DONE, found, peak, total)
                return True
            if code == _ASK:
                case.solver.question(case.question)
                with self.lock:
                    self.waiting.append(case)
                return False
            if self.stopped or time.monotonic() >= self.deadline:
                self.stopped = True
                self._write(case, False, found, peak, total)
                return True
            seconds = time.perf_counter() - began
            boxes = int(min(max(boxes * _SLICE_SECONDS / max(seconds, 1e-6), 1), 4 * boxes, self.search.budget))

    def _write(self, case: _Case, proven: bool, found: bool, peak: float, total: float) -> None:
        out, k = self.out, case.k
        below = peak if self.search.menus.combine == "max" else total
        if found:
            out.codes[k] = OPTIMAL if proven else FEASIBLE
            out.picks[k] = case.question
            out.bound[k] = below
        elif proven:
            out.rule_out(np.array([k]))
        else:
            out.bound[k] = below if np.isfinite(below) else 0.0

    def ask(self) -> None:
        """Put all waiting questions to the model, in one batch."""
        if not self.waiting:
            return
        cases, self.waiting = self.waiting, []
        picks = np.array([case.question for case in cases], dtype=np.int32).reshape(len(cases), -1)
        verdicts = self.search.verdicts(self.which[[case.k for case in cases]], picks)
        for case, verdict in zip(cases, verdicts, strict=True):
            case.verdict = verdict
        self.ready = cases

    def give_up(self) -> None:
        """Write what is known of those in progress."""
        for case in [*self.ready, *self.waiting]:
            found, _, peak, total = case.solver.answer(case.question)
            self._write(case, False, found, peak, total)

    def tell(self) -> None:
        """Report the people who are done by now; on the main thread only."""
        if self.progress is not None and self.done > self.told:
            self.told, more = self.done, self.done - self.told
            self.progress(more)


def _collapse(menus: Menus, statement: TreeEnsemble, detail: str) -> tuple[IntArray, npt.NDArray[np.int32], IntArray]:
    """Return the items that matter, each one's state in its block's domain, and where the rows of them start.

    Of the items of a row that lie in the same cells the cheapest stays, today's first. `detail` keeps more apart:
    "changes" what changes different features, "items" everything. So does a condition across blocks, within the
    blocks that it reads, and the largest price, where it is not the price.
    """
    items = np.arange(len(menus.codes))
    cell = np.zeros(len(items), dtype=np.int64)
    tied = {name for constraint in menus.wide for name in constraint.features}
    for j, table in enumerate(statement.cells):
        span = menus.block_items[j]
        if detail == "items" or tied & set(menus.blocks[j]):
            cell[span] = items[span]
            continue
        _, group = np.unique(table, axis=0, return_inverse=True)
        cell[span] = group.ravel()[menus.codes[span]]
    keys: list[npt.NDArray[Any]] = [menus.item_row, cell]
    if detail == "changes":
        keys.append(menus.changed)
    if menus.combine == "max" and menus.peaks is not menus.prices:
        keys.append(menus.peaks)
    order = np.lexsort((items, menus.prices, *reversed(keys)))
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.logical_or.reduce([key[order[1:]] != key[order[:-1]] for key in keys])
    kept = order[new]
    peaks = menus.peaks if menus.combine == "max" else menus.prices
    stays = kept == menus.row_ptr[menus.item_row[kept]]
    kept = kept[np.lexsort((kept, menus.prices[kept], peaks[kept], ~stays, menus.item_row[kept]))]
    counts = np.bincount(menus.item_row[kept], minlength=len(menus.row_ptr) - 1)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return kept, menus.codes[kept], start


def _depth(statement: TreeEnsemble) -> int:
    """The most tests on the way to a leaf."""
    depth, nodes = 0, statement.roots
    while len(nodes := nodes[statement.test[nodes] >= 0]):
        nodes = np.concatenate([statement.left[nodes], statement.right[nodes]])
        depth += 1
    return depth
