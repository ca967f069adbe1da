"""The classes of actionable-recourse 1.0.1, thin over today's verbs, so that what used it runs unchanged.

A `Flipset`, a `RecourseAuditor` and a `RecourseBuilder` hold a classifier and an action set and ask
`flipset` and `audit`; nothing is solved here. What they answer differs from the old library where that
was wrong: docs/migration.md lists it.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions import ActionSet
from recourse.audits import Audit, audit
from recourse.errors import InputError, nearest
from recourse.flipsets import FlipsetItem, FlipsetResult, flipset
from recourse.models import EstimatorModel, LinearModel, Model, as_model, label_of_sign
from recourse.search import Status
from recourse.tables import read_row

ENUMERATIONS = {"distinct_subsets": "subsets", "mutually_exclusive": "exclusive"}
SOLVERS = ("cplex", "python-mip")
"""The old solvers' names, accepted everywhere: all of them mean this package's own search."""

FloatArray = npt.NDArray[np.float64]


class Flipset:
    """The actions that flip one person's prediction, as a table; `populate` finds them.

    x : the person: a row, a mapping, or values in the action set's order
    action_set : `ActionSet`; it is read and never changed
    clf, classifier : a fitted classifier or pipeline, or a `Model`
    coefficients, intercept : or the weights of a linear score, approved above 0
    threshold, margin : see `as_model`

    Which label is wanted follows the action set's `y_desired`. The classifier may also be given
    positionally. Names of old solvers are accepted.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"overdue": [0, 1, 4, 7], "income": [1, 2, 3, 9]}, default_bounds=(0, 9))
    >>> fs = Flipset([7, 1], A, coefficients=[-1.0, 1.0]).populate(cost_type="total")
    >>> fs.df[["size", "features", "x", "x_new"]]
       size           features       x   x_new
    0     1           [income]     [1]     [8]
    1     1          [overdue]     [7]     [0]
    2     2  [overdue, income]  [7, 1]  [6, 7]
    """

    def __init__(self, x: Any, action_set: ActionSet, *classifier: Any, **settings: Any) -> None:
        self.action_set = action_set
        self._given = classifier, settings
        _Classifier(action_set, *self._given)
        self._row = read_row(x, action_set.names, action_set.dtypes)
        self._order: dict[str, Any] = {"by": ["size", "cost", "score_new"]}
        self._clear()

    @property
    def _classifier(self) -> _Classifier:
        return _Classifier(self.action_set, *self._given)

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
        """Find the cheapest `total_items` (``float("inf")``: all) actions, forget earlier ones, and return self.

        enumeration_type : ``"distinct_subsets"``: the next action changes another set of features, which may
            contain an earlier one; ``"mutually_exclusive"``: it changes no feature that an earlier one did
        cost_type : ``"local"``, ``"max"``, ``"total"``, or any cost that `flipset` takes
        time_limit : seconds for all items together
        node_limit, display_flag : accepted and without effect: there are no nodes, and nothing is printed
        """
        self._clear()
        distinct = _enumeration(enumeration_type)
        started = time.perf_counter()
        result = _flipset(self._classifier, self._row, self.action_set, total_items, distinct, cost_type, time_limit)
        runtime = time.perf_counter() - started
        self._result = result
        self._infos = [_info(item, self._row, runtime) for item in result]
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
        """Sort `df`: ``sort(by=["cost"], ascending=False)``, or ``sort(cost=True)``; kept for the next time.

        Without arguments: by size, cost and score_new, or as said last.
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
        """Return a LaTeX table (it needs the package booktabs); names are wrapped in `name_formatter`."""
        wrap = (lambda name: f"{name_formatter}{{{name}}}") if name_formatter else str
        lines, before = [], None
        for item, name, today, new in self.to_flat_df().reset_index().itertuples(index=False):
            number = "" if item == before else str(item + 1)
            cells = (number, wrap(_tex(name)), _tex(today), "$\\longrightarrow$", _tex(new))
            lines.append(" & ".join(cells) + r" \\")
            before = item
        head = ("item", r"\textsc{Feature Subset}", r"\textsc{Current Values}", "", r"\textsc{Required Values}")
        lines = lines or [rf"\multicolumn{{5}}{{c}}{{{_tex(self._headline)}}} \\"]
        top = [r"\begin{tabular}{rlccc}", r"\toprule", " & ".join(head) + r" \\", r"\midrule"]
        return "\n".join([*top, *lines, r"\bottomrule", r"\end{tabular}"])

    def to_html(self) -> str:
        """Return a small static HTML table; "No Recourse" where it was proven that there is none."""
        if self._result is not None and len(self._result):
            return self._result.to_html()
        more = "" if self._headline == self.reason else f"<p>{escape(self.reason)}</p>"
        return f'<div class="recourse"><p><strong>{escape(self._headline)}</strong></p>{more}</div>'

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


class RecourseAuditor:
    """Whether each person of a table has recourse, and at what cost, for one classifier.

    The classifier is given as for `Flipset`. `result` is the last `Audit`, which knows more.

    >>> import recourse as rs
    >>> X = pd.DataFrame({"overdue": [0, 1, 4, 7]})
    >>> RecourseAuditor(rs.ActionSet(X), coefficients=[-1.0], intercept=3.5).audit(X)
      feasible      cost
    0      NaN       NaN
    1      NaN       NaN
    2     True  0.066667
    3     True  0.266667
    """

    def __init__(self, action_set: ActionSet, *classifier: Any, **settings: Any) -> None:
        self.action_set = action_set
        self._given = classifier, settings
        _Classifier(action_set, *self._given)
        self.result: Audit | None = None

    def audit(self, X: Any, y_desired: int | None = None) -> pd.DataFrame:
        """Return feasible and cost of each row, on the index of `X`, in its order, duplicates included.

        Approved already: NaN and NaN. Recourse: True and its cost, the largest percentile shift ("max").
        Proven to have none: False and inf. Undecided (the search was interrupted): NaN and inf, with a
        warning; that is never "no recourse".

        y_desired : 1, 0 or −1, instead of the action set's
        """
        classifier = _Classifier(self.action_set, *self._given, y_desired=y_desired)
        self.result = audit(classifier.model, X, self.action_set, cost="max")
        people = self.result.people
        feasible = people["feasible"].astype(object).where(people["feasible"].notna(), np.nan)
        undecided = (people["status"] == Status.UNKNOWN.label).to_numpy()
        if undecided.any():
            warnings.warn(f"{int(undecided.sum())} people are undecided: {Status.UNKNOWN.value}.", stacklevel=2)
        cost = np.where(undecided, np.inf, people["cost"].to_numpy(dtype=np.float64))
        return pd.DataFrame({"feasible": feasible, "cost": cost}, index=people.index)


class RecourseBuilder:
    """One person's cheapest action as plain values: `fit` for one of them, `populate` for several.

    action_set, x, classifier : as for `Flipset`; `x` may be assigned later, and again
    mip_cost_type : ``"max"`` (default), ``"total"``, ``"local"``
    `max_items` limits how many features may change at once; it may be assigned.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"overdue": [0, 1, 3, 7]})
    >>> info = RecourseBuilder(A, x=[7], coefficients=[-1.0], intercept=3.5).fit()
    >>> info["feasible"], round(info["cost"], 6), info["actions"].tolist()
    (True, 0.2, [-4.0])
    """

    def __init__(self, action_set: ActionSet, x: Any = None, *classifier: Any, **settings: Any) -> None:
        self.action_set = action_set
        self.mip_cost_type = settings.pop("mip_cost_type", "max")
        self._given = classifier, settings
        _Classifier(action_set, *self._given)
        self.max_items: int | None = None
        self._row: pd.DataFrame | None = None
        if x is not None:
            self.x = x

    @property
    def x(self) -> Any:
        """The person, in the action set's order; None before one was given."""
        return None if self._row is None else self._row.to_numpy()[0]

    @x.setter
    def x(self, value: Any) -> None:
        self._row = read_row(value, self.action_set.names, self.action_set.dtypes)

    def fit(
        self, time_limit: float | None = None, node_limit: float | None = None, display_flag: bool | None = None
    ) -> dict[str, Any]:
        """Return the cheapest action: feasible, status, cost, costs, actions, upperbound, lowerbound, gap, runtime.

        Without recourse, feasible is False, cost and bounds are inf, costs and actions NaN; for somebody
        approved already feasible and cost are NaN and actions 0; after the time limit feasible is NaN.
        """
        row, started = self._person(), time.perf_counter()
        result = self._solve(row, 1, "subsets", time_limit)
        runtime = time.perf_counter() - started
        if len(result):
            return _info(result[0], row, runtime)
        nothing = np.full(row.shape[1], np.nan)
        unknown = {"feasible": math.nan, "cost": math.nan, "costs": nothing, "actions": nothing.copy()}
        bounds = {"upperbound": math.inf, "lowerbound": 0.0, "gap": math.inf, "runtime": runtime}
        if result.status is None:
            stay = {"costs": np.zeros(row.shape[1]), "actions": np.zeros(row.shape[1]), "upperbound": 0.0, "gap": 0.0}
            return {**unknown, "status": "approved already", **bounds, **stay}
        if result.status is Status.INFEASIBLE:
            none = {"feasible": False, "cost": math.inf, "lowerbound": math.inf}
            return {**unknown, "status": result.status.label, **bounds, **none}
        return {**unknown, "status": result.status.label, **bounds}

    def populate(
        self,
        total_items: float = 10,
        enumeration_type: str = "distinct_subsets",
        time_limit: float | None = None,
        node_limit: float | None = None,
        display_flag: bool | None = None,
    ) -> list[dict[str, Any]]:
        """Return the cheapest `total_items` actions, each as `fit` would; see `Flipset.populate`."""
        row, started = self._person(), time.perf_counter()
        result = self._solve(row, total_items, _enumeration(enumeration_type), time_limit)
        runtime = time.perf_counter() - started
        return [_info(item, row, runtime) for item in result]

    def _person(self) -> pd.DataFrame:
        if self._row is None:
            raise InputError("there is no person yet: give x= to RecourseBuilder, or assign builder.x.")
        return self._row

    def _solve(self, row: pd.DataFrame, total: float, distinct: str, time_limit: float | None) -> FlipsetResult:
        settings = (self.mip_cost_type, time_limit, self.max_items)
        classifier = _Classifier(self.action_set, *self._given)
        return _flipset(classifier, row, self.action_set, total, distinct, *settings)


def print_recourse_audit_report(X: Any, audit_df: pd.DataFrame, y: Any, group_by: Sequence[Any] = ("y",)) -> None:
    """Print how many people are approved, have recourse and have none, and what it costs, by outcome and group.

    X : the table that was audited; audit_df : what `RecourseAuditor.audit` returned for it
    y : the true outcomes, row by row; group_by : "y" and columns of `X`, each split by y

    Means and medians are over the people with recourse, whose number is printed; those without are counted.

    >>> X = pd.DataFrame({"owns": [0, 0, 1, 1]})
    >>> audited = pd.DataFrame({"feasible": [np.nan, True, False, True], "cost": [np.nan, 0.25, np.inf, 0.75]})
    >>> print_recourse_audit_report(X, audited, [1, 1, 0, 1])
    Recourse audit of 4 people: 1 approved already, 2 with recourse, 1 with none
    <BLANKLINE>
           people  approved  with recourse  no recourse  mean cost  median cost
    y = 0       1         0              0            1          –            –
    y = 1       3         1              2            0        0.5          0.5
    """
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X)
    outcome = pd.Series(y).reset_index(drop=True)
    if not len(frame) == len(audit_df) == len(outcome):
        raise InputError(f"X has {len(frame)} rows, audit_df {len(audit_df)} and y {len(outcome)}; they go row by row.")
    if isinstance(X, pd.DataFrame) and not X.index.equals(audit_df.index):
        raise InputError("X and audit_df have different indexes; audit_df must be the audit of this X.")
    if isinstance(y, pd.Series) and not y.index.equals(audit_df.index):
        raise InputError("y and audit_df have different indexes; y must be the outcomes of these rows.")
    people = pd.DataFrame({"feasible": audit_df["feasible"].to_numpy(), "cost": audit_df["cost"].to_numpy()})
    names = [group_by] if isinstance(group_by, str) else list(group_by)
    for name in names:
        if name != "y" and name not in frame.columns:
            raise InputError(f"group_by: X has no column {name!r}. {nearest(name, ['y', *frame.columns])}")
    whole = _count(people)
    more = f", {whole['undecided']:,} undecided" if whole["undecided"] else ""
    print(
        f"Recourse audit of {len(people):,} people: {whole['approved']:,} approved already, "
        f"{whole['with recourse']:,} with recourse, {whole['no recourse']:,} with none{more}"
    )
    for name in names:
        keys = [outcome] if name == "y" else [frame[name].reset_index(drop=True), outcome]
        rows = {}
        for levels, group in people.groupby([key.rename(str(k)) for k, key in enumerate(keys)]):
            label = " · ".join(f"{n} = {level}" for n, level in zip(dict.fromkeys((name, "y")), levels, strict=True))
            rows[label] = _count(group)
        table = pd.DataFrame.from_dict(rows, orient="index")
        if not table["undecided"].any():
            table = table.drop(columns="undecided")
        print()
        print(table.to_string(float_format="{:.4g}".format, na_rep="–"))


def _count(people: pd.DataFrame) -> dict[str, Any]:
    """Who is approved, has recourse, has none; and the costs of those who have."""
    feasible = people["feasible"]
    found = (feasible == True).to_numpy()  # noqa: E712 — object columns hold True, False and NaN
    costs = people["cost"].to_numpy(dtype=np.float64)
    undecided = feasible.isna().to_numpy() & ~np.isnan(costs)
    return {
        "people": len(people),
        "approved": int((feasible.isna().to_numpy() & ~undecided).sum()),
        "with recourse": int(found.sum()),
        "no recourse": int((feasible == False).sum()),  # noqa: E712
        "undecided": int(undecided.sum()),
        "mean cost": costs[found].mean() if found.any() else np.nan,
        "median cost": np.median(costs[found]) if found.any() else np.nan,
    }


class _Classifier:
    """A classifier as the old library took it, and the model that it stands for with an action set's `y_desired`."""

    def __init__(
        self,
        action_set: ActionSet,
        positional: Sequence[Any],
        settings: dict[str, Any],
        *,
        y_desired: int | None = None,
    ) -> None:
        if not isinstance(action_set, ActionSet):
            raise InputError(f"action_set must be an ActionSet, not a {type(action_set).__name__}.")
        if y_desired is not None:
            action_set = action_set.copy()
            action_set.y_desired = y_desired
        self._sign = action_set.y_desired
        given = {**settings, **_by_name([one for one in positional if not isinstance(one, str)])}
        for solver in (given.pop("solver", None), *(one for one in positional if isinstance(one, str))):
            if solver is not None and solver not in SOLVERS:
                raise InputError(f"{solver!r} is not a solver. {nearest(solver, SOLVERS)} Both mean the same search.")
        checked: dict[str, Any] = {name: given.pop(name) for name in ("threshold", "margin") if name in given}
        given.setdefault("clf", given.pop("classifier", None))
        estimator = given.pop("clf")
        weights, intercept = given.pop("coefficients", None), given.pop("intercept", 0.0)
        for name in given:
            if name in ("print_flag", "check_flag"):
                continue
            known = ["clf", "classifier", "coefficients", "intercept", "threshold", "margin", "solver", "print_flag"]
            raise TypeError(f"unknown argument {name!r}. {nearest(name, known)}")
        if (estimator is None) == (weights is None):
            raise TypeError("give one classifier: clf=, or coefficients= with intercept=.")
        if estimator is None:
            self.model: Model = self._linear(action_set, weights, intercept, checked)
        else:
            self.model = as_model(estimator, desired=label_of_sign(estimator, self._sign), **checked)

    def _linear(self, action_set: ActionSet, weights: Any, intercept: Any, checked: dict[str, Any]) -> LinearModel:
        """Approved above 0 for y_desired = 1, and at or below it for −1: everybody has one label."""
        signed = self._sign * np.asarray(weights, dtype=np.float64).ravel()
        constant = self._sign * np.asarray(intercept, dtype=np.float64).ravel()
        return LinearModel(signed, constant, names=action_set.names, strict=self._sign > 0, **checked)  # type: ignore[arg-type]

    def scores(self, X: pd.DataFrame) -> FloatArray:
        """Decision values, larger for the second label; probabilities or NaN where there are none."""
        model = self.model
        if isinstance(model, LinearModel):
            return self._sign * (model.score(X) + model.margin)
        if isinstance(model, EstimatorModel):
            for name in ("decision_function", "predict_proba"):
                ask: Callable[..., Any] | None = getattr(model.estimator, name, None)
                if ask is not None:
                    values = np.asarray(ask(model.input(X)), dtype=np.float64)
                    return values.reshape(len(X), -1)[:, -1]
        return np.full(len(X), np.nan)

    def labels(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        """The classifier's predictions; of coefficients, the sign of the score as 1 and −1."""
        model = self.model
        if isinstance(model, EstimatorModel) and model.threshold is None and not model.margin:
            return np.asarray(model.estimator.predict(model.input(X)))
        approved = model.approves(X)
        if isinstance(model, EstimatorModel):
            others = [label for label in model.classes if label != model.desired]
            return np.where(approved, model.desired, others[0])
        return np.where(approved, self._sign, -self._sign)


def _by_name(positional: Sequence[Any]) -> dict[str, Any]:
    """Positional classifier arguments by their names: a classifier, or coefficients and perhaps an intercept."""
    if positional and (hasattr(positional[0], "predict") or isinstance(positional[0], Model)):
        names: tuple[str, ...] = ("clf",)
    else:
        names = ("coefficients", "intercept")
    if len(positional) > len(names):
        raise TypeError("give one classifier: clf=, or coefficients= with intercept=.")
    return dict(zip(names, positional, strict=False))


def _enumeration(name: str) -> str:
    if name not in ENUMERATIONS:
        raise InputError(f"{name!r} is not an enumeration type. {nearest(name, ENUMERATIONS)}")
    return ENUMERATIONS[name]


def _flipset(
    classifier: _Classifier,
    row: pd.DataFrame,
    action_set: ActionSet,
    total_items: float,
    distinct: str,
    cost: Any,
    time_limit: float | None,
    max_changes: int | None = None,
) -> FlipsetResult:
    """Ask `flipset`; for all items there are, ask for more until no more come."""
    if isinstance(total_items, bool) or not total_items >= 1:
        raise InputError(f"total_items must be at least 1, not {total_items!r}.")
    deadline = math.inf if time_limit is None or math.isinf(time_limit) else time.monotonic() + time_limit
    wanted = 64 if math.isinf(total_items) else int(total_items)
    while True:
        left = None if math.isinf(deadline) else max(0.0, deadline - time.monotonic())
        result = flipset(
            classifier.model,
            row,
            action_set,
            total_items=wanted,
            cost=cost,
            distinct=distinct,
            max_changes=max_changes,
            time_limit=left,
        )
        if len(result) < wanted or not math.isinf(total_items):
            return result
        wanted *= 8


def _info(item: FlipsetItem, row: pd.DataFrame, runtime: float) -> dict[str, Any]:
    """One action as the old builder described it."""
    names: list[Any] = list(row.columns)
    costs = np.zeros(len(names))
    actions: list[Any] = [0.0] * len(names)
    for change in item.changes:
        at = names.index(change.feature)
        numbers = all(isinstance(value, (bool, int, float)) for value in (change.today, change.new))
        costs[at], actions[at] = change.price, float(change.new) - float(change.today) if numbers else change.new
    return {
        "feasible": True,
        "status": item.status.label,
        "cost": item.cost,
        "costs": costs,
        "actions": np.array(actions),
        "upperbound": item.cost,
        "lowerbound": item.bound,
        "gap": (item.cost - item.bound) / item.cost if item.cost > 0 else 0.0,
        "runtime": runtime,
    }


def _tex(value: Any) -> str:
    """A value as LaTeX text."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    special = {**{c: "\\" + c for c in "&%$#_{}"}, "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special["\\"] = r"\textbackslash{}"
    return "".join(special.get(letter, letter) for letter in text)
