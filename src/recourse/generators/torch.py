"""PyTorch, for the few things here that need it: asked for only where it is missed, and kept from interfering.

It differentiates functions of the user's, trains autoencoders, and runs models that carry a torch module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from recourse.errors import RecourseError
from recourse.generators.objective import Block, Slopes


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


def torch_for_functions() -> Any:
    """Return the torch module that differentiates a function of the user's, or raise `RecourseError`."""
    return import_torch(
        "a loss or penalty of your own is differentiated", "The losses and penalties of this library work"
    )


def differentiated(function: Callable[[Block], Any], block: Block) -> Slopes:
    """Return the slopes of a function of a block of torch tensors, by automatic differentiation."""
    torch = torch_for_functions()
    arrays = {
        "points": block.points,
        "today": block.today,
        "logits": block.logits,
        "crossed": block.crossed,
        "mad": block.mad,
        "centre": block.centre,
    }
    tensors = {name: torch.tensor(array) for name, array in arrays.items() if array is not None}
    free = [tensors[name].requires_grad_(True) for name in ("points", "logits")]
    value = torch.as_tensor(function(replace(block, **tensors)))

    # a function that depends on neither, such as a constant, has no slopes
    if not value.requires_grad:
        return Slopes()
    found = torch.autograd.grad(value, free, allow_unused=True)
    return Slopes(*(0.0 if slope is None else slope.numpy() for slope in found))


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
