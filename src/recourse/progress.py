"""How a long job tells how far it is: what users pass as ``progress=``, and what searches call as they go."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], object]
"""What long jobs call as they go: (units done, units known of so far)."""

Advance = Callable[[int], object]
"""What searches call: so many more people are done."""


def counting(progress: Progress | None, of: int) -> Advance | None:
    """What a search calls with so many more people, for a `progress` that is told how many are done of how many.

    >>> advance = counting(lambda done, of: print(done, "of", of), 5)
    >>> advance(2), advance(3)
    2 of 5
    5 of 5
    (None, None)
    """
    if progress is None:
        return None
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        progress(done, of)

    return advance
