"""Small menus are enumerated: every action of a person, cheapest first, put to the model in large batches.

It is used where no kernel fits: where an integer program, the loop of cuts at the boundary or best-first would run. The
answer and the proof then rest on the model's own verdicts, whatever the scale of prices and conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, FloatArray, IntArray, RowArray
from recourse.budget import Budget
from recourse.menus.menus import Menus
from recourse.models.model import Model
from recourse.models.statements.additive import Additive
from recourse.models.statements.network import NetworkStatement
from recourse.models.statements.statement import Statement
from recourse.models.statements.trees import TreeEnsemble
from recourse.progress import Advance
from recourse.search.additive import KnapsackProposer
from recourse.search.exclusions import Exclusions
from recourse.search.questions import Questions
from recourse.search.solutions import Solutions

MOST_ACTIONS = 4_096
"""Whoever has more actions, doing nothing included, is left to another search."""

ROWS = 1 << 17
"""So many actions of several people are held and put to the model at once."""

FIRST_SHARE = 128
"""So many of each person's actions are in the first question, the cheapest; eight times as many in the next one."""


def accepts(statement: Statement | None, menus: Menus, exclusions: Sequence[Exclusions]) -> bool:
    """Return whether no kernel is made for the question; people with more than `MOST_ACTIONS` stay UNKNOWN.

    Parameters
    ----------
    statement, menus, exclusions
        As for every search.
    """
    kernel = isinstance(statement, (TreeEnsemble, NetworkStatement))
    return not kernel and not KnapsackProposer.accepts(statement, menus, exclusions)


def are_few(questions: Questions, which: IntArray) -> BoolArray:
    """Return who has so few actions that all of them can be tried, within the questions that are left.

    Parameters
    ----------
    questions : Questions
        The people of the search.
    which : int[k]
        Positions among them.

    Returns
    -------
    bool[k]
    """
    menus = questions.menus
    lengths = np.diff(menus.row_ptr)[menus.rows[questions.people[which]]]
    sizes = lengths.prod(axis=1, dtype=np.float64)
    few: BoolArray = (sizes <= MOST_ACTIONS) & (sizes - 1 <= questions.left(which))
    return few


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    exclusions: Sequence[Exclusions] | None = None,
    *,
    statement: Any = None,
    budget: Budget | None = None,
    advance: Advance | None = None,
) -> Solutions:
    """Return the cheapest action of each of `people` that the model approves, lexicographic where the largest counts.

    Of equally cheap actions it is one with the fewest changes.

    Parameters
    ----------
    model, menus, people, exclusions, budget, advance : see `recourse.search.solve`
        As there. Whoever has more than `MOST_ACTIONS`, or more than may be asked about, is UNKNOWN.
    statement : Additive or None
        What a sum keeps clearly below the bar is not asked about.
    """
    questions = Questions(model, menus, people, exclusions, budget)
    out = questions.unknown()
    everyone = np.arange(len(questions))
    enumerate_few(questions, everyone[are_few(questions, everyone)], out, statement, advance)
    return out


def enumerate_few(
    questions: Questions,
    which: IntArray,
    out: Solutions,
    statement: Additive | None = None,
    advance: Advance | None = None,
) -> None:
    """Write the answers of people who have few actions.

    When the budget ends, or Ctrl-C comes, what is done is kept, and everybody's next action bounds what was not asked.

    Parameters
    ----------
    questions : Questions
        The people of the search.
    which : int[k]
        Whom to answer, as positions among them.
    out : Solutions
        Where the answers are written.
    statement : Additive, optional
        What a sum keeps clearly below the bar is not asked about.
    advance : callable, optional
        Called with a number of people, as they are done.
    """
    try:
        for group in _groups(questions, which):
            if questions.budget.exhausted or not _Group.of(questions, group, statement).answer(out):
                out.interrupted = True
                return
            if advance is not None:
                advance(len(group))
    except KeyboardInterrupt:
        out.interrupted = True


def _groups(questions: Questions, which: IntArray) -> Iterator[IntArray]:
    """People whose actions together are at most `ROWS`, but for the last of them."""
    lengths = np.diff(questions.menus.row_ptr)[questions.menus.rows[questions.people[which]]]
    ends = np.cumsum(lengths.prod(axis=1))
    number = (ends - 1) // ROWS
    yield from np.split(which, np.flatnonzero(np.diff(number)) + 1) if len(which) else ()


@dataclass(frozen=True, eq=False)
class _Group:
    """Some people's actions, person by person and cheapest first.

    which : their positions among the people of the search; starts : int64[k + 1], where each one's actions are
    picks : int32[n, m]; cost, total : float64[n]
    """

    questions: Questions
    which: IntArray
    starts: IntArray
    picks: RowArray
    cost: FloatArray
    total: FloatArray

    @classmethod
    def of(cls, questions: Questions, which: IntArray, statement: Additive | None) -> _Group:
        """List the actions of `which` that could be approved, as far as that is known without asking."""
        menus = questions.menus
        owner, picks = _combinations(menus, questions.people[which])
        people = questions.people[which[owner]]
        items = menus.items(people, picks)

        # What changes something, few enough features, and reaches the bar lowered by the tolerance.
        kept: BoolArray = np.any(picks > 0, axis=1)
        if menus.max_changes is not None:
            kept &= menus.n_changed[items].sum(axis=1) <= menus.max_changes
        if statement is not None:
            kept &= ~(statement.score[people] + statement.gains[items].sum(axis=1) < statement.lowered)
        owner, picks, people, items = owner[kept], picks[kept], people[kept], items[kept]

        # Cheapest first; of equally cheap ones, the one with the fewest changes.
        cost, total = menus.cost(people, picks)
        order = np.lexsort((menus.n_changed[items].sum(axis=1), total, cost, owner))
        starts = np.searchsorted(owner, np.arange(len(which) + 1))
        return cls(questions, which, starts, picks[order], cost[order], total[order])

    def answer(self, out: Solutions) -> bool:
        """Ask until everybody has an action or none is left; returns whether the budget lasted."""
        pending = np.arange(len(self.which))
        first, share = 0, FIRST_SHARE
        while len(pending):
            # Whoever has no action left is proven to have none.
            left = self.starts[pending] + first < self.starts[pending + 1]
            out.rule_out(self.which[pending[~left]])
            pending = pending[left]
            if self.questions.budget.exhausted:
                out.bound[self.which[pending]] = self.cost[self.starts[pending] + first]
                return not len(pending)

            pending = pending[~self._ask(pending, first, share, out)]
            first, share = first + share, share * 8
        return True

    def _ask(self, pending: IntArray, first: int, share: int, out: Solutions) -> BoolArray:
        """Ask about the next `share` actions of each; the first that works is the answer. Returns who has one."""
        begin = self.starts[pending] + first
        counts = np.minimum(self.starts[pending + 1] - begin, share)
        ends = np.cumsum(counts)
        mine = np.repeat(np.arange(len(pending)), counts)
        at = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts) + begin[mine]
        who = self.which[pending[mine]]
        works = self.questions.allowed(who, self.picks[at])
        works[works] = self.questions.approves(who[works], self.picks[at[works]])

        answered, where = np.unique(mine[works], return_index=True)
        best = at[works][where]
        people = self.which[pending[answered]]
        for k, action in zip(people.tolist(), best.tolist(), strict=True):
            out.propose(k, self.picks[action], self.cost[action], self.total[action])
        out.prove(people)
        return np.isin(np.arange(len(pending)), answered)


def _combinations(menus: Menus, people: IntArray) -> tuple[IntArray, RowArray]:
    """Every action of people, person by person: whose it is, and its position in each menu."""
    lengths = np.diff(menus.row_ptr)[menus.rows[people]]
    sizes = lengths.prod(axis=1)
    owner = np.repeat(np.arange(len(people)), sizes)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)

    # The number of an action, written with one digit a menu.
    picks = np.empty((len(owner), len(menus.blocks)), dtype=np.int32)
    for j in reversed(range(len(menus.blocks))):
        number, picks[:, j] = np.divmod(number, lengths[owner, j])
    return owner, picks
