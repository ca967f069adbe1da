"""The denied people and what is true of them: all that is known before an action is tried on anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from recourse.arrays import BoolArray, IntArray
from recourse.budget import Budget
from recourse.errors import InputError
from recourse.models import Model
from recourse.summaries.evidence.bins import Levels, Mobility
from recourse.summaries.evidence.candidate_space import CandidateSpace
from recourse.summaries.evidence.effects import Effects
from recourse.summaries.evidence.itemsets import Bits, Itemsets, frequent_itemsets, pack, unpack
from recourse.summaries.evidence.predicates import FeaturePredicate
from recourse.tables import Name


@dataclass(frozen=True, eq=False)
class Population:
    """Bits about the denied people, and what made them.

    people : the denied, one row each with all columns; read : the columns that the model reads
    mobility, levels : of each column, what the action set lets people do about it, and its values or bins
    predicates, feature, bits : what is true of whom; feature numbers columns as in `columns`
    effects : what each move does to each of them
    conditions : the conjunctions that inner conditions are taken from
    counted : bool[people], the ones that numbers are about; rows_total : people, approved ones included
    """

    space: CandidateSpace
    model: Model
    people: pd.DataFrame
    read: tuple[Name, ...]
    columns: tuple[Name, ...]
    mobility: dict[Name, Mobility]
    levels: dict[Name, Levels]
    predicates: tuple[FeaturePredicate, ...]
    feature: IntArray
    bits: Bits
    effects: Effects
    conditions: Itemsets
    counted: BoolArray
    rows_total: int

    @property
    def n(self) -> int:
        """How many denied people are counted."""
        return int(self.counted.sum())

    @property
    def support(self) -> int:
        """How many of them a subgroup and a condition must be true of."""
        return self.space.people(self.n)

    def only(self, counted: BoolArray) -> Self:
        """The same about some of the people; the model isn't asked."""
        part = replace(self, bits=self.bits & pack(counted[None, :])[0], counted=counted)
        return replace(part, conditions=part.mined_conditions(Budget()))

    def mined_conditions(self, budget: Budget) -> Itemsets:
        """The conjunctions that enough people satisfy; the empty one first unless a condition must name the changes."""
        found = frequent_itemsets(self.bits, self.feature, self.support, self.space.max_condition, budget=budget)
        return found if self.space.from_to else _with_everybody(found, self.counted)

    def descriptors(self, subgroups: Sequence[Name] | None, budget: Budget) -> Itemsets:
        """The conjunctions that describe subgroups: over the features named, or over all; none named: everybody."""
        if subgroups is not None and not len(subgroups):
            return _with_everybody(Itemsets((), self.bits[:0]), self.counted)

        # discovered subgroups are about what the model reads; named ones may be about any column
        names = self.read if subgroups is None else subgroups
        numbers = np.flatnonzero(np.isin(self.feature, [self.columns.index(name) for name in names]))
        found = frequent_itemsets(
            self.bits[numbers], self.feature[numbers], self.support, self.space.max_descriptor, budget=budget
        )
        if not len(found):
            raise InputError(
                f"no subgroup of {', '.join(map(repr, names))} has {self.support} of the {self.n:,} "
                f"denied people, which is what min_support = {self.space.min_support:g} asks for; lower it."
            )
        sets = tuple(tuple(int(numbers[item]) for item in items) for items in found.sets)
        return Itemsets(sets, found.bits)

    @cached_property
    def cells(self) -> IntArray:
        """Which cell each person is in: people of one cell satisfy the same predicates."""
        return cells_of(unpack(self.bits, len(self.people)))

    @cached_property
    def n_cells(self) -> int:
        """How many cells there are."""
        return int(self.cells.max(initial=0)) + 1

    @cached_property
    def move_feature(self) -> IntArray:
        """The column that each move changes, as a number in `columns`."""
        return np.array([self.columns.index(move.feature) for move in self.effects.moves], dtype=np.int64)


def cells_of(true: BoolArray) -> IntArray:
    """Number people so that those of whom the same is true share a number: true is bool[predicates, people]."""
    rows = np.packbits(true.T, axis=1)
    if not rows.size:
        return np.zeros(true.shape[1], dtype=np.int64)
    view = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
    return np.unique(view, return_inverse=True)[1].ravel().astype(np.int64)


def _with_everybody(found: Itemsets, counted: BoolArray) -> Itemsets:
    """Put the empty conjunction, which is true of everybody, before the others."""
    return Itemsets(((), *found.sets), np.concatenate([pack(counted[None, :]), found.bits]))
