"""A tree of subgroups: everybody is in exactly one leaf, and everybody in a leaf is given the same action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.budget import Budget
from recourse.checks import number
from recourse.summaries.choice.pricing import precise, value_per_person
from recourse.summaries.choice.select import SelectionStatus
from recourse.summaries.choice.settings import ChoiceSettings
from recourse.summaries.choice.trees import NOTHING, Growth, Tree, grow_tree
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.evidence.itemsets import count, pack, unpack
from recourse.summaries.evidence.population import cells_of
from recourse.summaries.evidence.predicates import Condition, Negation
from recourse.summaries.recourse_set import FCOST_WEIGHTS, RecourseSet
from recourse.summaries.rules import Rule

Path = tuple[tuple[int, bool], ...]
"""The way to a part: splits, and whether they are true of its people."""

CHUNK = 512
"""How many actions are added up over the people at once, which bounds the memory."""


class RecourseTree(RecourseSet):
    """A tree of subgroups whose leaves give one action each; made by `TwoLevelRecourseSet.tree`.

    Splits are predicates about what describes subgroups (`subgroups`; where these are discovered, any feature): of
    everybody in a part it is true or not, and a missing value counts as not. A leaf has `min_support` of the denied
    at least. As everybody is in one leaf, what counts per rule counts per person.

    Parameters
    ----------
    evidence, settings, held_out, budget : as in `RecourseSet`
        As for `RecourseSet`.
    depth : int
        So many splits lie above a leaf at most.
    fcost_weight : float
        How much of a person approved one unit of cost per person counts, as for `GlobalActions`, so that values of
        trees and of global actions can be compared.

    Attributes
    ----------
    rules : tuple of Rule
        The leaves in which an action is worth its price, as rules whose group is the way to the leaf. No action touches
        a feature on its way, or asks somebody in its leaf for what the action set forbids.
    leaves : int
        How many leaves there are, those without an action included.
    value, bound, gap, status
        People approved − `fcost_weight` × what the action costs each of them, an upper bound on that of any tree, their
        relative difference, and what is proven.
    """

    kind = "tree"
    own_settings = ("depth", "fcost_weight")
    changeable = (*own_settings, "subgroups", "cost", "min_precision", "tie_break", "time_limit")

    def __init__(
        self,
        evidence: Evidence,
        settings: ChoiceSettings,
        *,
        depth: int,
        fcost_weight: float,
        held_out: Any = None,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(evidence, settings, held_out=held_out)
        self.fcost_weight = number("fcost_weight", fcost_weight, least=0)
        growth, self._splits = growth_of(evidence, settings, self.fcost_weight)
        time = Budget.of(budget).part(settings.limits.time_limit)
        found = grow_tree(growth, depth, time)
        self.depth, self._tree = int(depth), found.tree
        self.value = found.value
        self.status, self.bound = SelectionStatus.of(found.value, found.bound)
        self.interrupted = self.status is SelectionStatus.FEASIBLE and time.exhausted

        # a rule for each leaf that gives an action
        leaves = list(_leaves(found.tree, ()))
        self.leaves = len(leaves)
        given = [(path, action) for path, action in leaves if action != NOTHING]
        self._actions = np.array([action for _, action in given], dtype=np.int64)
        self.rules = tuple(self._rule(path, action) for path, action in given)

    def _front_settings(self) -> dict[str, Sequence[Any]]:
        return {"depth": range(self.depth, 0, -1), "fcost_weight": FCOST_WEIGHTS}

    def _way(self, path: Path) -> tuple[Condition, ...]:
        """The conditions on the way to a part."""
        way: list[Condition] = []
        for split, true in path:
            predicate = self.evidence.predicates[self._splits[split]]
            way.append(predicate if true else Negation(predicate))
        return tuple(way)

    def _inside(self, path: Path) -> BoolArray:
        """bool[people]: who of those counted is in a part."""
        inside = self.evidence.counted.copy()
        for one in self._way(path):
            inside &= one.holds(self.evidence.people[one.feature])
        return inside

    def _rule(self, path: Path, action: int) -> Rule:
        """What a leaf gives to whom."""
        evidence = self.evidence
        inside = self._inside(path)
        who = np.flatnonzero(inside)
        correct = int(count(evidence.for_anybody[0][action] & pack(inside[None, :])[0]))

        moves = list(evidence.outcomes.actions[action])
        cost = float(evidence.prices(self.cost)[moves][:, who].sum() / len(who))
        change = float(evidence.sizes[moves][:, who].sum() / len(who))
        named = tuple(evidence.effects.moves[move] for move in moves)
        return Rule(self._way(path), (), named, len(who), correct, cost, change)

    def _objective(self, found: dict[str, Any]) -> float:
        return value_per_person(found, self.fcost_weight)

    def limits_document(self) -> dict[str, Any]:
        """The limits, as plain values."""
        return {
            "depth": self.depth,
            "min_precision": self.limits.min_precision,
            "fcost_weight": self.fcost_weight,
        }

    def candidates_document(self) -> dict[str, Any]:
        """What there was to choose from, as plain values."""
        return {"splits": len(self._splits), "leaves": self.leaves}

    def tree_document(self) -> dict[str, Any]:
        """How subgroups are nested: a split with two sides, or the number of the rule that a leaf gives."""
        numbers = iter(range(1, len(self.rules) + 1))

        def part(tree: Tree, path: Path) -> dict[str, Any]:
            if isinstance(tree, int):
                return {"rule": None if tree == NOTHING else next(numbers), "people": int(self._inside(path).sum())}
            split, yes, no = tree
            predicate = self.evidence.predicates[self._splits[split]].to_dict()
            return {
                "split": predicate,
                "yes": part(yes, (*path, (split, True))),
                "no": part(no, (*path, (split, False))),
            }

        return part(self._tree, ())


def _leaves(tree: Tree, path: Path) -> Iterator[tuple[Path, int]]:
    """The leaves of a tree from left to right: the way there, and the action."""
    if isinstance(tree, int):
        yield path, tree
    else:
        split, yes, no = tree
        yield from _leaves(yes, (*path, (split, True)))
        yield from _leaves(no, (*path, (split, False)))


def growth_of(evidence: Evidence, settings: ChoiceSettings, fcost_weight: float) -> tuple[Growth, IntArray]:
    """State the choice of a tree over cells of people, and return which predicate each of its splits is about."""
    people, counted = len(evidence.people), evidence.counted
    true = unpack(evidence.bits, people)
    splits = splits_of(evidence, settings, true[:, counted])

    # people of whom the same splits are true are one cell; `who` has them cell by cell, from `starts` on
    cell = cells_of(true[splits][:, counted])
    who = np.flatnonzero(counted)[np.argsort(cell, kind="stable")]
    starts = np.searchsorted(np.sort(cell), np.arange(int(cell.max(initial=0)) + 1))

    correct, spent, forbidden = _added_up_by_cell(evidence, settings, who, starts)
    changed = np.zeros((len(evidence.outcomes.actions), len(evidence.columns)), dtype=bool)
    for a, action in enumerate(evidence.outcomes.actions):
        changed[a, evidence.move_feature[list(action)]] = True
    growth = Growth(
        people=np.diff(starts, append=len(who)).astype(np.float64),
        true=true[np.ix_(splits, who[starts])].T,
        correct=correct,
        spent=spent,
        forbidden=forbidden,
        touches=changed[:, evidence.feature[splits]],
        fcost_weight=fcost_weight,
        least=evidence.support,
        precise=lambda correct, n: precise(settings.limits, correct, n),
    )
    return growth, splits


def _added_up_by_cell(
    evidence: Evidence, settings: ChoiceSettings, who: IntArray, starts: IntArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """[actions, cells]: people approved after an action, its prices for them, and whether somebody is forbidden it."""
    people, actions = len(evidence.people), evidence.outcomes.actions
    success, refused = evidence.for_anybody
    correct, spent = np.empty((2, len(actions), len(starts)))
    forbidden = np.empty((len(actions), len(starts)), dtype=bool)
    moves = np.zeros((len(actions), len(evidence.effects.moves)))
    for a, action in enumerate(actions):
        moves[a, list(action)] = 1.0
    prices = evidence.prices(settings.cost)[:, who]
    for start in range(0, len(actions), CHUNK):
        at = slice(start, start + CHUNK)
        works = unpack(success[at], people)[:, who].astype(np.float64)
        correct[at] = np.add.reduceat(works, starts, axis=1)
        spent[at] = np.add.reduceat(works * (moves[at] @ prices), starts, axis=1)
        forbidden[at] = np.logical_or.reduceat(unpack(refused[at], people)[:, who], starts, axis=1)
    return correct, spent, forbidden


def splits_of(evidence: Evidence, settings: ChoiceSettings, true: BoolArray) -> IntArray:
    """Number the predicates about descriptors that split the people in two parts with enough of them.

    true : bool[predicates, people]. Of two that split them alike and are about the same feature, the first.
    """
    described = evidence.read if settings.subgroups is None else settings.subgroups
    mine = np.isin(evidence.feature, [evidence.columns.index(name) for name in described])
    times = true.sum(axis=1)
    smaller = np.minimum(times, true.shape[1] - times)
    seen: set[tuple[int, bytes]] = set()
    kept = []
    for p in np.flatnonzero(mine & (smaller >= evidence.support)).tolist():
        # a predicate and its opposite split alike
        key = (int(evidence.feature[p]), (true[p] ^ true[p, 0]).tobytes())
        if key not in seen:
            seen.add(key)
            kept.append(p)
    return np.array(kept, dtype=np.int64)
