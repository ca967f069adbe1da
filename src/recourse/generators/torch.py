"""PyTorch, for the few things here that need it: asked for where it is missed, and kept from interfering."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recourse.errors import RecourseError


def import_torch(purpose: str, instead: str) -> Any:
    """Return the torch module, or raise `RecourseError`: what needed it, how to get it, what works without."""
    try:
        import torch
    except ImportError:
        raise RecourseError(
            f"{purpose} by PyTorch, which is not installed. Install it with: pip install 'openrecourse[torch]'. "
            f"{instead} without it."
        ) from None
    return torch


@contextmanager
def undisturbed(module: Any = None) -> Iterator[None]:
    """While this lasts, a torch module is in evaluation mode (no dropout) and torch runs on one thread.

    The steps are small: threads that wait for each other cost more than they save, and could change how sums are
    rounded. What is changed is put back, and where nothing needs torch it is not even imported.
    """
    torch = sys.modules.get("torch")
    training = [part for part in module.modules() if part.training] if module is not None else []
    threads = torch.get_num_threads() if torch is not None else 1
    try:
        if torch is not None:
            torch.set_num_threads(1)
        if module is not None:
            module.eval()
        yield
    finally:
        if torch is not None:
            torch.set_num_threads(threads)
        for part in training:
            part.training = True
