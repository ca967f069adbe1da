"""Coefficients and scorecards in JSON and CSV."""

from __future__ import annotations

import contextlib
import csv
import math
import re
from pathlib import Path
from typing import Any

from recourse.errors import ModelError
from recourse.models.files.limits import shortened
from recourse.models.linear_table import LinearModel
from recourse.models.scorecard import EACH, MISSING, Scorecard
from recourse.tables import Name

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
INTERCEPT_NAMES = ("intercept", "(intercept)", "const")


def read_table_json(path: Path, document: Any) -> LinearModel | Scorecard:
    """Return the coefficients or the scorecard in a JSON document."""
    if "points" in document:
        return _scorecard_json(path, document)
    table = document.get("coefficients")
    unknown = set(document) - {"coefficients", "intercept", "margin"}
    if not isinstance(table, dict) or not table or unknown:
        extra = f", not {sorted(unknown)[0]!r}" if unknown else ""
        raise ModelError(
            f"{path} must have 'coefficients' (an object of numbers) and 'intercept', or 'points' and 'cutoff'{extra}."
        )
    numbers = {name: _finite(path, name, value) for name, value in table.items()}
    return LinearModel(
        numbers,
        _finite(path, "intercept", document.get("intercept", 0.0)),
        margin=_finite(path, "margin", document.get("margin", 0.0)),
    )


def _scorecard_json(path: Path, document: dict[str, Any]) -> Scorecard:
    """A scorecard from points, cutoff and base."""
    points = document["points"]
    unknown = set(document) - {"points", "cutoff", "base"}
    nested = isinstance(points, dict) and all(isinstance(rows, dict) for rows in points.values())
    if not nested or "cutoff" not in document or unknown:
        extra = f", not {sorted(unknown)[0]!r}" if unknown else ""
        raise ModelError(f"{path} must have 'points' (feature → level → points), 'cutoff' and 'base'{extra}.")
    try:
        return Scorecard(points, document["cutoff"], base=document.get("base", 0.0))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def read_table_csv(path: Path, text: str) -> LinearModel | Scorecard:
    """Return the coefficients or the scorecard in a CSV table; its first line says which it is."""
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise ModelError(f"{path} is no coefficient table: {error}.") from None
    if rows[0][:2] == ["feature", "level"] and rows[0][2:] in (["points"], ["coefficient"]):
        return _scorecard_csv(path, rows[1:], by_level=rows[0][2] == "coefficient")
    if rows[0] != ["feature", "coefficient"]:
        raise ModelError(
            f"{path} is no coefficient table: its first line must be 'feature,coefficient', or 'feature,level,points' "
            "for a scorecard."
        )
    return _coefficients_csv(path, rows)


def _scorecard_csv(path: Path, rows: list[list[str]], *, by_level: bool) -> Scorecard:
    """A scorecard, one row a level; `by_level` says that they are coefficients, with an intercept and no cutoff."""
    points: dict[Name, dict[str, float]] = {}
    alone: dict[str, float] = {}
    for row in rows:
        if len(row) != 3:
            raise ModelError(
                f"{path}: the line {','.join(row)[:99]!r} must have three cells; put quotes around a level with a "
                'comma, as in age,"[18, 25)",20.'
            )
        # base and cutoff belong to no feature
        name, level, number = row
        if name.lower() in (*INTERCEPT_NAMES, "(base)", "(cutoff)"):
            place, level = alone, "cutoff" if name.lower() == "(cutoff)" else "base"
        else:
            place, level = points.setdefault(name, {}), level or (EACH if by_level else "")

        # every row says something new
        if level in place:
            raise ModelError(f"{path}: {name!r} has two rows for {level!r}.")
        if not level:
            raise ModelError(f"{path}: a row of {name!r} has no level; for missing values the level is {MISSING!r}.")
        place[level] = _finite(path, name, number, text=True)

    # points are compared with a cutoff, sums of coefficients with 0
    if by_level == ("cutoff" in alone):
        wanted = "no row '(cutoff)': it approves scores above 0" if by_level else "a row '(cutoff)'"
        raise ModelError(f"{path} needs {wanted}.")
    try:
        return Scorecard(points, alone.get("cutoff", 0.0), base=alone.get("base", 0.0), strict=by_level)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _coefficients_csv(path: Path, rows: list[list[str]]) -> LinearModel:
    """A linear model, one row a coefficient."""
    numbers: dict[str, float] = {}
    for row in rows[1:]:
        if len(row) != 2:
            raise ModelError(f"{path}: the line {','.join(row)[:200]!r} must have two cells, feature and coefficient.")
        name = row[0]
        if name in numbers:
            raise ModelError(f"{path}: {name!r} has two coefficients.")
        numbers[name] = _finite(path, name, row[1], text=True)
    constants = [numbers.pop(name) for name in list(numbers) if name.lower() in INTERCEPT_NAMES]
    if not numbers or len(constants) > 1:
        raise ModelError(f"{path} needs at least one coefficient and at most one row '(intercept)'.")
    return LinearModel(numbers, constants[0] if constants else 0.0)


def _finite(path: Path, name: str, value: Any, *, text: bool = False) -> float:
    """A coefficient as a finite number, or an error that says where it stands; `text` where all is, as in CSV."""
    number = math.nan
    plain = _NUMBER.fullmatch(value) if text else isinstance(value, (int, float)) and not isinstance(value, bool)
    if plain:
        with contextlib.suppress(OverflowError):
            number = float(value)
    if not math.isfinite(number):
        raise ModelError(f"{path}: the coefficient of {name!r} must be a finite number, not {shortened(value)}.")
    return number
