"""The one question: the cheapest action that the model approves, or a proof that there is none.

A search proposes, the user's own model decides. Where a model states its score, the bar is first lowered
by the tolerance of that statement: what is out of reach then is out of reach for certain, and what is
cheapest then bounds every cost from below. Proposals are put to the model in one batch a round. A
rejected one lies within rounding of the boundary: the bar is raised to get an action that works, and the
rejected points are cut off one by one until the two meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recourse.actions.grid import ActionGrid
from recourse.errors import InputError
from recourse.models.layers import Network
from recourse.models.model import Additive, Model, TreeEnsemble
from recourse.search import best_first, boxes, milp, networks
from recourse.search.knapsack import KnapsackSearch
from recourse.search.solutions import (
    FEASIBLE,
    INFEASIBLE,
    OPTIMAL,
    Exclusions,
    IntArray,
    Solutions,
    exclude,
)

CUTS = 50
"""How many rejected proposals a person may cost before the answer is returned with its gap."""

EQUAL = milp.EQUAL
Progress = Callable[[int], object]
Statement = Additive | TreeEnsemble | Network


def find(
    model: Model,
    grid: ActionGrid,
    people: npt.ArrayLike | None = None,
    *,
    exclusions: Sequence[Exclusions] | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Solutions:
    """Return the cheapest approved action of each of `people`, with what was proven.

    people : positions in the grid, default everybody; all of them denied today
    exclusions : one for each of `people`: what their actions may not be
    time_limit : seconds for all of them together; whoever is not reached is UNKNOWN
    progress : called with a number of people, as they are done

    Every action returned is on the person's menu and approved by the model. OPTIMAL: nothing on the
    menu costs less (by more than 1e-9, relative). INFEASIBLE: every action on the menu is denied.
    Ctrl-C ends the search and keeps what is done; `Solutions.interrupted` says so.

    Which search runs follows from what grid and model state: the knapsack kernel for additive models, mixed-
    integer programming where conditions across blocks are linear, branch and bound over boxes for trees and for
    networks of ReLUs, best-first enumeration for all other models.
    """
    chosen = np.arange(len(grid)) if people is None else np.asarray(people, dtype=np.int64)
    deadline = deadline_after(time_limit)
    if not len(chosen):
        return Solutions.unknown(0, len(grid.blocks))
    return _find(model, grid, _statement(model, grid), chosen, exclusions, deadline, progress)


def _statement(model: Model, grid: ActionGrid) -> Statement | None:
    """What the model states of itself; sums not where conditions without a linear form rule out their use."""
    additive = model.additive(grid) if grid.has_rows else None
    if additive is not None:
        return additive
    trees = model.trees(grid)
    return model.network(grid) if trees is None else trees


def _find(
    model: Model,
    grid: ActionGrid,
    statement: Statement | None,
    people: IntArray,
    exclusions: Sequence[Exclusions] | None,
    deadline: float,
    progress: Progress | None,
) -> Solutions:
    """Choose the search, given what the model states of itself on this grid."""
    if isinstance(statement, TreeEnsemble):
        found = boxes.solve(model, grid, statement, people, exclusions, deadline=deadline, progress=progress)
        drop_free_changes(model, grid, people, exclude(exclusions, people), found)
        return found
    if isinstance(statement, Network):
        found = networks.solve(model, grid, statement, people, exclusions, deadline=deadline, progress=progress)
        drop_free_changes(model, grid, people, exclude(exclusions, people), found)
        return found
    if statement is None:
        return best_first.solve(model, grid, people, exclusions, deadline=deadline, progress=progress)
    return _Rounds(model, grid, statement, people, exclude(exclusions, people), deadline).run(progress)


def find_items(
    model: Model,
    grid: ActionGrid,
    people: npt.ArrayLike | None = None,
    *,
    total_items: int = 1,
    distinct: str = "minimal",
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> list[Solutions]:
    """Return up to `total_items` actions for each person, one `Solutions` for each rank, cheapest first.

    distinct : what makes the next action a different one
        ``"subsets"``: the set of features it changes differs from all earlier sets;
        ``"minimal"``: moreover it contains none of them (so nothing is padded with a needless change);
        ``"exclusive"``: it changes no feature that an earlier one changed.

    A person whose items are exhausted is INFEASIBLE from that rank on: no *further* action exists.
    """
    if distinct not in ("minimal", "subsets", "exclusive"):
        raise InputError(f"distinct must be 'minimal', 'subsets' or 'exclusive', not {distinct!r}.")
    chosen = np.arange(len(grid)) if people is None else np.asarray(people, dtype=np.int64)
    deadline = deadline_after(time_limit)
    statement = _statement(model, grid) if len(chosen) else None
    ranks, left = _best_subsets(model, grid, statement, chosen, total_items, distinct, deadline, progress)
    if len(left):
        more = _one_by_one(model, grid, statement, chosen[left], total_items, distinct, deadline, progress)
        while len(ranks) < len(more):
            ranks.append(Solutions.unknown(len(chosen), len(grid.blocks)))
            if len(ranks) > 1:
                ranks[-1].put(slice(None), ranks[-2])
        for rank, solutions in zip(ranks, more, strict=False):
            rank.put(left, solutions)
        for rank in ranks[len(more) :]:
            rank.put(left, more[-1])
    return ranks


def _best_subsets(
    model: Model,
    grid: ActionGrid,
    statement: Statement | None,
    people: IntArray,
    total_items: int,
    distinct: str,
    deadline: float,
    progress: Progress | None,
) -> tuple[list[Solutions], IntArray]:
    """All ranks in one call of the kernel; returns them and for whom they don't hold.

    They hold for everybody whose proposals the model approves in full. Whoever has one rejected, within
    rounding of the boundary, is left for the slower way.
    """
    everyone = np.arange(len(people))
    if not isinstance(statement, Additive) or not grid.single or not KnapsackSearch.accepts(grid):
        return [], everyone
    search = KnapsackSearch(statement, grid)
    ranks = search.best_subsets(
        people,
        statement.lowered,
        total_items=total_items,
        distinct=distinct,  # type: ignore[arg-type]
        deadline=deadline,
        progress=progress,
    )
    good = np.ones(len(people), dtype=bool)
    for rank in ranks:
        found = np.flatnonzero(rank.found)
        good[found] &= model.approves(grid.points(people[found], rank.picks[found]))
    last = max((k for k, rank in enumerate(ranks) if rank.found.any()), default=0)
    return ranks[: last + 2], everyone[~good]


def _one_by_one(
    model: Model,
    grid: ActionGrid,
    statement: Statement | None,
    people: IntArray,
    total_items: int,
    distinct: str,
    deadline: float,
    progress: Progress | None,
) -> list[Solutions]:
    """One rank after the other, each search excluding what was found before."""
    exclusions = exclude(None, people)
    ranks: list[Solutions] = []
    active = np.arange(len(people))
    while len(active) and len(ranks) < total_items:
        rank = Solutions.unknown(len(people), len(grid.blocks))
        if ranks:  # who has run out of actions stays so
            rank.put(slice(None), ranks[-1])
        allowed = [exclusions[i] for i in active]
        rank.put(active, _find(model, grid, statement, people[active], allowed, deadline, progress))
        ranks.append(rank)
        active = active[rank.found[active]]
        changes = grid.feature_changes(people[active], rank.picks[active])
        for i, flags in zip(active, changes, strict=True):
            changed = frozenset(np.flatnonzero(flags).tolist())
            if distinct == "exclusive":
                exclusions[i].frozen |= changed
            else:
                (exclusions[i].supersets if distinct == "minimal" else exclusions[i].subsets).append(changed)
    return ranks


class _Rounds:
    """The boundary protocol for many people at once, one batched question to the model a round."""

    def __init__(
        self,
        model: Model,
        grid: ActionGrid,
        statement: Additive,
        people: IntArray,
        exclusions: list[Exclusions],
        deadline: float,
    ) -> None:
        self.model, self.grid, self.statement = model, grid, statement
        self.people, self.exclusions, self.deadline = people, exclusions, deadline
        self.solutions = Solutions.unknown(len(people), len(grid.blocks))
        self.knapsack = KnapsackSearch(statement, grid) if KnapsackSearch.accepts(grid) else None

    def run(self, progress: Progress | None) -> Solutions:
        """Lower the bar, ask; raise the bar for those rejected, ask; then cut until the two meet."""
        everyone = np.arange(len(self.people))
        out = self.solutions
        proposed = self._solve(everyone, self.statement.lowered, progress)
        found = np.flatnonzero(proposed.found)
        approved = self._approves(found, proposed.picks[found])
        rejected = found[~approved]
        out.put(everyone, proposed)
        if len(rejected) and not proposed.interrupted:
            self._settle(rejected, proposed)
        elif len(rejected):
            out.withdraw(rejected)
        drop_free_changes(self.model, self.grid, self.people, self.exclusions, out)
        return out

    def _settle(self, rejected: IntArray, proposed: Solutions) -> None:
        """Answer the people whose first proposal the model rejected: it lay within rounding of the bar."""
        out = self.solutions
        out.withdraw(rejected)
        raised = self._solve(rejected, self.statement.raised)
        works = np.flatnonzero(raised.found)
        works = works[self._approves(rejected[works], raised.picks[works])]
        out.put(rejected[works], raised, works)
        out.bound[rejected] = proposed.bound[rejected]
        self._weigh(rejected[works])
        last = {int(i): proposed.picks[i] for i in rejected}
        pending = rejected[out.codes[rejected] != OPTIMAL]
        for _ in range(CUTS):
            if not len(pending) or out.interrupted:
                break
            for i in pending:
                self.exclusions[i] = self.exclusions[i].without(last[int(i)], self._matters(int(i)))
            cut = self._solve(pending, self.statement.lowered)
            out.bound[pending] = np.fmax(out.bound[pending], cut.bound)
            ruled_out = cut.codes == INFEASIBLE
            self._rule_out(pending[ruled_out])
            self._weigh(pending[out.codes[pending] == FEASIBLE])
            open_ = np.flatnonzero(cut.found & (out.codes[pending] != OPTIMAL))
            approved = self._approves(pending[open_], cut.picks[open_])
            done = open_[approved]
            better = done[~(out.cost[pending[done]] <= cut.cost[done])]
            out.put(pending[better], cut, better)
            for k in open_[~approved]:
                last[int(pending[k])] = cut.picks[k]
            pending = pending[open_[~approved]]

    def _matters(self, i: int) -> npt.NDArray[np.bool_]:
        """Which blocks change this person's score at all: only they can tell a rejected point from another."""
        rows = self.grid.rows[self.people[i]]
        starts, stops = self.grid.row_ptr[rows], self.grid.row_ptr[rows + 1]
        return np.array([bool(self.statement.gains[a:b].any()) for a, b in zip(starts, stops, strict=True)], dtype=bool)

    def _weigh(self, indices: IntArray) -> None:
        """Call an action OPTIMAL where its cost meets the bound, FEASIBLE otherwise."""
        out = self.solutions
        met = out.cost[indices] - out.bound[indices] <= EQUAL * (1 + out.cost[indices])
        out.codes[indices] = np.where(met, OPTIMAL, FEASIBLE)
        out.bound[indices[met]] = out.cost[indices[met]]

    def _rule_out(self, indices: IntArray) -> None:
        """Nothing is left below the lowered bar: an action at hand is optimal, otherwise there is none."""
        out = self.solutions
        out.rule_out(indices[~out.found[indices]])
        some = indices[out.found[indices]]
        out.bound[some] = out.cost[some]

    def _solve(self, indices: IntArray, lift: float, progress: Progress | None = None) -> Solutions:
        people, excluded = self.people[indices], [self.exclusions[i] for i in indices]
        if self.knapsack is not None and self.knapsack.accepts_exclusions(excluded):
            solutions = self.knapsack.solve(people, lift, excluded, deadline=self.deadline, progress=progress)
        else:
            solutions = milp.solve(
                self.statement, self.grid, people, lift, excluded, deadline=self.deadline, progress=progress
            )
        self.solutions.interrupted |= solutions.interrupted
        return solutions

    def _approves(self, indices: IntArray, picks: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        if not len(indices):
            return np.zeros(0, dtype=bool)
        approved = self.model.approves(self.grid.points(self.people[indices], picks))
        return approved & self.grid.allows(self.people[indices], picks) if self.grid.wide else approved


def drop_free_changes(
    model: Model, grid: ActionGrid, people: IntArray, exclusions: list[Exclusions], out: Solutions
) -> None:
    """Undo changes that cost nothing and that the model does not need, feature by feature."""
    for j in range(len(grid.blocks)):
        paid = grid.prices[grid.row_ptr[grid.rows[people, j]] + out.picks[:, j]]
        free = np.flatnonzero(out.found & (out.picks[:, j] > 0) & (paid == 0))
        if not len(free):
            continue
        picks = out.picks[free]
        picks[:, j] = 0
        allowed = grid.allows(people[free], picks)
        changed = grid.feature_changes(people[free], picks)
        for k, i in enumerate(free):
            allowed[k] &= exclusions[i].allow(picks[k], changed[k])
        free, picks = free[allowed], picks[allowed]
        if len(free):
            approved = model.approves(grid.points(people[free], picks))
            out.picks[free[approved]] = picks[approved]


def deadline_after(time_limit: float | None) -> float:
    """Return the `time.monotonic` value at which a time limit of so many seconds runs out; inf for none."""
    if time_limit is None:
        return np.inf
    if isinstance(time_limit, str) or not time_limit >= 0:
        raise InputError(f"time_limit must be seconds ≥ 0 or None, not {time_limit!r}.")
    return time.monotonic() + float(time_limit)
