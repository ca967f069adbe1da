"""The protocol at the boundary: a search proposes, the user's own model decides, and rejected proposals are cut off."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recourse.arrays import IntArray
from recourse.budget import Advance
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.search import linear_conditions
from recourse.search.additive import KnapsackSearch
from recourse.search.solutions import FEASIBLE, INFEASIBLE, OPTIMAL, Exclusions, Solutions

CUTS = 50
"""How many rejected proposals a person may cost before the answer is returned with its gap."""

EQUAL = linear_conditions.EQUAL


class BoundaryRounds:
    """The boundary protocol for many people at once, one batched question to the model a round."""

    def __init__(
        self,
        model: Model,
        menus: Menus,
        statement: Additive,
        people: IntArray,
        exclusions: list[Exclusions],
        deadline: float,
    ) -> None:
        self.model, self.menus, self.statement = model, menus, statement
        self.people, self.exclusions, self.deadline = people, exclusions, deadline
        self.solutions = Solutions.unknown(len(people), len(menus.blocks))
        self.knapsack = KnapsackSearch(statement, menus) if KnapsackSearch.accepts(menus) else None

    def run(self, progress: Advance | None) -> Solutions:
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
        drop_free_changes(self.model, self.menus, self.people, self.exclusions, out)
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
        rows = self.menus.rows[self.people[i]]
        starts, stops = self.menus.row_ptr[rows], self.menus.row_ptr[rows + 1]
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

    def _solve(self, indices: IntArray, lift: float, progress: Advance | None = None) -> Solutions:
        people, excluded = self.people[indices], [self.exclusions[i] for i in indices]
        if self.knapsack is not None and self.knapsack.accepts_exclusions(excluded):
            solutions = self.knapsack.solve(people, lift, excluded, deadline=self.deadline, progress=progress)
        else:
            solutions = linear_conditions.solve(
                self.statement, self.menus, people, lift, excluded, deadline=self.deadline, progress=progress
            )
        self.solutions.interrupted |= solutions.interrupted
        return solutions

    def _approves(self, indices: IntArray, picks: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        if not len(indices):
            return np.zeros(0, dtype=bool)
        approved = self.model.approves(self.menus.points(self.people[indices], picks))
        return approved & self.menus.allows(self.people[indices], picks) if self.menus.wide else approved


def drop_free_changes(
    model: Model, menus: Menus, people: IntArray, exclusions: list[Exclusions], out: Solutions
) -> None:
    """Undo changes that cost nothing and that the model does not need, feature by feature."""
    for j in range(len(menus.blocks)):
        paid = menus.prices[menus.row_ptr[menus.rows[people, j]] + out.picks[:, j]]
        free = np.flatnonzero(out.found & (out.picks[:, j] > 0) & (paid == 0))
        if not len(free):
            continue
        picks = out.picks[free]
        picks[:, j] = 0
        allowed = menus.allows(people[free], picks)
        changed = menus.feature_changes(people[free], picks)
        for k, i in enumerate(free):
            allowed[k] &= exclusions[i].allow(picks[k], changed[k])
        free, picks = free[allowed], picks[allowed]
        if len(free):
            approved = model.approves(menus.points(people[free], picks))
            out.picks[free[approved]] = picks[approved]
