"""Frequent itemsets on packed bits: which conjunctions of predicates are true of enough people.

Eclat: a set's people are the AND of its predicates' people, counted with one `numpy.bitwise_count`, and a
set is only extended while it has enough of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recourse.arrays import BoolArray, IntArray
from recourse.errors import InputError

Bits = npt.NDArray[np.uint64]


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
) -> Itemsets:
    """Return every conjunction of at most `max_width` predicates that is true of `min_count` people or more.

    bits : uint64[k, words], the people each predicate is true of; feature : int[k], the feature it is about
    (a conjunction has one predicate a feature). Raises `InputError` at more than `limit` conjunctions.

    >>> people = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool)
    >>> frequent_itemsets(pack(people), [0, 1, 1], 2, 2).sets
    ((0,), (1,), (2,), (0, 1))
    """
    feature = np.asarray(feature)
    alone = np.flatnonzero(count(bits) >= max(min_count, 1)) if max_width > 0 else np.empty(0, dtype=np.int64)
    sets: list[tuple[int, ...]] = []
    found: list[Bits] = []
    level: list[tuple[tuple[int, ...], Bits, IntArray]] = []
    sets += [(int(item),) for item in alone]
    found.append(bits[alone])
    for item in alone:
        later = alone[(alone > item) & (feature[alone] != feature[item])]
        level.append(((int(item),), bits[item], later))
    for width in range(2, max_width + 1):
        following: list[tuple[tuple[int, ...], Bits, IntArray]] = []
        for prefix, own, extensions in level:
            if not len(extensions):
                continue
            joint = bits[extensions] & own
            enough = np.bitwise_count(joint).sum(axis=1, dtype=np.int64) >= max(min_count, 1)
            items, joint = extensions[enough], joint[enough]
            sets += [(*prefix, item) for item in items.tolist()]
            found.append(joint)
            if len(sets) > limit:
                raise InputError(
                    f"more than {limit:,} conjunctions of up to {max_width} predicates are true of {min_count} "
                    "people or more; raise min_support, allow fewer predicates, or use fewer bins."
                )
            if width < max_width:
                for k, item in enumerate(items):
                    later = items[k + 1 :]
                    following.append(((*prefix, int(item)), joint[k], later[feature[later] != feature[item]]))
        level = following
    return Itemsets(tuple(sets), np.concatenate(found) if found else bits[:0])
