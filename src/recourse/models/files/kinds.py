"""Which kind of model file this is: its first bytes say so, never its name."""

from __future__ import annotations

import enum

from recourse.models.files.limits import COMPRESSED
from recourse.models.files.onnx import looks_like_onnx


class Kind(enum.Enum):
    """The kinds of model files that are told apart by their first bytes, in words."""

    PICKLE = "pickle or joblib"
    SKOPS = "skops"
    ONNX = "ONNX"
    UBJSON = "XGBoost (UBJSON)"
    TEXT = "text"


def kind_of_file(data: bytes) -> Kind:
    """Return what a file is.

    >>> kind_of_file(b"feature,coefficient")
    <Kind.TEXT: 'text'>
    >>> kind_of_file(bytes([0x80, 4]))
    <Kind.PICKLE: 'pickle or joblib'>
    """
    if data.startswith(b"PK\x03\x04"):  # a zip archive
        return Kind.SKOPS
    if data[:1] == b"\x80" or data.startswith(COMPRESSED):
        return Kind.PICKLE
    if data[:1] == b"{" and data[1:2] in (b"i", b"U", b"I", b"l", b"L"):  # the first name's size follows
        return Kind.UBJSON
    return Kind.ONNX if looks_like_onnx(data[:16]) else Kind.TEXT
