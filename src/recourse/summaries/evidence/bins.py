"""The predicates and moves of one population: bins and levels fitted to it, moves read from an action set.

Bins are fitted once, to the people the rules are made from, and never to anybody else. What may move, in
which direction and to which values is the action set's say alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.feature import FeatureActions
from recourse.arrays import FloatArray, IntArray
from recourse.summaries.evidence.moves import AnyMove, Move, Shift
from recourse.summaries.evidence.predicates import FeaturePredicate
from recourse.tables import Name

BINNINGS = ("width", "quantile")
"""How bins are made: of equal width, or with as many people each."""


@dataclass(frozen=True, eq=False)
class Mobility:
    """What an action set lets people do about one column.

    feature : the action set's feature, or None for a column that it doesn't have, which nobody can change
    order : the levels that codes rank, None for numbers; ordered : whether they have an order at all
    missing : values that mean "missing"; domain : the codes an action may lead to, ascending
    """

    feature: FeatureActions | None
    order: tuple[Any, ...] | None
    ordered: bool
    missing: tuple[Any, ...]
    domain: FloatArray

    @property
    def actionable(self) -> bool:
        """Whether anybody can change the column."""
        return self.feature is not None and self.feature.actionable


def mobility(feature: FeatureActions | None, column: pd.Series[Any]) -> Mobility:
    """Read one feature of an action set; text in a column that it doesn't have has the levels that are seen."""
    if feature is None:
        values = tables.values_of(column)
        order = None if values.dtype != object else tuple(tables.distinct_values(values)[0].tolist())
        return Mobility(None, order, order is None, (), np.empty(0))
    order = tuple(feature.levels) if feature.variable_type in ("ordinal", "categorical") else None
    domain = feature.codes if feature.actionable else np.empty(0)
    return Mobility(feature, order, feature.ordered, feature.missing, domain)


@dataclass(frozen=True, eq=False)
class Levels:
    """One column's levels: its values, or bins of its numbers, as predicates in order.

    aside : how many of them, at the end, are no values to move to: codes for missing ones, and levels that the
    action set doesn't have
    """

    predicates: tuple[FeaturePredicate, ...]
    edges: FloatArray | None
    ordered: bool
    order: tuple[Any, ...] | None
    aside: int = 0

    def codes(self, column: pd.Series[Any]) -> IntArray:
        """Return which level each row is in, −1 for none (missing, or a value that was not seen)."""
        codes = np.full(len(column), -1, dtype=np.int64)
        for k, predicate in enumerate(self.predicates):
            codes[predicate.holds(column)] = k
        return codes

    def steps(self, today: IntArray, new: IntArray) -> FloatArray:
        """Return the magnitude of changes between levels: bins apart, or 1 where there is no order."""
        known = len(self.predicates) - self.aside
        apart = np.abs(new - today).astype(np.float64)
        if not self.ordered:
            return np.asarray(apart > 0, dtype=np.float64)
        aside = (today < 0) | (new < 0) | (today >= known) | (new >= known)
        return np.asarray(np.where(aside, today != new, apart), dtype=np.float64)

    @property
    def targets(self) -> tuple[FeaturePredicate, ...]:
        """The levels that somebody may be moved to."""
        return self.predicates[: len(self.predicates) - self.aside]

    def bounds(self) -> tuple[list[Any], list[Any]]:
        """The values that "≤" and "≥" may name: neither of them true of everybody."""
        if self.edges is not None:
            whole = self.predicates[0].whole
            tops = [float(edge - 1) if whole else float(edge) for edge in self.edges]
            return tops, self.edges.tolist()
        values = [predicate.value for predicate in self.targets]
        return values[:-1], values[1:]


def levels_of(column: pd.Series[Any], move: Mobility, *, bins: int, binning: str) -> Levels:
    """Find a column's levels: every value where there are at most `bins` or it has no numbers, else bins.

    Codes for missing values are levels of their own, are no part of the bins, and are never targets.
    """
    values = tables.values_of(column)
    coded = tables.is_missing(values, move.missing)
    seen_codes = [code for code in move.missing if bool((values == code).any())]
    seen = tables.distinct_values(values[~coded])[0]
    if move.order is not None:
        return _levels_of_categories(column.name, move, seen_codes, seen.tolist())
    numbers = values[~coded].astype(np.float64)
    return _levels_of_numbers(column.name, move, seen_codes, seen, numbers, bins, binning)


def _levels_of_categories(name: Name, move: Mobility, seen_codes: list[Any], seen: list[Any]) -> Levels:
    """The action set's levels, then aside those that were seen and that it doesn't have."""
    assert move.order is not None
    unknown = [value for value in seen if value not in move.order]
    named = tuple(FeaturePredicate(name, "=", level) for level in move.order)
    aside = tuple(FeaturePredicate(name, "=", value) for value in (*seen_codes, *unknown))
    return Levels(named + aside, None, move.ordered, move.order if move.ordered else None, len(aside))


def _levels_of_numbers(
    name: Name,
    move: Mobility,
    seen_codes: list[Any],
    seen: npt.NDArray[Any],
    numbers: FloatArray,
    bins: int,
    binning: str,
) -> Levels:
    """The numbers themselves where they are few, else bins."""
    aside = tuple(FeaturePredicate(name, "=", tables.plain_value(code)) for code in seen_codes)
    if len(seen) <= max(bins, 2):
        named = tuple(FeaturePredicate(name, "=", tables.plain_value(number)) for number in seen)
        return Levels(named + aside, None, True, None, len(aside))

    # the first and the last bin are open, so that every number is in one
    whole = bool(np.array_equal(numbers, np.round(numbers)))
    edges = _edges(numbers, bins, binning, whole)
    inner = [int(edge) if whole else float(edge) for edge in edges]
    ends: list[Any] = [None, *inner, None]
    cells = tuple(FeaturePredicate(name, "in", pair, whole=whole, missing=move.missing) for pair in pairwise(ends))
    return Levels(cells + aside, edges, True, None, len(aside))


def condition_predicates(
    levels: Levels, name: Name, operators: Sequence[str], move: Mobility
) -> list[FeaturePredicate]:
    """Return the predicates that conditions may use: "=" (or a bin), and "≠", "≤", "≥" where asked for."""
    chosen = list(levels.predicates) if "=" in operators else []

    # of two levels, "≠" one is "=" the other
    if "≠" in operators and levels.edges is None and len(levels.predicates) > 2:
        chosen += [FeaturePredicate(name, "≠", p.value, missing=move.missing) for p in levels.targets]

    if levels.ordered:
        tops, bottoms = levels.bounds()
        if "≤" in operators:
            chosen += [_bound(name, "≤", value, levels, move) for value in tops]
        if "≥" in operators:
            chosen += [_bound(name, "≥", value, levels, move) for value in bottoms]
    return chosen


def _bound(name: Name, operator: str, value: Any, levels: Levels, move: Mobility) -> FeaturePredicate:
    """The predicate "≤ value" or "≥ value" about a column."""
    return FeaturePredicate(name, operator, value, order=levels.order, missing=move.missing)


def moves_of(levels: Levels, move: Mobility, name: Name, kinds: Sequence[str]) -> list[AnyMove]:
    """Return the moves of one actionable feature that its direction and its domain may allow."""
    assert move.feature is not None
    direction = move.feature.step_direction
    moves: list[AnyMove] = [Move(goal) for goal in levels.targets] if "to" in kinds else []
    if not levels.ordered:
        return moves

    tops, bottoms = levels.bounds()
    if "at_least" in kinds and direction >= 0:
        moves += [Move(_bound(name, "≥", value, levels, move)) for value in bottoms]
    if "at_most" in kinds and direction <= 0:
        moves += [Move(_bound(name, "≤", value, levels, move)) for value in tops]
    if "shift" in kinds and move.order is None and len(move.domain) > 1:
        step = _shift_step(levels, move.domain)
        amounts = [times * step for times in (-3, -2, -1, 1, 2, 3)]
        moves += [Shift(name, amount) for amount in amounts if amount * direction >= 0]
    return moves


def _edges(values: FloatArray, bins: int, binning: str, whole: bool) -> FloatArray:
    """The inner edges of bins, written with few digits, so that what is read is what is used."""
    # where the edges would be, and how far apart
    low, high = float(values.min()), float(values.max())
    if binning == "width":
        inner = np.linspace(low, high, bins + 1)[1:-1]
        width = (high - low) / bins
    else:
        inner = np.quantile(values, np.arange(1, bins) / bins)
        gaps = np.diff(np.unique(inner))
        width = float(gaps.min()) if len(gaps) else (high - low) / bins

    # few digits, and none of the edges beyond the values seen
    digits = int(np.clip(1 - np.floor(np.log10(width)), 0, 12))
    inner = np.ceil(inner) if whole else np.round(inner, digits)
    inner = np.unique(inner)
    return inner[(inner > low) & (inner <= high)]


def _shift_step(levels: Levels, domain: FloatArray) -> float:
    """The unit of shifts: the width of a bin, or the distance of neighbouring values."""
    at = levels.edges if levels.edges is not None else domain
    return float(np.median(np.diff(at))) if len(at) > 1 else float(np.diff(domain).min())
