"""Every rule that could be chosen: frequent descriptors × frequent conditions × actions, equal ones counted once.

A triple acts only through the people it covers and what it changes for them. So candidates are kept as
(descriptor, condition, action) numbers with two counts, the people covered and those approved after; where
several conditions of a descriptor cover the same people, the shortest speaks for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.budget import Budget
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.evidence.itemsets import Bits, Itemsets, count, unpack
from recourse.summaries.evidence.pairing import RulePlan, plan_rules
from recourse.tables import Name

WORDS = 1 << 21
"""How many words of bits are counted at once, which bounds the memory."""

_FEWER = "Allow more time, name few subgroups, or raise min_support."


@dataclass(frozen=True, eq=False)
class Candidates:
    """The effective rules, as parallel arrays: ordered by coverage, then condition, then action.

    descriptor, condition, action : int64[R], numbers in `descriptors`, `conditions` and the outcomes' actions
    coverage : int64[R], equal where descriptor and people covered are equal
    n, correct : int64[R], denied people covered, and those of them approved after the action
    triples : how many triples these stand for
    """

    evidence: Evidence
    descriptors: Itemsets
    descriptor: IntArray
    condition: IntArray
    action: IntArray
    coverage: IntArray
    n: IntArray
    correct: IntArray
    triples: int

    def __len__(self) -> int:
        return len(self.n)

    @property
    def conditions(self) -> Itemsets:
        """The conjunctions that inner conditions are taken from."""
        return self.evidence.conditions

    def covers(self, rules: IntArray) -> Bits:
        """Return whom each rule covers."""
        return self.descriptors.bits[self.descriptor[rules]] & self.conditions.bits[self.condition[rules]]

    @cached_property
    def cover(self) -> sparse.csr_matrix:
        """Sparse 0/1 [coverages, cells]: which cells of identical people each coverage is made of."""
        evidence = self.evidence
        coverage, first = np.unique(self.coverage, return_index=True)
        assert (coverage == np.arange(len(coverage))).all()

        # one person of each cell says for all of them whether they are covered
        example = np.zeros(evidence.n_cells, dtype=np.int64)
        example[evidence.cells[::-1]] = np.arange(len(evidence.cells))[::-1]
        indices, lengths = [np.empty(0, dtype=np.int32)], [np.zeros(1, dtype=np.int64)]
        for start in range(0, len(first), 8192):
            inside = unpack(self.covers(first[start : start + 8192]), len(evidence.cells))[:, example]
            indices.append((np.flatnonzero(inside) % evidence.n_cells).astype(np.int32))
            lengths.append(inside.sum(axis=1))
        columns = np.concatenate(indices)
        pointers = np.cumsum(np.concatenate(lengths)).astype(np.int32)
        shape = (len(first), evidence.n_cells)
        return sparse.csr_matrix((np.ones(len(columns)), columns, pointers), shape=shape)

    def mean_over(self, per_move: FloatArray, rules: IntArray) -> FloatArray:
        """Mean over the people each rule covers of a quantity that adds up over its moves: float64[len(rules)].

        per_move : float64[moves, people], whole ticks, so that the sums are exact whatever their order
        """
        if not len(rules):
            return np.zeros(0)
        moves_of = self.evidence.action_moves[self.action[rules]]
        width = moves_of.shape[1]
        total, varies = np.zeros(len(rules)), np.zeros((len(rules), width), dtype=bool)

        # where a condition says what the feature is today, the quantity is mostly the same for all: look it up
        constant = _where_constant(self.evidence, per_move)
        said = self._predicate_about[self.condition[rules]]
        for k in range(width):
            move = moves_of[:, k]
            has = move >= 0
            predicate = said[np.arange(len(rules)), self.evidence.move_feature[move]]
            value = np.where(has & (predicate >= 0), constant[predicate, move], np.nan)
            varies[:, k] = has & np.isnan(value)
            total += np.where(has & ~varies[:, k], value, 0.0)

        # where it differs from person to person, add it up over them
        left = np.flatnonzero(varies.any(axis=1))
        if len(left):
            sums, position = self._sums(per_move, rules[left])
            for k in range(width):
                mine = varies[left, k]
                who = left[mine]
                total[who] += sums[position[mine], moves_of[who, k]] / self.n[rules[who]]
        return total

    def _sums(self, per_move: FloatArray, rules: IntArray) -> tuple[FloatArray, IntArray]:
        """Sums over the people covered, for each distinct coverage of some rules and each move; and which is whose."""
        _, first, position = np.unique(self.coverage[rules], return_index=True, return_inverse=True)
        per_cell = np.zeros((self.evidence.n_cells, per_move.shape[0]))
        np.add.at(per_cell, self.evidence.cells, per_move.T)
        cover = self.cover[self.coverage[rules[first]]]
        return np.asarray(cover @ per_cell), position.ravel()

    @cached_property
    def _predicate_about(self) -> IntArray:
        """int64[conditions, columns]: which predicate a condition has about each column, −1 for none."""
        evidence = self.evidence
        predicates = np.full((len(evidence.conditions), len(evidence.columns)), -1, dtype=np.int64)
        for c, members in enumerate(evidence.conditions.sets):
            for member in members:
                predicates[c, evidence.feature[member]] = member
        return predicates


def candidates_of(
    evidence: Evidence,
    subgroups: tuple[Name, ...] | None,
    max_width: int,
    *,
    apart: bool,
    budget: Budget | None = None,
) -> Candidates:
    """Return every effective rule for these descriptors; the model isn't asked.

    max_width, apart : predicates of descriptor and condition, together or each apart
    """

    def go_through() -> Candidates:
        started = Budget.of(budget)
        descriptors = evidence.descriptors(subgroups, started)
        plan = plan_rules(evidence, evidence.outcomes.actions, descriptors)
        return _effective_rules(evidence, descriptors, plan, max_width, apart, started)

    return evidence.kept(("candidates", subgroups, max_width, apart), go_through)


def _effective_rules(
    evidence: Evidence, descriptors: Itemsets, plan: RulePlan, max_width: int, apart: bool, budget: Budget
) -> Candidates:
    """Go through all triples, one descriptor at a time, and keep one of each kind that helps somebody."""
    conditions, least = evidence.conditions, max(evidence.support, 1)
    widths = np.array([len(items) for items in conditions.sets], dtype=np.int64)
    feature_sets = set(plan.action_masks)
    parts: list[tuple[IntArray, ...]] = []
    triples = coverages = 0
    for q, (items, mask) in enumerate(zip(descriptors.sets, plan.descriptor_masks, strict=True)):
        budget.require(f"rules were counted ({q:,} of {len(descriptors):,} subgroups)", _FEWER)

        # the conditions that go with the descriptor: about other features, not too wide, true of enough people
        disjoint = np.array([not mask & other for other in plan.condition_masks], dtype=bool)
        width = np.maximum(widths, len(items)) if apart else widths + len(items)
        fitting = np.flatnonzero(disjoint & (width <= max_width))
        cover = descriptors.bits[q] & conditions.bits[fitting]
        n = count(cover)
        enough = n >= least
        fitting, cover, n = fitting[enough], cover[enough], n[enough]
        if not len(fitting):
            continue

        # the actions that go with the conditions; none touches what describes the subgroup
        position, action = plan.pairs.of(fitting)
        if any(mask & other for other in feature_sets):
            allowed = np.array([not mask & other for other in plan.action_masks], dtype=bool)[action]
            position, action = position[allowed], action[allowed]
        triples += len(position)

        # the first (shortest) condition with the same people and the same action stands for all
        kind = _equal_rows(cover)
        _, first = np.unique(kind[position] * (len(plan.action_masks) + 1) + action, return_index=True)
        position, action = position[np.sort(first)], action[np.sort(first)]
        position, action, correct = _helpful(evidence, cover, position, action)

        # by coverage, each with a number of its own
        order = np.argsort(kind[position], kind="stable")
        position, action, correct = position[order], action[order], correct[order]
        number = np.cumsum(np.diff(kind[position], prepend=-1) > 0) - 1
        parts.append((np.full(len(position), q), fitting[position], action, coverages + number, n[position], correct))
        coverages += int(number[-1]) + 1 if len(number) else 0

    nothing = np.empty(0, dtype=np.int64)
    of, condition, action, coverage, n, correct = (
        np.concatenate([part[k] for part in parts] or [nothing]) for k in range(6)
    )
    return Candidates(evidence, descriptors, of, condition, action, coverage, n, correct, triples)


def _helpful(
    evidence: Evidence, cover: Bits, position: IntArray, action: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Keep the pairs of a coverage and an action that make a rule, with how many people are approved after it.

    A rule that changes nobody is none, one that asks somebody for what is forbidden neither, and one after which
    nobody is approved is not worth a candidate.
    """
    correct = np.zeros(len(position), dtype=np.int64)
    proper = np.zeros(len(position), dtype=bool)
    chunk = max(1, WORDS // cover.shape[1])
    for start in range(0, len(position), chunk):
        at = slice(start, start + chunk)
        covered = cover[position[at]]
        correct[at] = count(covered & evidence.outcomes.success[action[at]])
        changes = (covered & evidence.changed[action[at]]).any(axis=1)
        refuses = (covered & evidence.forbidden[action[at]]).any(axis=1)
        proper[at] = changes & ~refuses
    kept: BoolArray = (correct > 0) & proper
    return position[kept], action[kept], correct[kept]


def _where_constant(evidence: Evidence, per_move: FloatArray) -> FloatArray:
    """float64[predicates, moves]: a move's quantity where it is one value for all who satisfy a predicate."""
    table = np.full((len(evidence.predicates), len(evidence.move_feature)), np.nan)
    true = unpack(evidence.bits, len(evidence.people))
    for p, feature in enumerate(evidence.feature):
        who = np.flatnonzero(true[p])
        mine = np.flatnonzero(evidence.move_feature == feature)
        if len(who) and len(mine):
            values = per_move[np.ix_(mine, who)]
            table[p, mine] = np.where((values == values[:, :1]).all(axis=1), values[:, 0], np.nan)
    return table


def _equal_rows(bits: Bits) -> IntArray:
    """Number rows so that equal ones share a number, in the order of their first appearance."""
    rows = np.ascontiguousarray(bits).view(np.dtype((np.void, bits.shape[1] * 8))).ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.ravel()]
