"""Settings as plain data: what is compared, cached, hashed or resumed is told apart by this, never by a `repr`.

A part states its settings in `to_dict()`, in values that JSON has. A function is its importable name, and arrays and
tables are a hash of their content, all the same in every process. What has no such identity (a lambda, a function
inside a function, an object of such a class) is refused in words.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib
import json
import math
import types
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from recourse.errors import InputError


@runtime_checkable
class Described(Protocol):
    """Anything that states its settings as plain data."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings in values that JSON has."""


class Settings:
    """Base of frozen dataclasses whose fields are all there is to them, as the parts of a simulation."""

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data: what caches and checkpoints compare.

        Returns
        -------
        dict
            ``{"kind": …, setting: …}``, fit for JSON. A function stands in it as its importable name.

        Raises
        ------
        InputError
            If a setting has no identity, as a lambda has none.
        """
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
        For a lambda, a function within a function, what is defined in a started script and the like: nothing says
        from one process to the next that two of them are the same.

    Examples
    --------
    >>> importable_name("the loss", np.median)
    'numpy:median'
    """
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    found: Any = None
    # every script is called __main__, so nothing in it has a name of its own
    if isinstance(module, str) and isinstance(path, str) and module != "__main__" and "<" not in path:
        try:
            found = importlib.import_module(module)
            for part in path.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError):
            found = None
    # a decorator may leave the name of what it wraps: only the object itself counts
    if found is None or found is not function:
        raise _no_identity(f"{what} is {path or type(function).__name__} of {module or 'no module'}")
    return f"{module}:{path}"


def settings_of(part: Any, told: str | None = None) -> dict[str, Any]:
    """Return the kind and the settings of a dataclass as plain data, nested parts included.

    Parameters
    ----------
    part : dataclass
        Its fields are plain values, functions that can be imported, or parts that state their own settings.
    told : str or None
        The user's own name for what has no identity; None refuses it.

    Returns
    -------
    dict
        ``{"kind": …, field: …}``. The kind is the name of the class, with its module if it is not this package's.

    Raises
    ------
    InputError
        If a setting has no identity and `told` is None.

    Examples
    --------
    >>> from recourse.generators import Distance
    >>> settings_of(Distance(0.5))
    {'kind': 'Distance', 'weight': 0.5, 'norm': 'l2'}
    """
    return _fields(part, told, ())


def plain_setting(what: str, value: Any, told: str | None = None) -> Any:
    """Return one setting as plain data: numbers, words and lists as they are, parts by their `to_dict`.

    Parameters
    ----------
    what : str
        What to call the setting in an error.
    value : Any
        A plain value; a list, tuple, set or mapping of such; an array or a table (by a hash of its content); a
        function or class (by its importable name); a part that states its settings; or another object of an
        importable class (by its attributes).
    told : str or None
        The user's own name for what has no identity; None refuses it.

    Returns
    -------
    Any
        A value that JSON has, different for different settings.

    Raises
    ------
    InputError
        If the value, or something in it, has no identity and `told` is None.

    Examples
    --------
    >>> plain_setting("betas", (0.9, np.float64(0.999)))
    [0.9, 0.999]
    """
    return _plain(what, value, told, ())


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
    found = hashlib.sha256()
    for array in map(np.ascontiguousarray, arrays):
        found.update(f"{array.dtype.str} {array.shape};".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def digest(document: Any) -> str:
    """Return the SHA-256 of plain data, whatever order its mappings are in.

    Parameters
    ----------
    document : Any
        Values that JSON has.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _no_identity(words: str) -> InputError:
    return InputError(
        f"{words}, which can't be told from another one after this process ends. Define it with a name at the top of "
        "a module that can be imported, or say in words what it is: identity='…'."
    )


def _plain(what: str, value: Any, told: str | None, inside: tuple[int, ...]) -> Any:
    """`plain_setting`, knowing in which objects the value lies, so that a circle is noticed."""
    if id(value) in inside:
        return _unknown(f"{what} is a {type(value).__name__} that holds itself", told)
    known = (*inside, id(value))

    # plain values
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"number": str(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(what, one, told, known) for one in value]
    if isinstance(value, (set, frozenset)):
        return {"set": sorted((_plain(what, one, told, known) for one in value), key=digest)}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: _plain(f"{what}[{key!r}]", one, told, known) for key, one in value.items()}
        pairs = [(_plain(what, key, told, known), _plain(what, one, told, known)) for key, one in value.items()]
        return {"pairs": [list(pair) for pair in pairs]}

    # data, by its content
    if isinstance(value, np.ndarray):
        return {"array": _array(what, value, told, known), "shape": list(value.shape), "dtype": value.dtype.str}
    if isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
        return {"table": _table(what, value, told, known)}
    if isinstance(value, (pd.Timestamp, pd.Timedelta, pd.Interval, pd.Period)) or value is pd.NA or value is pd.NaT:
        return {type(value).__name__: str(value)}

    # functions and classes, by the name that imports them
    if isinstance(value, functools.partial):
        parts = [value.func, list(value.args), dict(value.keywords)]
        return {"partial": [_plain(what, one, told, known) for one in parts]}
    if isinstance(value, types.MethodType):
        return {"method": value.__name__, "of": _plain(what, value.__self__, told, known)}
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)):
        return _name(what, value, told)
    return _object(what, value, told, inside)


def _object(what: str, value: Any, told: str | None, inside: tuple[int, ...]) -> Any:
    """An object by what it says of itself, else by its attributes."""
    known = (*inside, id(value))
    says_more = isinstance(value, Described) and type(value).to_dict is not Settings.to_dict
    if dataclasses.is_dataclass(value) and not says_more:
        return _fields(value, told, inside)
    kind = {"kind": _kind(what, value, told)}
    if isinstance(value, Described):
        try:
            return kind | {"settings": _plain(what, value.to_dict(), None, known)}
        except InputError:
            if told is None:
                raise
            return kind | {"told": told}
    if isinstance(getattr(value, "__dict__", None), dict):
        return kind | {"state": _plain(f"what {what} holds", vars(value), told, known)}
    return _unknown(f"{what} is a {type(value).__name__}", told)


def _fields(part: Any, told: str | None, inside: tuple[int, ...]) -> dict[str, Any]:
    """A dataclass by its class and fields."""
    known = (*inside, id(part))
    kind = type(part).__name__
    settings = {
        field.name: _plain(f"{kind}'s {field.name}", getattr(part, field.name), told, known)
        for field in dataclasses.fields(part)
    }
    return {"kind": _kind("a part", part, told)} | settings


def _kind(what: str, part: Any, told: str | None) -> Any:
    """The class of a part: its name, with its module if it is not this package's."""
    own = type(part).__module__.split(".")[0] == "recourse"
    return type(part).__name__ if own else _name(f"the class of {what}", type(part), told)


def _name(what: str, function: Any, told: str | None) -> Any:
    if told is None:
        return importable_name(what, function)
    try:
        return importable_name(what, function)
    except InputError:
        return {"told": told}


def _unknown(words: str, told: str | None) -> dict[str, Any]:
    """The user's own word, or the refusal."""
    if told is not None:
        return {"told": told}
    raise _no_identity(words)


def _array(what: str, array: np.ndarray[Any, Any], told: str | None, inside: tuple[int, ...]) -> str:
    """The hash of an array's values: of its bytes, or of its objects one by one."""
    if array.dtype.kind in "biufcSUmM":
        return content_hash(array)
    return digest([_plain(what, one, told, inside) for one in array.ravel().tolist()])


def _table(what: str, table: Any, told: str | None, inside: tuple[int, ...]) -> str:
    """The hash of a table's column names and values; row labels mean nothing."""
    columns = table.items() if isinstance(table, pd.DataFrame) else [(table.name, table)]
    content = []
    for name, column in columns:
        array = column.to_numpy()
        content.append([_plain(what, name, told, inside), str(column.dtype), _array(what, array, told, inside)])
    return digest(content)
