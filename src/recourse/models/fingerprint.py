"""A SHA-256 of what an object holds: the same in every process, whatever the hash seed and the addresses.

Arrays count byte by byte, dictionaries and sets in sorted order, other objects by the class and state that their
pickles would hold, without pickling anything. What has no such content (a lambda, an open file) is an `InputError`.
"""

from __future__ import annotations

import enum
import hashlib
import json
import tempfile
import types
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from pickle import PicklingError
from typing import Any

import numpy as np
import pandas as pd

from recourse.errors import InputError

TIMINGS = frozenset({"cv_results_", "refit_time_"})
"""What scikit-learn's searches write down about the clock: it differs between equal fits and decides nothing."""

PLAIN = (type(None), bool, int, str, bytes)


def fingerprint(value: Any, what: str = "the object") -> str:
    """Return the SHA-256 of an object's content as 64 hexadecimal digits.

    Parameters
    ----------
    value : object
        Numbers, text, arrays, tables, containers, functions of a module, estimators, torch modules, boosters of
        XGBoost, LightGBM and CatBoost, and objects made of these.
    what : str
        What to call it in an error.

    Returns
    -------
    str
        Equal for equal contents, also in another process; different for different ones.

    Raises
    ------
    InputError
        For a part that has no content of its own to be compared: a lambda, a function or class defined inside
        another function, an object that keeps its state to itself. The sentence names the part.

    Examples
    --------
    >>> fingerprint({"b": 2, "a": 1}) == fingerprint({"a": 1, "b": 2})
    True
    >>> fingerprint(np.zeros(3)) == fingerprint(np.zeros((3, 1)))
    False
    """
    return _ContentHash(what).digest(value).hex()


def class_name(kind: type) -> str:
    """Return a class's module and qualified name, as in ``sklearn.svm._classes.SVC``."""
    return f"{kind.__module__}.{kind.__qualname__}"


def attributes(estimator: Any, without: Iterable[str] = ()) -> dict[str, Any]:
    """Return what an object holds beside the attributes named, and beside what depends on the clock."""
    left_out = TIMINGS.union(without)
    return {name: value for name, value in vars(estimator).items() if name not in left_out}


class _ContentHash:
    """Goes through an object part by part; parts that occur twice are read once."""

    def __init__(self, what: str) -> None:
        self.path = [what]
        self.known: dict[int, tuple[Any, bytes]] = {}
        self.open: list[int] = []

    def digest(self, value: Any) -> bytes:
        """Return the SHA-256 of one part."""
        if type(value) in PLAIN:
            return _hash(type(value).__name__, repr(value).encode())
        if type(value) is float:
            return _hash("float", value.hex().encode())
        if id(value) in self.known:
            return self.known[id(value)][1]
        if id(value) in self.open:  # an object that holds itself is told by how far up it is
            return _hash("above", str(len(self.open) - self.open.index(id(value))).encode())
        self.open.append(id(value))
        digest = self._content(value)
        self.open.pop()
        # Kept together with the object, whose address could else be given to another one.
        self.known[id(value)] = (value, digest)
        return digest

    def part(self, name: str, value: Any) -> bytes:
        """Return the SHA-256 of a part, which errors call by this name."""
        self.path.append(name)
        digest = self.digest(value)
        self.path.pop()
        return digest

    def refuse(self, why: str) -> InputError:
        return InputError(
            f"{''.join(self.path)} {why}, so it can't be told from another one by its content; say yourself what "
            "this is, in a text that changes whenever it does, as identity=."
        )

    def _content(self, value: Any) -> bytes:
        for kinds, read in READERS:
            if isinstance(value, kinds):
                return read(self, value)
        library = type(value).__module__.partition(".")[0]
        own = LIBRARIES.get((library, type(value).__name__))
        if own is not None:
            return _hash(class_name(type(value)), own(value))
        if library == "scipy" and hasattr(value, "tocsr"):
            return self._sparse(value)
        if hasattr(value, "named_modules") and hasattr(value, "state_dict"):
            return self._torch(value)
        if hasattr(value, "get_params") and not isinstance(value, type):
            return self._estimator(value)
        return self._other(value)

    def _number(self, value: Any) -> bytes:
        return _hash(value.dtype.str, value.tobytes())

    def _array(self, array: Any) -> bytes:
        head = f"{array.dtype.str} {array.shape}"
        if array.dtype.names is not None:  # field by field: bytes between fields hold anything
            return _hash(head, *(self.part(f"[{name!r}]", array[name]) for name in array.dtype.names))
        if array.dtype == object:
            return _hash(head, *(self.part(f"[{k}]", one) for k, one in enumerate(array.ravel().tolist())))
        return _hash(head, np.ascontiguousarray(array).tobytes())

    def _sequence(self, values: Any) -> bytes:
        return _hash(class_name(type(values)), *(self.part(f"[{k}]", one) for k, one in enumerate(values)))

    def _mapping(self, values: Mapping[Any, Any]) -> bytes:
        pairs = sorted(self.digest(key) + self.part(f"[{key!r}]", one) for key, one in values.items())
        return _hash(class_name(type(values)), *pairs)

    def _set(self, values: Any) -> bytes:
        return _hash(class_name(type(values)), *sorted(self.digest(one) for one in values))

    def _frame(self, frame: pd.DataFrame) -> bytes:
        columns = [self.part(f"[{name!r}]", frame.iloc[:, k]) for k, name in enumerate(frame.columns)]
        return _hash("DataFrame", self.digest(list(frame.columns)), *columns)

    def _series(self, column: Any) -> bytes:
        numpy = isinstance(column.dtype, np.dtype) and column.dtype != object
        values = column.to_numpy() if numpy else column.tolist()
        index = column.index if isinstance(column, pd.Series) else None
        return _hash(type(column).__name__, str(column.dtype).encode(), self.digest(values), self.digest(index))

    def _sparse(self, matrix: Any) -> bytes:
        rows = matrix.tocsr(copy=True)
        rows.sum_duplicates()
        return _hash("sparse", repr(rows.shape).encode(), *map(self._array, (rows.data, rows.indices, rows.indptr)))

    def _function(self, function: Any) -> bytes:
        if function.__name__ == "<lambda>":
            raise self.refuse("is a lambda")
        if "<locals>" in function.__qualname__:
            raise self.refuse(f"is the function {function.__name__}, defined inside another function")
        name = f"{function.__module__}.{function.__qualname__}"
        defaults = (function.__defaults__, function.__kwdefaults__)
        return _hash(name, self._code(function.__code__), self.digest(defaults))

    def _code(self, code: types.CodeType) -> bytes:
        return _hash("code", code.co_code, self.digest(code.co_consts), self.digest(code.co_names))

    def _named(self, function: Any) -> bytes:
        module = getattr(function, "__module__", None) or "numpy"
        return _hash("function", f"{module}.{function.__name__}".encode())

    def _built_in(self, function: Any) -> bytes:
        owner = function.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            return self._named(function)
        return _hash("method", function.__name__.encode(), self.digest(owner))

    def _method(self, method: Any) -> bytes:
        return _hash("method", method.__func__.__qualname__.encode(), self.part(".__self__", method.__self__))

    def _partial(self, function: Any) -> bytes:
        return _hash("partial", *map(self.digest, (function.func, function.args, function.keywords)))

    def _class(self, kind: type) -> bytes:
        if "<locals>" in kind.__qualname__:
            raise self.refuse(f"is of the class {kind.__name__}, which is defined inside a function")
        own = [one for _, one in sorted(vars(kind).items()) if isinstance(one, types.FunctionType)]
        # A class of a notebook or script is easily defined anew under the same name: its methods count too.
        methods = [self._code(one.__code__) for one in own] if kind.__module__ == "__main__" else []
        return _hash("class", class_name(kind).encode(), *methods)

    def _enum(self, value: enum.Enum) -> bytes:
        return _hash(class_name(type(value)), value.name.encode())

    def _generator(self, value: Any) -> bytes:
        state = value.get_state() if isinstance(value, np.random.RandomState) else value.bit_generator.state
        return _hash(class_name(type(value)), self.digest(state))

    def _torch(self, module: Any) -> bytes:
        layers = [(name, class_name(type(one)), one.extra_repr()) for name, one in module.named_modules()]
        tensors = {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}
        return _hash("torch", self._class(type(module)), self.digest(layers), self.digest(tensors))

    def _estimator(self, estimator: Any) -> bytes:
        kind = self._class(type(estimator))
        parameters = estimator.get_params(deep=False)
        settings = [_hash(name, self.part(f".{name}", parameters[name])) for name in sorted(parameters)]
        state = attributes(estimator, parameters)
        fitted = [_hash(name, self.part(f".{name}", state[name])) for name in sorted(state)]
        return _hash("estimator", kind, _hash("parameters", *settings), _hash("state", *fitted))

    def _other(self, value: Any) -> bytes:
        """An object by what its pickle would hold."""
        kind = self._class(type(value))
        try:
            reduced = value.__reduce_ex__(2)
        except (
            TypeError,
            ValueError,
            AttributeError,
            RuntimeError,
            PicklingError,
        ) as error:  # as types refuse pickling
            raise self.refuse(f"is a {class_name(type(value))} that shows no state ({error})") from None
        if isinstance(reduced, str):  # a constant of its module, such as pandas' NA
            return _hash("constant", kind, reduced.encode())
        make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        if isinstance(state, dict):
            members = [_hash(str(name), self.part(f".{name}", state[name])) for name in sorted(state, key=str)]
        else:
            members = [self.digest(state)]
        content = [self.digest(arguments), *members]
        if items is not None:
            content.append(self.digest(list(items)))
        if pairs is not None:
            content.append(self.digest(dict(pairs)))
        return _hash("object", kind, self.digest(make), *content)


def _hash(what: str, *parts: bytes) -> bytes:
    """The SHA-256 of a name and parts, each behind its length so that no two lists of parts are alike."""
    found = hashlib.sha256()
    for part in (what.encode(), *parts):
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.digest()


def _xgboost(booster: Any) -> bytes:
    return bytes(booster.save_raw("json"))


def _lightgbm(booster: Any) -> bytes:
    return str(booster.model_to_string()).encode()


def _catboost(model: Any) -> bytes:
    """Parameters, and the trees as CatBoost itself writes them, without the time and number of the training."""
    parameters = repr(sorted(model.get_params().items(), key=lambda pair: str(pair[0]))).encode()
    if not model.is_fitted():
        return parameters
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        document = json.loads(path.read_text(encoding="utf-8"))
    document.pop("model_info", None)
    return parameters + json.dumps(document, sort_keys=True).encode()


LIBRARIES: dict[tuple[str, str], Callable[[Any], bytes]] = {
    ("xgboost", "Booster"): _xgboost,
    ("lightgbm", "Booster"): _lightgbm,
    ("catboost", "CatBoost"): _catboost,
    ("catboost", "CatBoostClassifier"): _catboost,
}
"""Libraries whose models are written down by the library itself."""

READERS: tuple[tuple[Any, Callable[[_ContentHash, Any], bytes]], ...] = (
    (enum.Enum, _ContentHash._enum),
    (np.generic, _ContentHash._number),
    (np.ma.MaskedArray, _ContentHash._other),
    (np.ndarray, _ContentHash._array),
    ((list, tuple), _ContentHash._sequence),
    (Mapping, _ContentHash._mapping),
    ((set, frozenset), _ContentHash._set),
    (pd.DataFrame, _ContentHash._frame),
    ((pd.Series, pd.Index), _ContentHash._series),
    (np.dtype, lambda walk, value: _hash("dtype", value.str.encode())),
    (types.FunctionType, _ContentHash._function),
    (types.CodeType, _ContentHash._code),
    (types.MethodType, _ContentHash._method),
    (types.BuiltinFunctionType, _ContentHash._built_in),
    (np.ufunc, _ContentHash._named),
    (partial, _ContentHash._partial),
    (type, _ContentHash._class),
    ((np.random.RandomState, np.random.Generator), _ContentHash._generator),
)
"""How values of a kind are read; the first kind that fits counts."""
