"""A few actions for everybody, without conditions: each person gets the cheapest of them that works for them.

A person for whom an action works is worth more the cheaper it is. So a person counts as several cells, one for each
level of what they can be worth, and an action covers those up to its own level: then the best few actions are those
that cover most, and are chosen as rules are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from recourse.arrays import FloatArray, IntArray
from recourse.budget import Budget
from recourse.checks import number, whole_number
from recourse.summaries.applied import Applied, Consequences
from recourse.summaries.choice.pricing import value_per_person
from recourse.summaries.choice.problem import ChoiceProblem
from recourse.summaries.choice.select import Selection, SelectionStatus, select
from recourse.summaries.choice.settings import ChoiceSettings
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.evidence.itemsets import unpack
from recourse.summaries.recourse_set import FCOST_WEIGHTS, RecourseSet
from recourse.summaries.rules import Rule

MAX_ENTRIES = 100_000_000
"""How many pairs of an action and a cell are held; where there would be more, levels are rounded."""


class GlobalActions(RecourseSet):
    """A short list of actions for everybody; made by `TwoLevelRecourseSet.global_actions`.

    Who gets which action is for the model to say, so `prescribe`, `apply` and `explain` ask it. As there are no
    conditions, "satisfied" means that an action works, and `overlap` is the share for whom several do.

    Parameters
    ----------
    evidence, settings, held_out, budget : as in `RecourseSet`
        As for `RecourseSet`.
    max_actions : int
        At most so many actions.
    fcost_weight : float
        How much of a person approved one unit of cost per person counts.

    Attributes
    ----------
    rules : tuple of Rule
        The actions, the one that works for most people first, each as a rule without conditions: its n are the denied
        people whom the action set lets take it, and its precision is the share of them for whom it works.
    value, bound, gap, status
        People approved − `fcost_weight` × what the cheapest action that works costs each of them, an upper bound on
        that of any actions, their relative difference, and what is proven.
    """

    kind = "global_actions"
    own_settings = ("max_actions", "fcost_weight")
    changeable = (*own_settings, "cost", "time_limit")
    asks = True

    def __init__(
        self,
        evidence: Evidence,
        settings: ChoiceSettings,
        *,
        max_actions: int,
        fcost_weight: float,
        held_out: Any = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(evidence, settings, held_out=held_out)
        self.max_actions = whole_number("max_actions", max_actions, least=1)
        self.fcost_weight = number("fcost_weight", fcost_weight, least=0)

        # what each action would be worth for each person
        who = np.flatnonzero(evidence.counted)
        works, forbidden = (unpack(bits, len(evidence.people))[:, who] for bits in evidence.for_anybody)
        moves_of = [list(action) for action in evidence.outcomes.actions]
        prices, sizes = evidence.prices(settings.cost)[:, who], evidence.sizes[:, who]
        price = np.array([prices[moves].sum(axis=0) for moves in moves_of]).reshape(works.shape)
        benefit = np.where(works, np.maximum(1.0 - self.fcost_weight * price, 0.0), 0.0)

        found = choose_actions(benefit, self.max_actions, Budget.of(budget).part(settings.limits.time_limit))
        self._actions = found.chosen[np.lexsort((found.chosen, -works[found.chosen].sum(axis=1)))]
        self.value, self.bound, self.status = found.value, found.bound, found.status
        self.interrupted = found.interrupted

        rules = []
        for a in self._actions.tolist():
            may = ~forbidden[a]
            change = sizes[moves_of[a]].sum(axis=0)[may]
            action = tuple(evidence.effects.moves[move] for move in moves_of[a])
            n, correct = int(may.sum()), int(works[a].sum())
            rules.append(Rule((), (), action, n, correct, float(price[a, may].mean()), float(change.mean())))
        self.rules = tuple(rules)

    def _front_settings(self) -> dict[str, Sequence[Any]]:
        return {"max_actions": range(self.max_actions, 0, -1), "fcost_weight": FCOST_WEIGHTS}

    def _assigned(self, found: Consequences) -> Applied:
        """Assign each person the cheapest action that works, the first of equally cheap ones."""
        works = found.success & (self.fcost_weight * found.price < 1.0)
        assigned = np.full(works.shape[1], -1, dtype=np.int64)
        if len(works):
            cheapest = np.where(works, found.price, np.inf).argmin(axis=0)
            assigned = np.where(works.any(axis=0), cheapest, -1)
        return Applied.of(found, assigned, satisfied=works)

    def _sentence(self, denied: bool, assigned: int, applied: Applied, frame: pd.DataFrame) -> str:
        if not denied:
            return "This person is approved today; the actions are for people who are denied."
        if assigned < 0:
            return f"None of the {len(self.rules)} actions works for this person." if self.rules else "No actions."
        others = int(applied.satisfied[:, 0].sum()) - 1
        more = f" Of the {others + 1} that do it is the cheapest." if others else ""
        return f"Action {assigned + 1} works for this person: approved after it.{more}"

    def _objective(self, found: dict[str, Any]) -> float:
        return value_per_person(found, self.fcost_weight)

    def limits_document(self) -> dict[str, Any]:
        """The limits, as plain values."""
        return {"max_actions": self.max_actions, "fcost_weight": self.fcost_weight}

    def candidates_document(self) -> dict[str, Any]:
        """What there was to choose from, as plain values."""
        return {}


def choose_actions(benefit: FloatArray, most: int, budget: Budget | None = None) -> Selection:
    """Choose at most `most` actions that maximise Σ over people of the largest benefit among those chosen.

    benefit : float64[actions, people], what it is worth that this person takes this action; not below 0

    >>> found = choose_actions(np.array([[0.9, 0, 0], [0, 0.8, 0.8], [0.8, 0.8, 0]]), 2)
    >>> found.chosen, round(found.value, 3), found.status.label
    (array([0, 1]), 2.5, 'optimal')
    """
    parts = _distinct(benefit)
    found = select(_tiers(parts, most), budget=budget)
    chosen = parts.actions[found.chosen]
    value = float(benefit[chosen].max(axis=0, initial=0.0).sum())
    status, bound = SelectionStatus.of(value, found.bound)
    return Selection(chosen, value, bound, status, chosen, found.interrupted)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Distinct actions that are worth anything to anybody, and people of one kind made one.

    actions : their numbers; benefit : float64[actions, kinds]; people : float64[kinds]
    """

    actions: IntArray
    benefit: FloatArray
    people: FloatArray


def _distinct(benefit: FloatArray) -> _Parts:
    useful = np.flatnonzero(benefit.any(axis=1))
    if not len(useful):
        return _Parts(useful, benefit[:0, :0], np.empty(0))
    actions = useful[np.sort(np.unique(benefit[useful], axis=0, return_index=True)[1])]
    some = benefit[actions]
    kinds, people = np.unique(some[:, some.any(axis=0)], axis=1, return_counts=True)
    return _Parts(actions, kinds, people.astype(np.float64))


def _tiers(parts: _Parts, most: int) -> ChoiceProblem:
    """State the choice over cells, one for each kind of person and level of benefit.

    Where that would be too many, benefits are rounded up to fewer levels: the bound holds, but may not be met.
    """
    benefit = _few_levels(parts.benefit)
    rows, columns = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    weight: list[float] = []
    for kind in range(benefit.shape[1]):
        mine = benefit[:, kind]
        below = 0.0

        # an action that is worth a level covers the cells of all levels up to it
        for level in np.unique(mine[mine > 0]).tolist():
            reach = np.flatnonzero(mine >= level)
            rows.append(reach)
            columns.append(np.full(len(reach), len(weight)))
            weight.append((level - below) * parts.people[kind])
            below = level
    at = np.concatenate(rows), np.concatenate(columns)
    cover = sparse.csr_matrix((np.ones(len(at[0])), at), shape=(len(benefit), len(weight)))

    # all actions are in one group, and cost nothing beside what they are worth less
    group = np.zeros(len(benefit), dtype=np.int64)
    worth = np.array(weight)
    return ChoiceProblem(cover, worth, worth, np.zeros(len(benefit)), group, most, 1).merged()[0]


def _few_levels(benefit: FloatArray) -> FloatArray:
    """Benefits as they are, or rounded up to fewer levels where they would make too many cells."""
    ordered = np.sort(benefit, axis=0)
    many = int(((ordered > 0) & (np.diff(ordered, axis=0, prepend=0.0) > 0)).sum())
    if many * len(benefit) <= MAX_ENTRIES:
        return benefit
    levels = max(1, MAX_ENTRIES // benefit.size)
    low, high = float(benefit[benefit > 0].min()), float(benefit.max())
    up = low + np.ceil((benefit - low) / (high - low) * levels) / levels * (high - low)
    return np.where(benefit > 0, np.maximum(up, benefit), 0.0)
