"""What a part is, as plain data: equal data means equal settings and content, in every process.

Whatever is compared, cached or resumed is compared by this and never by `repr`. What has no identity (a lambda, a
function inside a function, an object of a class that can't be imported) is refused in words.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib
import json
import math
import types
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from recourse.errors import InputError

HOW_TO_NAME = "Move it to a module that can be imported, or name it yourself with identity='…'."


@runtime_checkable
class Described(Protocol):
    """Anything that says what it is as plain data."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything that its answers depend on."""


class Settings:
    """Base of frozen dataclasses whose fields are their identity: parts of a simulation, for one."""

    def to_dict(self) -> dict[str, Any]:
        """Return the part as plain data: its class and every setting.

        Returns
        -------
        dict
            Fit for JSON. Functions stand in it as the name that imports them, arrays and tables as a hash.

        Raises
        ------
        InputError
            If a setting has no identity: a lambda, a function inside a function, or an object of such a class.
        """
        return _fields(self, None, ())


def importable_name(function: Any) -> str | None:
    """Return the name under which any process can import a function or class, or None if there is none.

    >>> importable_name(json.dumps)
    'json:dumps'
    >>> importable_name(lambda x: x) is None
    True
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__" or "<" in name:
        return None
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return f"{module}:{name}" if found is function else None


def identity(part: Any, told: str | None = None) -> Any:
    """Return a part as plain data that is the same for equal parts in every process.

    Parameters
    ----------
    part : object
        Numbers, words, lists and mappings stand for themselves; arrays and tables become a hash; functions and
        classes their importable name; objects that have a `to_dict()` what it returns; dataclasses and other
        objects of an importable class their fields.
    told : str or None
        The user's own word for whatever has no identity; None refuses it.

    Returns
    -------
    object
        Fit for JSON.

    Raises
    ------
    InputError
        If a part has no identity and `told` is None.

    Examples
    --------
    >>> identity({"share": 0.5, "by": json.dumps})
    {'share': 0.5, 'by': {'function': 'json:dumps'}}
    """
    return _identity(part, told, ())


def digest(document: Any) -> str:
    """Return the SHA-256 of plain data, whatever order its mappings are in.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _identity(part: Any, told: str | None, inside: tuple[int, ...]) -> Any:
    """`identity`, knowing in which objects the part lies, so that a circle is noticed."""
    if id(part) in inside:
        return _unknown(f"a {type(part).__name__} that holds itself", told)
    known = (*inside, id(part))

    # plain values
    if isinstance(part, np.generic):
        part = part.item()
    if part is None or isinstance(part, (bool, int, str)):
        return part
    if isinstance(part, float):
        return part if math.isfinite(part) else {"number": str(part)}
    if isinstance(part, (list, tuple)):
        return [_identity(one, told, known) for one in part]
    if isinstance(part, (set, frozenset)):
        return {"set": sorted((_identity(one, told, known) for one in part), key=digest)}
    if isinstance(part, Mapping):
        if all(isinstance(key, str) for key in part):
            return {key: _identity(value, told, known) for key, value in part.items()}
        return {"pairs": [[_identity(key, told, known), _identity(value, told, known)] for key, value in part.items()]}

    # data, by its content
    if isinstance(part, np.ndarray):
        return {"array": _array(part, told, known), "shape": list(part.shape), "dtype": part.dtype.str}
    if isinstance(part, (pd.DataFrame, pd.Series, pd.Index)):
        return {"table": _table(part, told, known)}

    # functions and classes, by the name that imports them
    if isinstance(part, functools.partial):
        parts = [part.func, list(part.args), dict(part.keywords)]
        return {"partial": [_identity(one, told, known) for one in parts]}
    if isinstance(part, types.MethodType):
        return {"method": part.__name__, "of": _identity(part.__self__, told, known)}
    if isinstance(part, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)):
        return _named("class" if isinstance(part, type) else "function", part, told)

    # objects, by what they say of themselves
    says_more = isinstance(part, Described) and type(part).to_dict is not Settings.to_dict
    if dataclasses.is_dataclass(part) and not says_more:
        return _fields(part, told, inside)
    kind = _named("class", type(part), told)
    if isinstance(part, Described):
        try:
            return kind | {"settings": _identity(part.to_dict(), told, known)}
        except InputError:
            if told is None:
                raise
            return kind | {"told": told}
    if isinstance(getattr(part, "__dict__", None), dict):
        return kind | {"state": _identity(vars(part), told, known)}
    return _unknown(f"a {type(part).__name__}", told)


def _fields(part: Any, told: str | None, inside: tuple[int, ...]) -> dict[str, Any]:
    """A dataclass by its class and fields."""
    kind = _named("class", type(part), told)
    known = (*inside, id(part))
    return kind | {one.name: _identity(getattr(part, one.name), told, known) for one in dataclasses.fields(part)}


def _named(kind: str, part: Any, told: str | None) -> dict[str, Any]:
    name = importable_name(part)
    if name is not None:
        return {kind: name}
    word = getattr(part, "__qualname__", type(part).__name__)
    unknown: dict[str, Any] = _unknown(f"the {kind} {word} (in {getattr(part, '__module__', 'no module')})", told)
    return unknown


def _unknown(words: str, told: str | None) -> dict[str, Any]:
    """The user's own word, or the refusal."""
    if told is not None:
        return {"told": told}
    raise InputError(f"{words} has no identity that another process could find again. {HOW_TO_NAME}")


def _array(array: np.ndarray[Any, Any], told: str | None, inside: tuple[int, ...]) -> str:
    """The hash of an array's values: of its bytes, or of its objects one by one."""
    if array.dtype.kind in "biufcSUmM":
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        return hashlib.sha256(little.tobytes()).hexdigest()
    return digest([_cell(one, told, inside) for one in array.ravel().tolist()])


def _cell(value: Any, told: str | None, inside: tuple[int, ...]) -> Any:
    """One value of a table: whatever stands for missing is the same."""
    if value is pd.NA or value is pd.NaT:
        return {"missing": str(value)}
    if isinstance(value, (pd.Timestamp, pd.Timedelta, pd.Interval, pd.Period)):
        return {type(value).__name__: str(value)}
    return _identity(value, told, inside)


def _table(table: Any, told: str | None, inside: tuple[int, ...]) -> str:
    """The hash of a table's column names and values; row labels mean nothing."""
    columns = table.items() if isinstance(table, pd.DataFrame) else [(table.name, table)]
    content = []
    for name, column in columns:
        array = column.to_numpy()
        content.append([_cell(name, told, inside), str(column.dtype), _array(array, told, inside)])
    return digest(content)
