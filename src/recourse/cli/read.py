"""The user's table: a file or standard input, its feature columns, and columns that options name.

Separators, decimal commas and encodings are recognised; numbers with separators, currency or per-cent signs are
numbers; words such as None or NA are levels where a column holds words.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import recourse as rs
from recourse.cli.packed import DAMAGED, content_of, shown

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = (",", ";", "\t", "|")
"""What may stand between columns."""

NO_VALUE = ("", "nan", "NaN")
"""What a program writes where there is no value, whatever the column holds."""

WORDS_FOR_NONE = {"none", "na", "n/a", "<na>", "null", "nil", "#n/a", "-nan", "nat"}
"""Gaps among numbers; among words they are answers that somebody may have given."""

_CURRENCY = r"(?:[$€£¥₹]|EUR|USD|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|ZAR)"

AMOUNT = re.compile(rf"\(?[-+−]?\s*{_CURRENCY}?\s*[-+−]?(?P<number>\d[\d.,'\s]*)\s*(?:{_CURRENCY}|%)?\)?")
"""A number as people write it: with separators, a currency or a per-cent sign."""


def read_table(path: Path) -> pd.DataFrame:
    """Read a table with a header: CSV in its usual forms, Parquet, Arrow, or CSV on standard input (``-``).

    Raises
    ------
    InputError
        For a file that can't be read, has no rows, or names a column twice.
    """
    import pandas as pd

    try:
        if path.suffix in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
        elif path.suffix in (".arrow", ".feather", ".ipc"):
            frame = pd.read_feather(path)
        else:
            frame = _from_csv(path, sys.stdin.buffer.read() if str(path) == "-" else content_of(path))
    except ImportError as error:
        raise rs.InputError(f"can't read {shown(path)}: {error}") from None
    except rs.InputError:
        raise
    except OSError as error:
        raise rs.InputError(f"can't read {shown(path)} as CSV: {error.strerror or error}.") from None
    except (*DAMAGED, csv.Error) as error:
        raise rs.InputError(f"can't read {shown(path)}: {str(error).strip().rstrip('.'):.300}.") from None
    if frame.empty:
        raise rs.InputError(f"{path} has no rows.")
    return frame


def _from_csv(path: Path, content: bytes) -> pd.DataFrame:
    """A CSV file's table: what stands between columns and how it is encoded is found out."""
    import pandas as pd

    text = _decoded(path, content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=lambda one: len(next(csv.reader([first], delimiter=one))))
    header = next(csv.reader([first], delimiter=separator)) if first else []
    for k, name in enumerate(header):
        if name and name in header[:k]:
            raise rs.InputError(f"{path} has more than one column named {name!r}; rename one.")
    frame = pd.read_csv(
        io.StringIO(text), sep=separator, keep_default_na=False, na_values=list(NO_VALUE), low_memory=False
    )
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame[name] = _meant(frame[name], decimal_comma=separator != ",")
    return frame


def _decoded(path: Path, content: bytes) -> str:
    """A file's text: UTF-8 or UTF-16 with its mark, else the encoding of western Windows, said in a note."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        click.echo(f"note: {path} is not UTF-8; it was read in the encoding Windows-1252.", err=True)
        return content.decode("cp1252", errors="replace")


def _meant(column: pd.Series[Any], *, decimal_comma: bool) -> pd.Series[Any]:
    """A column of words as what was meant: numbers if all of its values are, else words."""
    import pandas as pd

    texts = column.astype(str).str.strip()
    gone = column.isna() | texts.str.lower().isin(WORDS_FOR_NONE)
    known = texts[~gone]
    if not len(known) or known.str.lower().isin(("true", "false")).all():
        return column.where(~gone) if len(known) else column
    numbers = pd.to_numeric(known, errors="coerce").astype(float)
    if numbers.isna().any():
        amounts = _amounts(known.tolist(), decimal_comma)
        if amounts is None:
            return column
        numbers = pd.Series(amounts, index=known.index, dtype=float)
        click.echo(
            f"note: column {column.name!r} is read as numbers: {known.iloc[0]!r} is {amounts[0]:.10g}.", err=True
        )
    whole = not gone.any() and (numbers == numbers.round()).all() and numbers.abs().max() < 2**53
    return numbers.astype("int64") if whole else numbers.reindex(column.index)


def _amounts(texts: Sequence[str], decimal_comma: bool) -> list[float] | None:
    """What numbers as people write them come to; None if any of the texts is something else."""
    found = [AMOUNT.fullmatch(text) for text in texts]
    parts = [match["number"].strip() for match in found if match is not None]
    if len(parts) < len(texts):
        return None
    comma = _decimal_comma(parts, decimal_comma)
    amounts = []
    for text, part in zip(texts, parts, strict=True):
        value = _number(part, comma)
        if value is None:
            return None
        below = text.startswith("(") or re.search(r"[-−]", text) is not None
        amounts.append(-value if below else value)
    return amounts


def _decimal_comma(parts: Sequence[str], usual: bool) -> bool:
    """Whether the comma is the decimal sign of these numbers, where points and spaces stand between thousands."""
    if any(one.rfind(",") > one.rfind(".") > -1 or one.count(".") > 1 for one in parts):
        return True
    if any(one.rfind(".") > one.rfind(",") > -1 or one.count(",") > 1 for one in parts):
        return False
    if any("," in one and not re.search(r",\d{3}$", one.strip()) for one in parts):
        return True
    return usual and any("," in one for one in parts)


def _number(text: str, comma: bool) -> float | None:
    """A number's value; None where its separators make no sense."""
    if re.search(r"[\s']", text) and re.match(r"\d{1,3}([\s']\d{3})+(?!\d)", text) is None:
        return None
    text = re.sub(r"[\s']", "", text)
    thousands, point = (".", ",") if comma else (",", ".")
    if not re.fullmatch(rf"(\d+|\d{{1,3}}(\{thousands}\d{{2,3}})+)(\{point}\d*)?", text):
        return None
    return float(text.replace(thousands, "").replace(point, "."))


def feature_columns(data: Path, frame: pd.DataFrame, target: str | None, drop: Sequence[str]) -> pd.DataFrame:
    """Return the table without the target, without what is dropped, and without columns that hold no value."""
    targets = [] if target is None else [target]
    check_columns("--target", targets, data, frame)
    check_columns("--drop", drop, data, frame)
    features = frame.drop(columns=[*targets, *drop])
    empty = [name for name in features.columns if features[name].isna().all()]
    if empty and len(empty) < features.shape[1]:
        listed = ", ".join(map(repr, empty))
        click.echo(
            f"note: {listed} {'has' if len(empty) == 1 else 'have'} no value in any row and is left out.", err=True
        )
        features = features.drop(columns=empty)
    return features


def check_columns(option: str, names: Sequence[str], data: Path, frame: pd.DataFrame) -> None:
    """Raise `InputError` if an option names a column that the table doesn't have."""
    for name in names:
        if name not in frame.columns:
            near = rs.errors.nearest(name, frame.columns)
            raise rs.InputError(f"{option}: {data} has no column {name!r}. {near}")
