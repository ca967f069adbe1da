"""Mixed-integer programming (HiGHS through SciPy): the search that takes any linear condition.

One binary variable an item, one pick a feature, the gains together above the bar. A solver's answer is a
proposal; what may be claimed from it is decided in `recourse.search.find`.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

from recourse.arrays import FloatArray, IntArray
from recourse.menus.menus import Menus
from recourse.models.statements.additive import Additive
from recourse.search.solutions import FEASIBLE, OPTIMAL, Exclusions, Solutions, exclude, proposal

OPTIONS = {
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
}
"""SciPy documents only the first and passes the others on to HiGHS with a warning. Without them costs were
off by 9e-7 at small prices, and points 5e-8 below the bar were returned."""

EQUAL = 1e-9
"""Two costs are the same proof if they differ by at most this, relative to 1 + cost."""


def solve(
    statement: Additive,
    menus: Menus,
    people: IntArray,
    lift: float,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    deadline: float = np.inf,
    progress: Any = None,
) -> Solutions:
    """Return proposals for `people`: cheapest actions whose gains reach the bar raised by `lift`.

    exclusions : one for each of `people`; deadline : a `time.monotonic` value. On Ctrl-C the answers so
    far are returned, marked as interrupted.
    """
    solutions = Solutions.unknown(len(people), len(menus.blocks))
    for k, (person, excluded) in enumerate(zip(people.tolist(), exclude(exclusions, people), strict=True)):
        if time.monotonic() >= deadline:
            solutions.interrupted = True
            break
        try:
            _Program(statement, menus, person, lift, excluded).solve(solutions, k, deadline)
            if progress is not None:
                progress(1)
        except KeyboardInterrupt:
            solutions.interrupted = True
            break
    return solutions


class _Program:
    """The integer program of one person."""

    def __init__(self, statement: Additive, menus: Menus, person: int, lift: float, excluded: Exclusions) -> None:
        self.menus, self.person, self.excluded = menus, person, excluded
        starts = menus.row_ptr[menus.rows[person]]
        self.lengths = menus.row_ptr[menus.rows[person] + 1] - starts
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)])
        items = np.concatenate(
            [np.arange(a, a + n) for a, n in zip(starts, self.lengths, strict=True)] or [np.empty(0)]
        )
        self.items = items.astype(np.int64)
        self.owner = np.repeat(np.arange(len(self.lengths)), self.lengths)
        self.prices, self.peaks = menus.prices[self.items], menus.peaks[self.items]
        self.gains = statement.gains[self.items]
        self.need = lift - float(statement.score[person])
        self.scale = float(self.prices.max(initial=0.0)) or 1.0
        self.upper = np.ones(len(self.items))
        for feature in excluded.frozen:
            self.upper[self._changes(feature)] = 0.0

    def solve(self, out: Solutions, k: int, deadline: float) -> None:
        """Write the answer of this program as number `k` of `out`."""
        if self._beyond_reach():
            out.rule_out(np.array([k]))
            return
        rows, low, high = self._rows()
        if self.menus.combine == "max":
            level = self._minimise_largest(rows, low, high, deadline)
            bound = self._bound(level)
            if level.x is None:
                self._write(out, k, level, bound, deadline)
                return
            largest = float(self.peaks[level.x > 0.5].max(initial=0.0))
            self.upper[self.peaks > largest] = 0.0
            result = self._minimise(self.prices / self.scale, rows, low, high, deadline)
            if result.x is None:  # out of time: the first stage already has an action of this largest price
                result = OptimizeResult(x=level.x, status=1, mip_dual_bound=0.0)
            proven = largest - bound <= EQUAL * (1 + largest) and self._is_optimal(result, self._bound(result))
            self._put(out, k, result.x, min(bound, largest), proven)
            return
        result = self._minimise(self.prices / self.scale, rows, low, high, deadline)
        self._write(out, k, result, self._bound(result), deadline)

    def _changes(self, feature: int) -> npt.NDArray[np.bool_]:
        """Which items change a feature, by its position in `Menus.features`."""
        block, bit = self.menus.place(feature)
        mask = (self.menus.changed[self.items] >> np.uint64(bit)) & np.uint64(1) == 1
        return mask & (self.owner == block)

    def _beyond_reach(self) -> bool:
        """Our own proof of infeasibility: even the largest gains together stay below the bar."""
        return float(self.gains @ self._largest_gains()) < self.need

    def _out_of_range(self, deadline: float) -> bool:
        """Whether wide constraints keep every action's gains clearly below the bar.

        A solver's "infeasible" is not enough to say that somebody has no recourse. Its bound on the largest
        gain must lie below the bar by a thousand times its tolerances.
        """
        if not self.menus.wide:
            return False
        scale = float(np.abs(self.gains).max(initial=0.0)) or 1.0
        rows, low, high = self._rows(bar=False)
        result = self._minimise(-self.gains / scale, rows, low, high, deadline)
        bound = getattr(result, "mip_dual_bound", None)
        return bound is not None and bool(-bound * scale < self.need - 1e-6 * scale)

    def _largest_gains(self) -> FloatArray:
        """The 0/1 vector of the action with the largest gains, at most k changes included.

        A dynamic programme over blocks and numbers of changes. An upper bound on every action's gain, and an
        action itself unless a wide constraint or an exclusion forbids it.
        """
        changes = self.menus.n_changed[self.items]
        most = self.menus.max_changes
        best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}  # changes so far → gain, items
        for j in range(len(self.lengths)):
            block = np.arange(self.offsets[j], self.offsets[j + 1])
            block = block[self.upper[block] > 0]
            groups = [block] if most is None else [block[changes[block] == c] for c in np.unique(changes[block])]
            champions = [group[np.argmax(self.gains[group])] for group in groups]
            after: dict[int, tuple[float, tuple[int, ...]]] = {}
            for so_far, (gain, items) in best.items():
                for item in champions:
                    count = 0 if most is None else so_far + int(changes[item])
                    total = gain + float(self.gains[item])
                    if (most is None or count <= most) and (count not in after or total > after[count][0]):
                        after[count] = (total, (*items, int(item)))
            best = after
        chosen = np.zeros(len(self.gains))
        chosen[list(max(best.values())[1])] = 1.0
        return chosen

    def _rows(self, *, bar: bool = True) -> tuple[sparse.csr_array, FloatArray, FloatArray]:
        """All conditions as rows: one pick a block, the bar, at most k changes, wide constraints, exclusions."""
        menus, n, m = self.menus, len(self.prices), len(self.lengths)
        one_each = sparse.csr_array((np.ones(n), (self.owner, np.arange(n))), shape=(m, n))
        blocks: list[Any] = [one_each]
        low, high = [np.ones(m)], [np.ones(m)]

        def add(row: npt.NDArray[np.float64], least: float, most: float) -> None:
            scale = float(np.abs(row).max(initial=0.0)) or 1.0
            blocks.append(sparse.csr_array(row[None] / scale))
            low.append(np.array([least / scale]))
            high.append(np.array([most / scale]))

        if bar:
            add(self.gains, self.need, np.inf)
        if menus.max_changes is not None:
            add(menus.n_changed[self.items].astype(np.float64), -np.inf, menus.max_changes)
        for tie in menus.linear:
            coefficients = tie.coefficients[self.items]
            least, most, today = tie.low[self.person], tie.high[self.person], tie.today[self.person]
            if least <= today <= most:
                add(coefficients, least, most)
                continue
            # Today's row violates it: it binds once an item is picked that is not `still` in one of its blocks.
            # For each such block and any pick of it that moves, the sum must be in range.
            reach = float(np.abs(coefficients).sum() + abs(today) + abs(least if today < least else most))
            for block in tie.blocks:
                moves = np.where((self.owner == block) & ~tie.still[self.items], reach, 0.0)
                if today < least:
                    add(coefficients - moves, least - reach, np.inf)
                else:
                    add(coefficients + moves, -np.inf, most + reach)
        for subset in self.excluded.supersets:
            add(sum((self._changes(f).astype(float) for f in subset), np.zeros(n)), -np.inf, len(subset) - 1)
        for subset in self.excluded.subsets:
            row = np.zeros(n)
            for f in range(len(menus.features)):
                row += np.where(self._changes(f), 1.0 if f in subset else -1.0, 0.0)
            add(row, -np.inf, len(subset) - 1)
        for picks in self.excluded.picks:
            row, fixed = np.zeros(n), np.flatnonzero(np.asarray(picks) >= 0)
            row[self.offsets[fixed] + np.asarray(picks)[fixed]] = 1.0
            add(row, -np.inf, len(fixed) - 1)
        return sparse.csr_array(sparse.vstack(blocks)), np.concatenate(low), np.concatenate(high)

    def _minimise(
        self, objective: FloatArray, rows: Any, low: FloatArray, high: FloatArray, deadline: float
    ) -> OptimizeResult:
        continuous = len(objective) - len(self.prices)
        options: dict[str, Any] = dict(OPTIONS)
        if np.isfinite(deadline):
            options["time_limit"] = max(deadline - time.monotonic(), 1e-3)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Unrecognized options detected", RuntimeWarning)
            return milp(
                objective,
                constraints=LinearConstraint(rows, low, high),
                integrality=np.concatenate([np.ones(len(self.prices)), np.zeros(continuous)]),
                bounds=Bounds(0, np.concatenate([self.upper, np.full(continuous, np.inf)])),
                options=options,
            )

    def _minimise_largest(self, rows: Any, low: FloatArray, high: FloatArray, deadline: float) -> OptimizeResult:
        """Minimise t over t ≥ price of each feature's pick; the picks come back without t."""
        m, n = len(self.lengths), len(self.prices)
        paid = sparse.csr_array((self.peaks / self.scale, (self.owner, np.arange(n))), shape=(m, n))
        more = sparse.hstack([-paid, sparse.csr_array(np.ones((m, 1)))])
        widened = sparse.hstack([rows, sparse.csr_array((rows.shape[0], 1))])
        result = self._minimise(
            np.concatenate([np.zeros(n), [1.0]]),
            sparse.csr_array(sparse.vstack([widened, more])),
            np.concatenate([low, np.zeros(m)]),
            np.concatenate([high, np.full(m, np.inf)]),
            deadline,
        )
        if result.x is not None:
            result.x = result.x[:n]
        return result

    def _bound(self, result: OptimizeResult) -> float:
        bound = getattr(result, "mip_dual_bound", None)
        return max(0.0, float(bound) * self.scale) if bound is not None and np.isfinite(bound) else 0.0

    def _is_optimal(self, result: OptimizeResult, bound: float) -> bool:
        total = float(self.prices[result.x > 0.5].sum())
        return result.status == 0 and total - bound <= EQUAL * (1 + total)

    def _write(self, out: Solutions, k: int, result: OptimizeResult, bound: float, deadline: float) -> None:
        if result.x is not None:
            self._put(out, k, result.x, bound, self._is_optimal(result, bound))
        elif result.status == 2 and (self.excluded != Exclusions() or self._out_of_range(deadline)):
            out.rule_out(np.array([k]))
        elif result.status == 2 and self.menus.allows([self.person], self._picks(self._largest_gains())[None])[0]:
            # Our own bound says that the largest gains reach the bar; only the solver's tolerance doesn't.
            self._put(out, k, self._largest_gains(), 0.0, False)
        else:
            out.bound[k] = bound
            out.interrupted |= time.monotonic() >= deadline

    def _picks(self, x: FloatArray) -> npt.NDArray[np.int64]:
        picks: npt.NDArray[np.int64] = np.flatnonzero(x > 0.5) - self.offsets[:-1]
        return picks

    def _put(self, out: Solutions, k: int, x: FloatArray, bound: float, proven: bool) -> None:
        picks = self._picks(x)
        cost, total = proposal(self.menus, self.person, picks)
        out.codes[k] = OPTIMAL if proven else FEASIBLE
        out.picks[k] = picks
        out.cost[k], out.total[k] = cost, total
        out.bound[k] = cost if proven else min(bound, cost)
