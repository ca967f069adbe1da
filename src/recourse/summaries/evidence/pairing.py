"""Which actions go with which conditions, and how many candidate triples that makes.

A triple is a descriptor, a condition and an action. They are counted before the model is asked anything, so that a
space that is too large is refused at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recourse.arrays import BoolArray, IntArray
from recourse.errors import InputError
from recourse.summaries.evidence.effects import Action
from recourse.summaries.evidence.itemsets import Itemsets, pack
from recourse.summaries.evidence.population import Population


class Pairs:
    """For each condition a run of actions that go with it.

    sets : the conditions; item_feature : the feature of each predicate; actions, move_feature : likewise
    compatible : bool[predicates, moves], somebody who satisfies the predicate is changed by the move
    from_to : whether a condition must say what each changed feature is today, as in the paper
    """

    def __init__(
        self,
        conditions: Itemsets,
        item_feature: IntArray,
        actions: Sequence[Action],
        move_feature: IntArray,
        compatible: BoolArray,
        *,
        from_to: bool,
        max_pairs: int,
    ) -> None:
        found_conditions: list[IntArray] = []
        found_actions: list[IntArray] = []
        total = 0
        for features, of_them in _by_features(conditions.sets, item_feature).items():
            for changed, with_them in _by_features(actions, move_feature).items():
                if from_to and not set(changed) <= set(features):
                    continue

                # what a condition says of a changed feature today leaves the move something to change
                fits = np.ones((len(of_them), len(with_them)), dtype=bool)
                for feature in set(changed) & set(features):
                    today = np.array([conditions.sets[c][features.index(feature)] for c in of_them])
                    moves = np.array([actions[a][changed.index(feature)] for a in with_them])
                    fits &= compatible[np.ix_(today, moves)]

                at_condition, at_action = np.nonzero(fits)
                found_conditions.append(np.array(of_them)[at_condition])
                found_actions.append(np.array(with_them)[at_action])
                total += len(at_condition)
                if total > max_pairs:
                    raise InputError(_too_many(f"more than {max_pairs:,} pairs of a condition and an action"))

        # condition by condition, each with a run of actions
        nothing = np.empty(0, dtype=np.int64)
        condition = np.concatenate(found_conditions or [nothing])
        action = np.concatenate(found_actions or [nothing])
        order = np.lexsort((action, condition))
        self.condition, self.action = condition[order], action[order]
        self.starts = np.searchsorted(self.condition, np.arange(len(conditions) + 1))

    def __len__(self) -> int:
        return len(self.condition)

    def of(self, conditions: IntArray) -> tuple[IntArray, IntArray]:
        """Return the pairs of some conditions: positions among them, and the actions."""
        lengths = np.diff(self.starts)[conditions]
        position = np.repeat(np.arange(len(conditions)), lengths)
        offset = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return position, self.action[self.starts[conditions][position] + offset]


@dataclass(frozen=True, eq=False)
class RulePlan:
    """Pairs of conditions and actions, and the features of all three parts of a rule as bit masks.

    Two parts are about disjoint features if their masks have no bit in common.
    """

    pairs: Pairs
    descriptor_masks: list[int]
    condition_masks: list[int]
    action_masks: list[int]


def plan_rules(population: Population, actions: Sequence[Action], descriptors: Itemsets) -> RulePlan:
    """Pair conditions with actions; raise `InputError` if that makes too many triples to go through."""
    space, effects, conditions = population.space, population.effects, population.conditions
    predicate_feature, move_feature = population.feature, population.move_feature

    # which predicates leave which moves something to change, for somebody
    changes = pack(effects.changes)
    by_move = [(population.bits & changes[move]).any(axis=1) for move in range(len(effects.moves))]
    compatible = np.array(by_move, dtype=bool).reshape(-1, len(population.bits)).T

    pairs = Pairs(
        conditions,
        predicate_feature,
        actions,
        move_feature,
        compatible,
        from_to=space.from_to,
        max_pairs=space.max_candidates,
    )
    plan = RulePlan(
        pairs,
        _masks(descriptors.sets, predicate_feature),
        _masks(conditions.sets, predicate_feature),
        _masks(actions, move_feature),
    )

    # count before going through them
    triples = count_triples(plan)
    if triples > space.max_candidates:
        limit = f"the limit is {space.max_candidates:,} (max_candidates)"
        raise InputError(_too_many(f"{triples:,} candidate triples, and {limit}"))
    return plan


def count_triples(plan: RulePlan) -> int:
    """Count the triples that will be gone through: disjoint descriptors and conditions, with their actions."""
    # there are few sets of features, so each pair of them is looked at once
    pairs_of: dict[int, int] = {}
    for mask, length in zip(plan.condition_masks, np.diff(plan.pairs.starts).tolist(), strict=True):
        pairs_of[mask] = pairs_of.get(mask, 0) + length
    descriptors_of: dict[int, int] = {}
    for mask in plan.descriptor_masks:
        descriptors_of[mask] = descriptors_of.get(mask, 0) + 1

    total = 0
    for mask, times in descriptors_of.items():
        total += times * sum(length for other, length in pairs_of.items() if not mask & other)
    return total


def _by_features(sets: Sequence[tuple[int, ...]], feature: IntArray) -> dict[tuple[int, ...], list[int]]:
    """The numbers of the sets about the same features."""
    found: dict[tuple[int, ...], list[int]] = {}
    for number, members in enumerate(sets):
        found.setdefault(tuple(int(feature[member]) for member in members), []).append(number)
    return found


def _masks(sets: Sequence[tuple[int, ...]], feature: IntArray) -> list[int]:
    """The features of each set as a bit mask."""
    return [sum(1 << int(feature[member]) for member in members) for members in sets]


def _too_many(what: str) -> str:
    return (
        f"{what}: the candidate space is too large. Raise min_support, lower max_condition, max_changes, bins or (for "
        "moves other than 'to') beam, or name few subgroups instead of having them discovered."
    )
