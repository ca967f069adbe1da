"""What a cost is: the price of moving a feature from today's value to another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray, IntArray
from recourse.checks import is_number, known_names
from recourse.errors import InputError
from recourse.identity import importable_name, plain_setting
from recourse.tables import Name


class Observed(Protocol):
    """The values that were seen of a feature, as codes in ascending order, with how many people have each."""

    @property
    def values(self) -> FloatArray:
        """The codes: numbers, or ranks of levels."""

    @property
    def counts(self) -> IntArray:
        """How many people have each."""

    @property
    def size(self) -> int:
        """How many people were observed."""

    def quantile(self, percent: float) -> float:
        """Return the value below which `percent` (0–100) of the people lie."""

    def median_absolute_deviation(self) -> float:
        """Return the median distance from the median."""


class PricedFeature(Protocol):
    """All that a cost asks of a feature. `recourse.actions.FeatureActions` has it, and so may a class of yours."""

    @property
    def name(self) -> Name:
        """The column's name."""

    @property
    def ordered(self) -> bool:
        """Whether values have an order; where they have none, a move is priced by what it takes to enter a level."""

    @property
    def actionable(self) -> bool:
        """Whether a person can change the feature."""

    @property
    def observed(self) -> Observed:
        """The population's values."""

    def percentile(self, values: Any) -> FloatArray:
        """Return for each value the share of the population at or below it, strictly between 0 and 1."""

    def share(self, values: npt.NDArray[Any]) -> FloatArray:
        """Return how common levels are, never 0."""

    def encode(self, values: npt.NDArray[Any]) -> FloatArray:
        """Return values as codes: numbers themselves, levels their rank."""


class Cost:
    """Base of all costs. Subclasses define `position`, or override `prices` altogether.

    A cost with positions prices a move between ordered values by the distance between two points,
    ``weight · |position(v) − position(x)|``, and a move to a level without order by what it takes to enter
    it, ``weight · entry(v)``; that is what lets a whole population share one table a feature. A cost without
    positions (`has_positions = False`) overrides `prices`, which is called once for every distinct pair of feature
    and today's value.

    Two costs are equal if they have the same class and settings, and a cost is printed as the call that makes it.
    A subclass of yours gets all that from its attributes: they are its settings.

    Parameters
    ----------
    weights : mapping or None
        A factor ≥ 0 on a feature's prices, by feature name; 1 for features it doesn't name. 0 makes a feature free,
        and a name that no feature has is an error as soon as the cost prices an action set.

    Raises
    ------
    InputError
        If a weight is no finite number ≥ 0.

    Examples
    --------
    >>> from recourse.costs import TotalCost
    >>> TotalCost({"income": 2})
    TotalCost({'income': 2.0})
    >>> TotalCost({"income": 2}) == TotalCost({"income": 2.0}), TotalCost() == TotalCost({"income": 2})
    (True, False)
    """

    name = "cost"
    combine: Literal["sum", "max"] = "sum"
    has_positions = True

    def __init__(self, weights: Mapping[Any, float] | None = None) -> None:
        if weights is not None and not isinstance(weights, Mapping):
            raise InputError(f"weights must be a mapping such as {{'income': 2.0}}, not {weights!r}.")
        for feature, weight in (weights or {}).items():
            if not (is_number(weight) and weight >= 0):
                raise InputError(f"the weight of {feature!r} must be a finite number ≥ 0, not {weight!r}.")
        self.weights = {feature: float(weight) for feature, weight in (weights or {}).items()}

    def check_names(self, names: Sequence[Any]) -> None:
        """Raise `InputError` if the cost weighs a feature that is not there.

        Parameters
        ----------
        names : sequence of column names
            The features that there are.
        """
        known_names("the cost's weights", self.weights, names)

    def position(self, feature: PricedFeature, values: npt.NDArray[Any]) -> FloatArray:
        """Return where values lie on the line along which this cost measures distance.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves; it has an order.
        values : array[n]
            Raw values or levels of it.

        Returns
        -------
        float64[n]
            Finite, and ascending with the values; only differences matter.
        """
        raise NotImplementedError

    def entry(self, feature: PricedFeature, values: npt.NDArray[Any]) -> FloatArray:
        """Return the price of moving to each of these levels, wherever one comes from.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves; its levels have no order.
        values : array[n]
            Levels of it.

        Returns
        -------
        float64[n]
            By default 1 − s_v, where s_v is how common the level is: what few people have is harder to get.
        """
        return 1 - feature.share(values)

    def prices(self, feature: PricedFeature, x: Any, values: npt.NDArray[Any]) -> FloatArray:
        """Return the price of moving a feature from today's value to each of several others.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.
        x : object
            Its raw value today.
        values : array[n]
            Raw values that it may move to; staying at `x` costs 0.

        Returns
        -------
        float64[n]
            Prices ≥ 0 in units of this cost.

        Examples
        --------
        >>> import recourse as rs
        >>> age = rs.ActionSet({"age": [20, 30, 30, 40]})["age"]
        >>> rs.TotalCost().prices(age, 20, np.array([20, 30, 40]))
        array([0. , 0.4, 0.6])
        """
        values = np.asarray(values)
        if not feature.ordered:
            return self.weight(feature) * np.where(values == x, 0.0, self.entry(feature, values))
        here, there = self.position(feature, np.array([x])), self.position(feature, values)
        return self.weight(feature) * np.abs(there - here)

    def weight(self, feature: PricedFeature) -> float:
        """Return the factor on a feature's prices.

        Parameters
        ----------
        feature : PricedFeature
            The feature that moves.

        Returns
        -------
        float
            Its weight, 1 if it has none.
        """
        return self.weights.get(feature.name, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Return everything that prices depend on, as plain data: what caches and checkpoints compare.

        Returns
        -------
        dict
            ``name``, ``combine`` and every setting, fit for JSON; also ``class``, for a cost of your own.

        Raises
        ------
        InputError
            If a setting has no identity, as a lambda has none, or the class itself can't be imported by name.

        Examples
        --------
        >>> from recourse.costs import MaxCost
        >>> MaxCost({"income": 2}).to_dict()
        {'name': 'max', 'combine': 'max', 'weights': {'income': 2.0}}
        """
        own = type(self).__module__.startswith("recourse.")
        kind = {} if own else {"class": importable_name("the cost's class", type(self))}
        settings = {name: plain_setting(f"the cost's {name}", value) for name, value in self._settings().items()}
        return {**kind, "name": self.name, "combine": self.combine, **settings}

    def _settings(self) -> dict[str, Any]:
        """What the constructor was told, by argument."""
        return {key: value for key, value in vars(self).items() if key != "combine"}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cost):
            return NotImplemented
        same_kind = type(self) is type(other) and self.combine == other.combine
        return same_kind and _comparable(self._settings()) == _comparable(other._settings())

    def __hash__(self) -> int:
        return hash((type(self), self.combine, _comparable(self._settings())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._arguments())})"

    def _arguments(self) -> list[str]:
        """The arguments of the call that makes this cost, as text."""
        others = {key: value for key, value in self._settings().items() if key != "weights"}
        weights = [repr(self.weights)] if self.weights else []
        return [*weights, *(f"{key}={value!r}" for key, value in others.items())]


def _comparable(value: Any) -> Any:
    """A setting as something that can be compared and hashed."""
    if isinstance(value, Mapping):
        return frozenset((key, _comparable(one)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_comparable, value))
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    return value
