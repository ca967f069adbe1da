"""What ends an arm: an error of the user's own model, function or part, and nothing of ours."""

from __future__ import annotations

import sys
import traceback

from recourse.errors import RecourseError

OURS = frozenset({"recourse", "numpy", "pandas", "pyarrow", "scipy", "threadpoolctl"}) | sys.stdlib_module_names
"""Packages whose code runs because this package called it."""


def ends_an_arm(error: Exception) -> bool:
    """Whether an error is said in words by this package, or came out of code that the user brought along.

    The latter has a frame of other code in its traceback: the user's function, or the library of an estimator.
    Everything else is a mistake of this package and must not be taken for a result.
    """
    if isinstance(error, RecourseError):
        return True
    modules = (str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(module.split(".")[0] not in OURS for module in modules)
