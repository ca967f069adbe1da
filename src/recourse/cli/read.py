"""The user's table: a CSV file, its feature columns, and columns that options name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import recourse as rs

if TYPE_CHECKING:
    import pandas as pd


def read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file with a header, also a packed one; one that can't be read or has no rows is an `InputError`."""
    import pandas as pd

    try:
        unpack = _UNPACK.get(path.suffix.lower())
        frame = pd.read_csv(path, compression=None) if unpack is None else pd.read_csv(_unpacked(path, unpack))
    except rs.InputError:
        raise
    except OSError as error:
        raise rs.InputError(f"can't read {shown(path)} as CSV: {error.strerror or error}.") from None
    except _DAMAGED as error:
        raise rs.InputError(f"can't read {shown(path)} as CSV: {str(error).strip().rstrip('.'):.300}.") from None
    if frame.empty:
        raise rs.InputError(f"{shown(path)} has no rows.")
    return frame


def _unpacked(path: Path, unpack: Callable[[Path], Any]) -> io.BytesIO:
    """The content of a packed file, as long as it is no more than a table has."""
    content = io.BytesIO()
    with unpack(path) as file:
        while content.tell() <= UNPACKED_LIMIT and (piece := file.read(1 << 20)):
            content.write(piece)
    if content.tell() > UNPACKED_LIMIT:
        raise rs.InputError(
            f"{shown(path)} unpacks to more than {UNPACKED_LIMIT >> 20} MiB; if that is meant, unpack it yourself."
        )
    content.seek(0)
    return content


def _only_member(path: Path) -> IO[bytes]:
    """The one file in a zip archive."""
    archive = zipfile.ZipFile(path)
    names = archive.namelist()
    if len(names) != 1:
        raise rs.InputError(f"{shown(path)} holds {len(names)} files; a packed table is one file.")
    return archive.open(names[0])


def shown(path: Path) -> str:
    """A path as an error quotes it: not all of a very long one."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}…{text[-80:]}"


UNPACKED_LIMIT = 1 << 28
"""A packed table may have so many bytes once unpacked: a few kilobytes can hold gigabytes of zeros."""

_UNPACK: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zip": _only_member,
}
_DAMAGED = (ValueError, EOFError, OverflowError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What damaged files lead to; pandas' own errors of parsing are among them."""


def feature_columns(data: Path, frame: pd.DataFrame, target: str | None, drop: Sequence[str]) -> pd.DataFrame:
    """Return the table without the target and without what is dropped."""
    targets = [] if target is None else [target]
    check_columns("--target", targets, data, frame)
    check_columns("--drop", drop, data, frame)
    return frame.drop(columns=[*targets, *drop])


def check_columns(option: str, names: Sequence[str], data: Path, frame: pd.DataFrame) -> None:
    """Raise `InputError` if an option names a column that the table doesn't have."""
    for name in names:
        if name not in frame.columns:
            near = rs.errors.nearest(name, frame.columns)
            raise rs.InputError(f"{option}: {data} has no column {name!r}. {near}")
