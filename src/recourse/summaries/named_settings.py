"""Settings that are said by name: `Limits` and `CandidateSpace` refuse other names and hold what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from recourse.checks import known_names


@dataclass(frozen=True, kw_only=True)
class NamedSettings:
    """What such settings have in common; the fields are those of the data class that is built on it."""

    def __new__(cls, **settings: Any) -> Self:
        """Refuse names that are no settings, with the nearest that is."""
        known_names(cls.__name__, settings, [one.name for one in fields(cls)], of="one of its settings")
        return super().__new__(cls)

    def _hold(self, checked: Mapping[str, Any]) -> None:
        """Put checked values, in their plain form, in the place of those that were said; for `__post_init__`."""
        for name, value in checked.items():
            object.__setattr__(self, name, value)
