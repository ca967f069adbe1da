"""The one definition of "approved", and what else searches and studies may ask of a model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions.action_set import ActionSet
from recourse.arrays import BoolArray, FloatArray
from recourse.errors import InputError, nearest
from recourse.menus.menus import Menus
from recourse.models.fingerprint import class_name, fingerprint
from recourse.models.logits import logistic
from recourse.models.statements.additive import Additive
from recourse.models.statements.network import Layers, NetworkStatement
from recourse.models.statements.network_on_menus import network_on
from recourse.models.statements.statement import Statement
from recourse.models.statements.trees import TreeEnsemble
from recourse.tables import Name, rows_in_words


@runtime_checkable
class Model(Protocol):
    """A model with one favourable outcome: what the rest of the package may ask of it, and nothing else.

    To bring a model of your own, derive from this class and give it `name`, `desired`, `rule`, `feature_names` and
    `approves`. It is then searched action by action. Everything else has a default that claims nothing; a model that
    knows more of itself (that its score is a sum, say) overrides it and is searched in a better way.

    Attributes
    ----------
    name : str
        What reports call it.
    desired : object
        The favourable label.
    rule : str
        When a row is approved, in words.
    feature_names : tuple of names, or None
        The columns that it reads, in its own order; None where it takes every column by position.
    bar : float
        Where `score` and `layers` are measured from: people are approved from this decision value on. 0 by default.
    strict : bool
        Whether people exactly on the bar are denied. True by default.
    sign : int
        1 if the outputs of `module` speak for the desired label, −1 if for the other one.
    module : torch module or None
        A differentiable twin of the model, which gradient generators follow where it states no layers.

    Examples
    --------
    >>> class Rich(Model):
    ...     name, desired, rule, feature_names = "rich", 1, "income > 50", ("income",)
    ...
    ...     def approves(self, X):
    ...         return X["income"].to_numpy() > 50
    >>> Rich().approves(pd.DataFrame({"income": [40, 60]}))
    array([False,  True])
    >>> Rich()
    Rich(rich: approved if income > 50)
    """

    name: str
    desired: Any
    rule: str
    feature_names: tuple[Name, ...] | None
    bar: float = 0.0
    strict: bool = True
    sign: int = 1

    # -- decisions ---------------------------------------------------------------------------------------------

    @abstractmethod
    def approves(self, X: pd.DataFrame) -> BoolArray:
        """Say who gets the desired prediction. It has the last word over every search.

        Parameters
        ----------
        X : DataFrame
            n rows with at least the columns that the model reads, in raw values.

        Returns
        -------
        bool[n]
        """

    def accepts(self, row: pd.DataFrame) -> bool:
        """Say whether the model accepts a row with missing values; by default it can't.

        Parameters
        ----------
        row : DataFrame
            One row.
        """
        return False

    def check_features(self, names: Sequence[Name]) -> None:
        """Make sure that the model finds the columns it reads.

        Parameters
        ----------
        names : sequence of names
            The features of an action set, in its order.

        Raises
        ------
        InputError
            If a column that it reads is not among them.
        """
        for name in self.feature_names or ():
            if name not in names:
                raise InputError(
                    f"the model reads {name!r}, which is no feature of the action set. {nearest(name, names)}"
                )

    @property
    def notes(self) -> list[str]:
        """What to know of how the model reads a table, in sentences; nothing by default."""
        return []

    def on_columns(self, names: Sequence[Name]) -> Model:
        """Return the model for a table with these columns: itself, once it is sure to find those that it reads.

        Parameters
        ----------
        names : sequence of names
            The features of an action set, in its order.

        Raises
        ------
        InputError
            If a column that it reads is not among them.
        """
        self.check_features(names)
        return self

    def check_rows(self, X: pd.DataFrame, actions: ActionSet | None = None) -> None:
        """Make sure that the model can judge the rows, missing values included.

        Parameters
        ----------
        X : DataFrame
            The people, in raw values.
        actions : ActionSet, optional
            Knows which levels the population has.

        Raises
        ------
        InputError
            Naming column and rows, where values are missing that the model can't do without.
        """
        gaps = X[list(X.columns if self.feature_names is None else self.feature_names)].isna()
        for name in gaps.columns:
            where = np.flatnonzero(gaps[name].to_numpy())
            if len(where) and not self.accepts(_row_without(X, gaps, name, where)):
                raise InputError(
                    f"column {name!r} is missing in {rows_in_words(X.index, where)}, and {self.name} does not "
                    "accept missing values; fill them, leave the rows out, or put an imputer into the pipeline."
                )

    # -- scores ------------------------------------------------------------------------------------------------

    @property
    def has_score(self) -> bool:
        """Whether `score` gives numbers, in the units of what the model states of itself."""
        return type(self).score is not Model.score

    def score(self, X: pd.DataFrame) -> FloatArray | None:
        """Return how far above the bar rows are, larger in favour of the desired label.

        Parameters
        ----------
        X : DataFrame
            n rows, as for `approves`.

        Returns
        -------
        float64[n] or None
            None (the default) for a model without a score of its own.
        """
        return None

    def probabilities(self, X: pd.DataFrame) -> FloatArray | None:
        """Return the probability of the desired label.

        Parameters
        ----------
        X : DataFrame
            n rows, as for `approves`.

        Returns
        -------
        float64[n] or None
            By default the logistic function of `score`, and None without a score.
        """
        score = self.score(X) if self.has_score else None
        return None if score is None else logistic(np.asarray(score, dtype=np.float64))

    @property
    def original(self) -> Model:
        """The model before its bar was moved: itself, unless it is a `MovedBar`."""
        return self

    def with_threshold(self, probability: float) -> Model | None:
        """Return the same model, approving from a probability of the desired label on.

        Parameters
        ----------
        probability : float
            Between 0 and 1.

        Returns
        -------
        Model or None
            None (the default) where the model compares no probabilities.
        """
        return None

    # -- what the model states of itself -----------------------------------------------------------------------

    def states(self, menus: Menus) -> Statement | None:
        """Return what the model states of itself on these menus, as data that a search can use.

        A sum of terms, where the menus' conditions leave sums of use; else a sum of trees; else a network. A model
        states nothing that it has not tried on random actions.

        Parameters
        ----------
        menus : Menus
            People and what they may do.

        Returns
        -------
        Additive, TreeEnsemble, NetworkStatement or None
            None for a model that is asked action by action.
        """
        sums = self.additive(menus) if menus.has_rows else None
        if sums is not None:
            return sums
        trees = self.trees(menus)
        return self.network(menus) if trees is None else trees

    def additive(self, menus: Menus) -> Additive | None:
        """Return the model's terms over the menus.

        Parameters
        ----------
        menus : Menus
            People and what they may do.

        Returns
        -------
        Additive or None
            None (the default) for a model that is not known to be additive.
        """
        return None

    def trees(self, menus: Menus) -> TreeEnsemble | None:
        """Return the model's trees, and where the states of the menus lie among their thresholds.

        Parameters
        ----------
        menus : Menus
            People and what they may do.

        Returns
        -------
        TreeEnsemble or None
            None (the default) for a model that is not known to be a sum of trees.
        """
        return None

    def layers(self) -> Layers | None:
        """Return the layers of a network, with logits in favour of the desired label; None (the default) for others."""
        return None

    def network(self, menus: Menus) -> NetworkStatement | None:
        """Return the model's layers over the menus.

        Parameters
        ----------
        menus : Menus
            People and what they may do.

        Returns
        -------
        NetworkStatement or None
            None where no layers are known to decide.
        """
        return network_on(self.layers(), menus, names=self.feature_names, bar=self.bar, approves=self.approves)

    def weights(self) -> FloatArray | None:
        """Return a linear model's weights in favour of the desired label, in the order of `feature_names`."""
        return None

    @property
    def module(self) -> Any:
        """A differentiable twin of the model in PyTorch, or None."""
        return None

    def precision(self, X: pd.DataFrame) -> float:
        """Return the unit roundoff of the numbers that the model computes in.

        Parameters
        ----------
        X : DataFrame
            Rows as it will be asked about.
        """
        return float(np.finfo(np.float64).eps)

    # -- what it is --------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return which model this is, as plain data that is the same in every process.

        Returns
        -------
        dict
            By default the class, and a SHA-256 of everything that the object holds.

        Raises
        ------
        InputError
            For a part without content to compare, such as a lambda.
        """
        settings = {"name": self.name, "desired": self.desired, "rule": self.rule, "features": self.feature_names}
        state = fingerprint({**settings, **vars(self)}, f"this {type(self).__name__}")
        return {"class": class_name(type(self)), "state": state}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}: approved if {self.rule})"


def _row_without(X: pd.DataFrame, gaps: pd.DataFrame, name: Name, where: npt.NDArray[np.int64]) -> pd.DataFrame:
    """One row without this column's value but, as far as anybody has one, with a value in every other column."""
    # whoever lacks the fewest values besides
    first = int(where[np.argmin(gaps.iloc[where].sum(axis=1).to_numpy())])
    row = X.iloc[[first]].copy()
    for other in gaps.columns[gaps.iloc[first].to_numpy()]:
        known = X[other].dropna()
        if other != name and len(known):
            row[other] = known.iloc[:1].set_axis(row.index)
    return row
