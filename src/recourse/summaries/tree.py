"""A tree of subgroups: everybody is in exactly one leaf, and everybody in a leaf is given the same action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from recourse.arrays import BoolArray, IntArray
from recourse.summaries.choice.limits import Limits, check_fcost_weight
from recourse.summaries.choice.pricing import precise, value_per_person
from recourse.summaries.choice.select import SelectionStatus
from recourse.summaries.choice.trees import NOTHING, Growth, Tree, grow_tree
from recourse.summaries.evidence.evidence import Evidence, cells_of
from recourse.summaries.evidence.itemsets import count, pack, unpack
from recourse.summaries.evidence.predicates import Condition, Negation
from recourse.summaries.recourse_set import FCOST_WEIGHTS, RecourseSet
from recourse.summaries.rules import Rule

Path = tuple[tuple[int, bool], ...]
"""The way to a part: splits, and whether they are true of its people."""


class RecourseTree(RecourseSet):
    """A tree of subgroups whose leaves give one action each; made by `TwoLevelRecourseSet.tree`.

    rules : the leaves in which an action is worth its price, as rules whose group is the way to the leaf. No action
    touches a feature on its way, or asks somebody in its leaf for what the action set forbids
    leaves : how many leaves there are, those without an action included; depth : at most so many splits above one
    value, bound, gap, status : people approved − `fcost_weight` × what the action costs each of them, an upper bound
    on that of any tree, their relative difference, and what is proven
    fcost_weight : as for `GlobalActions`, so that values of trees and of global actions can be compared

    Splits are predicates about what describes subgroups (`subgroups`; where these are discovered, any feature): of
    everybody in a part it is true or not, and a missing value counts as not. A leaf has `min_support` of the denied
    at least. As everybody is in one leaf, what counts per rule counts per person.
    """

    kind = "tree"
    settings = ("depth", "fcost_weight", "subgroups", "cost", "min_precision", "tie_break", "time_limit")

    def __init__(
        self, evidence: Evidence, limits: Limits, *, depth: int, fcost_weight: float, held_out: Any = None
    ) -> None:
        """Choose from the evidence; see `TwoLevelRecourseSet.tree`."""
        super().__init__(evidence, limits, held_out=held_out)
        self.fcost_weight = check_fcost_weight(fcost_weight)
        growth, self._splits = growth_of(evidence, limits, self.fcost_weight)
        found = grow_tree(growth, depth, limits.time_limit)
        self.depth, self._tree = int(depth), found.tree
        self.value = found.value
        self.status, self.bound = SelectionStatus.of(found.value, found.bound)
        leaves = list(_leaves(found.tree, ()))
        self.leaves = len(leaves)
        given = [(path, action) for path, action in leaves if action != NOTHING]
        self._actions = np.array([action for _, action in given], dtype=np.int64)
        self.rules = tuple(self._rule(path, action) for path, action in given)

    def refit(self, **changes: Any) -> RecourseTree:
        """Choose again, without asking the model.

        Takes `depth`, `fcost_weight`, `subgroups`, `cost`, `min_precision`, `tie_break` and `time_limit`.
        """
        return self.made_from(self, **{"depth": self.depth, "fcost_weight": self.fcost_weight} | changes)

    @classmethod
    def made_from(cls, other: RecourseSet, *, depth: int, fcost_weight: float, **changes: Any) -> RecourseTree:
        """Choose from the evidence, and under the limits, of another recourse set."""
        limits = other._changed(changes, cls.settings)
        return cls(other.evidence, limits, depth=depth, fcost_weight=fcost_weight, held_out=other._held_out)

    def _from(self, evidence: Evidence) -> RecourseTree:
        return RecourseTree(evidence, self.limits, depth=self.depth, fcost_weight=self.fcost_weight)

    def _front_settings(self) -> dict[str, Sequence[Any]]:
        return {"depth": range(self.depth, 0, -1), "fcost_weight": FCOST_WEIGHTS}

    def _way(self, path: Path) -> tuple[Condition, ...]:
        """The conditions on the way to a part."""
        predicates = [self.evidence.predicates[self._splits[split]] for split, _ in path]
        return tuple(p if side else Negation(p) for p, (_, side) in zip(predicates, path, strict=True))

    def _rule(self, path: Path, action: int) -> Rule:
        """What a leaf gives to whom."""
        evidence, group = self.evidence, self._way(path)
        moves = evidence.outcomes.actions[action]
        true = evidence.counted.copy()
        for one in group:
            true &= one.holds(evidence.people[one.feature])
        who = np.flatnonzero(true)
        correct = int(count(evidence.anybody()[0][action] & pack(true[None, :])[0]))
        cost, change = (
            float(each[list(moves)][:, who].sum() / len(who))
            for each in (evidence.prices(self.limits.cost), evidence.sizes())
        )
        named = tuple(evidence.effects.moves[move] for move in moves)
        return Rule(group, (), named, len(who), correct, cost, change)

    def _objective(self, found: dict[str, Any]) -> float:
        return value_per_person(found, self.fcost_weight)

    def limits_document(self) -> dict[str, Any]:
        return {
            "depth": self.depth,
            "min_precision": self.limits.min_precision,
            "fcost_weight": self.fcost_weight,
        }

    def candidates_document(self) -> dict[str, Any]:
        return {"splits": len(self._splits), "leaves": self.leaves}

    def tree_document(self) -> dict[str, Any]:
        numbers = iter(range(1, len(self.rules) + 1))

        def part(tree: Tree, path: Path) -> dict[str, Any]:
            if isinstance(tree, int):
                return {"rule": None if tree == NOTHING else next(numbers), "people": self._people(path)}
            split, yes, no = tree
            predicate = self.evidence.predicates[self._splits[split]].to_dict()
            return {
                "split": predicate,
                "yes": part(yes, (*path, (split, True))),
                "no": part(no, (*path, (split, False))),
            }

        return part(self._tree, ())

    def _people(self, path: Path) -> int:
        """How many denied people a part has."""
        people = self.evidence.people
        true = self.evidence.counted.copy()
        for one in self._way(path):
            true &= one.holds(people[one.feature])
        return int(true.sum())


def _leaves(tree: Tree, path: Path) -> Iterator[tuple[Path, int]]:
    """The leaves of a tree from left to right: the way there, and the action."""
    if isinstance(tree, int):
        yield path, tree
    else:
        split, yes, no = tree
        yield from _leaves(yes, (*path, (split, True)))
        yield from _leaves(no, (*path, (split, False)))


def growth_of(evidence: Evidence, limits: Limits, fcost_weight: float) -> tuple[Growth, IntArray]:
    """State the choice of a tree over cells of people, and return which predicate each of its splits is about."""
    people, counted = len(evidence.people), evidence.counted
    true = unpack(evidence.bits, people)
    numbers = splits_of(evidence, limits, true[:, counted])
    cell = cells_of(true[numbers][:, counted])
    who = np.flatnonzero(counted)[np.argsort(cell, kind="stable")]
    starts = np.searchsorted(np.sort(cell), np.arange(int(cell.max(initial=0)) + 1))
    actions = evidence.outcomes.actions
    success, barred = evidence.anybody()
    correct, spent = np.empty((2, len(actions), len(starts)))
    forbidden = np.empty((len(actions), len(starts)), dtype=bool)
    moves = np.zeros((len(actions), len(evidence.effects.moves)))
    changed = np.zeros((len(actions), len(evidence.columns)), dtype=bool)
    for a, action in enumerate(actions):
        moves[a, list(action)] = 1.0
        changed[a, evidence.move_feature[list(action)]] = True
    prices = evidence.prices(limits.cost)[:, who]
    for start in range(0, len(actions), 512):
        at = slice(start, start + 512)
        works = unpack(success[at], people)[:, who].astype(np.float64)
        correct[at] = np.add.reduceat(works, starts, axis=1)
        spent[at] = np.add.reduceat(works * (moves[at] @ prices), starts, axis=1)
        forbidden[at] = np.logical_or.reduceat(unpack(barred[at], people)[:, who], starts, axis=1)
    growth = Growth(
        np.diff(starts, append=len(who)).astype(np.float64), true[np.ix_(numbers, who[starts])].T, correct, spent,
        forbidden, changed[:, evidence.feature[numbers]], fcost_weight, evidence.space.people(evidence.n),
        lambda correct, n: precise(limits, correct, n),
    )  # fmt: skip
    return growth, numbers


def splits_of(evidence: Evidence, limits: Limits, true: BoolArray) -> IntArray:
    """Number the predicates about descriptors that split the people in two parts with enough of them.

    Of two that split them alike and are about the same feature, the first.
    """
    named = evidence.read if limits.subgroups is None else limits.subgroups
    mine = np.isin(evidence.feature, [evidence.columns.index(name) for name in named])
    times = true.sum(axis=1)
    least = evidence.space.people(evidence.n)
    seen: set[tuple[int, bytes]] = set()
    kept = []
    for p in np.flatnonzero(mine & (np.minimum(times, true.shape[1] - times) >= least)).tolist():
        key = (int(evidence.feature[p]), (true[p] ^ true[p, 0]).tobytes())
        if key not in seen:
            seen.add(key)
            kept.append(p)
    return np.array(kept, dtype=np.int64)
