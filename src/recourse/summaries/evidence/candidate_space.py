"""Which rules there are at all: the settings that need new evidence when they change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PINNED = ("to",)
"""The paper's moves: a condition says what each changed feature is today, and the action what it becomes."""


@dataclass(frozen=True)
class Space:
    """Which rules there are at all; everything that needs new evidence when it changes.

    See `summarize` for the meaning of each.
    """

    min_support: float = 0.01
    max_descriptor: int = 2
    max_condition: int = 3
    max_changes: int = 3
    operators: tuple[str, ...] = ("=",)
    moves: tuple[str, ...] = PINNED
    bins: int = 10
    binning: str = "width"
    targets: str = "approved"
    beam: int = 200
    max_candidates: int = 50_000_000
    max_rows: int = 20_000_000

    @property
    def pinned(self) -> bool:
        """Whether a condition pins what an action changes."""
        return self.moves == PINNED

    @property
    def all_change(self) -> bool:
        """Whether an action changes all of its features for everybody who satisfies a condition it goes with."""
        return self.pinned and self.operators == ("=",)

    def people(self, n: int) -> int:
        """How many of n people the support is."""
        return max(1, int(np.ceil(self.min_support * n - 1e-9)))
