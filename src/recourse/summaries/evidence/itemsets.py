"""Frequent itemsets on packed bits: which conjunctions of predicates are true of enough people.

Eclat: a set's people are the AND of its predicates' people, counted with one `numpy.bitwise_count`, and a
set is only extended while it has enough of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, IntArray
from recourse.budget import Budget
from recourse.errors import InputError

Bits = npt.NDArray[np.uint64]
"""Sets of people, 64 to a word."""

_FEWER = "Allow more time, raise min_support, or lower bins, max_condition or max_descriptor."


@dataclass(frozen=True, eq=False)
class Itemsets:
    """Conjunctions of predicates, narrowest first, then by the predicates' numbers.

    sets : one ascending tuple of predicate numbers each; bits : uint64[k, words], the people it is true of
    """

    sets: tuple[tuple[int, ...], ...]
    bits: Bits

    def __len__(self) -> int:
        return len(self.sets)


def pack(rows: BoolArray) -> Bits:
    """Pack bool[k, n] into uint64[k, words]; the last word is filled up with zeros.

    >>> pack(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    k, n = rows.shape
    words = max(1, -(-n // 64))
    padded = np.zeros((k, words * 8), dtype=np.uint8)
    packed = np.packbits(rows, axis=1, bitorder="little")
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u8").astype(np.uint64, copy=False)


def unpack(bits: Bits, n: int) -> BoolArray:
    """Undo `pack` for n people."""
    octets = np.ascontiguousarray(bits.astype("<u8", copy=False)).view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=n, bitorder="little").astype(bool)


def count(bits: Bits) -> IntArray:
    """Count the people in each set of bits."""
    total: IntArray = np.bitwise_count(bits).sum(axis=-1, dtype=np.int64)
    return total


def frequent_itemsets(
    bits: Bits,
    feature: npt.ArrayLike,
    min_count: int,
    max_width: int,
    *,
    limit: int = 200_000,
    budget: Budget | None = None,
) -> Itemsets:
    """Return every conjunction of at most `max_width` predicates that is true of `min_count` people or more.

    bits : uint64[k, words], the people each predicate is true of; feature : int[k], the feature it is about
    (a conjunction has one predicate a feature). Raises `InputError` at more than `limit` conjunctions, and
    `BudgetError` when the budget is exhausted.

    >>> people = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool)
    >>> frequent_itemsets(pack(people), [0, 1, 1], 2, 2).sets
    ((0,), (1,), (2,), (0, 1))
    """
    feature, budget = np.asarray(feature), Budget.of(budget)
    least = max(min_count, 1)
    alone = np.flatnonzero(count(bits) >= least) if max_width > 0 else np.empty(0, dtype=np.int64)
    sets: list[tuple[int, ...]] = [(int(item),) for item in alone]
    found: list[Bits] = [bits[alone]]

    # a set goes on with items that come after its last one, so that each conjunction is met once
    level = [_Prefix((int(item),), bits[item], _later(alone, k, feature)) for k, item in enumerate(alone)]
    for width in range(2, max_width + 1):
        following: list[_Prefix] = []
        for prefix in level:
            if not len(prefix.extensions):
                continue
            budget.require("conjunctions of predicates were mined", _FEWER)
            joint = bits[prefix.extensions] & prefix.bits
            enough = np.bitwise_count(joint).sum(axis=1, dtype=np.int64) >= least
            items, joint = prefix.extensions[enough], joint[enough]
            sets += [(*prefix.items, item) for item in items.tolist()]
            found.append(joint)
            if len(sets) > limit:
                raise InputError(
                    f"more than {limit:,} conjunctions of up to {max_width} predicates are true of {min_count} "
                    "people or more; raise min_support, allow fewer predicates, or use fewer bins."
                )

            # these go on to the next width
            if width < max_width:
                following += [
                    _Prefix((*prefix.items, int(item)), joint[k], _later(items, k, feature))
                    for k, item in enumerate(items)
                ]
        level = following
    return Itemsets(tuple(sets), np.concatenate(found) if found else bits[:0])


class _Prefix(NamedTuple):
    """A conjunction that may be extended: its items, whom it is true of, and what may be added to it."""

    items: tuple[int, ...]
    bits: Bits
    extensions: IntArray


def _later(items: IntArray, k: int, feature: IntArray) -> IntArray:
    """The items after the k-th that are about another feature than it."""
    later = items[k + 1 :]
    return later[feature[later] != feature[items[k]]]
