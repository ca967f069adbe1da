"""Proposals by mixed-integer programming (HiGHS through SciPy): for additive models under any linear condition.

One binary variable an item, one item of each menu, the gains together above the bar. A solver's answer is a
proposal; what may be claimed from it is decided in `recourse.search.boundary`.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import Future, wait
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.budget import Budget
from recourse.menus.menus import LinearRow, Menus
from recourse.models.statements.additive import Additive
from recourse.models.statements.statement import Statement
from recourse.progress import Advance
from recourse.search.exclusions import Exclusions
from recourse.search.solutions import Solutions, meets

OPTIONS = {
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-10,
}
"""SciPy documents only the first and passes the others on to HiGHS with a warning. Without them costs were
off by 9e-7 at small prices, and points 5e-8 below the bar were returned."""

DEAREST = 100.0
"""What the dearest item costs in the units of the objective. The solver's tolerances are absolute: with 1, a price
would count up to 1e-10 of the dearest one."""

DOUBT = OPTIONS["dual_feasibility_tolerance"] / DEAREST
"""How far a bound of the solver may be off for each menu, relative to the dearest price."""

OPTIMAL_STATUS, LIMIT_STATUS, INFEASIBLE_STATUS = 0, 1, 2
"""What `scipy.optimize.milp` says of how it ended."""


class MilpProposer:
    """An integer program a person, for one additive model."""

    def __init__(self, statement: Additive, menus: Menus) -> None:
        self.statement, self.menus = statement, menus

    @staticmethod
    def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
        """Whether the model is additive and every condition across menus has a linear form."""
        return isinstance(statement, Additive) and menus.has_rows

    def propose(
        self,
        people: IntArray,
        raised_by: float,
        exclusions: Sequence[Exclusions],
        *,
        budget: Budget,
        advance: Advance | None = None,
    ) -> Solutions:
        """Return cheapest actions of `people` whose gains reach the bar raised by so much.

        On Ctrl-C the answers so far are returned, marked as interrupted.
        """
        out = Solutions.unknown(len(people), len(self.menus.blocks))
        try:
            for k, person in enumerate(people.tolist()):
                if budget.exhausted:
                    out.interrupted = True
                    break
                program = PersonProgram(self.statement, self.menus, person, raised_by, exclusions[k], budget)
                program.solve(out, k)
                if advance is not None:
                    advance(1)
        except KeyboardInterrupt:
            out.interrupted = True
        return out


class PersonItems:
    """One person's menus side by side: variable v of the program says whether item v is taken."""

    def __init__(self, menus: Menus, person: int) -> None:
        starts = menus.row_ptr[menus.rows[person]]
        self.menus, self.person = menus, person
        self.lengths = menus.row_ptr[menus.rows[person] + 1] - starts
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)])
        spans = [np.arange(start, start + length) for start, length in zip(starts, self.lengths, strict=True)]
        self.items: IntArray = np.concatenate([np.empty(0, np.int64), *spans])
        self.owner = np.repeat(np.arange(len(self.lengths)), self.lengths)
        self.prices, self.peaks = menus.prices[self.items], menus.peaks[self.items]

    def changing(self, feature: int) -> BoolArray:
        """Which items change a feature, by its position in `Menus.features`."""
        block, bit = self.menus.place(feature)
        flag = (self.menus.changed[self.items] >> np.uint64(bit)) & np.uint64(1) == 1
        return flag & (self.owner == block)

    def picks(self, x: FloatArray) -> IntArray:
        """The action of a 0/1 vector, as a position in each menu."""
        picks: IntArray = np.flatnonzero(x > 0.5) - self.offsets[:-1]
        return picks


class Conditions:
    """Linear conditions low ≤ row · x ≤ high, each scaled so that its largest coefficient is 1."""

    def __init__(self, items: PersonItems) -> None:
        # One item of each menu.
        n, m = len(items.prices), len(items.lengths)
        self.n = n
        self.rows: list[Any] = [sparse.csr_array((np.ones(n), (items.owner, np.arange(n))), shape=(m, n))]
        self.low, self.high = [np.ones(m)], [np.ones(m)]

    def add(self, row: FloatArray, low: float, high: float) -> None:
        """Add one condition."""
        scale = float(np.abs(row).max(initial=0.0)) or 1.0
        self.rows.append(sparse.csr_array(row[None] / scale))
        self.low.append(np.array([low / scale]))
        self.high.append(np.array([high / scale]))

    def at_most_k_changes(self, items: PersonItems) -> None:
        """Limit the number of changed features, where the menus do."""
        if items.menus.max_changes is not None:
            self.add(items.menus.n_changed[items.items].astype(np.float64), -np.inf, items.menus.max_changes)

    def across_menus(self, items: PersonItems, condition: LinearRow) -> None:
        """Add a condition on the features of several menus, unless somebody who breaks it today leaves them alone."""
        coefficients = condition.coefficients[items.items]
        low, high = condition.low[items.person], condition.high[items.person]
        today = condition.today[items.person]
        if np.isnan(low) or np.isnan(high) or np.isnan(coefficients).any():
            self._with_gaps(items, condition)
            return
        if low <= today <= high:
            self.add(coefficients, low, high)
            return

        # Today's row breaks it: it binds once an item is picked that moves one of its features. For each of its
        # menus: any item of it that moves adds to the sum more than all other items could take away.
        reach = float(np.abs(coefficients).sum() + abs(today) + abs(low if today < low else high))
        for block in condition.blocks:
            moves = np.where((items.owner == block) & ~condition.still[items.items], reach, 0.0)
            if today < low:
                self.add(coefficients - moves, low - reach, np.inf)
            else:
                self.add(coefficients + moves, -np.inf, high + reach)

    def _with_gaps(self, items: PersonItems, condition: LinearRow) -> None:
        """Add a condition that reads a missing value: without a sum it is broken, so it binds whoever moves."""
        coefficients = condition.coefficients[items.items]
        low, high = condition.low[items.person], condition.high[items.person]
        inside = np.isin(items.owner, condition.blocks)
        moves = [inside & (items.owner == j) & ~condition.still[items.items] for j in condition.blocks]

        # A feature without a value that nobody can give it: nothing may move.
        if np.isnan(low) or np.isnan(high):
            self.add(np.logical_or.reduce(moves).astype(np.float64), -np.inf, 0.0)
            return

        # Who moves in one menu can't pick an item without a value, in this or another one.
        lost = np.isnan(coefficients)
        coefficients = np.where(lost, 0.0, coefficients)
        for moving in moves:
            for j in condition.blocks:
                gap = lost & (items.owner == j)
                if gap.any():
                    self.add(moving.astype(np.float64) + gap, -np.inf, 1.0)

            # And then the sum counts: any item that moves adds more than all others could take away.
            for bound, sign in ((low, -1.0), (high, 1.0)):
                if np.isfinite(bound):
                    reach = float(np.abs(coefficients).sum() + abs(bound))
                    row = sign * coefficients + np.where(moving, reach, 0.0)
                    self.add(row, -np.inf, sign * bound + reach)

    def exclude(self, items: PersonItems, excluded: Exclusions) -> None:
        """Cut off sets of changed features and whole actions; frozen features are bounds of variables instead."""
        # Not all of a set's features.
        for subset in excluded.supersets:
            row = np.zeros(self.n)
            for feature in subset:
                row += items.changing(feature)
            self.add(row, -np.inf, len(subset) - 1)

        # Not exactly a set's features: one of them stays, or another one changes.
        for subset in excluded.subsets:
            row = np.zeros(self.n)
            for feature in range(len(items.menus.features)):
                row += np.where(items.changing(feature), 1.0 if feature in subset else -1.0, 0.0)
            self.add(row, -np.inf, len(subset) - 1)

        # Not all items of an action.
        for pattern in excluded.picks:
            picks = np.asarray(pattern)
            fixed = np.flatnonzero(picks >= 0)
            row = np.zeros(self.n)
            row[items.offsets[fixed] + picks[fixed]] = 1.0
            self.add(row, -np.inf, len(fixed) - 1)

    def stacked(self) -> tuple[sparse.csr_array, FloatArray, FloatArray]:
        """All conditions as one matrix and two vectors."""
        return sparse.csr_array(sparse.vstack(self.rows)), np.concatenate(self.low), np.concatenate(self.high)


class PersonProgram:
    """The integer program of one person."""

    def __init__(
        self,
        statement: Additive,
        menus: Menus,
        person: int,
        raised_by: float,
        excluded: Exclusions,
        budget: Budget,
    ) -> None:
        self.menus, self.person, self.excluded, self.budget = menus, person, excluded, budget
        self.items = PersonItems(menus, person)
        self.prices, self.peaks = self.items.prices, self.items.peaks
        self.gains = statement.gains[self.items.items]
        self.need = raised_by - float(statement.score[person])
        self.upper = np.ones(len(self.prices))
        for feature in excluded.frozen:
            self.upper[self.items.changing(feature)] = 0.0

    def solve(self, out: Solutions, k: int) -> None:
        """Write the answer of this program as number `k` of `out`."""
        if self._beyond_reach():
            out.rule_out(np.array([k]))
            return
        conditions = self._conditions()
        if self.menus.combine == "max":
            self._solve_by_largest(conditions, out, k)
            return
        result, bound = self._cheapest(conditions, by_largest=False)
        self._write(out, k, result, bound)

    def _solve_by_largest(self, conditions: Conditions, out: Solutions, k: int) -> None:
        """The smallest largest price first; then, of the actions within it, the smallest sum."""
        level, bound = self._cheapest(conditions, by_largest=True)
        if level.x is None:
            self._write(out, k, level, bound)
            return
        largest = self._paid(level, by_largest=True)
        self.upper[self.peaks > largest] = 0.0
        result, least = self._cheapest(conditions, by_largest=False)
        if result.x is None:  # out of time: the first stage already has an action of this largest price
            result, least = level, 0.0
        proven = self._is_optimal(level, bound, by_largest=True) and self._is_optimal(result, least)
        self._put(out, k, result.x, min(bound, largest), proven)

    def _cheapest(self, conditions: Conditions, *, by_largest: bool) -> tuple[OptimizeResult, float]:
        """The cheapest action by sums or by largest prices, and a bound on what actions cost.

        A solver's tolerances are relative to the dearest item, and next to it cheap ones cost nothing. With an
        action at hand, items that alone cost more than it can go: so it is solved again, in the units of what is left,
        until nothing changes. Then no price that is left exceeds the action's cost.
        """
        prices = self.peaks if by_largest else self.prices
        best, bound = OptimizeResult(x=None), 0.0
        while True:
            scale = float(prices[self.upper > 0].max(initial=0.0)) / DEAREST or 1.0
            result = self._minimise_largest(conditions, scale) if by_largest else self._minimise_sum(conditions, scale)
            if result.x is None and best.x is not None:  # out of time, or lost to rounding: the last one stands
                best.status = LIMIT_STATUS
                return best, bound
            bound = max(bound, self._bound(result, scale))
            if best.x is None or (
                result.x is not None and self._paid(result, by_largest) <= self._paid(best, by_largest)
            ):
                best = result
            if best.x is None:
                return best, bound
            paid = self._paid(best, by_largest)
            dearer = (prices > paid) & (self.upper > 0)
            if not dearer.any():
                return best, min(bound, paid)
            self.upper[dearer] = 0.0

    def _paid(self, result: OptimizeResult, by_largest: bool) -> float:
        """What a result's action costs: the sum of its prices, or the largest of them."""
        taken = result.x > 0.5
        return float(self.peaks[taken].max(initial=0.0) if by_largest else self.prices[taken].sum())

    # -- the program -------------------------------------------------------------------------------------------

    def _conditions(self, *, bar: bool = True) -> Conditions:
        """Everything that an action must satisfy; without `bar`, except that the model approves."""
        conditions = Conditions(self.items)
        if bar:
            conditions.add(self.gains, self.need, np.inf)
        conditions.at_most_k_changes(self.items)
        for condition in self.menus.linear:
            conditions.across_menus(self.items, condition)
        conditions.exclude(self.items, self.excluded)
        return conditions

    def _minimise(self, objective: FloatArray, conditions: Conditions) -> OptimizeResult:
        """Minimise a linear function of the items taken."""
        return self._milp(objective, *conditions.stacked(), integral=len(objective))

    def _minimise_sum(self, conditions: Conditions, scale: float) -> OptimizeResult:
        """Minimise the sum of prices, of the items that may be taken."""
        return self._minimise(np.where(self.upper > 0, self.prices / scale, 0.0), conditions)

    def _minimise_largest(self, conditions: Conditions, scale: float) -> OptimizeResult:
        """Minimise t over t ≥ the largest price of each menu's item; the items come back without t."""
        m, n = len(self.items.lengths), len(self.prices)
        rows, low, high = conditions.stacked()
        peaks = np.where(self.upper > 0, self.peaks / scale, 0.0)
        paid = sparse.csr_array((peaks, (self.items.owner, np.arange(n))), shape=(m, n))
        t_above_paid = sparse.hstack([-paid, sparse.csr_array(np.ones((m, 1)))])
        rows_and_t = sparse.hstack([rows, sparse.csr_array((rows.shape[0], 1))])
        result = self._milp(
            np.concatenate([np.zeros(n), [1.0]]),
            sparse.csr_array(sparse.vstack([rows_and_t, t_above_paid])),
            np.concatenate([low, np.zeros(m)]),
            np.concatenate([high, np.full(m, np.inf)]),
            integral=n,
        )
        if result.x is not None:
            result.x = result.x[:n]
        return result

    def _milp(
        self, objective: FloatArray, rows: sparse.csr_array, low: FloatArray, high: FloatArray, integral: int
    ) -> OptimizeResult:
        """Run HiGHS until it ends or the budget does; `integral` says how many variables are 0 or 1."""
        continuous = len(objective) - integral
        arguments = {
            "constraints": LinearConstraint(rows, low, high),
            "integrality": np.concatenate([np.ones(integral), np.zeros(continuous)]),
            "bounds": Bounds(0, np.concatenate([self.upper, np.full(continuous, np.inf)])),
            "options": {**OPTIONS, **_time_limit(self.budget)},
        }
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Unrecognized options detected", RuntimeWarning)
            return _until_cancelled(objective, arguments, self.budget)

    # -- what a result proves ----------------------------------------------------------------------------------

    def _beyond_reach(self) -> bool:
        """Our own proof of infeasibility: even the largest gains together stay below the bar."""
        return float(self.gains @ self._largest_gains()) < self.need

    def _out_of_range(self) -> bool:
        """Whether conditions across menus keep every action's gains clearly below the bar.

        A solver's "infeasible" is not enough to say that somebody has no recourse. Its bound on the largest
        gain must lie below the bar by a thousand times its tolerances.
        """
        if not self.menus.wide:
            return False
        scale = float(np.abs(self.gains).max(initial=0.0)) or 1.0
        result = self._minimise(-self.gains / scale, self._conditions(bar=False))
        bound = result.get("mip_dual_bound")
        return bound is not None and bool(-bound * scale < self.need - 1e-6 * scale)

    def _largest_gains(self) -> FloatArray:
        """The 0/1 vector of the action with the largest gains, at most k changes included.

        A dynamic programme over menus and numbers of changes. An upper bound on every action's gain, and an
        action itself unless a condition across menus or an exclusion forbids it.
        """
        items, most = self.items, self.menus.max_changes
        changes = self.menus.n_changed[items.items]
        best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}  # changes so far → gain, items
        for j in range(len(items.lengths)):
            # Of the menu's items with as many changes, only the one with the largest gain matters.
            menu = np.arange(items.offsets[j], items.offsets[j + 1])
            menu = menu[self.upper[menu] > 0]
            groups = [menu] if most is None else [menu[changes[menu] == c] for c in np.unique(changes[menu])]
            champions = [int(group[np.argmax(self.gains[group])]) for group in groups]

            # Each selection so far, and one of them.
            longer: dict[int, tuple[float, tuple[int, ...]]] = {}
            for so_far, (gain, taken) in best.items():
                for item in champions:
                    count = 0 if most is None else so_far + int(changes[item])
                    total = gain + float(self.gains[item])
                    if (most is None or count <= most) and (count not in longer or total > longer[count][0]):
                        longer[count] = (total, (*taken, item))
            best = longer

        chosen = np.zeros(len(self.gains))
        chosen[list(max(best.values())[1])] = 1.0
        return chosen

    def _bound(self, result: OptimizeResult, scale: float) -> float:
        """The solver's lower bound in units of prices, less what its tolerance may add; 0 where it has none."""
        bound = result.get("mip_dual_bound")
        if bound is None or not np.isfinite(bound):
            return 0.0
        doubt = DOUBT * DEAREST * len(self.items.lengths)
        return max(0.0, (float(bound) - doubt) * scale)

    def _is_optimal(self, result: OptimizeResult, bound: float, *, by_largest: bool = False) -> bool:
        """Whether the solver is done and its bound, doubts included, is what the action costs."""
        return result.status == OPTIMAL_STATUS and bool(
            meets(np.array(self._paid(result, by_largest)), np.array(bound))
        )

    def _write(self, out: Solutions, k: int, result: OptimizeResult, bound: float) -> None:
        """Write a result: an action, a proof that there is none, or a bound."""
        if result.x is not None:
            self._put(out, k, result.x, bound, self._is_optimal(result, bound))
            return
        if result.status == INFEASIBLE_STATUS:
            if self.excluded or self._out_of_range():
                out.rule_out(np.array([k]))
                return
            largest = self._largest_gains()
            if self.menus.allows([self.person], self.items.picks(largest)[None])[0]:
                # Our own bound says that the largest gains reach the bar; only the solver's tolerance doesn't.
                self._put(out, k, largest, 0.0, False)
                return
        out.bound[k] = bound
        out.interrupted |= self.budget.exhausted

    def _put(self, out: Solutions, k: int, x: FloatArray, bound: float, proven: bool) -> None:
        picks = self.items.picks(x)
        cost, total = self.menus.cost([self.person], picks[None])
        out.propose(k, picks, cost[0], total[0])
        out.bound[k] = min(bound, cost[0])
        if proven:
            out.prove(np.array([k]))


def _time_limit(budget: Budget) -> dict[str, float]:
    """The solver's own time limit."""
    return {"time_limit": max(budget.remaining, 1e-3)} if np.isfinite(budget.deadline) else {}


def _until_cancelled(objective: npt.NDArray[Any], arguments: dict[str, Any], budget: Budget) -> OptimizeResult:
    """Run the solver, or give up as soon as the budget is cancelled or Ctrl-C comes.

    HiGHS can't be told to stop, but it lets other threads run: it works on one of its own, which is left to itself
    (and its result thrown away) when nobody waits for it any more.
    """
    future: Future[OptimizeResult] = Future()

    def work() -> None:
        try:
            future.set_result(milp(objective, **arguments))
        except BaseException as error:  # raised again below, on the calling thread
            future.set_exception(error)

    threading.Thread(target=work, name="HiGHS", daemon=True).start()
    while not wait([future], timeout=0.05).done:
        if budget.cancelled:
            return OptimizeResult(x=None, status=LIMIT_STATUS, mip_dual_bound=None)
    return future.result()
