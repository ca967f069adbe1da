"""One person: the actions that would flip a denial, cheapest first, each with what was proven about it."""

from recourse.flipsets.flipset import flipset
from recourse.flipsets.result import Change, FlipsetItem, FlipsetResult

__all__ = ["Change", "FlipsetItem", "FlipsetResult", "flipset"]
