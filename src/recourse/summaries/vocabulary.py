"""The predicates and moves of one population: bins and levels fitted to it, moves read from an action set.

Bins are fitted once, to the people the rules are made from, and never to anybody else. What may move, in
which direction and to which values is the action set's say alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.errors import InputError
from recourse.summaries.predicates import AnyMove, Move, Predicate, Shift, positions
from recourse.tables import Name

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BINNINGS = ("width", "quantile")


@dataclass(frozen=True, eq=False)
class Mobility:
    """What an action set lets people do about one feature, in positions (numbers, or ranks of levels).

    action : the action set's feature, or None for a column that it doesn't have, which nobody can change
    domain : the positions an action may lead to, ascending; order : the levels that positions rank, or None
    direction : 1 may only grow, −1 may only shrink, 0 either; raw : the values at the domain's positions
    """

    action: Any
    actionable: bool
    direction: int
    domain: FloatArray
    raw: npt.NDArray[Any]
    order: tuple[Any, ...] | None
    ordered: bool


def mobility(feature: Any, column: pd.Series[Any]) -> Mobility:
    """Read one feature of an action set; the only place here that knows what a feature looks like.

    A feature with `levels` is categorical, or ordinal where its `variable_type` says so. Any other column
    of text has the levels that are seen, without an order.
    """
    levels = getattr(feature, "levels", None)
    numeric = column.dtype.kind in "biuf" and levels is None
    actionable = bool(getattr(feature, "actionable", False))
    direction = int(getattr(feature, "step_direction", 0) or 0)
    if numeric:
        domain, raw = np.empty(0), np.empty(0)
        if actionable:
            domain = np.asarray(feature.grid, dtype=np.float64)
            raw = np.asarray(feature.raw(domain))
        return Mobility(feature, actionable, direction, domain, raw, None, True)
    if levels is None:
        levels = sorted(column.dropna().unique().tolist(), key=lambda level: (type(level).__name__, level))
    ordered = getattr(feature, "variable_type", None) == "ordinal"
    raw = np.empty(len(levels), dtype=object)
    raw[:] = list(levels)
    ranks = np.arange(len(levels), dtype=np.float64)
    return Mobility(feature, actionable, direction if ordered else 0, ranks, raw, tuple(levels), ordered)


@dataclass(frozen=True, eq=False)
class Levels:
    """One column's levels: its values, or bins of its numbers, as predicates in order.

    missing : how many of them, at the end, stand for missing codes; nobody is ever moved to those
    """

    predicates: tuple[Predicate, ...]
    edges: FloatArray | None
    ordered: bool
    order: tuple[Any, ...] | None
    missing: int = 0

    def codes(self, column: pd.Series[Any]) -> IntArray:
        """Return which level each row is in, −1 for none (missing, or a value that was not seen)."""
        codes = np.full(len(column), -1, dtype=np.int64)
        for k, predicate in enumerate(self.predicates):
            codes[(codes < 0) & predicate.holds(column)] = k
        if self.missing and self.edges is not None:
            first = len(self.predicates) - self.missing
            for k in range(first, len(self.predicates)):
                codes[self.predicates[k].holds(column)] = k
        return codes

    def steps(self, today: IntArray, new: IntArray) -> FloatArray:
        """Return the magnitude of changes between levels: bins apart, or 1 where there is no order."""
        known = len(self.predicates) - self.missing
        apart = np.abs(new - today).astype(np.float64)
        if not self.ordered:
            return np.asarray(apart > 0, dtype=np.float64)
        aside = (today < 0) | (new < 0) | (today >= known) | (new >= known)
        return np.asarray(np.where(aside, today != new, apart), dtype=np.float64)

    @property
    def targets(self) -> tuple[Predicate, ...]:
        """The levels that somebody may be moved to."""
        return self.predicates[: len(self.predicates) - self.missing]

    def bounds(self) -> tuple[list[Any], list[Any]]:
        """The values that "≤" and "≥" may name: neither of them true of everybody."""
        if self.edges is not None:
            whole = self.predicates[0].whole
            tops = [float(edge - 1) if whole else float(edge) for edge in self.edges]
            return tops, self.edges.tolist()
        values = [predicate.value for predicate in self.targets]
        return values[:-1], values[1:]


def levels_of(
    column: pd.Series[Any], move: Mobility, *, bins: int, binning: str, missing: Iterable[Any] = ()
) -> Levels:
    """Find a column's levels: every value where there are at most `bins` or it has no numbers, else bins.

    Codes for missing values are levels of their own, are no part of the bins, and are never targets.
    """
    name = column.name
    present = column.dropna()
    codes = [code for code in missing if _has(present, code)]
    kept = present[~present.isin(codes)] if codes else present
    aside = tuple(Predicate(name, "=", _plain(code)) for code in codes)
    if move.order is not None:
        seen = [level for level in move.order if level not in codes]
        named = tuple(Predicate(name, "=", level) for level in seen)
        return Levels(named + aside, None, move.ordered, move.order if move.ordered else None, len(aside))
    values = np.unique(kept.to_numpy(dtype=np.float64))
    whole = bool(np.array_equal(values, np.round(values)))
    if len(values) <= max(bins, 2):
        shown = [_plain(value) for value in np.sort(kept.unique())]
        return Levels(tuple(Predicate(name, "=", value) for value in shown) + aside, None, True, None, len(aside))
    edges = _edges(kept.to_numpy(dtype=np.float64), bins, binning, whole)
    ends: list[Any] = [None, *((int(edge) if whole else float(edge)) for edge in edges), None]
    cells = tuple(Predicate(name, "in", (ends[k], ends[k + 1]), whole=whole) for k in range(len(ends) - 1))
    return Levels(cells + aside, edges, True, None, len(aside))


def condition_predicates(levels: Levels, name: Name, operators: Sequence[str]) -> list[Predicate]:
    """Return the predicates that conditions may use: "=" (or a bin), and "≠", "≤", "≥" where asked for."""
    chosen = list(levels.predicates) if "=" in operators else []
    if "≠" in operators and levels.edges is None and len(levels.predicates) > 2:
        chosen += [Predicate(name, "≠", p.value) for p in levels.predicates]
    if levels.ordered:
        tops, bottoms = levels.bounds()
        chosen += [Predicate(name, "≤", value, order=levels.order) for value in tops if "≤" in operators]
        chosen += [Predicate(name, "≥", value, order=levels.order) for value in bottoms if "≥" in operators]
    return chosen


def moves_of(levels: Levels, move: Mobility, name: Name, kinds: Sequence[str]) -> list[AnyMove]:
    """Return the moves of one actionable feature that its direction and its domain allow."""
    moves: list[AnyMove] = [Move(goal) for goal in levels.targets] if "to" in kinds else []
    if levels.ordered:
        tops, bottoms = levels.bounds()
        if "at_least" in kinds and move.direction >= 0:
            moves += [Move(Predicate(name, "≥", value, order=levels.order)) for value in bottoms]
        if "at_most" in kinds and move.direction <= 0:
            moves += [Move(Predicate(name, "≤", value, order=levels.order)) for value in tops]
        if "shift" in kinds and move.order is None and len(move.domain) > 1:
            step = _shift_step(levels, move.domain)
            amounts = [k * step for k in (-3, -2, -1, 1, 2, 3)]
            moves += [Shift(name, amount) for amount in amounts if amount * move.direction >= 0]
    return moves


def destinations(move: AnyMove, today: FloatArray, how: Mobility) -> FloatArray:
    """Return where a move takes people, NaN where the action set doesn't allow it."""
    new = move.apply(today, how.domain, how.order)
    if how.direction:
        new = np.where((new - today) * how.direction >= 0, new, np.nan)
    return new


def today_positions(values: pd.Series[Any], how: Mobility) -> FloatArray:
    """Return a column's values as positions."""
    return positions(values, how.order)


def check_binning(bins: int, binning: str) -> None:
    """Raise `InputError` for settings of the bins that mean nothing."""
    if not isinstance(bins, (int, np.integer)) or isinstance(bins, bool) or bins < 2:
        raise InputError(f"bins must be a whole number ≥ 2, not {bins!r}.")
    if binning not in BINNINGS:
        raise InputError(f"binning must be 'width' or 'quantile', not {binning!r}.")


def _edges(values: FloatArray, bins: int, binning: str, whole: bool) -> FloatArray:
    """The inner edges of bins, written with few digits, so that what is read is what is used."""
    low, high = float(values.min()), float(values.max())
    if binning == "width":
        inner = np.linspace(low, high, bins + 1)[1:-1]
        width = (high - low) / bins
    else:
        inner = np.quantile(values, np.arange(1, bins) / bins)
        gaps = np.diff(np.unique(inner))
        width = float(gaps.min()) if len(gaps) else (high - low) / bins
    digits = int(np.clip(1 - np.floor(np.log10(width)), 0, 12))
    inner = np.ceil(inner) if whole else np.round(inner, digits)
    inner = np.unique(inner)
    return inner[(inner > low) & (inner <= high)]


def _shift_step(levels: Levels, domain: FloatArray) -> float:
    """The unit of shifts: the width of a bin, or the distance of neighbouring values."""
    at = levels.edges if levels.edges is not None else domain
    return float(np.median(np.diff(at))) if len(at) > 1 else float(np.diff(domain).min())


def _has(column: pd.Series[Any], code: Any) -> bool:
    numeric = column.dtype.kind in "biuf"
    if numeric != (isinstance(code, (int, float, np.number)) and not isinstance(code, bool)):
        return False
    return bool((column == code).any())


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
