"""A fitted classifier as a model: approved is what its own `predict` says, or a probability that is reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions.action_set import ActionSet
from recourse.actions.feature import FeatureActions
from recourse.arrays import BoolArray, FloatArray
from recourse.checks import number
from recourse.errors import InputError, ModelError, nearest
from recourse.menus.menus import Menus
from recourse.models.boundary import Boundary, Cut
from recourse.models.fingerprint import class_name
from recourse.models.identity import data_or_digest, estimator_identity
from recourse.models.labels import choose_label
from recourse.models.model import Model
from recourse.models.outputs import known_labels, known_probabilities
from recourse.models.statements.additive import Additive
from recourse.models.statements.network import Layers, NetworkStatement
from recourse.models.statements.network_on_menus import network_on
from recourse.models.statements.trees import TreeEnsemble
from recourse.tables import Name, rows_in_words


class Terms(Protocol):
    """A score that a reader recognised as a sum of one term a raw feature."""

    def decision(self, model: EstimatorModel, table: Any) -> FloatArray | None:
        """Return the decision value in favour of the second label; None where the estimator gives it itself."""

    def state(self, model: EstimatorModel, menus: Menus) -> Additive | None:
        """Return the terms over the menus, or None if they turn out not to add up."""

    def weights(self) -> FloatArray | None:
        """Return the weights of a linear score, in favour of the second label; None for any other."""


class Trees(Protocol):
    """A score that a reader recognised as a sum of trees."""

    def state(self, model: EstimatorModel, menus: Menus) -> TreeEnsemble | None:
        """Return the trees over the menus, or None if they turn out not to decide."""


def no_layers(estimator: Any) -> Layers | None:
    """The layers of what is no network that a reader knows."""
    return None


@dataclass(frozen=True, eq=False)
class Recognised:
    """What readers found in an estimator; by default nothing, and it is asked action by action.

    Attributes
    ----------
    terms : Terms or None
        Its score as a sum of terms.
    trees : Trees or None
        Its score as a sum of trees.
    layers : function
        Reads the estimator's layers, in favour of its second label, each time anew: networks are retrained.
    cut : Cut or None
        The boundary that the estimator sets itself.
    """

    terms: Terms | None = None
    trees: Trees | None = None
    layers: Callable[[Any], Layers | None] = no_layers
    cut: Cut | None = None


Recogniser = Callable[["EstimatorModel"], Recognised]
"""What looks into an estimator, given what it stands for (labels, threshold, margin)."""


def nothing(model: EstimatorModel) -> Recognised:
    """Recognise nothing."""
    return Recognised()


class EstimatorModel(Model):
    """Any fitted classifier with a `predict`, asked with the kind of input that it was fitted on.

    `as_model` makes these, with readers for the estimators that it knows.

    Parameters
    ----------
    estimator : object
        Fitted, with `predict` and `classes_`.
    desired : object
        The favourable label; by default 1, where the labels are {0, 1} or {−1, 1}.
    threshold : float, optional
        Approve from this probability of the desired label on, instead of by `predict`.
    margin : float
        Approve only if the decision value is also this far on the good side of the boundary.
    recognise : function
        Looks into the estimator for what a search can use.
    columns : sequence of names, optional
        What the estimator's columns are called in the tables to come, in its order, where its library rewrote names.

    Raises
    ------
    ModelError
        For an estimator that is unfitted or has no labels.
    InputError
        For settings that don't fit it.
    """

    def __init__(
        self,
        estimator: Any,
        *,
        desired: Any = None,
        threshold: float | None = None,
        margin: float = 0.0,
        recognise: Recogniser = nothing,
        columns: Sequence[Name] | None = None,
    ) -> None:
        self.estimator = estimator
        self.name = _name_of(estimator)
        self.classes = _classes(estimator)
        self.desired = choose_label(self.classes, desired)
        self.sign = 1 if self.classes[-1] == self.desired else -1
        self.threshold = _checked_threshold(estimator, threshold)
        self.margin: float = number("margin", margin, least=0)
        self.fitted_names = _fitted_names(estimator)
        self.feature_names = self.fitted_names if columns is None else tuple(columns)
        self.n_features: int | None = getattr(estimator, "n_features_in_", None)
        self._takes_table: bool | None = None

        # what readers know of it may set another boundary
        self._recognise = recognise
        self.recognised = recognise(self)
        cut = self.recognised.cut
        self.boundary = Boundary.of(self.desired, self.sign, self.threshold, self.margin, cut)
        self.bar, self.strict = self.boundary.bar, self.boundary.strict
        self.rule = self._rule(cut if self.threshold is None else None)

    def _rule(self, cut: Cut | None) -> str:
        """When a row is approved, in words."""
        if self.threshold is None:
            rule = f"prediction = {self.desired!r}"
        else:
            rule = f"P({self.desired!r}) ≥ {self.threshold:g}"
        if self.margin:
            rule += f" with a margin of {self.margin:g}"
        if cut is not None:
            compared, at = ("decision value", cut.value) if cut.probability is None else ("P", cut.probability)
            rule += f", given that {compared}({cut.label!r}) {'≥' if cut.label == self.desired else '<'} {at:g}"
        return rule

    # -- decisions ---------------------------------------------------------------------------------------------

    def on_columns(self, names: Sequence[Name]) -> EstimatorModel:
        """Return the model for a table with these columns, also where the estimator's library rewrote their names.

        LightGBM writes spaces as underscores, and several libraries numbers as text. The columns are then those whose
        rewritten names the estimator knows.

        Parameters
        ----------
        names : sequence of names
            The features of an action set.
        """
        rewritten: dict[str, list[Name]] = {}
        for name in names:
            rewritten.setdefault(_rewritten(name), []).append(name)
        fitted = self.feature_names or ()
        found = [rewritten.get(_rewritten(name), []) for name in fitted]
        if all(name in names for name in fitted) or any(len(one) != 1 for one in found):
            self.check_features(names)
            return self
        columns = [one for (one,) in found]
        return EstimatorModel(
            self.estimator,
            desired=self.desired,
            threshold=self.threshold,
            margin=self.margin,
            recognise=self._recognise,
            columns=columns,
        )

    @property
    def notes(self) -> list[str]:
        """What to know of how the model reads a table: which columns it knows under other names."""
        pairs = zip(self.fitted_names or (), self.feature_names or (), strict=True)
        other = [f"{here!r} is its {there!r}" for there, here in pairs if there != here]
        return [f"{self.name} spells names in its own way: {', '.join(other)}."] if other else []

    def check_features(self, names: Sequence[Name]) -> None:
        """Make sure that the estimator finds its columns, or as many as it was fitted on.

        Parameters
        ----------
        names : sequence of names
            The features of an action set, in its order.
        """
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
        """Ask the estimator: its `predict`, or its probability where a threshold is set, and the margin.

        Parameters
        ----------
        X : DataFrame
            n rows with the estimator's columns, in raw values.

        Returns
        -------
        bool[n]
        """
        if not len(X):
            return np.zeros(0, dtype=bool)
        table = self.input(X)
        if self.threshold is None:
            approved = known_labels(self.estimator.predict(table), self.classes, len(X), self.name) == self.desired
        else:
            approved = self._probabilities(table, len(X)) >= self.threshold
        if self.margin:
            approved = approved & (self.sign * self.decision(table) >= self.bar)
        return np.asarray(approved, dtype=bool).reshape(len(X))

    def accepts(self, row: pd.DataFrame) -> bool:
        """Say whether the estimator predicts for a row with missing values.

        Parameters
        ----------
        row : DataFrame
            One row.
        """
        try:
            self.estimator.predict(self.input(row))
        except (ValueError, TypeError):
            return False
        return True

    def check_rows(self, X: pd.DataFrame, actions: ActionSet | None = None) -> None:
        """Make sure that the estimator can judge the rows, gaps and unknown levels included.

        Parameters
        ----------
        X : DataFrame
            The people, in raw values.
        actions : ActionSet, optional
            Knows which levels the population has.

        Raises
        ------
        InputError
            Naming column, value and rows, for gaps and levels that the estimator refuses.
        """
        super().check_rows(X, actions)
        for feature in () if actions is None else actions:
            if feature.name in X.columns and not pd.api.types.is_numeric_dtype(X[feature.name].dtype):
                self._check_levels(X, feature)

    def _check_levels(self, X: pd.DataFrame, feature: FeatureActions) -> None:
        """Raise for a level that the estimator refuses, and that the action set's population does not have."""
        name, column, seen = feature.name, X[feature.name], feature.values.tolist()
        known = set(seen)
        for level in column.dropna().unique():
            if level in known:
                continue
            where = np.flatnonzero((column == level).to_numpy(dtype=bool))
            row = X.iloc[where[:1]]
            if not self.accepts(row):
                near = nearest(level, sorted(known, key=str))
                raise InputError(
                    f"column {name!r} is {level!r} in {rows_in_words(X.index, where)}, a level that nobody in the "
                    f"action set's population has, and {self.name} can't judge it. {near}"
                )

    def input(self, X: pd.DataFrame) -> Any:
        """Return rows as the estimator was fitted on them.

        Parameters
        ----------
        X : DataFrame
            n rows, in raw values.

        Returns
        -------
        DataFrame or array
            Its columns by name, in its order; an array by position if it was fitted without names.
        """
        if self.feature_names is not None:
            names = list(self.feature_names)
            table = X if names == list(X.columns) else X[names]
            return table if self.fitted_names in (None, self.feature_names) else self._respelt(table)
        if self._takes_table is None and len(X):
            self._takes_table = self._prefers_table(X.iloc[:2])
        return X if self._takes_table else X.to_numpy()

    def _respelt(self, table: pd.DataFrame) -> pd.DataFrame:
        """The estimator's columns under the names that it was fitted with."""
        assert self.fitted_names is not None
        return table.set_axis(pd.Index(list(self.fitted_names)), axis=1)

    def _prefers_table(self, rows: pd.DataFrame) -> bool:
        """Whether an estimator that knows no names takes a table all the same.

        One that counts its columns was fitted on an array, as libraries do; one that says nothing of them may pick
        columns by name. Where the likelier kind of input fails and the other does not, it is the other.
        """
        tables_first = self.n_features is None
        for takes_table in (tables_first, not tables_first):
            try:
                said = np.asarray(self.estimator.predict(rows if takes_table else rows.to_numpy()))
            except (ArithmeticError, AttributeError, AssertionError, LookupError, TypeError, ValueError):
                continue
            if said.shape[:1] == (len(rows),):
                return takes_table
        return tables_first

    # -- scores ------------------------------------------------------------------------------------------------

    @property
    def has_score(self) -> bool:
        """Whether decision values are in the units of what the model states: not where it states trees."""
        if self.recognised.trees is not None or len(self.classes) != 2:
            return False
        measured = self.recognised.terms is not None and self.recognised.terms.weights() is None
        return measured or hasattr(self.estimator, "decision_function")

    def score(self, X: pd.DataFrame) -> FloatArray:
        """Return the estimator's own decision value above the bar, larger in favour of the desired label.

        Parameters
        ----------
        X : DataFrame
            n rows, in raw values.

        Returns
        -------
        float64[n]
        """
        return self.sign * self.decision(self.input(X)) - self.bar

    def decision(self, table: Any) -> FloatArray:
        """Return the estimator's decision value in favour of its second label.

        Parameters
        ----------
        table : DataFrame or array
            n rows as the estimator takes them, see `input`.

        Returns
        -------
        float64[n]
        """
        terms = self.recognised.terms
        found = None if terms is None else terms.decision(self, table)
        if found is None:
            found = np.asarray(self.estimator.decision_function(table), dtype=np.float64).reshape(-1)
        return found

    def probabilities(self, X: pd.DataFrame) -> FloatArray | None:
        """Return the estimator's own probability of the desired label.

        Parameters
        ----------
        X : DataFrame
            n rows, in raw values.

        Returns
        -------
        float64[n] or None
            None for an estimator that gives no probabilities.
        """
        if not hasattr(self.estimator, "predict_proba"):
            return None
        return np.asarray(self._probabilities(self.input(X), len(X)), dtype=np.float64)

    def _probabilities(self, table: Any, rows: int) -> npt.NDArray[np.floating]:
        """The estimator's probability of the desired label, checked: one a label and row, none of them missing."""
        found = np.asarray(self.estimator.predict_proba(table))
        return known_probabilities(found, self.classes, rows, self.name)[:, self._column]

    @property
    def _column(self) -> int:
        """Where the desired label is among the estimator's probabilities."""
        return int(np.flatnonzero(self.classes == self.desired)[0])

    def with_threshold(self, probability: float) -> EstimatorModel | None:
        """Return the same model, approving from a probability of the desired label on.

        Parameters
        ----------
        probability : float
            Between 0 and 1.

        Returns
        -------
        EstimatorModel or None
            None for an estimator without probabilities, or for a number that no probability lies on both sides of.
        """
        if not hasattr(self.estimator, "predict_proba") or not 0 < probability < 1:
            return None
        return EstimatorModel(
            self.estimator,
            desired=self.desired,
            threshold=probability,
            recognise=self._recognise,
            columns=self.feature_names,
        )

    # -- what the model states of itself -----------------------------------------------------------------------

    def additive(self, menus: Menus) -> Additive | None:
        """Return the estimator's terms over the menus, if a reader knows it for a sum.

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        terms = self.recognised.terms
        return None if terms is None else terms.state(self, menus)

    def trees(self, menus: Menus) -> TreeEnsemble | None:
        """Return the estimator's trees over the menus, if a reader knows them.

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        trees = self.recognised.trees
        return None if trees is None else trees.state(self, menus)

    def layers(self) -> Layers | None:
        """Return the estimator's layers, with logits in favour of the desired label, if a reader knows them."""
        layers = self.recognised.layers(self.estimator)
        return layers if layers is None or self.sign > 0 else layers.negated()

    def network(self, menus: Menus) -> NetworkStatement | None:
        """Return the estimator's layers over the menus, tried against its own decisions and probabilities.

        Parameters
        ----------
        menus : Menus
            People and what they may do.
        """
        return network_on(
            self.layers(),
            menus,
            names=self.feature_names,
            bar=self.bar,
            approves=self.approves,
            compared=0.5 if self.threshold is None else self.threshold,
            precision=self.precision(menus.X),
            probabilities=self.probabilities,
        )

    def weights(self) -> FloatArray | None:
        """Return a linear estimator's weights in raw units, in favour of the desired label; None for any other."""
        found = None if self.recognised.terms is None else self.recognised.terms.weights()
        return None if found is None else self.sign * found

    @property
    def module(self) -> Any:
        """The torch module that the estimator carries as ``module_``, or None."""
        return getattr(self.estimator, "module_", None)

    def precision(self, X: pd.DataFrame) -> float:
        """Return the unit roundoff of the numbers that the estimator computes in.

        Parameters
        ----------
        X : DataFrame
            Rows as it will be asked about: single or double precision follows from their columns.
        """
        table = self.input(X)
        dtypes = list(table.dtypes) if isinstance(table, pd.DataFrame) else [table.dtype]
        unknown = np.dtype(np.float64)  # of a dtype of pandas' own that no NumPy dtype stands for
        plain = [one if isinstance(one, np.dtype) else getattr(one, "numpy_dtype", unknown) for one in dtypes]
        numbers = [one for one in plain if one.kind in "biuf"]
        kind = np.result_type(*numbers) if numbers else np.dtype(np.float64)
        return float(np.finfo(kind if kind.kind == "f" else np.float64).eps)

    def to_dict(self) -> dict[str, Any]:
        """Return which model this is, as plain data: the estimator's identity, and the settings.

        Returns
        -------
        dict
            Class, estimator, desired label, threshold and margin.
        """
        return {
            "class": class_name(type(self)),
            "estimator": estimator_identity(self.estimator),
            "desired": data_or_digest(self.desired, "the desired label"),
            "threshold": self.threshold,
            "margin": self.margin,
        }


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
    if isinstance(classes, (list, tuple)) and any(np.ndim(labels) for labels in classes):
        raise ModelError(f"this {_name_of(estimator)} predicts several outputs at once; wrap one of them.")
    return np.asarray(classes)


def _checked_threshold(estimator: Any, threshold: float | None) -> float | None:
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


def _fitted_names(estimator: Any) -> tuple[Name, ...] | None:
    """The columns that an estimator was fitted on, or None if it was fitted without names."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None and hasattr(estimator, "steps"):  # a pipeline asks its first step, even one that is skipped
        step = next((step for _, step in estimator.steps if step is not None and step != "passthrough"), None)
        return None if step is None else _fitted_names(step)
    found = None if names is None else tuple(np.asarray(names).tolist())
    # LightGBM makes up names where there were none
    return None if found is None or found == tuple(f"Column_{k}" for k in range(len(found))) else found


def _rewritten(name: Name) -> str:
    """A column's name as libraries rewrite it: as text, white space as underscores."""
    return re.sub(r"\s", "_", str(name))
