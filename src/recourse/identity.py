"""Settings as plain data: what is compared, cached, hashed or resumed is told apart by this, never by a `repr`.

A part states its settings in `to_dict()`, in values that JSON has. A function is its importable name, and arrays
are a hash of their content, both the same in every process.
"""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from recourse.errors import InputError


@runtime_checkable
class Described(Protocol):
    """Anything that states its settings as plain data."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings in values that JSON has."""


class PlainSettings:
    """A dataclass that states its settings as plain data: what tells it apart from another one."""

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the settings in values that JSON has, see `settings_of`."""
        return settings_of(self)


@dataclasses.dataclass(frozen=True)
class OwnFunction:
    """A function of the user's, and what tells it apart from another one.

    Parameters
    ----------
    function : function
        What is called.
    identity : str, optional
        What it is, in words of yours, for checkpoints: needed only for a function that can't be imported by its
        name, such as a lambda. Two functions with one identity count as the same.
    """

    function: Callable[..., Any]
    identity: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the identity, or else the function's importable name; `InputError` where it has neither."""
        kind = type(self).__name__
        identity = importable_name(f"the function of {kind}", self.function) if self.identity is None else self.identity
        return {"kind": kind, "identity": identity}


def importable_name(what: str, function: Any) -> str:
    """Return the name under which a function or class can be imported: ``"module:name"``.

    Parameters
    ----------
    what : str
        What to call the function in an error, as in ``"the loss"``.
    function : callable
        A function or class at the top of a module (or a method of such a class).

    Returns
    -------
    str
        The same in every process.

    Raises
    ------
    InputError
        For a lambda, a function within a function, a partial function and the like: nothing says from one process
        to the next that two of them are the same.

    Examples
    --------
    >>> importable_name("the loss", np.median)
    'numpy:median'
    """
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    found: Any = sys.modules.get(module) if isinstance(module, str) else None
    for part in path.split(".") if isinstance(path, str) else [""]:
        found = getattr(found, part, None)
    # a decorator may leave the name of what it wraps: only the object itself counts
    if found is None or found is not function:
        raise InputError(
            f"{what} is {function!r}, which can't be told from another one after this process ends. Define it with a "
            "name at the top of a module, or say in words what it is: identity='…'."
        )
    return f"{module}:{path}"


def settings_of(part: Any) -> dict[str, Any]:
    """Return the kind and the settings of a dataclass as plain data, nested parts included.

    Parameters
    ----------
    part : dataclass
        Its fields are plain values, functions that can be imported, or parts that state their own settings.

    Returns
    -------
    dict
        ``{"kind": …, field: …}``. The kind is the name of the class, with its module if it is not this package's.

    Raises
    ------
    InputError
        If a setting is a function without an importable name, or an object without a `to_dict`.

    Examples
    --------
    >>> from recourse.generators import Distance
    >>> settings_of(Distance(0.5))
    {'kind': 'Distance', 'weight': 0.5, 'norm': 'l2'}
    """
    own = type(part).__module__.split(".")[0] == "recourse"
    kind = type(part).__name__ if own else importable_name("the class", type(part))
    fields = [field.name for field in dataclasses.fields(part)]
    return {"kind": kind} | {name: plain_setting(f"{kind}'s {name}", getattr(part, name)) for name in fields}


def plain_setting(what: str, value: Any) -> Any:
    """Return one setting as plain data: numbers, words and lists as they are, parts by their `to_dict`.

    Parameters
    ----------
    what : str
        What to call the setting in an error.
    value : Any
        A plain value, a list, tuple or mapping of such, a function, or a part.

    Returns
    -------
    Any
        A value that JSON has.

    Raises
    ------
    InputError
        If the value is an object that doesn't state its settings, or a function without an importable name.

    Examples
    --------
    >>> plain_setting("betas", (0.9, np.float64(0.999)))
    [0.9, 0.999]
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_setting(what, one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_setting(what, one) for one in value]
    if isinstance(value, Described) and not isinstance(value, type):
        return value.to_dict()
    if callable(value):
        return importable_name(what, value)
    raise InputError(
        f"{what} is a {type(value).__name__} that does not say its settings. Give its class a method to_dict() that "
        "returns them as plain values."
    )


def content_hash(*arrays: Any) -> str:
    """Return a hash of arrays' types, shapes and values, the same in every process.

    Parameters
    ----------
    *arrays : array of numbers
        What is hashed, in this order.

    Returns
    -------
    str
        A SHA-256 in hexadecimal digits.

    Examples
    --------
    >>> content_hash(np.zeros(2)) == content_hash(np.zeros(2)), content_hash(np.zeros(2)) == content_hash(np.ones(2))
    (True, False)
    """
    digest = hashlib.sha256()
    for array in map(np.ascontiguousarray, arrays):
        digest.update(f"{array.dtype.str} {array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
