"""Pickles: never opened, unless by somebody who says the file's SHA-256."""

from __future__ import annotations

import hashlib
import io
import pickletools
from pathlib import Path
from typing import Any

from recourse.errors import ModelError
from recourse.models.files.limits import COMPRESSED


def open_trusted_pickle(path: Path, data: bytes, trusted: str | None) -> Any:
    """Open a pickle if its SHA-256 is the trusted one, and refuse it otherwise: opening one runs its code."""
    if trusted is None:
        raise ModelError(
            f"{path} looks like a pickle or a compressed pickle. Opening one runs whatever code it holds, so "
            "it is refused; save the model with skops.io.dump, or its coefficients as a table. If you trust this very "
            "file as you trust a program, give its SHA-256 as trust_pickle."
        )
    found = hashlib.sha256(data).hexdigest()
    if trusted.strip().lower() != found:
        raise ModelError(f"{path} is not the pickle that was trusted: its SHA-256 is {found}, not {trusted}.")
    import joblib

    try:
        return joblib.load(io.BytesIO(data))  # these bytes, not the file: it could change in between
    except Exception as error:  # a pickle can raise anything
        raise ModelError(f"{path} is trusted, but can't be opened: {type(error).__name__}: {error}.") from error


def pickle_imports(data: bytes) -> list[str]:
    """Return what a pickle would import, read off its instructions without running them."""
    if data.startswith(COMPRESSED):
        return ["compressed: what it would import can't be told without unpacking"]
    found: set[str] = set()
    strings: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL" and isinstance(argument, str):
                found.add(f"imports {argument.replace(' ', '.')}")
            elif opcode.name == "STACK_GLOBAL" and len(strings) > 1:
                found.add(f"imports {strings[-2]}.{strings[-1]}")
            elif isinstance(argument, str):
                strings.append(argument)
    except (ValueError, UnicodeDecodeError, IndexError):
        found.add("its instructions are broken, or go on in another form")
    return sorted(found)
