"""UBJSON, the binary form of JSON that XGBoost writes by default: only as much of it as XGBoost uses."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from recourse.errors import ModelError

_NUMBERS = {
    ord("i"): ">i1", ord("U"): ">u1", ord("I"): ">i2", ord("l"): ">i4", ord("L"): ">i8", ord("d"): ">f4",
    ord("D"): ">f8",
}  # fmt: skip
_DEEPEST = 64
_MOST = 1_000_000


def read_ubjson(data: bytes) -> Any:
    """Return a UBJSON document, as XGBoost writes it. Sizes are checked against what is there before use.

    >>> read_ubjson(b"{i" + bytes([1]) + b"a[$i#i" + bytes([2, 5, 6]) + b"}")["a"].tolist()
    [5, 6]
    """
    try:
        value, end = _ubjson(data, 1, data[0], 0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(f"not valid UBJSON, or cut short: {error}.") from None
    if end != len(data):
        raise ModelError("not valid UBJSON: something follows the document.")
    return value


def _ubjson(data: bytes, at: int, marker: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise ModelError("UBJSON nested too deeply.")
    if marker in _NUMBERS:
        dtype = np.dtype(_NUMBERS[marker])
        return np.frombuffer(_take(data, at, dtype.itemsize), dtype)[0].item(), at + dtype.itemsize
    if marker in b"TFZ":
        return {ord("T"): True, ord("F"): False, ord("Z"): None}[marker], at
    if marker == ord("S"):
        return _ubjson_string(data, at)
    if marker == ord("["):
        return _ubjson_array(data, at, depth)
    if marker == ord("{"):
        return _ubjson_object(data, at, depth)
    raise ModelError(f"not valid UBJSON: marker {marker:#x} at byte {at - 1}.")


def _take(data: bytes, at: int, size: int) -> bytes:
    if size < 0 or at + size > len(data):
        raise ModelError("not valid UBJSON: it is cut short, or says that it holds more than it does.")
    return data[at : at + size]


def _ubjson_size(data: bytes, at: int) -> tuple[int, int]:
    size, at = _ubjson(data, at + 1, data[at], 0)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ModelError("not valid UBJSON: a size is no whole number.")
    return size, at


def _ubjson_string(data: bytes, at: int) -> tuple[str, int]:
    size, at = _ubjson_size(data, at)
    return _take(data, at, size).decode("utf-8"), at + size


def _ubjson_array(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    kind = None
    if data[at] == ord("$"):
        kind, at = data[at + 1], at + 2
    if data[at] == ord("#"):
        size, at = _ubjson_size(data, at + 1)
        if kind in _NUMBERS:
            dtype = np.dtype(_NUMBERS[kind])
            raw = _take(data, at, size * dtype.itemsize)
            return np.frombuffer(raw, dtype).astype(dtype.newbyteorder("=")), at + len(raw)
        if size > len(data) - at:  # every other value takes a byte at least
            raise ModelError("not valid UBJSON: a list says that it holds more than it does.")
        if size > _MOST:
            raise ModelError(f"a list in UBJSON of {size:,} objects; above {_MOST:,} it is refused.")
        values = []
        for _ in range(size):
            value, at = _ubjson(data, at, kind, depth + 1) if kind else _ubjson(data, at + 1, data[at], depth + 1)
            values.append(value)
        return values, at
    values = []
    while data[at] != ord("]"):
        if len(values) >= _MOST:  # lists of numbers state their size, and are read as one
            raise ModelError(f"a list in UBJSON without a size; above {_MOST:,} it is refused.")
        value, at = _ubjson(data, at + 1, data[at], depth + 1)
        values.append(value)
    return values, at + 1


def _ubjson_object(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    if data[at] in b"$#":
        raise ModelError("not valid UBJSON: objects of a stated size are not read.")
    document: dict[str, Any] = {}
    while data[at] != ord("}"):
        name, at = _ubjson_string(data, at)
        if name in document:
            raise ModelError(f"this UBJSON names {name[:80]!r} twice in one object.")
        document[name], at = _ubjson(data, at + 1, data[at], depth + 1)
    return document, at + 1
