"""The user's table: a CSV file, its feature columns, and columns that options name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import recourse as rs

if TYPE_CHECKING:
    import pandas as pd


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file with a header; one that can't be read or has no rows is an `InputError`."""
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except OSError as error:
        raise rs.InputError(f"can't read {path} as CSV: {error.strerror or error}.") from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise rs.InputError(f"can't read {path} as CSV: {error}.") from None
    if frame.empty:
        raise rs.InputError(f"{path} has no rows.")
    return frame


def feature_columns(data: Path, frame: pd.DataFrame, target: str | None, drop: Sequence[str]) -> pd.DataFrame:
    """Return the table without the target and without what is dropped."""
    targets = [target] if target else []
    check_columns("--target", targets, data, frame)
    check_columns("--drop", drop, data, frame)
    return frame.drop(columns=[*targets, *drop])


def check_columns(option: str, names: Sequence[str], data: Path, frame: pd.DataFrame) -> None:
    """Raise `InputError` if an option names a column that the table doesn't have."""
    for name in names:
        if name not in frame.columns:
            near = rs.errors.nearest(name, frame.columns)
            raise rs.InputError(f"{option}: {data} has no column {name!r}. {near}")
