"""The door to the compiled kernel for additive models: prepared menu rows, searched for many people on threads.

An additive model turns each menu item into a gain, so the cheapest action is a multiple-choice covering knapsack:
one item from each row, gains that reach what is needed, prices as small as possible. This module checks the
arrays, prepares the rows that people share, and gives the kernel the room it needs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recourse.arrays import FloatArray, IntArray, RowArray
from recourse.budget import Budget
from recourse.checks import one_of, whole_number
from recourse.errors import InputError
from recourse.progress import Advance
from recourse.search.kernels import builds
from recourse.search.solutions import UNKNOWN
from recourse.search.workers import Crew, next_size, number_of_threads

#: Partial actions kept per person before the search settles for a gap; 120 bytes each, per thread.
MAX_STATES = 1_000_000

MOST_PEOPLE = 100_000
"""How many people a slice may hold."""

_DISTINCT = {"subsets": 0, "minimal": 1, "exclusive": 2}
Distinct = Literal["minimal", "subsets", "exclusive"]


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
    interrupted : bool
        Whether the budget or Ctrl-C ended the search before everybody was finished.
    """

    picks: RowArray
    cost: FloatArray
    total: FloatArray
    bound: FloatArray
    total_bound: FloatArray
    status: NDArray[np.uint8]
    interrupted: bool = False


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
        Run the kernel's plain twin instead of its compiled build.

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
        budget: Budget | None = None,
        advance: Advance | None = None,
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
            false proof.
        threads : int, optional
            All processors by default.
        budget : Budget, optional
            It and Ctrl-C take effect between slices of about 50 ms: what is done is kept, the rest is UNKNOWN.
        advance : callable, optional
            Called on this thread with how many more people are done.

        Raises
        ------
        InputError
            If arrays don't fit together, or a feature is both frozen and forced.
        """
        people = KnapsackPeople(self, rows, need, objective, max_changes, frozen, forced)
        out = KnapsackArrays(people.n, people.m)
        interrupted = self._run(people, out, None, max_states, threads, Budget.of(budget), advance)
        return out.solutions(interrupted)

    def best_subsets(
        self,
        rows: ArrayLike,
        need: ArrayLike,
        *,
        total_items: int,
        distinct: Distinct = "minimal",
        objective: Literal["sum", "max"] = "sum",
        max_changes: int | None = None,
        frozen: ArrayLike | None = None,
        forced: ArrayLike | None = None,
        max_states: int = MAX_STATES,
        threads: int | None = None,
        budget: Budget | None = None,
        advance: Advance | None = None,
    ) -> list[KnapsackSolutions]:
        """Find each person's `total_items` cheapest actions that change different sets of features.

        Parameters
        ----------
        rows, need, objective, max_changes, frozen, forced, max_states, threads, budget, advance : see `solve`
            As there.
        total_items : int
            How many actions to look for.
        distinct : {"minimal", "subsets", "exclusive"}
            "subsets": each action changes a set of features unlike all earlier ones. "minimal": moreover one that
            contains no earlier set. "exclusive": no feature that an earlier one changes.

        Returns
        -------
        list of KnapsackSolutions
            One entry a rank, cheapest first. A person's status is INFEASIBLE from the rank on where it is proven
            that nothing more exists.

        Raises
        ------
        InputError
            As for `solve`; or if `total_items` or `distinct` is none of these.
        """
        one_of("distinct", distinct, _DISTINCT)
        whole_number("total_items", total_items, least=1)
        people = KnapsackPeople(self, rows, need, objective, max_changes, frozen, forced)
        out = KnapsackArrays(people.n * total_items, people.m)
        ranks = (total_items, _DISTINCT[distinct])
        interrupted = self._run(people, out, ranks, max_states, threads, Budget.of(budget), advance)
        return [out.solutions(interrupted, slice(rank, None, total_items)) for rank in range(total_items)]

    def _run(
        self,
        people: KnapsackPeople,
        out: KnapsackArrays,
        ranks: tuple[int, int] | None,
        max_states: int,
        threads: int | None,
        budget: Budget,
        advance: Advance | None,
    ) -> bool:
        """Share the people out in slices; returns whether it ended before all were done."""
        whole_number("max_states", max_states, least=1)
        wanted = number_of_threads(threads, compiled=self._kernel.is_compiled())
        if people.n == 0:
            return False
        n_threads = min(wanted, max(1, people.n // 32))

        with self._lock:
            # Rows of features that are forced to change are built apart: every choice but "exclusive" forces some.
            forces = people.forced is not None or (ranks is not None and ranks[1] != _DISTINCT["exclusive"])
            menus = self._prepare(n_threads, forces)

        queue = SliceQueue(people.n, n_threads)
        workers = [
            KnapsackWorker(self._kernel, menus, people, out, ranks, max_states, budget) for _ in range(n_threads)
        ]
        crew = Crew(budget, advance)
        crew.run([worker.steps(queue).__next__ for worker in workers])
        return crew.stopped

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


class KnapsackPeople:
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
        # Who has which rows, and needs how much.
        table = np.ascontiguousarray(rows, np.int32)
        needed = np.ascontiguousarray(need, np.float64)
        n_rows = len(knapsack._row_ptr) - 1
        if table.ndim != 2:
            raise InputError(f"rows must be a table of people by features, not of shape {table.shape}.")
        if table.size and (table.min() < 0 or table.max() >= n_rows):
            raise InputError(f"rows must lie between 0 and {n_rows - 1}; they reach {table.min()} and {table.max()}.")
        self.n, self.m = table.shape
        if needed.shape != (self.n,):
            raise InputError(f"need has shape {needed.shape}, but rows has {self.n} people.")
        if np.isnan(needed).any():
            raise InputError(f"need is not a number for {int(np.isnan(needed).sum())} people.")
        one_of("objective", objective, ("sum", "max"))
        limit = whole_number("max_changes", max_changes, or_none=True)

        # Masks of features that must stay, and of those that must change.
        masks = []
        for name, mask in (("frozen", frozen), ("forced", forced)):
            array = None if mask is None else np.ascontiguousarray(mask).astype(bool).view(np.uint8)
            if array is not None and array.shape != table.shape:
                raise InputError(f"{name} has shape {array.shape}, but rows has {table.shape}.")
            masks.append(array)
        if masks[0] is not None and masks[1] is not None and (masks[0] & masks[1]).any():
            raise InputError("A feature can't be both frozen and forced for the same person.")

        self.rows, self.need = table, needed
        self.frozen, self.forced = masks
        self.by_max = objective == "max"
        self.limit = -1 if limit is None else min(limit, self.m)


class KnapsackArrays:
    """Flat arrays that the kernel writes answers to; UNKNOWN until then."""

    def __init__(self, length: int, m: int) -> None:
        self.picks = np.zeros((length, m), np.int32)
        self.cost = np.full(length, np.inf)
        self.total = np.full(length, np.inf)
        self.bound = np.zeros(length)
        self.total_bound = np.zeros(length)
        self.status = np.full(length, UNKNOWN, np.uint8)

    def solutions(self, interrupted: bool, which: slice = slice(None)) -> KnapsackSolutions:
        return KnapsackSolutions(
            self.picks[which],
            self.cost[which],
            self.total[which],
            self.bound[which],
            self.total_bound[which],
            self.status[which],
            interrupted,
        )


class SliceQueue:
    """Hands out slices of people; the last ones are small, so that threads end together."""

    def __init__(self, n: int, threads: int) -> None:
        self.n, self.next = n, 0
        self.share = 2 * threads if threads > 1 else 1
        self._lock = threading.Lock()

    def take(self, size: int) -> tuple[int, int]:
        """The next people, as a range; an empty one where nobody is left."""
        with self._lock:
            start = self.next
            self.next = min(self.n, start + min(size, max(32, (self.n - start) // self.share)))
            return start, self.next


class KnapsackWorker:
    """One thread's kernel workspace."""

    def __init__(
        self,
        kernel: Any,
        menus: Any,
        people: KnapsackPeople,
        out: KnapsackArrays,
        ranks: tuple[int, int] | None,
        max_states: int,
        budget: Budget,
    ) -> None:
        self._ranks, self._out = ranks, out
        self._solver = kernel.Solver(
            menus,
            rows=people.rows,
            need=people.need,
            frozen=people.frozen,
            forced=people.forced,
            by_max=people.by_max,
            limit=people.limit,
            max_states=max_states,
            exhausted=lambda: budget.exhausted,
        )

    def steps(self, queue: SliceQueue) -> Iterator[int | None]:
        """Take slices of people and solve them, one at each `next`; then None for ever."""
        size = 16
        while True:
            start, stop = queue.take(size)
            if start == stop:
                yield None
                continue
            began = time.perf_counter()
            reached = self.solve(start, stop)
            size = next_size(size, time.perf_counter() - began, MOST_PEOPLE)
            yield reached - start

    def solve(self, start: int, stop: int) -> int:
        """Solve people start … stop − 1; returns how far it came before the budget was exhausted."""
        arrays = vars(self._out)
        if self._ranks is None:
            return int(self._solver.solve(start, stop, **arrays))
        return int(self._solver.best(start, stop, ranks=self._ranks[0], mode=self._ranks[1], **arrays))


def _check_rows(row_ptr: IntArray, gains: FloatArray, prices: FloatArray) -> None:
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
