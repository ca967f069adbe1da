"""One table in, the same kind of table out: pandas, polars, pyarrow, a dict of columns or a NumPy array.

Inside the package a table is a pandas DataFrame whose columns are matched by name. This module is the
only one that knows other kinds of table; columns cross over through NumPy, so polars needs no pyarrow.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from recourse.arrays import IntArray
from recourse.errors import InputError, nearest

Name: TypeAlias = Hashable
"""What a column may be called: usually a string, sometimes a number."""


def read(X: Any, *, names: Sequence[Name] | None = None, what: str = "X") -> pd.DataFrame:
    """Return `X` as a pandas DataFrame without changing or, where possible, copying it.

    Parameters
    ----------
    X : table
        A DataFrame of pandas, polars, pyarrow or another library that narwhals knows, a mapping from column name to
        values, or a two-dimensional array.
    names : sequence, optional
        The column names of an array, by default ``x0, x1, …``; of a table with names of its own they must be those.
    what : str
        What to call the table in an error.

    Returns
    -------
    DataFrame
        Of a pandas table itself, not a copy: it must not be changed.

    Raises
    ------
    InputError
        For anything that is not a two-dimensional table with unique column names.

    Examples
    --------
    >>> read(np.array([[1.0, 2.0]]), names=["age", "income"])
       age  income
    0  1.0     2.0
    """
    if isinstance(X, pd.DataFrame):
        frame = X
    elif isinstance(X, Mapping):
        frame = pd.DataFrame(dict(X))
    elif is_foreign(X):
        frame = _from_foreign(X)
    else:
        return _from_array(X, names, what)
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"{what} has more than one column named {twice!r}; column names must be unique.")
    if names is not None and list(names) != list(frame.columns):
        raise InputError(f"names= differ from the columns that {what} already has; leave names= out.")
    return frame


def read_row(x: Any, names: Sequence[Name], dtypes: Mapping[Name, Any], *, what: str = "x") -> pd.DataFrame:
    """Return one person as a one-row DataFrame with the columns `names`.

    Parameters
    ----------
    x : Series, mapping, table or sequence
        A Series or mapping from name to value, a one-row table, or values in the order of `names`.
    names : sequence
        The columns of the answer; what `x` has besides is left out.
    dtypes : mapping
        The type that a column should have, by name. A value takes it where it can do so without loss.
    what : str
        What to call the person in an error.

    Returns
    -------
    DataFrame
        One row.

    Raises
    ------
    InputError
        If a name has no value, or `x` is not one person.

    Examples
    --------
    >>> read_row({"income": 3, "age": 30}, ["age", "income"], {"income": float})
       age  income
    0   30     3.0
    """
    if isinstance(x, pd.Series):
        # a Series that numbers its values has no names, unless the columns are called so
        nameless = isinstance(x.index, pd.RangeIndex) and not all(name in x.index for name in names)
        values = dict(_pair(names, x.to_list(), what)) if nameless else x.to_dict()
    elif isinstance(x, Mapping):
        values = dict(x)
    elif isinstance(x, pd.DataFrame) or is_foreign(x):
        frame = read(x, what=what)
        if len(frame) != 1:
            raise InputError(f"{what} must be one person, but the table has {len(frame)} rows.")
        return select(frame, names, what=what).reset_index(drop=True)
    else:
        flat = np.asarray(x, dtype=object)
        if flat.ndim == 2 and flat.shape[0] == 1:
            flat = flat[0]
        if flat.ndim != 1:
            raise InputError(f"{what} must be one person: a row of {len(names)} values.")
        values = dict(_pair(names, flat.tolist(), what))

    missing = [name for name in names if name not in values]
    if missing:
        raise InputError(f"{what} has no value for {missing[0]!r}. {nearest(missing[0], values)}")
    columns = {name: _one(values[name], dtypes.get(name)) for name in names}
    return pd.DataFrame(columns, columns=pd.Index(list(names)))


def select(frame: pd.DataFrame, names: Sequence[Name], *, what: str = "X") -> pd.DataFrame:
    """Return the columns `names` of `frame`, in that order; an absent one is an error with the nearest name.

    >>> select(pd.DataFrame({"age": [30], "income": [3.0]}), ["income"])
       income
    0     3.0
    """
    if list(frame.columns) == list(names):
        return frame
    for name in names:
        if name not in frame.columns:
            raise InputError(f"{what} has no column {name!r}. {nearest(name, frame.columns)}")
    return frame[list(names)]


@dataclass(frozen=True)
class ColumnKind:
    """How a column of the population stores its values: its dtype, and what stands for a missing one.

    gap : the one thing that missing values of an object column are (None, NaN, NaT or `pd.NA`); None as well where
        there are none or several
    """

    dtype: Any
    gap: Any = None
    has_gap: bool = False

    @classmethod
    def of(cls, column: pd.Series[Any]) -> ColumnKind:
        """Return what a column of the population is.

        >>> ColumnKind.of(pd.Series([1, 2], dtype="Int8")).dtype
        Int8Dtype()
        """
        if column.dtype != object:
            return cls(column.dtype)
        gaps = {type(value): value for value in column[column.isna()]}
        return cls(column.dtype, next(iter(gaps.values())), True) if len(gaps) == 1 else cls(column.dtype)

    def restored(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Return a column of the same values, stored as in the population where that loses nothing.

        Plain numbers stay in the width that they have: models read them alike.

        >>> ColumnKind(pd.CategoricalDtype(["own", "rent"])).restored(pd.Series(["rent"])).cat.codes.tolist()
        [1]
        """
        stored = column.dtype
        plain = isinstance(stored, np.dtype) and stored.kind in "biuf"
        if isinstance(self.dtype, np.dtype) and self.dtype.kind in "biuf" and plain:
            return column
        if stored != self.dtype:
            try:
                column = pd.Series(fitting(column, self.dtype), index=column.index, name=column.name)
            except (TypeError, ValueError):  # words where the population has numbers: said where they are read
                return column
        if column.dtype == object and self.has_gap and (gone := column.isna()).any():
            column = column.mask(gone, None) if self.gap is None else column.where(~gone, self.gap)
        return column


def like(original: Any, frame: pd.DataFrame) -> Any:
    """Return `frame` as the kind of table that `original` is.

    Parameters
    ----------
    original : table
        What the user passed.
    frame : DataFrame
        The answer.

    Returns
    -------
    table
        A table of the same library where that is not pandas; for arrays and mappings a pandas DataFrame.
    """
    if isinstance(original, (pd.DataFrame, Mapping)) or not is_foreign(original):
        return frame
    import narwhals.stable.v2 as nw

    backend = nw.from_native(original, eager_only=True).implementation
    columns = {str(name): _plain(frame[name]) for name in frame.columns}
    table = nw.from_dict(columns, backend=backend)
    flags = [str(name) for name in frame.columns if isinstance(frame[name].dtype, pd.BooleanDtype)]
    if flags:  # where all are missing, nothing else says that they are booleans
        table = table.with_columns(nw.col(*flags).cast(nw.Boolean))
    return table.to_native()


def of_one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column whose values have one type: numbers if all of them are, else text, missing ones None.

    >>> of_one_type(pd.Series([1, "rent"])).tolist()
    ['1', 'rent']
    """
    if all(isinstance(value, (int, float)) for value in column.dropna()):
        return column.astype(float)
    return column.map(lambda value: None if pd.isna(value) else str(value))


def values_of(column: pd.Series[Any], *, what: str = "X") -> np.ndarray[Any, Any]:
    """Return a column as an array: numbers in a numeric dtype (missing ones NaN), everything else as objects.

    Parameters
    ----------
    column : Series
        One column of a table. Numbers that are stored as objects, decimals among them, count as numbers.
    what : str
        What to call the table in an error.

    Returns
    -------
    array
        One value a row.

    Raises
    ------
    InputError
        For infinite numbers, named with the column.

    Examples
    --------
    >>> values_of(pd.Series([1, None, 3], dtype=object)).tolist()
    [1.0, nan, 3.0]
    """
    # whole numbers and truth values as they are; dates, periods and spans of time are no numbers
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biu":
        return column.to_numpy()
    if holds_dates(column):
        return column.astype(object).to_numpy(dtype=object, na_value=np.nan)
    if pd.api.types.is_bool_dtype(column.dtype) and not column.isna().any():
        return column.to_numpy(dtype=bool)

    # objects that are all numbers
    known = column.dropna()
    number = (int, float, np.number, np.bool_, Decimal)
    if column.dtype == object and len(known) and all(isinstance(value, number) for value in known):
        decimals = any(isinstance(value, Decimal) for value in known)
        column = column.astype(np.float64) if decimals else pd.to_numeric(column)

    # numbers without infinity, or else levels
    if pd.api.types.is_numeric_dtype(column.dtype):
        array = column.to_numpy(dtype=np.float64 if not isinstance(column.dtype, np.dtype) else None, na_value=np.nan)
        where = np.flatnonzero(np.isinf(array)) if array.dtype.kind == "f" else np.empty(0, dtype=int)
        if len(where):
            raise InputError(f"column {column.name!r} of {what} is infinite in {rows_in_words(column.index, where)}.")
        return array
    return column.to_numpy(dtype=object, na_value=np.nan)


def holds_dates(column: pd.Series[Any]) -> bool:
    """Whether a column holds points or spans of time, which nobody can choose.

    >>> holds_dates(pd.Series(pd.to_datetime(["2020-01-01"]))), holds_dates(pd.Series([2020]))
    (True, False)
    """
    if column.dtype == object:
        known = column.dropna()
        return len(known) > 0 and all(isinstance(value, (date, timedelta, pd.Period)) for value in known)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return holds_dates(column.cat.categories.to_series()) if column.cat.categories.dtype != object else False
    arrow = isinstance(column.dtype, pd.ArrowDtype) and column.dtype.kind in "mM"
    when = pd.api.types.is_datetime64_any_dtype(column.dtype) or isinstance(column.dtype, pd.PeriodDtype)
    return bool(arrow or when or column.dtype.kind == "m")


def numbers_of(column: pd.Series[Any], codes: Sequence[Any]) -> pd.Series[Any]:
    """Return a column of words as numbers, if all of them but the codes for missing ones are; else as it is.

    >>> numbers_of(pd.Series(["1.5", "?", "2"]), ["?"]).tolist()
    [1.5, nan, 2.0]
    """
    words = [code for code in codes if isinstance(code, str)]
    if not words or pd.api.types.is_numeric_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return column
    known = ~(column.isna() | column.isin(words)).to_numpy(dtype=bool)
    numbers = pd.to_numeric(column[known], errors="coerce")
    if not len(numbers) or numbers.isna().any():
        return column
    full = np.full(len(column), np.nan)
    full[known] = numbers.to_numpy(dtype=float)
    return pd.Series(full, index=column.index, name=column.name)


def rows_in_words(index: pd.Index[Any], where: np.ndarray[Any, Any]) -> str:
    """Name rows in an error: how many, and the labels of the first few.

    >>> rows_in_words(pd.RangeIndex(9), np.array([1, 3]))
    '2 rows (1, 3)'
    """
    listed = ", ".join(str(index[i]) for i in where[:5])
    return f"{len(where)} row{'s' * (len(where) != 1)} ({listed}{' …' * (len(where) > 5)})"


def replaced(column: pd.Series[Any], where: IntArray, values: np.ndarray[Any, Any]) -> Any:
    """Return a column with some of its values replaced, in its own dtype where the new values fit it."""
    if not len(where):
        return column.array
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf" and values.dtype.kind in "biuf":
        array = column.to_numpy()
        array = array.astype(np.result_type(array.dtype, values.dtype))
        array[where] = values
        return array
    objects = column.to_numpy(dtype=object, copy=True)  # pandas 3 hands out read-only views
    objects[where] = values
    return fitting(objects, column.dtype, where)


def fitting(values: Any, dtype: Any, where: IntArray | None = None) -> Any:
    """Return raw values as an array of a column's dtype where they fit it, else of one that holds them.

    where : the positions that may not fit; by default all

    >>> fitting([1, 2], np.dtype("int8")), fitting([1.5], np.dtype("int64"))
    (array([1, 2]), array([1.5]))
    """
    if isinstance(values, pd.Series):
        values = values.array
    if not isinstance(values, (np.ndarray, pd.api.extensions.ExtensionArray)):
        values = np.asarray(values)
    if values.dtype == dtype:
        return values
    values = np.asarray(values)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf" and values.dtype.kind in "biuf":
        return values.astype(np.result_type(dtype, values.dtype))

    objects = values.astype(object)
    changed = objects if where is None else objects[where]
    if isinstance(dtype, pd.CategoricalDtype):  # a level that this table doesn't list is still that level
        more = [level for level in pd.unique(changed) if not pd.isna(level) and level not in dtype.categories]
        dtype = pd.CategoricalDtype([*dtype.categories, *more], dtype.ordered)
    if dtype == np.dtype(object):
        return objects
    try:
        array = pd.Series(objects, dtype=dtype).array
        kept = array.astype(object) if where is None else array.astype(object)[where]
        survived = (kept == changed) | (pd.isna(kept) & pd.isna(changed))  # Arrow integers drop fractions in silence
    except (TypeError, ValueError, ArithmeticError):
        survived = np.zeros(len(changed), dtype=bool)
    if np.asarray(survived, dtype=object).astype(bool).all():
        return array
    if pd.api.types.is_numeric_dtype(dtype):
        return pd.Series(objects, dtype="Float64").array
    return objects


def plain_value(value: Any) -> Any:
    """Return a NumPy scalar as the Python value that it is, and anything else unchanged.

    >>> plain_value(np.int64(3)), plain_value("rent")
    (3, 'rent')
    """
    return value.item() if isinstance(value, np.generic) else value


def is_missing(values: np.ndarray[Any, Any], codes: Sequence[Any] = ()) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each value is missing: NaN, None, or one of the codes that mean it (such as "?" or −9).

    >>> is_missing(np.array([1.0, np.nan, -9.0]), [-9]).tolist()
    [False, True, True]
    """
    missing = np.asarray(pd.isna(values))
    for code in codes:
        missing = missing | (values == code)
    return missing


def distinct_values(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the distinct values in order, missing ones left out, and how often each occurs.

    >>> values, counts = distinct_values(np.array([3.0, 1.0, np.nan, 3.0]))
    >>> values.tolist(), counts.tolist()
    ([1.0, 3.0], [1, 2])
    """
    distinct, position = encode(values)
    counts = np.bincount(position, minlength=len(distinct))
    known = ~is_missing(distinct)
    distinct, counts = distinct[known], counts[known]
    if distinct.dtype == object:  # words in order; a mixture in the order of its words
        order = sorted(range(len(distinct)), key=lambda i: (str(type(distinct[i])), str(distinct[i])))
        distinct, counts = distinct[order], counts[order]
    return distinct, counts


def encode(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the distinct values (numbers in order, others by first appearance) and each one's position.

    >>> values, position = encode(np.array(["rent", "own", "rent"], dtype=object))
    >>> values.tolist(), position.tolist()
    (['rent', 'own'], [0, 1, 0])

    What is equal but not the same to a model, 0.0 and −0.0 or 1 and True, is kept apart.
    """
    if values.dtype == object:
        position, levels = pd.factorize(values, use_na_sentinel=False)
        distinct = np.asarray(levels, dtype=object)
    else:
        distinct, position = np.unique(values, return_inverse=True)
    twins = _twins(values)
    if not twins.any():
        return distinct, position

    _, first, position = np.unique(2 * position + ~twins, return_index=True, return_inverse=True)
    if values.dtype == object:  # by first appearance
        order = np.argsort(first)
        first, position = first[order], np.argsort(order)[position]
    return values[first], position


def _twins(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which values have an equal that a model may tell apart: −0.0, and truth values among numbers."""
    if values.dtype.kind == "f":
        return np.signbit(values) & (values == 0)
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True).startswith("mixed"):
        return np.array([isinstance(value, (bool, np.bool_)) for value in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)


def distinct_rows(frame: pd.DataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Find equal rows: the index of the first of each kind, and for every row the kind it belongs to.

    >>> first, kind = distinct_rows(pd.DataFrame({"a": [1, 1, 2], "b": [0, 0, 0]}))
    >>> first.tolist(), kind.tolist()
    ([0, 2], [0, 0, 1])
    """
    if frame.empty:
        return np.arange(len(frame)), np.arange(len(frame))

    # refine the kinds column by column; they are numbered anew each time, so that no product overflows
    kind = np.zeros(len(frame), dtype=np.int64)
    for name in frame.columns:
        codes, levels = pd.factorize(frame[name], use_na_sentinel=False)
        kind = kind * (len(levels) + 1) + codes
        twins = _twins(np.asarray(frame[name]))
        if twins.any():
            kind = 2 * kind + twins
        kind = pd.factorize(kind)[0]
    first = np.unique(kind, return_index=True)[1]
    return first, kind


def has_columns(X: Any) -> bool:
    """Whether X names its own columns (an array doesn't).

    >>> has_columns({"age": [30]}), has_columns([[30]])
    (True, False)
    """
    return isinstance(X, (pd.DataFrame, Mapping)) or is_foreign(X)


def is_foreign(X: Any) -> bool:
    """Whether X belongs to a table library other than pandas, decided without importing any."""
    return type(X).__module__.split(".")[0] in {"polars", "pyarrow", "modin", "cudf", "narwhals"}


def _from_foreign(X: Any) -> pd.DataFrame:
    """Another library's table, column by column."""
    import narwhals.stable.v2 as nw

    try:
        table = nw.from_native(X, eager_only=True)
        columns = {name: _column(table[name]) for name in table.columns}
    except (TypeError, ValueError) as error:
        raise InputError(f"can't read a {type(X).__name__} as a table: {error}") from error
    return pd.DataFrame(columns)


def _column(column: Any) -> Any:
    """A column's values; levels that have an order (of polars an Enum) keep it."""
    import narwhals.stable.v2 as nw

    values = column.to_numpy()
    if isinstance(column.dtype, nw.Enum):
        return pd.Categorical(values, categories=pd.Index(column.dtype.categories), ordered=True)
    return values


def _from_array(X: Any, names: Sequence[Name] | None, what: str) -> pd.DataFrame:
    """An array, or what becomes one, with the names given or numbered ones."""
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise InputError(f"{what} is not a table: {error}") from error
    if array.ndim != 2:
        plural = "s" if array.ndim != 1 else ""
        raise InputError(f"{what} must be a table (rows × features), but it has {array.ndim} dimension{plural}.")
    columns = [f"x{j}" for j in range(array.shape[1])] if names is None else list(names)
    if len(columns) != array.shape[1]:
        raise InputError(f"{what} has {array.shape[1]} columns, but {len(columns)} names were given.")
    if len(set(columns)) != len(columns):
        raise InputError("names= must be unique.")
    return pd.DataFrame(array, columns=pd.Index(columns))


def _pair(names: Sequence[Name], values: Sequence[Any], what: str) -> list[tuple[Name, Any]]:
    """Names and values side by side, or an error if there are not equally many."""
    if len(values) != len(names):
        raise InputError(f"{what} has {len(values)} values, but there are {len(names)} features.")
    return list(zip(names, values, strict=True))


def _one(value: Any, dtype: Any) -> pd.Series[Any]:
    """A column of one value, in the wanted dtype if that loses nothing."""
    value = np.nan if pd.api.types.is_scalar(value) and pd.isna(value) else value
    column = pd.Series([value])
    if dtype is None or column.dtype == dtype:
        return column
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(fitting(column, dtype))
    try:
        cast = column.astype(dtype)
    except (TypeError, ValueError):
        return column
    gone = pd.isna(cast.iloc[0]), pd.api.types.is_scalar(value) and pd.isna(value)
    same = all(gone) if any(gone) else cast.iloc[0] == value
    return cast if same else column


def _plain(column: pd.Series[Any]) -> Any:
    """A column as NumPy where it is numeric, else as a list of Python values with None for missing."""
    if column.dtype.kind in "biuf" and isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    return [None if pd.isna(value) else value for value in column.astype(object)]
