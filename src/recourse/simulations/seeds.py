"""Where chance in a simulation comes from: one root, and independent seeds for every arm, round and repeat.

A seed depends on the root and on the names of repeat, round and arm alone. So more repeats or another arm change no
number of those that were there already.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from recourse.checks import is_whole
from recourse.errors import InputError


def root_of(random_state: Any) -> int:
    """Return the root of all seeds of a simulation, from what the user passed as `random_state`."""
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.SeedSequence):
        return int(random_state.entropy)  # type: ignore[arg-type]
    if random_state is not None and not (is_whole(random_state) and random_state >= 0):
        raise InputError(
            f"random_state must be a whole number ≥ 0, a NumPy generator or seed sequence, or None, "
            f"not {random_state!r}."
        )
    root = np.random.SeedSequence(None if random_state is None else int(random_state))
    return int(root.entropy)  # type: ignore[arg-type]


def seeds_of(root: int, repeat: int, t: int, arm: str) -> list[np.random.SeedSequence]:
    """Return independent seeds for the six parts of one arm's round; they depend on nothing else.

    Parameters
    ----------
    root : int
        The root of all seeds, see `root_of`.
    repeat, t : int
        Which repeat, and which round of it.
    arm : str
        The name of the arm, or of what is the same in all arms, as "newcomers".
    """
    key = (repeat, t, zlib.crc32(arm.encode()))
    return np.random.SeedSequence(root, spawn_key=key).spawn(6)


def seed_of_start(root: int) -> np.random.SeedSequence:
    """Return the seed of what recourses learn before the first round, the same in all repeats."""
    return np.random.SeedSequence(root, spawn_key=(zlib.crc32(b"recourse"),))
