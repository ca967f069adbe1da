"""The problem of choosing rules: people covered, minus what each rule costs, under limits on rules and subgroups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from recourse.arrays import FloatArray, IntArray

ROUNDING = 1e-6
"""Values closer than this, relative to them if they are above 1, are equal: sums of prices can differ by it."""


def tolerance(value: float) -> float:
    """By how much a bound may be above a value and still say the same."""
    return ROUNDING * max(1.0, abs(value))


def settled(bound: float, value: float) -> bool:
    """Whether a bound leaves nothing better than the value to be found."""
    return bound <= value + tolerance(value)


@dataclass(frozen=True, eq=False)
class ChoiceProblem:
    """Which rules to choose: maximise Σ weight over cells covered − Σ price of the rules chosen.

    cover : sparse 0/1 [R, G], which cells of identical people each rule covers; weight : float64[G], what a
    cell covered is worth; people : float64[G], how many people a cell has; price : float64[R]
    group : int64[R], each rule's descriptor; max_rules, max_groups : the limits
    max_overlap : at most so many people may be covered by several rules; None for no limit, 0 for nobody
    also : sparse 0/1 [R, groups], all descriptors that a rule may count for, where that is more than its own
    """

    cover: sparse.csr_matrix
    weight: FloatArray
    people: FloatArray
    price: FloatArray
    group: IntArray
    max_rules: int
    max_groups: int
    max_overlap: float | None = None
    also: sparse.csr_matrix | None = None

    @property
    def rules(self) -> int:
        """How many rules there are to choose from."""
        return int(self.cover.shape[0])

    @property
    def exclusive(self) -> bool:
        """Whether nobody may be covered by two rules."""
        return self.max_overlap is not None and self.max_overlap < 1

    def times(self, chosen: IntArray) -> FloatArray:
        """How many of the chosen rules cover each cell."""
        return np.asarray(self.cover[chosen].sum(axis=0), dtype=np.float64).ravel()

    def value(self, chosen: IntArray) -> float:
        """The objective of a set of rules."""
        return float(self.weight @ (self.times(chosen) > 0) - np.sort(self.price[chosen]).sum())

    def allows(self, chosen: IntArray) -> bool:
        """Whether a set of rules is within the limits."""
        within = len(chosen) <= self.max_rules and len(np.unique(self.group[chosen])) <= self.max_groups
        return within and (self.max_overlap is None or self.overlap(chosen) <= self.max_overlap)

    def overlap(self, chosen: IntArray) -> float:
        """How many people several of the chosen rules cover."""
        return float(self.people @ (self.times(chosen) > 1))

    def restrict(self, kept: IntArray) -> ChoiceProblem:
        """The same problem with some of the rules."""
        also = None if self.also is None else self.also[kept]
        return replace(self, cover=self.cover[kept], price=self.price[kept], group=self.group[kept], also=also)

    def shared(self) -> tuple[ChoiceProblem, IntArray]:
        """The same problem with equal rules of several descriptors made one, and which rule became which.

        Rules are equal if they cover the same cells at the same price; one that is chosen needs any of their
        descriptors. Without this, all ways to split one conjunction in two would be equally good solutions.
        """
        rows = self.cover.shape[0]
        lengths = np.diff(self.cover.indptr)
        assert (lengths > 0).all()

        # equal rules have equal sums of random marks, so they are neighbours once sorted by these
        mark = np.random.default_rng(0).integers(0, 2**64, self.cover.shape[1], dtype=np.uint64)
        sums = np.add.reduceat(mark[self.cover.indices], self.cover.indptr[:-1])
        order = np.lexsort((np.arange(rows), self.price, lengths, sums))
        new = np.ones(rows, dtype=bool)
        for key in (sums[order], lengths[order], self.price[order]):
            new[1:] &= key[1:] == key[:-1]
        new[1:] = ~new[1:]
        kind = np.empty(rows, dtype=np.int64)
        kind[order] = np.cumsum(new) - 1
        first = order[new]

        # cell by cell: does each rule cover what the first of its kind covers?
        like = np.repeat(self.cover.indptr[first[kind]] - self.cover.indptr[:-1], lengths)
        same = self.cover.indices == self.cover.indices[np.arange(len(like)) + like]
        equal = np.logical_and.reduceat(same, self.cover.indptr[:-1])
        if not equal.all():
            # two sums met by chance: keep those rules apart
            kind = np.where(equal, kind, len(first) + np.arange(rows))
            _, first, kind = np.unique(kind, return_index=True, return_inverse=True)

        # a rule counts for the descriptor of any rule of its kind
        groups = int(self.group.max()) + 1
        also = sparse.csr_matrix((np.ones(rows), (kind, self.group)), shape=(len(first), groups))
        return replace(self.restrict(first), also=also), kind

    def merged(self) -> tuple[ChoiceProblem, IntArray]:
        """The same problem over fewer cells, those that the same rules cover made one, and which cell became which."""
        rows = np.packbits(self.cover.astype(bool).toarray().T, axis=1)
        if not rows.size:
            return self, np.arange(self.cover.shape[1])
        view = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
        _, first, kind = np.unique(view, return_index=True, return_inverse=True)
        weight, people = np.zeros((2, len(first)))
        np.add.at(weight, kind.ravel(), self.weight)
        np.add.at(people, kind.ravel(), self.people)
        cover = self.cover.tocsc()[:, first].tocsr()
        return replace(self, cover=cover, weight=weight, people=people), kind.ravel()
