"""Exact search for additive models: the cheapest picks from every person's priced menu, with a proof.

An additive model turns each menu item into a gain, so the cheapest action is a multiple-choice covering
knapsack. This module is the door to the compiled kernel: it checks the arrays, prepares the rows that
people share, runs chunks of people on threads, and keeps what is done when time runs out.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recourse.errors import InputError, nearest
from recourse.menus.menus import Menus
from recourse.models.statements.additive import Additive
from recourse.search.kernels import builds
from recourse.search.solutions import UNKNOWN, Exclusions, Solutions

#: Partial actions kept per person before the search settles for a gap; 100 bytes each, per thread.
MAX_STATES = 1_000_000

_CHUNK_SECONDS = 0.05
_DISTINCT = {"subsets": 0, "minimal": 1, "exclusive": 2}


@dataclass(frozen=True, eq=False)
class KnapsackSolutions:
    """What was found and proven for each of n people.

    Attributes
    ----------
    picks : int32 (n, m)
        The item within each row; 0 is today's value.
    cost : float64 (n,)
        The sum of prices (`sum`) or the largest price (`max`); infinite where there is no action.
    total : float64 (n,)
        The sum of prices.
    bound, total_bound : float64 (n,)
        No action costs less than `bound`; none of that cost has a smaller sum than `total_bound`. Never above
        `cost` and `total`; equal to them where the status is OPTIMAL; infinite where INFEASIBLE.
    status : uint8 (n,)
        0 OPTIMAL, 1 FEASIBLE, 2 INFEASIBLE (proven), 3 UNKNOWN (stopped before this person was finished).
    stopped : str or None
        Why the rest was left UNKNOWN: "deadline" or "interrupted".
    """

    picks: NDArray[np.int32]
    cost: NDArray[np.float64]
    total: NDArray[np.float64]
    bound: NDArray[np.float64]
    total_bound: NDArray[np.float64]
    status: NDArray[np.uint8]
    stopped: str | None = None


class Knapsack:
    """Menu rows, prepared once for any number of searches over them.

    Parameters
    ----------
    row_ptr : int64 (n_rows + 1,)
        Row r's items are row_ptr[r] .. row_ptr[r + 1] - 1. Its first item is today's value: gain 0, price 0.
    gains : float64 (n_items,)
        What an item adds to the score: any sign, any order.
    prices : float64 (n_items,)
        At least 0. Moves may be free.
    interpreted : bool
        Run the kernel's source instead of its compiled build.

    Examples
    --------
    One feature with three moves, and two people with the same row who need different gains:

    >>> import numpy as np
    >>> menus = Knapsack([0, 4], gains=[0, 1, 2, 3], prices=[0, 0.1, 0.15, 0.4])
    >>> found = menus.solve(np.array([[0], [0]]), need=[0.5, 2.5])
    >>> found.picks.tolist(), found.cost.tolist(), found.status.tolist()
    ([[1], [3]], [0.1, 0.4], [0, 0])
    """

    def __init__(self, row_ptr: ArrayLike, gains: ArrayLike, prices: ArrayLike, *, interpreted: bool = False) -> None:
        self._kernel = builds.load("additive", interpreted=interpreted)
        self._row_ptr = np.ascontiguousarray(row_ptr, np.int64)
        self._gains = np.ascontiguousarray(gains, np.float64)
        self._prices = np.ascontiguousarray(prices, np.float64)
        _check_rows(self._row_ptr, self._gains, self._prices)
        self._menus: Any = None
        self._lock = threading.Lock()  # the rows are prepared once
        self._changed = False  # whether they are prepared for features that must change, too

    def solve(
        self,
        rows: ArrayLike,
        need: ArrayLike,
        *,
        objective: Literal["sum", "max"] = "sum",
        max_changes: int | None = None,
        frozen: ArrayLike | None = None,
        forced: ArrayLike | None = None,
        max_states: int = MAX_STATES,
        threads: int | None = None,
        deadline: float | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> KnapsackSolutions:
        """Find each person's cheapest action whose gains reach `need`, or prove that there is none.

        Parameters
        ----------
        rows : int32 (n, m)
            The row of each person and feature.
        need : float64 (n,)
            An action counts if its gains, added in feature order from 0.0, are at least this.
        objective : {"sum", "max"}
            Smallest sum of prices; or smallest largest price and, among those, smallest sum.
        max_changes : int, optional
            Most features that an action may change.
        frozen, forced : bool (n, m), optional
            Features that must keep today's value; features that must leave it.
        max_states : int
            Cap on the partial actions kept for a person; reaching it gives FEASIBLE and a bound, never a
            false proof. threads : int, optional
            All processors by default.
        deadline : float, optional
            A `time.monotonic()` moment. It and Ctrl-C take effect between chunks of about 50 ms: what is
            done is kept, the rest is UNKNOWN and `stopped` says why.
        progress : callable, optional
            Called on this thread with the number of people done.

        Raises
        ------
        InputError
            If arrays don't fit together, or a feature is both frozen and forced.
        """
        people = _People(self, rows, need, objective, max_changes, frozen, forced)
        out = _Out(people.n, people.m)
        stopped = self._run(people, out, None, max_states, threads, deadline, progress)
        return out.solutions(stopped)

    def best_subsets(
        self,
        rows: ArrayLike,
        need: ArrayLike,
        *,
        total_items: int,
        distinct: Literal["minimal", "subsets", "exclusive"] = "minimal",
        objective: Literal["sum", "max"] = "sum",
        max_changes: int | None = None,
        frozen: ArrayLike | None = None,
        forced: ArrayLike | None = None,
        max_states: int = MAX_STATES,
        threads: int | None = None,
        deadline: float | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[KnapsackSolutions]:
        """Find each person's `total_items` cheapest actions that change different sets of features.

        `"subsets"`: each changes a set unlike all earlier ones. `"minimal"`: and one that contains no
        earlier set.
        `"exclusive"`: and no feature that an earlier one uses. The list has one entry per rank, cheapest
        first; a person's status is INFEASIBLE from the rank on where it is proven that nothing more
        exists. The other parameters are those of `solve`.
        """
        if distinct not in _DISTINCT:
            raise InputError(f"{distinct!r} is not a way to differ. {nearest(distinct, _DISTINCT)}")
        if total_items < 1:
            raise InputError(f"total_items must be at least 1, not {total_items}.")
        people = _People(self, rows, need, objective, max_changes, frozen, forced)
        out = _Out(people.n * total_items, people.m)
        ranks = (total_items, _DISTINCT[distinct])
        stopped = self._run(people, out, ranks, max_states, threads, deadline, progress)
        return [out.solutions(stopped, slice(rank, None, total_items)) for rank in range(total_items)]

    def _run(
        self,
        people: _People,
        out: _Out,
        ranks: tuple[int, int] | None,
        max_states: int,
        threads: int | None,
        deadline: float | None,
        progress: Callable[[int], object] | None,
    ) -> str | None:
        """Share the people out in chunks; returns why it stopped early, or None."""
        if max_states < 1:
            raise InputError(f"max_states must be at least 1, not {max_states}.")
        if threads is None:
            threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if threads < 1:
            raise InputError(f"threads must be at least 1, not {threads}.")
        if not self._kernel.is_compiled():
            threads = 1  # the interpreter would only take turns
        if people.n == 0:
            return None
        threads = min(threads, max(1, people.n // 32))
        with self._lock:
            menus = self._prepare(threads, people.forced is not None or (ranks is not None and ranks[1] != 2))
        queue = _Queue(people.n, threads, deadline)
        workers = [_Worker(self._kernel, menus, people, out, ranks, max_states) for _ in range(threads)]
        with ThreadPoolExecutor(max(1, threads - 1)) as pool:
            futures = [pool.submit(_work, worker, queue, None) for worker in workers[1:]]
            try:
                _work(workers[0], queue, progress)
                for future in futures:
                    future.result()
                if progress is not None and queue.stopped is None:
                    progress(queue.done)
            except KeyboardInterrupt:  # the others end their chunks, and the pool waits for them
                queue.stopped = "interrupted"
        return queue.stopped

    def _prepare(self, threads: int, changed: bool) -> Any:
        """Build the rows' fronts and hulls, unless they are there already."""
        if self._menus is not None and changed <= self._changed:
            return self._menus
        menus = self._kernel.Menus(self._row_ptr, self._gains, self._prices, changed)
        n_rows, n_items = len(self._row_ptr) - 1, len(self._gains)
        parts = threads if n_items > 100_000 else 1
        cuts = np.searchsorted(self._row_ptr[:-1], np.linspace(0, n_items, parts + 1)[1:-1])
        edges = [0, *(int(cut) for cut in cuts), n_rows]
        if parts == 1:
            menus.prepare(0, n_rows)
        else:
            with ThreadPoolExecutor(parts) as pool:
                list(pool.map(menus.prepare, edges[:-1], edges[1:]))
        self._menus, self._changed = menus, changed
        return menus


class KnapsackSearch:
    """The knapsack over one grid, for one additive model: the search behind `find` wherever it applies.

    It takes features that are free of each other, or tied within one block; at most k changes and subsets of
    features only where every block is one feature; and no condition across blocks.
    """

    def __init__(self, statement: Additive, menus: Menus) -> None:
        self._grid, self._score = menus, statement.score
        self._menus = Knapsack(menus.row_ptr, statement.gains, menus.prices)

    @staticmethod
    def accepts(menus: Menus) -> bool:
        """Whether every condition of the grid is one that the kernel knows."""
        return not menus.wide and (menus.single or (menus.max_changes is None and menus.combine == "sum"))

    def accepts_exclusions(self, exclusions: Sequence[Exclusions]) -> bool:
        """Whether all exclusions are frozen features: the only ones that the kernel knows."""
        free = all(not (one.subsets or one.supersets or one.picks) for one in exclusions)
        return free and (self._grid.single or not any(one.frozen for one in exclusions))

    def solve(
        self,
        people: NDArray[np.int64],
        lift: float,
        exclusions: Sequence[Exclusions],
        *,
        deadline: float = np.inf,
        progress: Callable[[int], object] | None = None,
    ) -> Solutions:
        """Return proposals for `people`: cheapest actions whose gains reach the bar raised by `lift`."""
        menus = self._grid
        frozen = np.zeros((len(people), len(menus.blocks)), dtype=bool)
        for k, one in enumerate(exclusions):
            frozen[k, list(one.frozen)] = True
        found = self._menus.solve(
            menus.rows[people],
            lift - self._score[people],
            objective=menus.combine,
            max_changes=menus.max_changes,
            frozen=frozen if frozen.any() else None,
            deadline=None if np.isinf(deadline) else deadline,
            progress=None if progress is None else _increments(progress),
        )
        return self._solutions(people, found)

    def best_subsets(
        self,
        people: NDArray[np.int64],
        lift: float,
        *,
        total_items: int,
        distinct: Literal["minimal", "subsets", "exclusive"],
        deadline: float = np.inf,
        progress: Callable[[int], object] | None = None,
    ) -> list[Solutions]:
        """Return the proposals of each rank; see `Knapsack.best_subsets`. Every block must be one feature."""
        menus = self._grid
        ranks = self._menus.best_subsets(
            menus.rows[people],
            lift - self._score[people],
            total_items=total_items,
            distinct=distinct,
            objective=menus.combine,
            max_changes=menus.max_changes,
            deadline=None if np.isinf(deadline) else deadline,
            progress=None if progress is None else _increments(progress),
        )
        return [self._solutions(people, found) for found in ranks]

    def _solutions(self, people: NDArray[np.int64], found: KnapsackSolutions) -> Solutions:
        out = Solutions(
            found.status.astype(np.int8), found.picks, found.cost, found.total, found.bound, found.stopped is not None
        )
        out.cost[found.status == UNKNOWN] = out.total[found.status == UNKNOWN] = np.nan
        works = np.flatnonzero(out.found)
        out.cost[works], out.total[works] = self._grid.cost(people[works], out.picks[works])
        out.bound[works] = np.minimum(out.bound[works], out.cost[works])
        return out


def _increments(progress: Callable[[int], object]) -> Callable[[int], None]:
    """Turn a callback for newly done people into one for all people done so far."""
    before = 0

    def report(done: int) -> None:
        nonlocal before
        if done > before:
            before, more = done, done - before
            progress(more)

    return report


class _People:
    """The people's arrays, checked and as the kernel wants them."""

    def __init__(
        self,
        knapsack: Knapsack,
        rows: ArrayLike,
        need: ArrayLike,
        objective: str,
        max_changes: int | None,
        frozen: ArrayLike | None,
        forced: ArrayLike | None,
    ) -> None:
        table = np.ascontiguousarray(rows, np.int32)
        bar = np.ascontiguousarray(need, np.float64)
        n_rows = len(knapsack._row_ptr) - 1
        if table.ndim != 2:
            raise InputError(f"rows must be a table of people by features, not of shape {table.shape}.")
        if table.size and (table.min() < 0 or table.max() >= n_rows):
            raise InputError(f"rows must lie between 0 and {n_rows - 1}; they reach {table.min()} and {table.max()}.")
        self.n, self.m = table.shape
        if bar.shape != (self.n,):
            raise InputError(f"need has shape {bar.shape}, but rows has {self.n} people.")
        if np.isnan(bar).any():
            raise InputError(f"need is not a number for {int(np.isnan(bar).sum())} people.")
        if objective not in ("sum", "max"):
            raise InputError(f"{objective!r} is not an objective. {nearest(objective, ('sum', 'max'))}")
        if max_changes is not None and max_changes < 0:
            raise InputError(f"max_changes must be at least 0, not {max_changes}.")
        masks = []
        for name, mask in (("frozen", frozen), ("forced", forced)):
            array = None if mask is None else np.ascontiguousarray(mask, bool).view(np.uint8)
            if array is not None and array.shape != table.shape:
                raise InputError(f"{name} has shape {array.shape}, but rows has {table.shape}.")
            masks.append(array)
        if masks[0] is not None and masks[1] is not None and (masks[0] & masks[1]).any():
            raise InputError("A feature can't be both frozen and forced for the same person.")
        self.rows, self.need = table, bar
        self.frozen, self.forced = masks
        self.by_max = objective == "max"
        self.limit = -1 if max_changes is None else min(max_changes, self.m)


class _Out:
    """Flat result arrays, UNKNOWN until the kernel writes them."""

    def __init__(self, length: int, m: int) -> None:
        self.picks = np.zeros((length, m), np.int32)
        self.cost = np.full(length, np.inf)
        self.total = np.full(length, np.inf)
        self.bound = np.zeros(length)
        self.total_bound = np.zeros(length)
        self.status = np.full(length, UNKNOWN, np.uint8)

    def solutions(self, stopped: str | None, which: slice = slice(None)) -> KnapsackSolutions:
        return KnapsackSolutions(
            self.picks[which],
            self.cost[which],
            self.total[which],
            self.bound[which],
            self.total_bound[which],
            self.status[which],
            stopped,
        )


class _Queue:
    """Hands out chunks of people; the last ones are small, so that threads end together."""

    def __init__(self, n: int, threads: int, deadline: float | None) -> None:
        self.n = n
        self.share = 2 * threads if threads > 1 else 1
        self.deadline = deadline
        self.next = 0
        self.done = 0
        self.stopped: str | None = None
        self._lock = threading.Lock()

    def take(self, size: int) -> tuple[int, int]:
        with self._lock:
            if self.stopped is None and self.next < self.n and self._late():
                self.stopped = "deadline"
            if self.stopped is not None:
                return self.n, self.n
            start = self.next
            self.next = min(self.n, start + min(size, max(32, (self.n - start) // self.share)))
            return start, self.next

    def finish(self, people: int) -> int:
        with self._lock:
            self.done += people
            return self.done

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


class _Worker:
    """One thread's kernel workspace."""

    def __init__(
        self,
        kernel: Any,
        menus: Any,
        people: _People,
        out: _Out,
        ranks: tuple[int, int] | None,
        max_states: int,
    ) -> None:
        self._out, self._ranks = out, ranks
        self._solver = kernel.Solver(
            menus,
            rows=people.rows,
            need=people.need,
            frozen=people.frozen,
            forced=people.forced,
            by_max=people.by_max,
            limit=people.limit,
            max_states=max_states,
        )

    def solve(self, start: int, stop: int) -> None:
        out = self._out
        arrays = {
            "picks": out.picks,
            "cost": out.cost,
            "total": out.total,
            "bound": out.bound,
            "total_bound": out.total_bound,
            "status": out.status,
        }
        if self._ranks is None:
            self._solver.solve(start, stop, **arrays)
        else:
            self._solver.best(start, stop, ranks=self._ranks[0], mode=self._ranks[1], **arrays)


def _work(worker: _Worker, queue: _Queue, progress: Callable[[int], object] | None) -> None:
    """Take chunks until there are none left; whatever goes wrong in one thread stops them all."""
    size = 16
    try:
        while True:
            start, stop = queue.take(size)
            if start == stop:
                return
            began = time.perf_counter()
            worker.solve(start, stop)
            seconds = time.perf_counter() - began
            size = int(min(max(size * _CHUNK_SECONDS / max(seconds, 1e-6), 1), 4 * size, 100_000))
            done = queue.finish(stop - start)
            if progress is not None:
                progress(done)
    except BaseException:
        queue.stopped = "failed"
        raise


def _check_rows(row_ptr: NDArray[np.int64], gains: NDArray[np.float64], prices: NDArray[np.float64]) -> None:
    if row_ptr.ndim != 1 or len(row_ptr) < 1 or row_ptr[0] != 0 or (np.diff(row_ptr) < 1).any():
        raise InputError("row_ptr must start at 0 and rise: every row has at least today's value.")
    if gains.shape != (row_ptr[-1],) or prices.shape != gains.shape:
        raise InputError(f"row_ptr ends at {row_ptr[-1]}, but gains and prices are {gains.shape} and {prices.shape}.")
    if not (np.isfinite(gains).all() and np.isfinite(prices).all()):
        raise InputError("gains and prices must be finite.")
    if len(prices) and prices.min() < 0.0:
        raise InputError(f"prices must be at least 0; the smallest is {prices.min()}.")
    first = row_ptr[:-1]
    if gains[first].any() or prices[first].any():
        raise InputError("The first item of a row is today's value: its gain and price must be 0.")
