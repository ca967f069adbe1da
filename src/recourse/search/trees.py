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
_DONE, _ASK, _PAUSED = range(3)
_APPROVED, _DENIED, _FORBIDDEN = 1, 2, 3
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
        self.kernel = builds.load("trees", interpreted=interpreted)
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
    """The kernel's view of trees and collapsed menus."""

    def __init__(self, search: _Search, detail: str) -> None:
        menus, statement, kernel = search.menus, search.statement, search.kernel
        self.m = m = len(menus.blocks)
        items, groups, start = _collapse(menus, statement, detail)
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
        cells = [table.ravel() for table in statement.cells]
        exact = statement.tolerance == 0
        if exact:
            low = high = np.nextafter(statement.bar, np.inf) if statement.strict else statement.bar
        else:
            low, high = statement.bar - statement.tolerance, statement.bar + statement.tolerance
        no_limit = menus.max_changes is None
        rows, none = menus.linear, np.zeros((0, m))
        self.handle = kernel.Shared(
            roots=_array(statement.roots, np.int32),
            test=_array(statement.test, np.int32),
            left=_array(statement.left, np.int32),
            right=_array(statement.right, np.int32),
            value=_array(statement.value, np.float64),
            sequence_start=_array(first, np.int32),
            sequence_block=_array(block[column], np.int32),
            sequence_column=_array(slot[column], np.int32),
            sequence_kind=_array(statement.kind[first[:-1]], np.int32),
            cut=_array(statement.cut, np.int32),
            sets=_array(statement.sets, np.uint8),
            state_start=_array(start, np.int64),
            state_item=_array(items - menus.row_ptr[menus.item_row[items]], np.int32),
            state_peak=_array(menus.peaks[items] if menus.combine == "max" else np.zeros(len(items)), np.float64),
            state_price=_array(menus.prices[items], np.float64),
            state_changed=_array(menus.changed[items], np.int64),
            state_group=_array(groups, np.int32),
            cells=_array(np.concatenate([np.empty(0, np.int32), *cells]), np.int32),
            cell_start=_array(np.cumsum([0, *map(len, cells)])[:-1], np.int64),
            columns=_array([len(columns) for columns in statement.columns], np.int32),
            rows=_array(menus.rows, np.int32),
            today=_array(statement.today, np.int32),
            wide=wide,
            coefficients=_array([row.coefficients[items] for row in rows] or none, np.float64),
            still=_array([row.still[items] for row in rows] or none, np.uint8),
            reads=_array([[j in row.blocks for j in range(m)] for row in rows] or none, np.uint8),
            least_sum=_array([row.low for row in rows] or none, np.float64),
            most_sum=_array([row.high for row in rows] or none, np.float64),
            limit=-1 if no_limit else min(menus.max_changes, 2**31 - 1),
            low=float(low),
            high=float(high),
        )
        self.solver = lambda: kernel.Solver(self.handle)


def _array(values: npt.ArrayLike, kind: Any) -> npt.NDArray[Any]:
    return np.ascontiguousarray(values, kind)


class _Case:
    """One person's search in progress."""

    def __init__(self, k: int, shared: _Shared, before: _Case | None) -> None:
        self.k, self.shared, self.verdict = k, shared, 0
        self.solver: Any = shared.solver() if before is None else before.solver
        self.question = np.zeros(shared.m, np.int32)


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
            if self.waiting and sum(case.solver.bytes for case in self.waiting) > _PARKED_BYTES:
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
        kinds = np.array([kind for _, kind in sets], dtype=np.int32)
        asks = shared.asks or bool(one.picks) or not search.trusting
        case.solver.begin(int(search.people[person]), excluded=masks, frozen=frozen, kinds=kinds, asks=asks)

    def _go_on(self, case: _Case) -> bool:
        """Search until the person is done (True), or has a question or ran out of time (False)."""
        boxes = 64
        while True:
            began = time.perf_counter()
            code = case.solver.run(case.verdict, boxes)
            case.verdict = 0
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
