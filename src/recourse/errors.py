"""Errors that say what was wrong, what was given and what would work.

Every error that a user can cause derives from `RecourseError`; the command line turns its class into an
exit code. Mistakes of our own are `assert`ed and never dressed up as the user's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class RecourseError(Exception):
    """Base of everything that this package raises on purpose."""


class InputError(RecourseError, ValueError):
    """The table, the action set or a setting can't be used as given."""


class ModelError(RecourseError, ValueError):
    """The model can't be used: unfitted, not binary, unreadable, untrusted, or not of a supported kind."""


class BudgetError(RecourseError):
    """The job was stopped, by its time limit or by `Budget.cancel`, before there was anything to return."""


def nearest(name: object, options: Iterable[object], *, listed: int = 12) -> str:
    """Finish a sentence about an unknown name: the closest options, or all of them where there are few.

    >>> nearest("EducationLevl", ["EducationLevel", "Married"])
    "Did you mean 'EducationLevel'?"
    >>> nearest("q", ["a", "b"])
    "Choose from 'a', 'b'."
    """
    options = list(options)
    close = difflib.get_close_matches(str(name), [str(option) for option in options], n=2, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(map(repr, close))}?"
    shown = ", ".join(repr(option) for option in options[:listed])
    more = f" and {len(options) - listed} more" if len(options) > listed else ""
    return f"Choose from {shown}{more}." if options else "There is nothing to choose from."


_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def spelled_out(text: str) -> str:
    """Return text in which what a terminal obeys, or what turns its direction, is spelled out; lines stay lines.

    >>> spelled_out("wipe" + chr(27) + "[2J")
    'wipe\\\\x1b[2J'
    """
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
