"""What an action set carries for the old library alone.

Its names (they resolve, but stay out of completion), kernel-density percentiles, its grid of target values, its
subset limits, and the signs that `align` records for display. The old library's classes are in `recourse.legacy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions.constraints.constraint import Constraint
from recourse.actions.constraints.group_limits import GroupLimit, OneHot
from recourse.actions.percentiles import Distribution
from recourse.actions.variable_types import LEVEL_TYPES
from recourse.arrays import FloatArray
from recourse.errors import InputError
from recourse.tables import Name

OLD_SETTINGS = {"mutable": "actionable"}
"""Older names of settings of a feature, and what each is called now."""

OLD_FEATURE_NAMES = ("mutable", "grid", "flip_direction", "compatible")
OLD_SET_NAMES = (
    *OLD_FEATURE_NAMES,
    "align",
    "set_alignment",
    "alignment",
    "alignment_known",
    "df",
    "feasible_grid",
    "y_desired",
)


class ObservedFeature(Protocol):
    """What this module asks of a `FeatureActions`."""

    @property
    def name(self) -> Name: ...
    @property
    def variable_type(self) -> str: ...
    @property
    def ordered(self) -> bool: ...
    @property
    def bounds(self) -> tuple[Any, Any]: ...
    @property
    def values(self) -> npt.NDArray[Any]: ...
    @property
    def observed(self) -> Distribution: ...
    def decode(self, codes: FloatArray) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, eq=False)
class SmoothDistribution:
    """Percentiles as actionable-recourse computed them: a Gaussian density, summed over a feature's grid.

    With the density at the grid's points k, F_k = (1e-6 + Σ_{i≤k} density_i) / (Σ density + 2e-6), linear in
    between, and 1e-6 below and 1 − 1e-6 above the grid. So F depends on the grid, and not only on the people.
    """

    grid: FloatArray
    heights: FloatArray

    @classmethod
    def of(cls, observed: Distribution, grid: FloatArray) -> SmoothDistribution:
        """Smooth what was observed, with Scott's bandwidth; the people must not all be the same."""
        arrays = (observed.values, observed.counts, grid)
        values, counts, points = (np.ascontiguousarray(array, np.float64).tobytes() for array in arrays)
        density = _density(values, counts, points)
        return cls(grid, (TAIL + np.cumsum(density)) / (density.sum() + 2 * TAIL))

    def cdf(self, at: Any) -> FloatArray:
        """Return F(v); NaN where v is missing."""
        shares: FloatArray = np.interp(at, self.grid, self.heights, left=TAIL, right=1 - TAIL)
        return shares


TAIL = 1e-6
"""What a smooth distribution leaves below its grid, and above it."""


@lru_cache(maxsize=256)
def _density(values: bytes, counts: bytes, grid: bytes) -> FloatArray:
    """The Gaussian kernel density at the grid's points. The key is the content, so that it can't be stale."""
    observed = Distribution(np.frombuffer(values), np.frombuffer(counts))  # type: ignore[arg-type]
    n, points = float(observed.counts.sum()), np.frombuffer(grid)
    width = observed.spread * n ** (-1 / 5)
    weights = observed.counts / (n * width * np.sqrt(2 * np.pi))
    density = np.empty(len(points))
    for start in range(0, len(points), 256):  # a block at a time: the whole table would be large
        part = slice(start, start + 256)
        density[part] = np.exp(-0.5 * ((points[part, None] - observed.values[None, :]) / width) ** 2) @ weights
    density.setflags(write=False)
    return density


def slopes(classifier: Any, features: Sequence[ObservedFeature]) -> FloatArray:
    """Return a number for each feature whose sign is the way that it moves the score.

    classifier : coefficients in the order of the features, or a fitted classifier with `coef_` (matched by
        name where it was fitted on names); any other one is probed, see `ActionSet.align`.
    """
    weights = getattr(classifier, "coef_", classifier)
    fitted = getattr(classifier, "feature_names_in_", None)
    if hasattr(weights, "predict"):
        return _probe(classifier, features, fitted)
    weights = np.asarray(weights, dtype=np.float64).ravel()
    if fitted is not None:
        weight_of = dict(zip(fitted.tolist(), weights, strict=True))
        return np.array([weight_of.get(feature.name, 0.0) for feature in features])
    if len(weights) != len(features):
        raise InputError(f"{len(weights)} coefficients for {len(features)} features.")
    return weights


def _probe(classifier: Any, features: Sequence[ObservedFeature], fitted: Any) -> FloatArray:
    """The score at each feature's upper bound minus that at its lower one, the others at their medians."""
    middle = {feature.name: _middle(feature) for feature in features}
    people = [dict(middle) for _ in range(2 * len(features))]
    for low, high, feature in zip(people[::2], people[1::2], features, strict=True):
        if feature.ordered:
            low[feature.name], high[feature.name] = feature.bounds
    rows = pd.DataFrame(people)
    table = rows.to_numpy() if fitted is None else rows[list(fitted)]
    score = getattr(classifier, "decision_function", None)
    scores = score(table) if score is not None else classifier.predict_proba(table)[:, -1]
    scores = np.asarray(scores, dtype=np.float64).reshape(len(rows))
    return scores[1::2] - scores[::2]


def _middle(feature: ObservedFeature) -> Any:
    """The median, or the level in the middle of the list."""
    median = feature.observed.quantile(50)
    return feature.decode(np.array([median if feature.variable_type == "real" else round(median)]))[0]


def target_values(low: float, high: float, step: float) -> FloatArray:
    """Return the grid of actionable-recourse 1.0.1, whose last value may be above `high`, by up to a step.

    >>> target_values(0.0, 1.0, 0.4).tolist()
    [0.0, 0.4, 0.8, 1.2000000000000002]
    """
    return np.arange(low, high + step, step)


class OldFeatureNames:
    """What a feature is also called, and what `ActionSet.align` recorded of it."""

    _actionable: bool
    _step_direction: int
    _flip_direction: int | None

    @property
    def mutable(self) -> bool:
        """The older name of `actionable`."""
        return self._actionable

    @property
    def grid(self) -> npt.NDArray[Any]:
        """The older name of `target_values`."""
        values: npt.NDArray[Any] = getattr(self, "target_values")  # noqa: B009 - of the class that this is mixed into
        return values

    @property
    def flip_direction(self) -> int | None:
        """Which way the model rewards: 1 up, −1 down, 0 neither, None before `ActionSet.align`; no search reads it."""
        return self._flip_direction

    @property
    def compatible(self) -> bool | None:
        """Whether the feature is actionable and may move the way that `flip_direction` says; None before `align`."""
        if self._flip_direction is None:
            return None
        return self._actionable and self._flip_direction != 0 and self._flip_direction != -self._step_direction

    def record_direction(self, sign: int) -> None:
        """Record which way the model rewards, for display."""
        object.__setattr__(self, "_flip_direction", sign)

    def __dir__(self) -> list[str]:
        hidden = (*OLD_FEATURE_NAMES, "record_direction")
        return [name for name in super().__dir__() if name not in hidden]


class OldActionSetNames:
    """What an action set also answers to, and what `align` records; no search reads it."""

    _features: list[Any]
    _constraints: dict[int, Constraint]
    _y_desired: int
    names: Any
    dtypes: Any
    to_frame: Any

    @property
    def y_desired(self) -> int:
        """1 if the second of a model's two labels is wanted, −1 if the first; may be assigned (0 means −1)."""
        return self._y_desired

    @y_desired.setter
    def y_desired(self, value: int) -> None:
        sign = sign_of(value)
        if sign != self._y_desired and self.alignment_known:
            self._flip_directions([-int(feature.flip_direction or 0) for feature in self._features])
        object.__setattr__(self, "_y_desired", sign)

    def align(self, *classifier: Any, **by_name: Any) -> None:
        """Record which way each feature moves a model's score, for display: `flip_direction` and `compatible`.

        classifier : a fitted classifier or pipeline (also ``clf=``, ``classifier=``), or its coefficients
            (also ``coefficients=``), an intercept being ignored. A classifier without `coef_` is probed: each
            feature in turn goes from its lower to its upper bound, the others staying at their medians.

        No search and no verb reads this; each works out for itself what its own model rewards.

        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 3, 7], "income": [1.5, 2.0, 4.25], "age": [30, 40, 50]})
        >>> A["overdue"].step_direction = 1
        >>> A.align(coefficients=[-2.0, 0.5, 0.0])
        >>> A.flip_direction, A.compatible
        ([-1, 1, 0], [False, True, False])
        """
        given = [*classifier[:1], *(by_name[key] for key in ("clf", "classifier", "coefficients") if key in by_name)]
        unknown = set(by_name) - {"clf", "classifier", "coefficients", "intercept"}
        if len(given) != 1 or unknown or len(classifier) > 2:
            raise TypeError("align takes one of clf=, classifier= and coefficients= (or it as first argument).")
        signs = self._y_desired * np.sign(slopes(given[0], self._features))
        self._flip_directions(signs.astype(int).tolist())

    set_alignment = align

    @property
    def alignment_known(self) -> bool:
        """Whether `align` has been called."""
        return all(feature.flip_direction is not None for feature in self._features)

    def alignment(self) -> dict[str, pd.Series[Any]]:
        """Return two columns for display, one value a feature: `compatible` and `flip_direction`."""
        names = ("compatible", "flip_direction")
        return {name: pd.Series([getattr(f, name) for f in self._features], dtype=object) for name in names}

    def _flip_directions(self, signs: Sequence[int]) -> None:
        for feature, sign in zip(self._features, signs, strict=True):
            feature.record_direction(sign)

    @property
    def df(self) -> pd.DataFrame:
        """The settings under the older column names, with `compatible` and `flip_direction`."""
        frame = self.to_frame().rename(columns={"size": "grid_size"})
        older = ["name", "variable_type", "lb", "ub", "grid_size", "step_size", "actionable", "step_direction"]
        frame = frame[older]
        alignment = self.alignment()
        frame.insert(7, "compatible", alignment["compatible"])
        return frame.assign(flip_direction=alignment["flip_direction"])

    def feasible_grid(
        self, x: Any, return_actions: bool = True, return_percentiles: bool = True, return_compatible: bool = True
    ) -> Any:
        """Return what a person at `x` may do about each feature, for display: {name: changes}, {name: percentiles}.

        return_actions : changes (0 for staying) rather than the new values
        return_percentiles : also the percentiles of the new values, as a second dictionary
        return_compatible : once aligned, only compatible features, and only moves that help (all moves of
            features in a joint constraint); otherwise every feature with all its moves

        Values ascend and include today's. `menus` is what searches read.

        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 1, 2, 2]}, default_bounds=(0, 2))
        >>> A.feasible_grid([1])
        ({'overdue': array([-1,  0,  1])}, {'overdue': array([0.2, 0.4, 0.8])})
        """
        row = tables.read_row(x, self.names, self.dtypes)
        tied = {name for constraint in self._constraints.values() for name in constraint.features}
        moves, shares = {}, {}
        for feature in self._features:
            today = row[feature.name].iloc[0]
            values = feature.feasible_values(today)
            if feature.variable_type in LEVEL_TYPES:
                moves[feature.name] = values
                continue
            values = np.sort(values)
            if return_compatible and feature.compatible is not None and feature.name not in tied:
                if not feature.compatible:
                    continue
                values = values[(values - today) * feature.flip_direction >= 0]
            moves[feature.name] = values - today if return_actions else values
            shares[feature.name] = feature.percentile(values)
        return (moves, shares) if return_percentiles else moves

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in OLD_SET_NAMES]


def subset_limit(kind: str, members: Sequence[ObservedFeature], lb: int, ub: int) -> Constraint:
    """Return the constraint that the older `add_constraint("subset_limit", …)` stands for."""
    if kind != "subset_limit":
        raise InputError(f"{kind!r} is no constraint: give one of recourse.constraints, or say 'subset_limit'.")
    names = [feature.name for feature in members]
    group = GroupLimit(names, lb, ub)
    for feature in members:
        if feature.variable_type != "boolean":
            raise InputError(f"a subset limit counts 0/1 features that are on; {feature.name!r} is not one.")
    everybody_has_one = sum(int(f.values.sum()) for f in members) == len(members[0].values)
    return OneHot(names) if (group.lb, group.ub) in ((0, 1), (1, 1)) and everybody_has_one else group


def sign_of(y_desired: Any) -> int:
    """1 for the second label, −1 for the first."""
    if isinstance(y_desired, str) or y_desired not in (-1, 0, 1):
        raise InputError(
            f"y_desired must be 1, 0 or −1, not {y_desired!r}; name other labels with desired=, as in "
            "rs.audit(model, X, actions, desired=…)."
        )
    return 1 if y_desired > 0 else -1
