"""Which build of the compiled kernels is active, and why.

A kernel is one source that runs compiled or interpreted. `load` picks the compiled build unless there is
none, it was made from another source (an edited checkout), or `RECOURSE_INTERPRETED=1` asks for the source
itself.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import warnings
from pathlib import Path
from types import ModuleType

KERNELS = ("trees_kernel", "additive_kernel")


def build_info() -> tuple[str, str | None]:
    """Say which build the kernels run as: `("compiled", None)` or `("interpreted", reason)`.

    >>> build_info()[0] in ("compiled", "interpreted")
    True
    """
    reasons = [reason for name in KERNELS if (reason := _why_interpreted(name)) is not None]
    return ("interpreted", reasons[0]) if reasons else ("compiled", None)


def load(name: str, *, interpreted: bool = False) -> ModuleType:
    """Import a kernel, compiled where possible.

    Parameters
    ----------
    name : str
        One of `KERNELS`.
    interpreted : bool
        Ask for the source itself, which is about 100 times slower.

    Warns
    -----
    RuntimeWarning
        When a compiled build is there but can't be trusted, because the source has changed since.
    """
    reason = "asked for" if interpreted else _why_interpreted(name)
    if reason is None:
        return importlib.import_module(f"recourse.search.kernels.{name}")
    if reason == _STALE:
        warnings.warn(f"{name} runs interpreted, about 100 times slower: {reason}", RuntimeWarning, stacklevel=2)
    alias = f"recourse.search.kernels._interpreted_{name}"
    if alias not in sys.modules:
        spec = importlib.util.spec_from_file_location(alias, _source(name))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[alias] = module
    return sys.modules[alias]


def source_hash(path: Path) -> int:
    """Hash a source as setup.py does when it compiles it."""
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


_STALE = "it was compiled from another version of its source; run `pip install -e .` again"


def _source(name: str) -> Path:
    return Path(__file__).with_name(f"{name}.py")


def _why_interpreted(name: str) -> str | None:
    if os.environ.get("RECOURSE_INTERPRETED", "") not in ("", "0"):
        return "RECOURSE_INTERPRETED is set"
    try:
        module = importlib.import_module(f"recourse.search.kernels.{name}")
    except ImportError as error:
        return f"the compiled build can't be loaded ({error})"
    if not module.is_compiled():
        return "there is no compiled build; installing with a C compiler makes one"
    source = _source(name)
    if source.exists() and module.source_hash() != source_hash(source):
        return _STALE
    return None
