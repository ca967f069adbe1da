"""What stands for a part: its name, or an object with the methods that the part needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recourse.errors import InputError, nearest


@dataclass(frozen=True)
class PartKind:
    """One kind of exchangeable part.

    word : the setting of `Design` that holds it; protocol : the methods that a round calls
    needs : these methods in words; named : the parts that have a name; example : how to make one
    """

    word: str
    protocol: Any
    needs: str
    named: Mapping[str, Any]
    example: str


def as_part(kind: PartKind, given: Any, others: Sequence[PartKind] = ()) -> Any:
    """Return the part that a name or an object stands for, or say what would work.

    others : the other kinds, among which a part in the wrong place is looked up
    """
    if isinstance(given, str):
        if given not in kind.named:
            raise InputError(f"{kind.word}: {given!r} is not a {kind.word}. {nearest(given, kind.named)}")
        return kind.named[given]
    # a class has the methods of its instances, so it is told apart first
    if isinstance(given, type):
        raise InputError(
            f"{kind.word} is the class {given.__name__} itself; make one of it, as in {kind.word}={kind.example}."
        )
    if isinstance(given, kind.protocol):
        return given
    place = next((other.word for other in others if isinstance(given, other.protocol)), None)
    hint = f"Pass it as {place}=." if place else f"It needs {kind.needs}."
    names = ", ".join(map(repr, kind.named))
    raise InputError(
        f"{kind.word} can't be {given!r}. {hint} Here belongs {kind.example}, an object of yours, or one of {names}."
    )
