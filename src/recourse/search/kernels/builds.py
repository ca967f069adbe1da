"""Which build of the kernels is active, and why.

A kernel is compiled from C++ (`additive/`, `trees/`), and has a plain twin in Python that says the same in the
fewest words (`additive_twin.py`, `trees_twin.py`). `load` picks the compiled build unless there is none, it was
made from another source (an edited checkout), or `RECOURSE_INTERPRETED=1` asks for the twin.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import warnings
from pathlib import Path
from types import ModuleType

KERNELS = ("trees", "additive")


def build_info() -> tuple[str, str | None]:
    """Say which build the kernels run as: `("compiled", None)` or `("interpreted", reason)`.

    >>> build_info()[0] in ("compiled", "interpreted")
    True
    """
    reasons = [reason for name in KERNELS if (reason := _why_interpreted(name)) is not None]
    return ("interpreted", reasons[0]) if reasons else ("compiled", None)


def load(name: str, *, interpreted: bool = False) -> ModuleType:
    """Import a kernel, compiled where possible, else its twin.

    Parameters
    ----------
    name : str
        One of `KERNELS`.
    interpreted : bool
        Ask for the plain twin, which is at least 100 times slower.

    Warns
    -----
    RuntimeWarning
        When a compiled build is there but can't be trusted, because the source has changed since.
    """
    reason = "asked for" if interpreted else _why_interpreted(name)
    if reason is None:
        return importlib.import_module(f"recourse.search.kernels.{name}_kernel")
    if reason == _STALE:
        warnings.warn(f"the {name} kernel's twin runs, at least 100 times slower: {reason}", RuntimeWarning, 2)
    return importlib.import_module(f"recourse.search.kernels.{name}_twin")


def source_hash(folder: Path) -> str:
    """Hash a kernel's C++ as CMakeLists.txt does when it is compiled."""
    files = [folder.with_name("arrays.hpp"), *folder.glob("*.cpp"), *folder.glob("*.hpp")]
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files, key=str)]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


_STALE = "it was compiled from another version of its source; run `pip install -e .` again"


def _source(name: str) -> Path:
    return Path(__file__).with_name(name)


def _why_interpreted(name: str) -> str | None:
    if os.environ.get("RECOURSE_INTERPRETED", "") not in ("", "0"):
        return "RECOURSE_INTERPRETED is set"
    try:
        module = importlib.import_module(f"recourse.search.kernels.{name}_kernel")
    except ModuleNotFoundError:
        return "there is no compiled build; installing with a C++ compiler makes one"
    except ImportError as error:
        return f"the compiled build can't be loaded ({error})"
    source = _source(name)
    if source.is_dir() and module.source_hash() != source_hash(source):
        return _STALE
    return None
