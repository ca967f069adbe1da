"""Every rule that could be chosen: frequent descriptors × frequent conditions × actions, equal ones counted once.

A triple acts only through the people it covers and what it changes for them. So candidates are kept as
(descriptor, condition, action) numbers with two counts, the people covered and those approved after; where
several conditions of a descriptor cover the same people, the shortest speaks for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recourse.arrays import BoolArray, IntArray
from recourse.errors import InputError
from recourse.summaries.evidence.effects import Action, Outcomes
from recourse.summaries.evidence.itemsets import Bits, Itemsets, count

WORDS = 1 << 21
"""How many words of bits are counted at once, which bounds the memory."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The effective rules, as parallel arrays: ordered by coverage, then condition, then action.

    descriptor, condition, action : int64[R], numbers in `descriptors`, `conditions` and the outcomes' actions
    coverage : int64[R], equal where descriptor and people covered are equal
    n, correct : int64[R], denied people covered, and those of them approved after the action
    triples : how many triples these stand for
    """

    descriptors: Itemsets
    conditions: Itemsets
    descriptor: IntArray
    condition: IntArray
    action: IntArray
    coverage: IntArray
    n: IntArray
    correct: IntArray
    triples: int

    def __len__(self) -> int:
        return len(self.n)

    def covers(self, rules: IntArray) -> Bits:
        """Return whom each rule covers."""
        return self.descriptors.bits[self.descriptor[rules]] & self.conditions.bits[self.condition[rules]]


class Pairs:
    """Which actions go with which conditions: for each condition a run of actions.

    sets : the conditions; item_feature : the feature of each predicate; actions, move_feature : likewise
    compatible : bool[predicates, moves], somebody who satisfies the predicate is changed by the move
    pinned : whether a condition must say what each changed feature is today, as in the paper
    """

    def __init__(
        self,
        conditions: Itemsets,
        item_feature: IntArray,
        actions: Sequence[Action],
        move_feature: IntArray,
        compatible: BoolArray,
        *,
        pinned: bool,
        max_pairs: int,
    ) -> None:
        by_features: dict[tuple[int, ...], list[int]] = {}
        for c, items in enumerate(conditions.sets):
            by_features.setdefault(tuple(int(item_feature[item]) for item in items), []).append(c)
        of_action: dict[tuple[int, ...], list[int]] = {}
        for a, moves in enumerate(actions):
            of_action.setdefault(tuple(int(move_feature[move]) for move in moves), []).append(a)
        found_c: list[IntArray] = []
        found_a: list[IntArray] = []
        total = 0
        for features, members in by_features.items():
            for changed, with_them in of_action.items():
                if pinned and not set(changed) <= set(features):
                    continue
                cs, acts = np.array(members), np.array(with_them)
                fits = np.ones((len(cs), len(acts)), dtype=bool)
                for feature in set(changed) & set(features):
                    pins = np.array([conditions.sets[c][features.index(feature)] for c in members])
                    sets = np.array([actions[a][changed.index(feature)] for a in with_them])
                    fits &= compatible[np.ix_(pins, sets)]
                at_c, at_a = np.nonzero(fits)
                found_c.append(cs[at_c])
                found_a.append(acts[at_a])
                total += len(at_c)
                if total > max_pairs:
                    raise InputError(_too_many(f"more than {max_pairs:,} pairs of a condition and an action"))
        condition = np.concatenate(found_c or [np.empty(0, dtype=np.int64)])
        action = np.concatenate(found_a or [np.empty(0, dtype=np.int64)])
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


def count_triples(descriptor_masks: Sequence[int], condition_masks: Sequence[int], pairs: Pairs) -> int:
    """Count the triples that will be gone through: disjoint descriptors and conditions, with their actions."""
    weights: dict[int, int] = {}
    for mask, length in zip(condition_masks, np.diff(pairs.starts).tolist(), strict=True):
        weights[mask] = weights.get(mask, 0) + length
    times: dict[int, int] = {}
    for mask in descriptor_masks:
        times[mask] = times.get(mask, 0) + 1
    return sum(
        repeated * sum(length for other, length in weights.items() if not mask & other)
        for mask, repeated in times.items()
    )


def check_size(triples: int, limit: int) -> None:
    """Raise `InputError` for a candidate space that is too large, with its size and what would shrink it."""
    if triples > limit:
        raise InputError(_too_many(f"{triples:,} candidate triples, and the limit is {limit:,} (max_candidates)"))


def effective_rules(
    descriptors: Itemsets,
    conditions: Itemsets,
    pairs: Pairs,
    condition_masks: Sequence[int],
    action_masks: Sequence[int],
    outcomes: Outcomes,
    changed: Bits,
    barred: Bits,
    *,
    descriptor_masks: Sequence[int],
    min_count: int,
    max_width: int,
    apart: bool,
) -> Candidates:
    """Go through all triples and keep one of each kind that helps somebody.

    changed, barred : bits[actions], the people each action changes, and those whom the action set forbids it: a
    rule that changes nobody is none, one that asks somebody for what is forbidden neither, and one after which
    nobody is approved is not worth a candidate
    min_count : a rule covers at least so many denied people
    max_width, apart : predicates of descriptor and condition, together or each apart
    """
    widths = np.array([len(items) for items in conditions.sets], dtype=np.int64)
    acts = np.array(action_masks, dtype=object)
    parts: list[tuple[IntArray, ...]] = []
    triples = coverages = 0
    chunk = max(1, WORDS // conditions.bits.shape[1])
    for q, (items, mask) in enumerate(zip(descriptors.sets, descriptor_masks, strict=True)):
        disjoint = np.array([not mask & other for other in condition_masks], dtype=bool)
        width = np.maximum(widths, len(items)) if apart else widths + len(items)
        fitting = np.flatnonzero(disjoint & (width <= max_width))
        if not len(fitting):
            continue
        cover = descriptors.bits[q] & conditions.bits[fitting]
        n = count(cover)
        enough = n >= max(min_count, 1)
        fitting, cover, n = fitting[enough], cover[enough], n[enough]
        if not len(fitting):
            continue
        kind = _equal_rows(cover)
        position, action = pairs.of(fitting)
        if mask and any(mask & int(other) for other in set(action_masks)):
            allowed = np.array([not mask & int(other) for other in acts], dtype=bool)[action]
            position, action = position[allowed], action[allowed]
        triples += len(position)
        # the first (shortest) condition with the same people and the same action stands for all
        _, first = np.unique(kind[position] * (len(action_masks) + 1) + action, return_index=True)
        position, action = position[np.sort(first)], action[np.sort(first)]
        correct = np.zeros(len(position), dtype=np.int64)
        proper = np.zeros(len(position), dtype=bool)
        for start in range(0, len(position), chunk):
            at = slice(start, start + chunk)
            correct[at] = count(cover[position[at]] & outcomes.success[action[at]])
            proper[at] = (cover[position[at]] & changed[action[at]]).any(axis=1)
            proper[at] &= ~(cover[position[at]] & barred[action[at]]).any(axis=1)
        kept = (correct > 0) & proper
        position, action, correct = position[kept], action[kept], correct[kept]
        order = np.argsort(kind[position], kind="stable")
        position, action, correct = position[order], action[order], correct[order]
        number = np.cumsum(np.diff(kind[position], prepend=-1) > 0) - 1
        parts.append((np.full(len(position), q), fitting[position], action, coverages + number, n[position], correct))
        coverages += int(number[-1]) + 1 if len(number) else 0
    of, conditions_of, acts_of, coverage, n_of, correct_of = (
        np.concatenate([part[k] for part in parts] or [np.empty(0, dtype=np.int64)]) for k in range(6)
    )
    return Candidates(descriptors, conditions, of, conditions_of, acts_of, coverage, n_of, correct_of, triples)


def _equal_rows(bits: Bits) -> IntArray:
    """Number rows so that equal ones share a number, in the order of their first appearance."""
    rows = np.ascontiguousarray(bits).view(np.dtype((np.void, bits.shape[1] * 8))).ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.ravel()]


def _too_many(what: str) -> str:
    return (
        f"{what}: the candidate space is too large. Raise min_support, lower max_condition, max_changes, bins or (for "
        "moves other than 'to') beam, or name few subgroups instead of having them discovered."
    )
