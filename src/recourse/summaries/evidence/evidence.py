"""What rules are chosen from: the denied people, what is true of them, and what each action would do to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.errors import InputError
from recourse.models import Model
from recourse.summaries.choice.candidates import Candidates, Pairs, check_size, count_triples, effective_rules
from recourse.summaries.evidence.bins import (
    Levels,
    Mobility,
)
from recourse.summaries.evidence.candidate_space import Space
from recourse.summaries.evidence.effects import Action, Effects, Outcomes, to_anybody
from recourse.summaries.evidence.itemsets import Bits, Itemsets, frequent_itemsets, pack, unpack
from recourse.summaries.evidence.predicates import Predicate
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.costs.cost import Cost


@dataclass(frozen=True, eq=False)
class Evidence:
    """Bits about the denied people, and what made them.

    people : the denied, one row each with all columns; read : the columns that the model reads
    predicates, feature, bits : what is true of whom; feature numbers columns as in `columns`
    effects, outcomes : what the actions do to them; changed, barred : bits[actions], whom each action changes,
    and whom the action set forbids it; counted : bool[people], the ones that numbers are about
    """

    space: Space
    model: Model
    people: pd.DataFrame
    read: tuple[Name, ...]
    columns: tuple[Name, ...]
    how: dict[Name, Mobility]
    levels: dict[Name, Levels]
    predicates: tuple[Predicate, ...]
    feature: IntArray
    bits: Bits
    effects: Effects
    outcomes: Outcomes
    changed: Bits
    barred: Bits
    counted: BoolArray
    rows_total: int
    _kept: dict[Any, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many denied people are counted."""
        return int(self.counted.sum())

    def only(self, counted: BoolArray) -> Evidence:
        """The same evidence about some of the people; the model isn't asked."""
        mask = pack(counted[None, :])[0]
        outcomes = replace(self.outcomes, success=self.outcomes.success & mask)
        bits, changed, barred = self.bits & mask, self.changed & mask, self.barred & mask
        return replace(self, bits=bits, outcomes=outcomes, changed=changed, barred=barred, counted=counted, _kept={})

    @property
    def cells(self) -> IntArray:
        """Which cell each person is in: people of one cell satisfy the same predicates."""
        if "cells" not in self._kept:
            self._kept["cells"] = cells_of(unpack(self.bits, len(self.people)))
        cells: IntArray = self._kept["cells"]
        return cells

    def conditions(self) -> Itemsets:
        """The conjunctions that inner conditions are taken from, the empty one first unless actions pin them."""
        if "conditions" not in self._kept:
            found = frequent_itemsets(self.bits, self.feature, self.space.people(self.n), self.space.max_condition)
            self._kept["conditions"] = found if self.space.pinned else _with_everybody(found, self.counted)
        conditions: Itemsets = self._kept["conditions"]
        return conditions

    def descriptors(self, subgroups: Sequence[Name] | None) -> Itemsets:
        """The conjunctions that describe subgroups: over the features named, or over all; none named: everybody."""
        if subgroups is not None and not len(subgroups):
            return _with_everybody(Itemsets((), self.bits[:0]), self.counted)
        names = self.columns if subgroups is None else subgroups
        mine = np.isin(self.feature, [self.columns.index(name) for name in names])
        if subgroups is None:
            mine &= np.isin(self.feature, [self.columns.index(name) for name in self.read])
        numbers = np.flatnonzero(mine)
        width = self.space.max_descriptor
        found = frequent_itemsets(self.bits[numbers], self.feature[numbers], self.space.people(self.n), width)
        if not len(found):
            raise InputError(
                f"no subgroup of {', '.join(map(repr, names))} has {self.space.people(self.n)} of the {self.n:,} "
                f"denied people, which is what min_support = {self.space.min_support:g} asks for; lower it."
            )
        return Itemsets(tuple(tuple(int(numbers[item]) for item in items) for items in found.sets), found.bits)

    def candidates(self, subgroups: tuple[Name, ...] | None, max_width: int, *, apart: bool) -> Candidates:
        """Every effective rule for these descriptors; the model isn't asked."""
        key = ("candidates", subgroups, max_width, apart)
        if key not in self._kept:
            conditions, descriptors = self.conditions(), self.descriptors(subgroups)
            plan = plan_rules(self, conditions, descriptors)
            self._kept[key] = effective_rules(
                descriptors, conditions, plan.pairs, plan.condition_masks, plan.action_masks, self.outcomes,
                self.changed, self.barred, min_count=self.space.people(self.n),
                max_width=max_width, apart=apart, descriptor_masks=plan.descriptor_masks,
            )  # fmt: skip
        found: Candidates = self._kept[key]
        return found

    def anybody(self) -> tuple[Bits, Bits]:
        """Whom each action flips, and whom it is forbidden, if it is given to anybody, whatever is true of them today.

        A rule's condition sees to it that an action changes all of its features; without one, some people
        have part of it already.
        """
        if "anybody" not in self._kept:
            success, refused = self.outcomes.success, self.outcomes.refused
            if self.space.all_change:
                keeps = pack(self.effects.possible & ~self.effects.changes)
                success, refused = (to_anybody(self.outcomes.actions, bits, keeps) for bits in (success, refused))
            self._kept["anybody"] = success, self.barred | (refused & pack(self.counted[None, :]))
        found: tuple[Bits, Bits] = self._kept["anybody"]
        return found

    def prices(self, cost: Cost) -> FloatArray:
        """What each move costs each person; see `Effects.prices`."""
        key = ("prices", id(cost))
        if key not in self._kept:
            self._kept[key] = (cost, self.effects.prices(cost))
        prices: FloatArray = self._kept[key][1]
        return prices

    def sizes(self) -> FloatArray:
        """How far each move takes each person; see `Effects.magnitudes`."""
        if "sizes" not in self._kept:
            self._kept["sizes"] = self.effects.magnitudes()
        sizes: FloatArray = self._kept["sizes"]
        return sizes

    def mean_over(self, candidates: Candidates, per_move: FloatArray, rules: IntArray) -> FloatArray:
        """Mean over the people each rule covers of a quantity that adds up over its moves: float64[len(rules)].

        per_move : float64[moves, people], whole ticks, so that the sums are exact whatever their order. Where
        a condition pins the feature, the quantity is mostly the same for all who satisfy it, and is looked up.
        """
        if not len(rules):
            return np.zeros(0)
        pinned = self._where_constant(per_move)
        item = self._item_of(candidates.conditions)[candidates.condition[rules]]
        actions = candidates.action[rules]
        total, open_ = np.zeros(len(rules)), np.zeros((len(rules), self.moves_of.shape[1]), dtype=bool)
        for k in range(self.moves_of.shape[1]):
            move = self.moves_of[actions, k]
            has = move >= 0
            at = item[np.arange(len(rules)), self.move_feature[move]]
            value = np.where(has & (at >= 0), pinned[at, move], np.nan)
            open_[:, k] = has & np.isnan(value)
            total += np.where(has & ~open_[:, k], value, 0.0)
        left = np.flatnonzero(open_.any(axis=1))
        if len(left):
            sums, position = self._sums(candidates, per_move, rules[left])
            for k in range(self.moves_of.shape[1]):
                mine = open_[left, k]
                who = left[mine]
                n = candidates.n[rules[who]]
                total[who] += sums[position[mine], self.moves_of[actions[who], k]] / n
        return total

    def _where_constant(self, per_move: FloatArray) -> FloatArray:
        """float64[predicates, moves]: a move's quantity where it is one value for all who satisfy a predicate."""
        table = np.full((len(self.predicates), len(self.move_feature)), np.nan)
        true = unpack(self.bits, len(self.people))
        for p, feature in enumerate(self.feature):
            who = np.flatnonzero(true[p])
            mine = np.flatnonzero(self.move_feature == feature)
            if len(who) and len(mine):
                values = per_move[np.ix_(mine, who)]
                table[p, mine] = np.where((values == values[:, :1]).all(axis=1), values[:, 0], np.nan)
        return table

    def _item_of(self, conditions: Itemsets) -> IntArray:
        """int64[conditions, columns]: which predicate a condition has about each column, −1 for none."""
        if "items" not in self._kept:
            items = np.full((len(conditions), len(self.columns)), -1, dtype=np.int64)
            for c, members in enumerate(conditions.sets):
                for member in members:
                    items[c, self.feature[member]] = member
            self._kept["items"] = items
        kept: IntArray = self._kept["items"]
        return kept

    @property
    def move_feature(self) -> IntArray:
        """The column that each move changes, as a number in `columns`."""
        if "feature" not in self._kept:
            numbers = [self.columns.index(move.feature) for move in self.effects.moves]
            self._kept["feature"] = np.array(numbers, dtype=np.int64)
        kept: IntArray = self._kept["feature"]
        return kept

    @property
    def moves_of(self) -> IntArray:
        """int64[actions, width]: the moves of each action, filled up with −1."""
        if "moves" not in self._kept:
            width = max(len(action) for action in self.outcomes.actions)
            moves = np.full((len(self.outcomes.actions), width), -1, dtype=np.int64)
            for a, action in enumerate(self.outcomes.actions):
                moves[a, : len(action)] = action
            self._kept["moves"] = moves
        kept: IntArray = self._kept["moves"]
        return kept

    def _sums(self, candidates: Candidates, per_move: FloatArray, rules: IntArray) -> tuple[FloatArray, IntArray]:
        """Sums over the people covered, for each distinct coverage of some rules and each move; and which is whose."""
        _, first, position = np.unique(candidates.coverage[rules], return_index=True, return_inverse=True)
        per_cell = np.zeros((self.n_cells, per_move.shape[0]))
        np.add.at(per_cell, self.cells, per_move.T)
        cover = self.cover_of(candidates)[candidates.coverage[rules[first]]]
        return np.asarray(cover @ per_cell), position.ravel()

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return int(self.cells.max(initial=0)) + 1

    def cover_of(self, candidates: Candidates) -> sparse.csr_matrix:
        """Sparse 0/1 [coverages, cells]: which cells of identical people each coverage is made of."""
        key = ("cover", id(candidates))
        if key not in self._kept:
            coverage, first = np.unique(candidates.coverage, return_index=True)
            assert (coverage == np.arange(len(coverage))).all()
            example = np.zeros(self.n_cells, dtype=np.int64)
            example[self.cells[::-1]] = np.arange(len(self.cells))[::-1]
            indices, lengths = [np.empty(0, dtype=np.int32)], [np.zeros(1, dtype=np.int64)]
            for start in range(0, len(first), 8192):
                inside = unpack(candidates.covers(first[start : start + 8192]), len(self.cells))[:, example]
                indices.append((np.flatnonzero(inside) % self.n_cells).astype(np.int32))
                lengths.append(inside.sum(axis=1))
            columns = np.concatenate(indices)
            pointers = np.cumsum(np.concatenate(lengths)).astype(np.int32)
            shape = (len(first), self.n_cells)
            self._kept[key] = (candidates, sparse.csr_matrix((np.ones(len(columns)), columns, pointers), shape=shape))
        cover: sparse.csr_matrix = self._kept[key][1]
        return cover


@dataclass(frozen=True, eq=False)
class _Plan:
    pairs: Pairs
    condition_masks: list[int]
    descriptor_masks: list[int]
    action_masks: list[int]


def plan_rules(evidence: Evidence, conditions: Itemsets, descriptors: Itemsets) -> _Plan:
    """Pair conditions with actions, and refuse a space that is too large before going through it."""
    return _plan(
        evidence.space, conditions, descriptors, evidence.feature, evidence.columns, evidence.effects,
        evidence.outcomes.actions, evidence.bits, pack(evidence.effects.changes),
    )  # fmt: skip


def _plan(
    space: Space, conditions: Itemsets, descriptors: Itemsets, feature: IntArray, columns: Sequence[Name],
    effects: Effects, actions: Sequence[Action], bits: Bits, changes: Bits,
) -> _Plan:  # fmt: skip
    move_feature = np.array([columns.index(move.feature) for move in effects.moves], dtype=np.int64)
    compatible = np.array([(bits & changes[m]).any(axis=1) for m in range(len(effects.moves))], dtype=bool)
    compatible = compatible.T if len(effects.moves) else np.zeros((len(bits), 0), dtype=bool)
    pairs = Pairs(
        conditions, feature, actions, move_feature, compatible, pinned=space.pinned, max_pairs=space.max_candidates
    )
    condition_masks, descriptor_masks = masks(conditions.sets, feature), masks(descriptors.sets, feature)
    check_size(count_triples(descriptor_masks, condition_masks, pairs), space.max_candidates)
    return _Plan(pairs, condition_masks, descriptor_masks, masks(actions, move_feature))


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


def masks(sets: Sequence[tuple[int, ...]], feature: IntArray) -> list[int]:
    """The features of each conjunction as a bit mask, to tell which are disjoint."""
    return [sum(1 << int(feature[item]) for item in items) for items in sets]
