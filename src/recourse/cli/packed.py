"""Files that may be packed: what is in them, and no more of it than a table has."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import recourse as rs

UNPACKED_LIMIT = 1 << 28
"""A packed table may have so many bytes once unpacked: a few kilobytes can hold gigabytes of zeros."""


def content_of(path: Path) -> bytes:
    """Return a file's content, unpacked where its name says that it is packed; `InputError` beyond the limit."""
    unpack = _UNPACK.get(path.suffix.lower())
    if unpack is None:
        return path.read_bytes()
    content = io.BytesIO()
    with unpack(path) as file:
        while content.tell() <= UNPACKED_LIMIT and (piece := file.read(1 << 20)):
            content.write(piece)
    if content.tell() > UNPACKED_LIMIT:
        raise rs.InputError(
            f"{shown(path)} unpacks to more than {UNPACKED_LIMIT >> 20} MiB; if that is meant, unpack it yourself."
        )
    return content.getvalue()


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


_UNPACK: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zip": _only_member,
}
DAMAGED = (ValueError, EOFError, OverflowError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What damaged files lead to; pandas' own errors of parsing are among them."""
