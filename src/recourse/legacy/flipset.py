"""`Flipset` of the old library: one person's actions as a table."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import numpy.typing as npt
import pandas as pd

from recourse.actions import ActionSet
from recourse.errors import InputError, nearest
from recourse.flipsets.result import FlipsetResult
from recourse.legacy.classifier import Classifier
from recourse.legacy.items import ask_flipset, enumeration_of, feature_info
from recourse.legacy.latex import latex_table
from recourse.search import Status
from recourse.tables import read_row


class Flipset:
    """The actions that flip one person's prediction, as a table; `populate` finds them.

    Of a linear classifier's features, only those moves are listed that raise the score.

    Which label is wanted follows the action set's `y_desired`.

    Parameters
    ----------
    x : one person
        A row, a mapping, or values in the action set's order.
    action_set : ActionSet
        What the person can do. It is read and never changed.
    *classifier
        The classifier may also be given positionally: a fitted one, or coefficients and perhaps an intercept.
    **settings
        clf, classifier : a fitted classifier or pipeline, or a `Model`.
        coefficients, intercept : instead, the weights of a linear score, approved above 0.
        threshold, margin : see `as_model`.
        solver : names of the old library's solvers are accepted; all mean this package's own search.

    Raises
    ------
    InputError
        If the person, the action set or a setting can't be used.
    TypeError
        If there is no classifier, or more than one, or an unknown argument.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"overdue": [0, 1, 4, 7], "income": [1, 2, 3, 9]}, default_bounds=(0, 9))
    >>> fs = Flipset([7, 1], A, coefficients=[-1.0, 1.0]).populate(cost_type="total")
    >>> fs.df[["size", "features", "x", "x_new"]]
       size           features       x   x_new
    0     1           [income]     [1]     [8]
    1     1          [overdue]     [7]     [0]
    2     2  [overdue, income]  [7, 1]  [1, 2]
    """

    def __init__(self, x: Any, action_set: ActionSet, *classifier: Any, **settings: Any) -> None:
        self.action_set = action_set
        self._given = classifier, settings
        Classifier(action_set, *self._given)
        self._row = read_row(x, action_set.names, action_set.dtypes)
        self._order: dict[str, Any] = {"by": ["size", "cost", "score_new"]}
        self._clear()

    @property
    def _classifier(self) -> Classifier:
        return Classifier(self.action_set, *self._given)

    def _clear(self) -> None:
        self._result: FlipsetResult | None = None
        self._infos: list[dict[str, Any]] = []
        columns = ["cost", "size", "features", "feature_idx", "x", "x_new", "score_new", "yhat_new", "feasible"]
        self._df = pd.DataFrame({name: pd.Series(dtype=object) for name in (*columns, "flipped")})

    def populate(
        self,
        total_items: float = 10,
        enumeration_type: str = "distinct_subsets",
        cost_type: Any = "local",
        time_limit: float | None = None,
        node_limit: float | None = None,
        display_flag: bool | None = None,
    ) -> Flipset:
        """Find the cheapest actions and forget earlier ones.

        Parameters
        ----------
        total_items : int or float("inf"), optional
            How many to find at most; ``float("inf")`` for all.
        enumeration_type : str, optional
            ``"distinct_subsets"``: the next action changes another set of features, which may contain an earlier one;
            ``"mutually_exclusive"``: it changes no feature that an earlier one did.
        cost_type : str, Cost or function, optional
            ``"local"`` (default), ``"max"``, ``"total"``, or any cost that `flipset` takes.
        time_limit : float, optional
            Seconds for all items together.
        node_limit, display_flag
            Accepted and without effect: there are no nodes, and nothing is printed.

        Returns
        -------
        Flipset
            Itself.
        """
        self._clear()
        distinct = enumeration_of(enumeration_type)
        started = time.perf_counter()
        result = ask_flipset(self._classifier, self._row, self.action_set, total_items, distinct, cost_type, time_limit)
        runtime = time.perf_counter() - started
        self._result = result
        self._infos = [feature_info(item, self._row, runtime) for item in result]
        self._df = self._table(result) if len(result) else self._df
        self.sort()
        return self

    def _table(self, result: FlipsetResult) -> pd.DataFrame:
        """One row an item, in the old columns."""
        after = result.x_new
        classifier, names = self._classifier, self.action_set.names
        today = classifier.labels(self._row)[0]
        rows = []
        for item, score, label in zip(result, classifier.scores(after), classifier.labels(after), strict=True):
            changes = sorted(item.changes, key=lambda change: names.index(change.feature))
            rows.append(
                {
                    "cost": item.cost,
                    "size": len(changes),
                    "features": [change.feature for change in changes],
                    "feature_idx": [names.index(change.feature) for change in changes],
                    "x": [change.today for change in changes],
                    "x_new": [change.new for change in changes],
                    "score_new": score,
                    "yhat_new": label,
                    "feasible": True,
                    "flipped": bool(label != today),
                }
            )
        return pd.DataFrame(rows)

    # -- what was found ------------------------------------------------------------------------------

    @property
    def x(self) -> npt.NDArray[Any]:
        """The person as they are today, in the action set's order."""
        return self._row.to_numpy()[0]

    @property
    def df(self) -> pd.DataFrame:
        """One row an action: cost, size, features, feature_idx, x, x_new, score_new, yhat_new, feasible, flipped.

        score_new is the classifier's decision value (a probability where it has none, NaN where it has
        neither), yhat_new its prediction; flipped says whether that differs from the prediction today.
        """
        return self._df.copy()

    @property
    def reason(self) -> str:
        """Why there are no (more) actions, in a sentence; "no recourse" only where that was proven."""
        return "populate() has not been called." if self._result is None else self._result.reason

    @property
    def items(self) -> list[dict[Any, Any]]:
        """For each action, what it adds to each feature (0 for most), by name, cheapest first."""
        names = self.action_set.names
        return [dict(zip(names, info["actions"].tolist(), strict=True)) for info in self._infos]

    @property
    def actions(self) -> list[npt.NDArray[Any]]:
        """For each action, what it adds to each feature, as an array, cheapest first."""
        return [info["actions"] for info in self._infos]

    @property
    def solutions_info(self) -> list[dict[str, Any]]:
        """For each action what `RecourseBuilder.fit` says about it, cheapest first."""
        return self._infos

    def sort(self, **order: Any) -> None:
        """Sort `df`, and keep the order for the next time.

        Parameters
        ----------
        **order
            ``sort(by=["cost"], ascending=False)``, or the columns as flags: ``sort(cost=True)``. Without arguments: by
            size, cost and score_new, or as said last.
        """
        if order and "by" not in order:
            order = {"by": list(order)}
        order = order or self._order
        names = [order["by"]] if isinstance(order["by"], str) else list(order["by"])
        for name in names:
            if name not in self._df.columns:
                raise InputError(f"there is no column {name!r} to sort by. {nearest(name, self._df.columns)}")
        self._order = {"by": names, "ascending": order.get("ascending", True)}
        self._df = self._df.sort_values(**self._order, ignore_index=True, kind="stable")

    def view(self) -> pd.DataFrame:
        """Return `df`."""
        return self.df

    def to_flat_df(self) -> pd.DataFrame:
        """Return one row for each action and changed feature, indexed by item in the order of `df`."""
        rows = [
            (item, *change)
            for item, line in enumerate(self._df[["features", "x", "x_new"]].to_numpy())
            for change in zip(*line, strict=True)
        ]
        columns = ["item", "Features to Change", "Current Value", "Required Value"]
        return pd.DataFrame(rows, columns=columns).set_index("item")

    def to_latex(self, name_formatter: str | None = "\\textit") -> str:
        """Return a LaTeX table; it needs the package booktabs.

        Parameters
        ----------
        name_formatter : str or None, optional
            The command that features' names are wrapped in; None for none.
        """
        return latex_table(self.to_flat_df(), name_formatter, self._headline)

    def to_html(self) -> str:
        """Return a small static HTML table; "No Recourse" where it was proven that there is none."""
        table = "" if self._result is None else self._result.to_html()
        if table and self._headline == self.reason:
            return table
        return f'<div class="recourse"><p><strong>{escape(self._headline)}</strong></p></div>{table}'

    @property
    def _headline(self) -> str:
        proven = self._result is not None and self._result.status is Status.INFEASIBLE
        return "No Recourse" if proven else self.reason

    def __len__(self) -> int:
        return len(self._infos)

    def __repr__(self) -> str:
        table = f"\n{self._df[['cost', 'size', 'features', 'x', 'x_new']].to_string()}" if len(self) else ""
        return f"Flipset with {len(self)} items{table}{chr(10) + self.reason if self.reason else ''}"

    def _repr_html_(self) -> str:
        return self.to_html()
