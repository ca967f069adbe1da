"""Numbers of people that are said as a number, or as a share of a population."""

from __future__ import annotations

from recourse.checks import is_number
from recourse.errors import InputError


def check_number_or_share(what: str, k: float) -> None:
    """Raise `InputError` unless k is a whole number of people ≥ 1, or a share above 0 and below 1."""
    if not is_number(k) or not k > 0 or (k > 1 and k != int(k)):
        raise InputError(f"{what} must be a whole number of people ≥ 1, or a share above 0 and below 1, not {k!r}.")


def how_many(k: float, n: int) -> int:
    """Return k people, or that share of n, rounded: at least one and at most n."""
    return min(max(round(k * n) if k < 1 else int(k), 1), n)
