"""How large a model file may be, and how its content is quoted in an error."""

from __future__ import annotations

from typing import Any

SIZE_LIMIT = 1 << 30
"""Files, and archives once unpacked, may have so many bytes."""

TEXT_LIMIT = 1 << 28
"""Files of text may have so many bytes: they take several times that in memory."""

SCHEMA_LIMIT = 1 << 25
"""The description of a skops file may have so many bytes."""

OBJECT_LIMIT = 400_000
"""A skops file may describe so many objects and lists: a forest of 1,000 trees has a tenth of them."""

COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x04\x22\x4d\x18")
"""How files begin that gzip, bzip2, xz, zlib and lz4 have packed: joblib's pickles may be any of them."""


def shortened(value: Any) -> str:
    """Return a value as an error quotes it."""
    if isinstance(value, int) and value.bit_length() > 1000:
        return "an integer beyond all floats"  # Python refuses to spell out integers of thousands of digits
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
