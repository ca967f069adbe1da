"""What makes an action possible as a whole: conditions that tie features to each other.

A constraint has one definition, `admits(today, new)`: whether people may go from their rows today to new
rows. It binds only somebody who changes one of its features, so dirty data never block other actions.
A constraint over few features is folded into a joint menu by trying every combination; one over many
states linear rows for the mixed-integer program; a predicate of the user's own is checked point by point.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.errors import InputError
from recourse.tables import Name

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
Term = Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any]]


class Linear(NamedTuple):
    """low ≤ Σ over features of term(today's values, new values) ≤ high, terms by feature."""

    terms: Mapping[Name, Term]
    low: float
    high: float


class Constraint(ABC):
    """Base of all constraints.

    features : the columns that it reads
    """

    features: tuple[Name, ...]

    @abstractmethod
    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        """Return for each row whether people may go from `today` to `new` (equal index, raw values)."""

    def holds(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        """Return `admits`, or True where none of the constraint's features changes."""
        still = np.ones(len(today), dtype=bool)
        for name in self.features:
            still &= _same(today[name].to_numpy(), new[name].to_numpy())
        return still | np.asarray(self.admits(today, new), dtype=bool)

    def linear(self) -> Sequence[Linear] | None:
        """Return the same condition as linear rows, or None if it has none."""
        return None

    def induced(self) -> Mapping[Name, Mapping[Name, float]]:
        """Return the changes it induces: for each source, by how much each target moves per unit."""
        return {}

    def describe(self) -> str:
        """Return the constraint as a sentence for people."""
        return repr(self)

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in vars(self).items() if key != "features")
        return f"{type(self).__name__}({', '.join(map(str, self.features))}{'; ' + inside if inside else ''})"


class GroupLimit(Constraint):
    """At least `lb` and at most `ub` of a group of 0/1 features are on.

    >>> GroupLimit(["email", "phone", "post"], ub=2)
    GroupLimit(email, phone, post; lb=0, ub=2)
    """

    def __init__(self, names: Sequence[Name], lb: int = 0, ub: int | None = None) -> None:
        self.features = _names(names, least=1)
        self.lb, self.ub = int(lb), len(self.features) if ub is None else int(ub)
        if not 0 <= self.lb <= self.ub:
            raise InputError(f"a group limit needs 0 ≤ lb ≤ ub, not lb = {lb}, ub = {ub}.")

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        on = _numbers(new, self.features, type(self).__name__).sum(axis=1)
        return (on >= self.lb) & (on <= self.ub)

    def linear(self) -> Sequence[Linear]:
        return [Linear(dict.fromkeys(self.features, _value), self.lb, self.ub)]


class OneHot(GroupLimit):
    """Exactly one of a group of 0/1 features is on (at most one, if the encoding drops a reference level).

    Members may be immutable: then the others can't be switched on past them. A categorical column needs no
    such constraint; this is for tables that were encoded before they got here.
    """

    def __init__(self, names: Sequence[Name], *, at_most: bool = False) -> None:
        super().__init__(names, 0 if at_most else 1, 1)


class AtMost(Constraint):
    """At most `k` of these features change at once (of all features, without `names`)."""

    def __init__(self, k: int, names: Sequence[Name] | None = None) -> None:
        if isinstance(k, bool) or int(k) != k or k < 0:
            raise InputError(f"at most k changes: k must be a whole number ≥ 0, not {k!r}.")
        self.features = () if names is None else _names(names, least=1)
        self.k = int(k)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        names = self.features or tuple(new.columns)
        changes = sum(~_same(today[name].to_numpy(), new[name].to_numpy()) for name in names)
        return np.asarray(changes <= self.k)

    def linear(self) -> Sequence[Linear]:
        return [Linear(dict.fromkeys(self.features, lambda today, new: ~_same(today, new)), 0, self.k)]


class IfThen(Constraint):
    """If one feature ends up on one side of a value, another must too: (name, operator, value) twice.

    Operators are ``=  !=  <  <=  >  >=`` and ``in``.

    >>> IfThen(("employed", "=", 0), ("hours", "<=", 0))
    IfThen(employed, hours; condition=('employed', '=', 0), consequence=('hours', '<=', 0))
    """

    def __init__(self, condition: tuple[Name, str, Any], consequence: tuple[Name, str, Any]) -> None:
        for one in (condition, consequence):
            if len(tuple(one)) != 3 or one[1] not in _OPERATORS:
                raise InputError(f"{one!r} must be (feature, operator, value) with one of {', '.join(_OPERATORS)}.")
        self.condition, self.consequence = tuple(condition), tuple(consequence)
        self.features = tuple(dict.fromkeys((self.condition[0], self.consequence[0])))

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        return ~_compare(new, self.condition) | _compare(new, self.consequence)

    def linear(self) -> Sequence[Linear] | None:
        if len(self.features) < 2:
            return None
        (a, *first), (b, *second) = self.condition, self.consequence
        terms: dict[Name, Term] = {
            a: lambda today, new: _operate(new, *first),
            b: lambda today, new: -_operate(new, *second).astype(float),
        }
        return [Linear(terms, -1, 0)]


class Thermometer(Constraint):
    """A thermometer encoding: 0/1 features of the form "at least level k" in ascending order of k.

    Each implies the one before it. `direction` 1: the level may only rise; −1: only fall; 0: either.
    """

    def __init__(self, names: Sequence[Name], direction: int = 0) -> None:
        self.features, self.direction = _names(names, least=2), _direction(direction)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        on, before = (
            _numbers(new, self.features, type(self).__name__),
            _numbers(today, self.features, type(self).__name__),
        )
        steps = (np.diff(on, axis=1) <= 0).all(axis=1)
        return steps & ((on.sum(axis=1) - before.sum(axis=1)) * self.direction >= 0)

    def linear(self) -> Sequence[Linear]:
        rows = [
            Linear({lower: _value, higher: _minus_value}, 0, 1)
            for lower, higher in zip(self.features, self.features[1:], strict=False)
        ]
        if self.direction:
            rise = dict.fromkeys(self.features, _change if self.direction > 0 else _minus_change)
            rows.append(Linear(rise, 0, len(self.features)))
        return rows


class OrdinalEncoding(Constraint):
    """A one-hot encoding of ordered levels: exactly one of the 0/1 features, listed from lowest to highest.

    `direction` 1: the level may only rise; −1: only fall; 0: either.
    """

    def __init__(self, names: Sequence[Name], direction: int = 0, *, at_most: bool = False) -> None:
        self.features, self.direction = _names(names, least=2), _direction(direction)
        self.at_most = at_most

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        on, before = (
            _numbers(new, self.features, type(self).__name__),
            _numbers(today, self.features, type(self).__name__),
        )
        ranks = np.arange(1, len(self.features) + 1)
        one = on.sum(axis=1) <= 1 if self.at_most else on.sum(axis=1) == 1
        return one & ((on @ ranks - before @ ranks) * self.direction >= 0)

    def linear(self) -> Sequence[Linear]:
        rows = [Linear(dict.fromkeys(self.features, _value), 0 if self.at_most else 1, 1)]
        if self.direction:
            terms: dict[Name, Term] = {
                name: lambda today, new, w=self.direction * rank: w * _change(today, new)  # type: ignore[misc]
                for rank, name in enumerate(self.features, start=1)
            }
            rows.append(Linear(terms, 0, np.inf))
        return rows


class Linkage(Constraint):
    """Changing one feature moves others along: each target by `scale` per unit, actionable or not.

    The induced changes have no price and may leave the targets' own bounds: they are consequences, not
    choices. A target that can also be chosen moves by both.

    >>> Linkage("years_at_job", {"age": 1.0})
    Linkage(years_at_job, age; source='years_at_job', targets={'age': 1.0})
    """

    def __init__(self, source: Name, targets: Mapping[Name, float]) -> None:
        self.source, self.targets = source, {name: float(scale) for name, scale in targets.items()}
        self.features = _names([source, *targets], least=2)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        return np.ones(len(new), dtype=bool)

    def induced(self) -> Mapping[Name, Mapping[Name, float]]:
        return {self.source: self.targets}


class Sum(Constraint):
    """lb ≤ Σ coefficient · value ≤ ub over several numeric features, after the action.

    With ``of_changes=True`` the changes count instead of the values: ``Sum({"total": 1, "a": -1, "b": -1}, 0,
    0, of_changes=True)`` keeps a total in step with its parts (additive linkage), and
    ``Sum({"years_at_job": 1, "age": -1}, ub=0)`` keeps one feature below another.
    """

    def __init__(
        self,
        coefficients: Mapping[Name, float],
        lb: float = -np.inf,
        ub: float = np.inf,
        *,
        of_changes: bool = False,
    ) -> None:
        self.features = _names(list(coefficients), least=1)
        self.coefficients = {name: float(weight) for name, weight in coefficients.items()}
        self.lb, self.ub, self.of_changes = float(lb), float(ub), bool(of_changes)
        if not self.lb <= self.ub:
            raise InputError(f"a sum needs lb ≤ ub, not lb = {lb}, ub = {ub}.")

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        weights = np.array(list(self.coefficients.values()))
        values = _numbers(new, self.features, type(self).__name__)
        if self.of_changes:
            values = values - _numbers(today, self.features, type(self).__name__)
        total = values @ weights
        room = 1e-9 * (1 + np.abs(values) @ np.abs(weights))
        return (total >= self.lb - room) & (total <= self.ub + room)

    def linear(self) -> Sequence[Linear]:
        term = _change if self.of_changes else _value
        terms: dict[Name, Term] = {
            name: lambda today, new, w=weight: w * term(today, new)  # type: ignore[misc]
            for name, weight in self.coefficients.items()
        }
        return [Linear(terms, self.lb, self.ub)]


class Reachability(Constraint):
    """From a state only certain other states can be reached: joint values of features, and a matrix.

    names : the features; states : the values they can have together, one tuple a state (or plain values
    for a single feature); reachable : bool[k, k], row from, column to. States that are not listed can be
    neither left nor entered.

    >>> Reachability("job", ["none", "trained", "senior"], [[1, 1, 0], [0, 1, 1], [0, 0, 1]])
    Reachability(job; states=[('none',), ('trained',), ('senior',)])
    """

    def __init__(self, names: Name | Sequence[Name], states: Sequence[Any], reachable: npt.ArrayLike) -> None:
        self.features = _names([names] if isinstance(names, str) else names, least=1)  # type: ignore[arg-type]
        self.states = [tuple(state) if isinstance(state, (tuple, list)) else (state,) for state in states]
        self._reachable = np.asarray(reachable, dtype=bool)
        k = len(self.states)
        if any(len(state) != len(self.features) for state in self.states) or len(set(self.states)) != k:
            raise InputError("reachability: every state needs one value a feature, and no state twice.")
        if self._reachable.shape != (k, k):
            raise InputError(f"reachability: {k} states need a {k} × {k} matrix, not {self._reachable.shape}.")

    @property
    def reachable(self) -> BoolArray:
        """Which states can be reached: row from, column to (a copy)."""
        return self._reachable.copy()

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        number = {state: i for i, state in enumerate(self.states)}
        there = [self._positions(frame, number) for frame in (today, new)]
        known = (there[0] >= 0) & (there[1] >= 0)
        return known & self._reachable[there[0], there[1]]

    def _positions(self, frame: pd.DataFrame, number: Mapping[Any, int]) -> npt.NDArray[np.int64]:
        columns = (frame[name].tolist() for name in self.features)
        return np.array([number.get(state, -1) for state in zip(*columns, strict=True)], dtype=np.int64)

    def __repr__(self) -> str:
        return f"Reachability({', '.join(map(str, self.features))}; states={self.states!r})"


class Switch(Constraint):
    """While a feature has this value after the action, the targets can't change.

    >>> Switch("on_leave", 1, ["hours", "bonus"])
    Switch(on_leave, hours, bonus; switch='on_leave', value=1, targets=('hours', 'bonus'))
    """

    def __init__(self, switch: Name, value: Any, targets: Sequence[Name]) -> None:
        self.switch, self.value, self.targets = switch, value, _names(targets, least=1)
        self.features = _names([switch, *targets], least=2)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        moved = np.zeros(len(new), dtype=bool)
        for name in self.targets:
            moved |= ~_same(today[name].to_numpy(), new[name].to_numpy())
        return ~(moved & (new[self.switch].to_numpy() == self.value))

    def linear(self) -> Sequence[Linear]:
        on: Term = lambda today, new: new == self.value  # noqa: E731
        moved: Term = lambda today, new: ~_same(today, new)  # noqa: E731
        return [Linear({self.switch: on, name: moved}, 0, 1) for name in self.targets]


class Predicate(Constraint):
    """A condition of the user's own: ``function(today, new) → bool`` for each row of two tables.

    names : the columns that it reads; it gets both tables with at least these. The function must be pure:
    it is called with batches of people and of actions, in any order.
    """

    def __init__(self, function: Callable[[pd.DataFrame, pd.DataFrame], Any], names: Sequence[Name]) -> None:
        if not callable(function):
            raise InputError("a predicate needs a function of two tables: today's rows and the new ones.")
        self.function, self.features = function, _names(names, least=1)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        answer = np.asarray(self.function(today, new), dtype=bool)
        if answer.shape != (len(new),):
            raise InputError(
                f"the predicate on {', '.join(map(str, self.features))} gave {answer.shape} for {len(new)} rows."
            )
        return answer


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: np.isin(a, list(b)),
}


def _operate(values: npt.NDArray[Any], operator: str, other: Any) -> BoolArray:
    return np.asarray(_OPERATORS[operator](values, other), dtype=bool)


def _compare(frame: pd.DataFrame, condition: tuple[Any, ...]) -> BoolArray:
    name, operator, other = condition
    return _operate(frame[name].to_numpy(), operator, other)


def _value(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return _floats(new)


def _minus_value(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return -_floats(new)


def _change(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return _floats(new) - _floats(today)


def _minus_change(today: npt.NDArray[Any], new: npt.NDArray[Any]) -> FloatArray:
    return -_change(today, new)


def _floats(values: npt.NDArray[Any]) -> FloatArray:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"a constraint on numbers met something else: {error}.") from None


def _same(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> BoolArray:
    """Whether values are equal, two missing ones included."""
    return np.asarray((a == b) | (pd.isna(a) & pd.isna(b)), dtype=bool)


def _numbers(frame: pd.DataFrame, names: Sequence[Name], kind: str) -> FloatArray:
    return np.column_stack([_number_column(frame[name], kind) for name in names])


def _number_column(column: pd.Series[Any], kind: str) -> FloatArray:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        word = next((value for value in column if isinstance(value, str)), column.iloc[0])
        raise InputError(
            f"{kind} needs numbers, but column {column.name!r} holds {word!r}. A column of words needs no encoding "
            "to be tied together; what depends on its words can be said with IfThen, Switch or Reachability."
        ) from None


def _names(names: Sequence[Name], *, least: int) -> tuple[Name, ...]:
    if isinstance(names, str) or len(names) < least or len(set(names)) != len(names):
        raise InputError(f"a constraint needs a list of at least {least} different feature names, not {names!r}.")
    return tuple(names)


def _direction(direction: int) -> int:
    if direction not in (-1, 0, 1):
        raise InputError(f"a direction must be −1, 0 or 1, not {direction!r}.")
    return int(direction)
