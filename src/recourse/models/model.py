"""What a model is to everything else here: something that approves or denies rows of a table.

"Approved" has one definition, the user's own `predict` (or a threshold that the user names) giving the
desired label. A model may also state what it knows of itself, as data: an `Additive` model's score is a
sum of one term a feature, and searches that understand that ask for nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.errors import InputError, ModelError, nearest
from recourse.tables import Name, rows_in_words

if TYPE_CHECKING:
    from recourse.actions.grid import ActionGrid
    from recourse.models.layers import Layers, Network

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Additive:
    """What an additive model states about the people and menus of one grid.

    Person i with picks p is approved if ``score[i] + Σ_j gains[item p_j] > 0`` (``≥ 0`` unless `strict`),
    up to `tolerance`: a bound on how far this sum may be from the model's own score, in rounding.

    score : float64[n], today's distance above the bar; gains : float64[items], along the grid's items,
    0 for staying. Gains may have any sign and need not grow with the move.
    quantum : where all arithmetic is exact (whole points, say), every sum is a multiple of this, and a sum on
    the bar is told from one above it for certain; 0 where sums are rounded.
    """

    score: FloatArray
    gains: FloatArray
    strict: bool
    tolerance: float
    quantum: float = 0.0

    @property
    def lowered(self) -> float:
        """How far to raise the bar (below 0: lower it) so that whatever is out of reach then is so for certain."""
        return (self.quantum if self.strict else -self.quantum) / 2 if self.quantum else -self.tolerance

    @property
    def raised(self) -> float:
        """How far to raise the bar so that whatever reaches it is approved."""
        return self.lowered if self.quantum else self.tolerance


FINEST = 2.0**-10
"""Numbers that are multiples of this, and not too large, multiply and add up without rounding."""


def exact(values: npt.ArrayLike) -> bool:
    """Whether all values are multiples of `FINEST`.

    >>> exact([0.5, 3, -7.25]), exact([0.1])
    (True, False)
    """
    units = np.asarray(values, dtype=np.float64) / FINEST
    return bool(np.array_equal(units, np.round(units)))


def quantum_of(score: FloatArray, gains: FloatArray, size: float) -> float:
    """Return the largest power of two, at most 1, of which all exact sums are multiples; 0 if sums may round.

    size : a bound on the sum of the terms' magnitudes. Callers see to it that every term is a product of exact
    numbers (`exact`), so that up to 2³⁰ nothing is rounded, in whatever order it is added.
    """
    if not size < 2.0**30:
        return 0.0
    for power in range(21):
        unit = 2.0**-power
        if all(np.array_equal(array / unit, np.round(array / unit)) for array in (score, gains)):
            return unit
    return 0.0


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """What a sum of trees states about the people and menus of one grid.

    A row is approved if the sum of its leaves' values lies above `bar` (at or above, unless `strict`), up to
    `tolerance`: a bound on how far that sum may be from the model's own, in rounding. Trees see *columns*, and of
    a column only its *cell*: where it lies among the column's thresholds, or which category it is.

    roots : int32[trees], the first node of each tree
    test : int32[nodes], which test a node makes, −1 at a leaf; left, right : int32[nodes], where it leads
    value : float64[nodes], what a leaf is worth in favour of the desired label
    column, cut, kind : int32[tests], sorted by (column, kind, cut). Kind 0 and 1: cells up to `cut` go left,
        missing values (cell −1) go right (0) or left (1). Kind 2: the cells in row `cut` of `sets` go left.
    sets : bool[sets, cells]
    columns : for each block of the grid, the columns that its features determine
    cells : for each block, int32[its domain, its columns], the cells of each of its states
    today : int32[n, all columns], everybody's cells as they are
    """

    roots: npt.NDArray[np.int32]
    test: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: FloatArray
    column: npt.NDArray[np.int32]
    cut: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int32]
    sets: BoolArray
    columns: tuple[npt.NDArray[np.int32], ...]
    cells: tuple[npt.NDArray[np.int32], ...]
    today: npt.NDArray[np.int32]
    bar: float
    strict: bool
    tolerance: float

    def cells_at(self, grid: ActionGrid, people: npt.ArrayLike, picks: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Return the cells that actions lead to: int32[k, all columns]."""
        at = self.today[np.asarray(people, dtype=np.int64)].copy()
        states = grid.codes[grid.items(people, picks)]
        for j, columns in enumerate(self.columns):
            at[:, columns] = self.cells[j][states[:, j]]
        return at

    def scores(self, cells: npt.NDArray[np.int32]) -> FloatArray:
        """Return the sums of leaves, less the bar, of rows given by their cells."""
        total = np.full(len(cells), -self.bar)
        rows = np.arange(len(cells))
        for root in self.roots:
            node = np.full(len(cells), root)
            while (inner := np.flatnonzero(self.test[node] >= 0)).size:
                test = self.test[node[inner]]
                cell, cut, kind = cells[rows[inner], self.column[test]], self.cut[test], self.kind[test]
                goes = (cell <= cut) & ((cell >= 0) | (kind == 1))
                by_set = np.flatnonzero(kind == 2)
                goes[by_set] = self.sets[cut[by_set], cell[by_set]]
                node[inner] = np.where(goes, self.left[node[inner]], self.right[node[inner]])
            total += self.value[node]
        return total


def gains_along(grid: ActionGrid, worth: Callable[[Name, npt.NDArray[Any]], FloatArray | None]) -> FloatArray:
    """Return the gain of each of a grid's items: what its values are worth beyond today's, over all features.

    worth : asked once for each feature, with the values of its domain; None where the model doesn't read it
    """
    gains = np.zeros(len(grid.codes))
    first = grid.row_ptr[:-1]
    for block, domains, items in zip(grid.blocks, grid.domains, grid.block_items, strict=True):
        today = grid.codes[first[grid.item_row[items]]]
        for name, domain in zip(block, domains, strict=True):
            terms = worth(name, domain)
            if terms is not None:
                gains[items] += terms[grid.codes[items]] - terms[today]
    return gains


class Model(ABC):
    """A model with one favourable outcome.

    name : what to call it in reports; desired : the favourable label; rule : when a row is approved, in
    words; feature_names : the columns it reads, or None where it takes every column by position.
    """

    name: str
    desired: Any
    rule: str
    feature_names: tuple[Name, ...] | None

    @abstractmethod
    def approves(self, X: pd.DataFrame) -> BoolArray:
        """Return for each row whether the model gives the desired prediction."""

    def additive(self, grid: ActionGrid) -> Additive | None:
        """Return the model's terms over a grid's menus, or None if it is not known to be additive."""
        return None

    def trees(self, grid: ActionGrid) -> TreeEnsemble | None:
        """Return the model's trees and the cells of a grid's menus, or None if it is not known to be a sum of trees."""
        return None

    def layers(self) -> Layers | None:
        """Return the layers of a network, with logits in favour of the desired label, or None if none are known."""
        return None

    def network(self, grid: ActionGrid) -> Network | None:
        """Return the model's layers over a grid's menus, or None if none are known to decide."""
        from recourse.models.layers import network_on

        return network_on(self, grid)

    def check_features(self, names: Sequence[Name]) -> None:
        """Raise `InputError` unless every column the model reads is among `names`."""
        for name in self.feature_names or ():
            if name not in names:
                raise InputError(
                    f"the model reads {name!r}, which is no feature of the action set. {nearest(name, names)}"
                )

    def accepts(self, row: pd.DataFrame) -> bool:
        """Whether the model can judge a row with missing values; by default it can't."""
        return False

    def check_rows(self, X: pd.DataFrame) -> None:
        """Raise `InputError`, naming column and rows, where values are missing that the model can't do without."""
        gaps = X[list(X.columns if self.feature_names is None else self.feature_names)].isna()
        for name in gaps.columns:
            where = np.flatnonzero(gaps[name].to_numpy())
            if len(where) and not self.accepts(_only_missing(X, gaps, name, where)):
                raise InputError(
                    f"column {name!r} is missing in {rows_in_words(X.index, where)}, and {self.name} does not "
                    "accept missing values; fill them, leave the rows out, or put an imputer into the pipeline."
                )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}: approved if {self.rule})"


class EstimatorModel(Model):
    """Any fitted classifier with a `predict`, asked with the kind of input that it was fitted on."""

    def __init__(
        self, estimator: Any, *, desired: Any = None, threshold: float | None = None, margin: float = 0.0
    ) -> None:
        self.estimator = estimator
        self.name = _name_of(estimator)
        self.classes = _classes(estimator)
        self.desired = choose_label(self.classes, desired)
        self.threshold = _threshold(estimator, threshold)
        self.margin = _margin(margin)
        self.feature_names = _fitted_names(estimator)
        self.n_features: int | None = getattr(estimator, "n_features_in_", None)
        if self.threshold is None:
            self.rule = f"prediction = {self.desired!r}"
        else:
            self.rule = f"P({self.desired!r}) ≥ {self.threshold:g}"
        if self.margin:
            self.rule += f" with a margin of {self.margin:g}"

    @property
    def sign(self) -> int:
        """1 if a larger decision value favours the desired label of two, −1 if it is the other one's."""
        return 1 if self.classes[-1] == self.desired else -1

    @property
    def bar(self) -> float:
        """Where the signed decision value approves: 0 for `predict`, logit(threshold) for a probability."""
        t = self.threshold
        return self.margin + (0.0 if t is None else float(np.log(t) - np.log1p(-t)))

    @property
    def strict(self) -> bool:
        """Whether a decision value on the bar is denied: scikit-learn predicts the second class above 0."""
        return self.threshold is None and not self.margin and self.sign > 0

    def check_features(self, names: Sequence[Name]) -> None:
        super().check_features(names)
        if self.feature_names is None and self.n_features not in (None, len(names)):
            raise InputError(
                f"the model was fitted on {self.n_features} columns without names, but the action set has "
                f"{len(names)} features; they must be the same columns in the same order."
            )

    def check_margin(self) -> None:
        """Raise `InputError` if a margin is asked for and the estimator has no decision value to measure it on."""
        if self.margin and not hasattr(self.estimator, "decision_function"):
            raise InputError(
                f"a {self.name} has no decision_function, so margin= means nothing; use threshold= for a "
                "probability to be reached."
            )
        if self.margin and len(self.classes) != 2:
            raise InputError(f"margin= needs a model of two labels; this {self.name} has {len(self.classes)}.")

    def approves(self, X: pd.DataFrame) -> BoolArray:
        if not len(X):
            return np.zeros(0, dtype=bool)
        table = self.input(X)
        if self.threshold is None:
            approved = np.asarray(self.estimator.predict(table)) == self.desired
        else:
            approved = self.estimator.predict_proba(table)[:, self._column] >= self.threshold
        if self.margin:
            approved = approved & (self.sign * self.decision(table) >= self.bar)
        return np.asarray(approved, dtype=bool).reshape(len(X))

    def layers(self) -> Layers | None:
        from recourse.models.layers import layers_of

        layers = layers_of(self.estimator)
        return layers if layers is None or self.sign > 0 else layers.negated()

    def network(self, grid: ActionGrid) -> Network | None:
        from recourse.models.layers import network_on

        probabilities = self._probabilities if hasattr(self.estimator, "predict_proba") else None
        compared = 0.5 if self.threshold is None else self.threshold
        return network_on(
            self,
            grid,
            compared=compared,
            precision=working_precision(self.input(grid.X)),
            probabilities=probabilities,
        )

    def _probabilities(self, X: pd.DataFrame) -> FloatArray:
        return np.asarray(self.estimator.predict_proba(self.input(X)), dtype=np.float64)[:, self._column]

    @property
    def _column(self) -> int:
        """Where the desired label is among the estimator's probabilities."""
        return int(np.flatnonzero(self.classes == self.desired)[0])

    def accepts(self, row: pd.DataFrame) -> bool:
        try:
            self.estimator.predict(self.input(row))
        except (ValueError, TypeError):
            return False
        return True

    def input(self, X: pd.DataFrame) -> Any:
        """Return rows as the estimator was fitted on them: named columns, or an array by position."""
        if self.feature_names is not None:
            names = list(self.feature_names)
            return X if names == list(X.columns) else X[names]
        return X.to_numpy()

    def score(self, X: pd.DataFrame) -> FloatArray:
        """Return the estimator's own decision value above the bar, larger in favour of the desired label."""
        return self.sign * self.decision(self.input(X)) - self.bar

    def decision(self, table: Any) -> FloatArray:
        """Return the estimator's decision value in favour of its second label, for rows as it takes them."""
        return np.asarray(self.estimator.decision_function(table), dtype=np.float64).reshape(-1)


def working_precision(table: Any) -> float:
    """Return the unit roundoff of the numbers that an estimator computes in for this input."""
    dtypes = list(table.dtypes) if isinstance(table, pd.DataFrame) else [table.dtype]
    plain = [one if isinstance(one, np.dtype) else getattr(one, "numpy_dtype", np.dtype(np.float64)) for one in dtypes]
    kind = np.result_type(*plain) if plain else np.dtype(np.float64)
    return float(np.finfo(kind if kind.kind == "f" else np.float64).eps)


def choose_label(classes: npt.NDArray[Any], desired: Any) -> Any:
    """Return the favourable one of a model's labels: the one named, or 1 of {0, 1} or {−1, 1}."""
    listed = ", ".join(repr(_plain(label)) for label in classes)
    if desired is None:
        numeric = classes.dtype.kind in "biuf"
        if len(classes) == 2 and numeric and set(classes.tolist()) in ({0, 1}, {-1, 1}):
            return _plain(classes[1])
        if len(classes) != 2:
            raise ModelError(
                f"the model has {len(classes)} labels ({listed}), but recourse needs one favourable outcome "
                "against the rest: name it with desired=."
            )
        raise InputError(f"which label is favourable? Name it with desired=: {listed}.")
    for label in classes:
        if label == desired or str(_plain(label)) == str(desired):
            return _plain(label)
    for label in classes:
        if _same_number(_plain(label), desired):
            return _plain(label)
    raise InputError(f"desired={desired!r} is none of the model's labels: {listed}.")


def label_of_sign(estimator: Any, sign: int) -> Any:
    """Return the label that `ActionSet.y_desired` stands for with this model, to be passed on as ``desired=``.

    1, or a `Model` (which says itself what it wants), is None: the default of `as_model`; −1 is the first label.
    """
    if sign > 0 or isinstance(estimator, Model):
        return None
    classes = np.asarray(getattr(estimator, "classes_", ()))
    if len(classes) != 2:
        raise InputError(
            f"y_desired = −1 stands for the first of two labels, but this model has {len(classes)}; "
            "name one with desired= instead."
        )
    return _plain(classes[0])


def _only_missing(X: pd.DataFrame, gaps: pd.DataFrame, name: Name, where: npt.NDArray[np.int64]) -> pd.DataFrame:
    """A row without this column's value and, as far as others have one, with all the others' values."""
    first = int(where[np.argmin(gaps.iloc[where].sum(axis=1).to_numpy())])
    row = X.iloc[[first]].copy()
    for other in gaps.columns[gaps.iloc[first].to_numpy()]:
        known = X[other].dropna()
        if other != name and len(known):
            row[other] = known.iloc[:1].set_axis(row.index)
    return row


def _same_number(label: Any, desired: Any) -> bool:
    """Whether a number among the labels is the one that was spelt: '1' is 1.0."""
    if isinstance(label, (str, bool)) or not isinstance(desired, str):
        return False
    try:
        return bool(float(desired) == label)
    except (TypeError, ValueError):
        return False


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def _name_of(estimator: Any) -> str:
    steps = getattr(estimator, "steps", None)
    if steps:
        return " → ".join(type(step).__name__ if step != "passthrough" else "passthrough" for _, step in steps)
    return str(getattr(estimator, "display_name", type(estimator).__name__))


def _classes(estimator: Any) -> npt.NDArray[Any]:
    """The labels of a fitted classifier, or an error that says what is missing."""
    if not callable(getattr(estimator, "predict", None)):
        raise ModelError(f"a {type(estimator).__name__} has no predict method; it can't be used as a model.")
    if hasattr(estimator, "get_params"):
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            check_is_fitted(estimator)
        except NotFittedError:
            raise ModelError(f"this {_name_of(estimator)} is not fitted; call its fit method first.") from None
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        raise ModelError(
            f"this {_name_of(estimator)} has no classes_: recourse needs a classifier, with labels to choose from."
        )
    if isinstance(classes, list):
        raise ModelError(f"this {_name_of(estimator)} predicts several outputs at once; wrap one of them.")
    return np.asarray(classes)


def _threshold(estimator: Any, threshold: float | None) -> float | None:
    if threshold is None:
        return None
    if isinstance(threshold, str) or not 0 < threshold < 1:
        raise InputError(f"threshold must be a probability between 0 and 1, not {threshold!r}.")
    if not hasattr(estimator, "predict_proba"):
        raise InputError(
            f"a {_name_of(estimator)} gives no probabilities, so threshold= means nothing; use margin= for a "
            "distance of its decision value from the boundary."
        )
    return float(threshold)


def _margin(margin: float) -> float:
    if isinstance(margin, str) or not (np.isfinite(margin) and margin >= 0):
        raise InputError(f"margin must be a finite number ≥ 0, not {margin!r}.")
    return float(margin)


def _fitted_names(estimator: Any) -> tuple[Name, ...] | None:
    names = getattr(estimator, "feature_names_in_", None)
    if names is None and hasattr(estimator, "steps"):  # a pipeline asks its first step, even one that is skipped
        step = next((step for _, step in estimator.steps if step is not None and step != "passthrough"), None)
        return None if step is None else _fitted_names(step)
    found = None if names is None else tuple(np.asarray(names).tolist())
    # LightGBM makes up names where there were none
    return None if found is None or found == tuple(f"Column_{k}" for k in range(len(found))) else found
