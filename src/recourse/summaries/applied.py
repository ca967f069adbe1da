"""What rules do to people: to those they were made from, by the evidence, and to others, by asking the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.costs.cost import Cost
from recourse.summaries.evidence.effects import Effects
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.evidence.itemsets import unpack
from recourse.summaries.evidence.tried_actions import approves
from recourse.summaries.rules import Rule


@dataclass(frozen=True, eq=False)
class Consequences:
    """What each rule would do to each of some people, whoever is given it: all are arrays [rules, people].

    satisfied : the person satisfies the rule; success : its action would have them approved
    price, change : of the action, NaN and 0 where the action set doesn't let the person take it
    """

    satisfied: BoolArray
    success: BoolArray
    price: FloatArray
    change: FloatArray


@dataclass(frozen=True, eq=False)
class Applied(Consequences):
    """What rules do to some denied people.

    Somebody whom the action set doesn't let take an action is not approved after it.
    assigned : int64[people], the rule prescribed to each, −1 for none
    """

    assigned: IntArray

    @classmethod
    def of(cls, found: Consequences, assigned: IntArray, satisfied: BoolArray | None = None) -> Applied:
        """Say who is given which rule, and where that differs, which rules count as satisfied."""
        satisfied = found.satisfied if satisfied is None else satisfied
        return cls(satisfied, found.success, found.price, found.change, assigned)

    def only(self, people: IntArray) -> Applied:
        """The same about some of the people."""
        return Applied(
            self.satisfied[:, people],
            self.success[:, people],
            self.price[:, people],
            self.change[:, people],
            self.assigned[people],
        )

    def measures(self) -> dict[str, Any]:
        """Count what happens: see `RecourseSet.measures`."""
        n = self.satisfied.shape[1]
        reached = self.satisfied.any(axis=0)
        anyhow = (self.satisfied & self.success).any(axis=0)

        # what the rule assigned does, and what it costs those for whom it works
        who = np.flatnonzero(self.assigned >= 0)
        rule = self.assigned[who]
        works = self.success[rule, who] if len(who) else np.zeros(0, dtype=bool)
        paid = self.price[rule, who][works] if len(who) else np.zeros(0)

        return {
            "denied": n,
            "incorrect_recourse": int((self.satisfied & ~self.success).sum()),
            "cover": int(reached.sum()),
            "feature_cost": float(self._mean_over_satisfied(self.price).sum()),
            "feature_change": float(self._mean_over_satisfied(self.change).sum()),
            "reach": float(reached.mean()) if n else None,
            "accuracy": float(works.sum() / n) if n else None,
            "accuracy_any_rule": float(anyhow.mean()) if n else None,
            "fcost": float(paid.mean()) if len(paid) else None,
            "successes": len(paid),
            "overlap": float((self.satisfied.sum(axis=0) > 1).mean()) if n else None,
        }

    def _mean_over_satisfied(self, values: FloatArray) -> FloatArray:
        """Of each rule, the mean over the people who satisfy it; 0 where nobody does."""
        people = self.satisfied.sum(axis=1)
        sums = (np.nan_to_num(values) * self.satisfied).sum(axis=1)
        return np.divide(sums, people, out=np.zeros(len(people)), where=people > 0)


def known_consequences(evidence: Evidence, rules: Sequence[Rule], actions: IntArray, cost: Cost) -> Consequences:
    """What rules do to the people that the evidence counts; the model isn't asked.

    actions : int64[rules], the numbers of their actions among the outcomes
    """
    who = np.flatnonzero(evidence.counted)
    people, everybody = evidence.people.iloc[who], len(evidence.people)
    satisfied = _satisfied(rules, people)
    success, forbidden = (unpack(bits[actions], everybody)[:, who] for bits in evidence.for_anybody)
    moves_of = [list(evidence.outcomes.actions[action]) for action in actions.tolist()]
    price = _added_up(evidence.prices(cost), moves_of, who)
    change = _added_up(evidence.sizes, moves_of, who)
    return Consequences(satisfied, success, np.where(forbidden, np.nan, price), np.where(forbidden, 0.0, change))


def asked_consequences(
    evidence: Evidence, rules: Sequence[Rule], cost: Cost, frame: pd.DataFrame, *, ask: bool = True
) -> Consequences:
    """What rules do to the people of any table; with `ask=False` without saying whom they would have approved."""
    effects = effects_on(evidence, rules, frame)
    satisfied = _satisfied(rules, frame)
    success = np.zeros_like(satisfied)
    price, change = np.full(satisfied.shape, np.nan), np.zeros(satisfied.shape)
    prices, sizes = effects.prices(cost), effects.magnitudes()
    for k, rule in enumerate(rules):
        action = tuple(effects.moves.index(move) for move in rule.action)
        moves = list(action)
        possible = effects.possible[moves].all(axis=0)
        price[k, possible] = prices[moves].sum(axis=0)[possible]
        change[k, possible] = sizes[moves].sum(axis=0)[possible]

        # where something changes, joint constraints and the model have a say
        who = np.flatnonzero(possible & effects.changes[moves].any(axis=0))
        new, admitted = effects.apply(action, who)
        price[k, who[~admitted]], change[k, who[~admitted]] = np.nan, 0.0
        if ask and len(who):
            success[k, who] = admitted & approves(evidence.model, new, evidence.read)
    return Consequences(satisfied, success, price, change)


def rows_after_rules(
    evidence: Evidence, rules: Sequence[Rule], frame: pd.DataFrame, assigned: IntArray
) -> pd.DataFrame:
    """The rows that the rules assigned lead to; whoever has none, or may not take it, stays as they are."""
    effects = effects_on(evidence, rules, frame)
    today = frame.reset_index(drop=True)
    others = today.drop(columns=list(evidence.read))
    stays = np.ones(len(frame), dtype=bool)
    moved: list[pd.DataFrame] = []
    order: list[IntArray] = []
    for k in np.unique(assigned[assigned >= 0]):
        action = tuple(effects.moves.index(move) for move in rules[k].action)
        who = np.flatnonzero((assigned == k) & effects.possible[list(action)].all(axis=0))
        new, admitted = effects.apply(action, who)
        who, new = who[admitted], new[admitted]
        moved.append(new.join(others.take(who).reset_index(drop=True)))
        order.append(who)
        stays[who] = False
    if not moved:
        return today.set_index(frame.index)

    # those who stay, then those who move, put back in the table's order
    still = np.flatnonzero(stays)
    rows = pd.concat([today.take(still), *moved], ignore_index=True)
    rows = rows.take(np.argsort(np.concatenate([still, *order]), kind="stable"))
    return rows[list(frame.columns)].set_index(frame.index)


def effects_on(evidence: Evidence, rules: Sequence[Rule], frame: pd.DataFrame) -> Effects:
    """What the rules' moves do to the people of a table."""
    order = {name: k for k, name in enumerate(evidence.read)}
    distinct = dict.fromkeys(move for rule in rules for move in rule.action)
    moves = sorted(distinct, key=lambda move: (order[move.feature], str(move)))
    people = frame[list(evidence.read)].reset_index(drop=True)
    return Effects(people, moves, evidence.mobility, evidence.levels, evidence.effects.actions)


def _satisfied(rules: Sequence[Rule], people: pd.DataFrame) -> BoolArray:
    """bool[rules, people]: who satisfies which rule."""
    return np.array([rule.holds(people) for rule in rules], dtype=bool).reshape(len(rules), len(people))


def _added_up(per_move: FloatArray, moves_of: Sequence[list[int]], who: IntArray) -> FloatArray:
    """float64[rules, people]: a quantity per move and person, added up over each rule's moves."""
    return np.array([per_move[moves][:, who].sum(axis=0) for moves in moves_of]).reshape(len(moves_of), len(who))
