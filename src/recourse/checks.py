"""What settings may be, each check written once: what was given, and what would work.

Every check returns the value in its plain form or raises `InputError`. `what` names the setting as the user
wrote it, as in ``whole_number("max_rules", value, least=1)``.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from recourse.errors import InputError, nearest

T = TypeVar("T")


def is_number(value: Any) -> bool:
    """Whether a setting is a finite number, and no word, nothing, or truth value.

    >>> is_number(0.5), is_number("0.5"), is_number(None), is_number(float("nan"))
    (True, False, False, False)
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def is_whole(value: Any) -> bool:
    """Whether a setting is a whole number: 3 and 3.0 are, True, "3" and 3.5 are not.

    >>> is_whole(3), is_whole(3.0), is_whole(3.5), is_whole(True)
    (True, True, False, False)
    """
    if isinstance(value, numbers.Integral):
        return not isinstance(value, bool)  # however large
    return is_number(value) and int(value) == value


def whole_number(what: str, value: Any, *, least: int = 0, or_none: bool = False) -> Any:
    """Return a whole number of at least `least` as an int; None stays None where `or_none`.

    >>> whole_number("max_rules", 3.0, least=1)
    3
    """
    if value is None and or_none:
        return None
    if not is_whole(value) or value < least:
        raise InputError(f"{what} must be a whole number ≥ {least}{' or None' if or_none else ''}, not {value!r}.")
    return int(value)


def number(
    what: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    or_none: bool = False,
) -> Any:
    """Return a finite number within its limits as a float; None stays None where `or_none`.

    >>> number("learning_rate", 1, above=0)
    1.0
    """
    if value is None and or_none:
        return None
    too_low = is_number(value) and ((least is not None and value < least) or (above is not None and value <= above))
    if not is_number(value) or too_low:
        limit = f" ≥ {least:g}" if least is not None else f" above {above:g}" if above is not None else ""
        raise InputError(f"{what} must be a finite number{limit}{' or None' if or_none else ''}, not {value!r}.")
    return float(value)


def share(what: str, value: Any, *, zero: bool = True, one: bool = True) -> float:
    """Return a share between 0 and 1 as a float; `zero` and `one` say whether the ends are shares too.

    >>> share("test_share", 0.2, one=False)
    0.2
    """
    inside = is_number(value) and (value >= 0 if zero else value > 0) and (value <= 1 if one else value < 1)
    if not inside:
        low = "at least 0" if zero else "above 0"
        high = "at most 1" if one else "below 1"
        raise InputError(f"{what} must be a share {low} and {high}, not {value!r}.")
    return float(value)


def one_of(what: str, value: Any, options: Iterable[T]) -> T:
    """Return one of the options, or say which is nearest.

    >>> one_of("distinct", "subsets", ("minimal", "subsets", "exclusive"))
    'subsets'
    """
    options = list(options)
    for option in options:
        if type(option) is type(value) and option == value:
            return option
    raise InputError(f"{what} can't be {value!r}. {nearest(value, options)}")


def true_or_false(what: str, value: Any) -> bool:
    """Return a truth value as a bool."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
        raise InputError(f"{what} must be True or False, not {value!r}.")
    return bool(value)


def known_names(what: str, names: Iterable[Any], known: Sequence[Any], *, of: str = "a feature") -> None:
    """Raise if one of `names` is not among the known ones.

    >>> known_names("group_by", ["age"], ["age", "income"])
    """
    for name in names:
        if name not in known:
            raise InputError(f"{what}: {name!r} is not {of}. {nearest(name, known)}")


def instance_of(what: str, value: Any, kind: type[T], how: str) -> T:
    """Return an instance of a class, or say what was given instead and how to make one.

    A class where one of its instances belongs, a table where the action set belongs and the like are told in
    words: they mean that arguments are swapped.

    >>> instance_of("options", {"a": 1}, dict, "Pass a dict.")
    {'a': 1}
    """
    # first, since a class has all the methods that a protocol asks of its instances
    if isinstance(value, type) and issubclass(value, kind):
        raise InputError(f"{what} is the class {value.__name__} itself; make one of it: {value.__name__}().")
    if isinstance(value, kind):
        return value
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    given = value.__name__ + " (a class)" if isinstance(value, type) else type(value).__name__
    raise InputError(f"{what} must be {article} {kind.__name__}, not a {given}. {how}")


def function_of(what: str, value: Any, how: str) -> Callable[..., Any]:
    """Return a callable, or say what it should be."""
    if not callable(value):
        raise InputError(f"{what} must be a function, not {value!r}. {how}")
    function: Callable[..., Any] = value
    return function
