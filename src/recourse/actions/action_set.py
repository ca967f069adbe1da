"""The action set: everything a person may do, for all features of a table at once.

It is inferred from a population (types, bounds, steps) and then corrected by the user, by name, list,
mask or slice. Together with a cost it turns people into a priced menu, the `Menus`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions import legacy
from recourse.actions.constraints.constraint import Constraint
from recourse.actions.constraints.linkage import links_in_order
from recourse.actions.feature import FeatureActions
from recourse.actions.feature_list import FeatureView
from recourse.actions.variable_types import LEVEL_TYPES, likely_code, ordered_levels, why_fixed
from recourse.checks import known_names, whole_number
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.menus.menus import Menus


class ActionSet(legacy.OldActionSetNames, FeatureView):
    """The actions that people can take, feature by feature.

    Parameters
    ----------
    X : table of n people × d features, or an array with `names`
        The population that types, bounds, steps and percentiles are inferred from. It is read, never
        kept and never changed. Words become categorical features, ordered pandas categories ordinal ones.
    names : sequence of names, optional
        Column names for an array.
    y_desired : {1, 0, −1}
        Which of a model's two labels is wanted when nothing else says so: 1 the second one (what a positive
        score predicts), 0 or −1 the first.
    custom_bounds : mapping from feature name to bounds, optional
        Bounds of single features, as `FeatureActions` takes them.
    default_bounds : (lb, ub, "percentile") or (lb, ub)
        For integers and reals; booleans always range from 0 to 1, levels over those seen.
    default_step_type : {"relative", "absolute"}
        Whether the step size of a feature is a share of its range or in its units. The default size is 0.01.
    grid : {"steps", "observed", "legacy"}
        ``"steps"``: target values in equal steps from the lower to the upper bound; ``"observed"``: the
        values seen in the population, within the bounds; ``"legacy"``: the grid of actionable-recourse 1.0.1,
        whose last value may be above the upper bound.
    percentiles : {"empirical", "kde"}
        What prices are made of: counted shares, or the smoothed ones of actionable-recourse 1.0.1.
    missing : sequence, or mapping from feature name to sequence
        The values that mean "missing" beside NaN and None, such as ``["?", -9]``; never targets. A mapping
        says them feature by feature.

    Raises
    ------
    InputError
        For a table without rows or columns, and for settings that name no column or can't be.

    Notes
    -----
    The set is finite and depends on nothing else, so a proof over it means the same for every model and
    every cost.

    Examples
    --------
    >>> import recourse as rs
    >>> A = rs.ActionSet({"married": [0, 1, 1], "overdue": [0, 3, 7], "income": [1.5, 2.0, 4.25]})
    >>> A["married"].actionable = False
    >>> A[["overdue", "income"]].step_direction = [-1, 1]
    >>> A["overdue"].bounds = (0, 7)
    >>> A.actionable
    [False, True, True]
    >>> A["overdue"]
    FeatureActions('overdue', integer, 0 to 7 in steps of 1, may only shrink)
    """

    _constraints: dict[int, Constraint]

    def __init__(
        self,
        X: Any,
        names: Sequence[Name] | None = None,
        y_desired: int = 1,
        custom_bounds: Mapping[Name, Any] | None = None,
        default_bounds: tuple[Any, ...] = (1, 99, "percentile"),
        default_step_type: str = "relative",
        *,
        grid: str = "steps",
        percentiles: str = "empirical",
        missing: Sequence[Any] | Mapping[Name, Sequence[Any]] = (),
    ) -> None:
        frame = tables.read(X, names=names)
        if frame.empty:
            raise InputError(f"X has {len(frame)} rows and {frame.shape[1]} columns; there is nothing to learn.")

        # what is said column by column must name columns
        custom_bounds = custom_bounds or {}
        columns = list(frame.columns)
        known_names("custom_bounds", custom_bounds, columns, of="a column of X")
        if isinstance(missing, Mapping):
            known_names("missing", missing, columns, of="a column of X")
        # one feature a column; the categories of an ordered pandas column are its levels
        features = []
        for name in columns:
            codes = missing.get(name, ()) if isinstance(missing, Mapping) else missing
            codes = [codes] if isinstance(codes, str) else codes
            column = tables.numbers_of(frame[name], codes)
            values = tables.values_of(column)
            feature = FeatureActions(
                name,
                values,
                bounds=default_bounds,
                step_type=default_step_type,
                grid=grid,
                percentiles=percentiles,
                missing=codes,
                levels=ordered_levels(column, codes),
                variable_type="categorical" if isinstance(column.dtype, pd.CategoricalDtype) else None,
                kind=tables.ColumnKind.of(column),
                fixed="" if grid == "legacy" else why_fixed(column, values),
            )
            if name in custom_bounds:
                feature.bounds = custom_bounds[name]
            features.append(feature)
        super().__init__(features)
        object.__setattr__(self, "_constraints", {})
        object.__setattr__(self, "_y_desired", legacy.sign_of(y_desired))

    # -- looking up ----------------------------------------------------------------------------------

    @property
    def names(self) -> list[Name]:
        """The features' names, in the table's order."""
        return [feature.name for feature in self._features]

    @property
    def dtypes(self) -> dict[Name, Any]:
        """The dtype of each feature's column in the population, a NumPy or a pandas one."""
        return {feature.name: feature.kind.dtype for feature in self._features}

    def __getitem__(self, key: Any) -> Any:
        """Return one feature (by name or position) or a view of several (list, mask or slice)."""
        if isinstance(key, slice):
            return FeatureView(self._features[key])
        several = isinstance(key, (list, tuple, np.ndarray, pd.Series, pd.Index))
        if several and not (isinstance(key, tuple) and key in self.names):
            chosen = list(key)
            if chosen and all(isinstance(one, (bool, np.bool_)) for one in chosen):
                if len(chosen) != len(self._features):
                    raise InputError(f"a mask of {len(chosen)} for {len(self._features)} features.")
                return FeatureView([f for f, keep in zip(self._features, chosen, strict=True) if keep])
            return FeatureView([self._find(one) for one in chosen])
        return self._find(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("assign to a setting of a feature, as in actions['age'].actionable = False.")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def _find(self, key: Any) -> FeatureActions:
        for feature in self._features:
            if feature.name == key and not isinstance(key, bool):
                return feature
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            if -len(self._features) <= key < len(self._features):
                return self._features[key]
            raise InputError(f"there is no feature number {key}; the action set has {len(self._features)}.")
        raise InputError(f"{key!r} is not a feature of this action set. {nearest(key, self.names)}")

    def copy(self) -> ActionSet:
        """Return an independent copy."""
        return deepcopy(self)

    # -- constraints ---------------------------------------------------------------------------------

    @property
    def constraints(self) -> dict[int, Constraint]:
        """The joint constraints by their ids, in the order they were added (a copy)."""
        return dict(self._constraints)

    def add_constraint(
        self,
        constraint: Constraint | str,
        names: Sequence[Name] | None = None,
        lb: int = 0,
        ub: int = 1,
    ) -> int:
        """Add a joint constraint and return its id.

        Parameters
        ----------
        constraint : Constraint or "subset_limit"
            What must hold across features, one of `recourse.constraints`. The word is the older library's, for at
            least `lb` and at most `ub` of some 0/1 features: where at most one may be on and every person of the
            population has one (no reference level was dropped), it means exactly one.
        names : sequence of names, optional
            The features of a "subset_limit".
        lb, ub : int
            Its limits.

        Returns
        -------
        int
            The id that `constraints` and `remove_constraint` know it by.

        Raises
        ------
        InputError
            For something else, for features that are not in the set, and for linkages in a circle.

        Examples
        --------
        >>> import recourse as rs
        >>> A = rs.ActionSet({"rents": [0, 1, 1], "owns": [1, 0, 0], "age": [30, 40, 50]})
        >>> A.add_constraint(rs.constraints.OneHot(["rents", "owns"]))
        1
        >>> A.add_constraint("subset_limit", names=["rents", "owns"], lb=0, ub=1)
        2
        """
        if isinstance(constraint, str):
            members = [self._find(name) for name in names or ()]
            constraint = legacy.subset_limit(constraint, members, lb, ub)
        elif names is not None:
            raise TypeError("names, lb and ub go with 'subset_limit'; a constraint of its own already has them.")
        if not isinstance(constraint, Constraint):
            raise InputError(f"a constraint is one of recourse.constraints, not {type(constraint).__name__}.")
        known_names(repr(constraint), constraint.features, self.names)
        links_in_order([*self._constraints.values(), constraint])  # refuses linkages in a circle
        number = max(self._constraints, default=0) + 1
        self._constraints[number] = constraint
        return number

    def remove_constraint(self, number: int) -> None:
        """Remove a constraint.

        Parameters
        ----------
        number : int
            Its id, as `add_constraint` returned it. The others keep theirs.

        Raises
        ------
        InputError
            If there is none with this id.
        """
        if number not in self._constraints:
            raise InputError(f"there is no constraint {number!r}. {nearest(number, self._constraints)}")
        del self._constraints[number]

    # -- what comes out ------------------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return the settings as a table: one row a feature."""
        return pd.DataFrame([feature.settings() for feature in self._features])

    def to_dict(
        self, *, weights: Mapping[Name, float] | None = None, group_only: Iterable[Name] = ()
    ) -> dict[str, Any]:
        """Return the set as the content of an action file: plain values, fit for JSON.

        Parameters
        ----------
        weights : mapping from feature to number, optional
            Factors on the features' prices, written beside their settings.
        group_only : iterable of names
            Columns that only group people in reports; none may be a feature of the set.

        Returns
        -------
        dict
            `rs.read_actions` makes an equal set of it (constraints numbered anew). Steps between levels, which
            mean nothing, are left out.

        Raises
        ------
        InputError
            For what a file can't say: a `Predicate`, which is code, or a direction among levels without order.

        Examples
        --------
        >>> import recourse as rs
        >>> A = rs.ActionSet({"age": [20, 40, 60], "overdue": [0, 2, 4]})
        >>> A["age"].actionable = False
        >>> A.to_dict(weights={"overdue": 2})["features"]["overdue"]
        {'type': 'integer', 'actionable': True, 'weight': 2}
        """
        from recourse.actions.files import write

        return write.to_dict(self, weights=weights, group_only=group_only)

    def to_toml(self, *, weights: Mapping[Name, float] | None = None, group_only: Iterable[Name] = ()) -> str:
        """Return the set as the text of an action file in TOML.

        Parameters
        ----------
        weights : mapping from feature to number, optional
            Factors on the features' prices, written beside their settings.
        group_only : iterable of names
            Columns that only group people in reports; none may be a feature of the set.

        Returns
        -------
        str
            The same content as `to_dict`.

        Raises
        ------
        InputError
            For what a file can't say, as in `to_dict`.
        """
        from recourse.actions.files import write

        return write.to_toml(self, weights=weights, group_only=group_only)

    def __repr__(self) -> str:
        changeable = sum(feature.actionable for feature in self._features)
        head = f"ActionSet: {len(self)} features, {changeable} actionable"
        frame = self.to_frame()
        if self.alignment_known:
            frame = frame.assign(**self.alignment())
        ties = "".join(f"\n{number}: {constraint.describe()}" for number, constraint in self._constraints.items())
        return f"{head}\n{frame.to_string(index=False)}{ties}"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False, border=0)

    def validate(self, X: Any) -> list[str]:
        """Check a table against this set and return what a careful reader should know.

        Parameters
        ----------
        X : table of n people
            With this set's columns, in any order.

        Returns
        -------
        list of str
            Sentences about what does not make an audit impossible: people outside the bounds, bounds that leave
            the data (further moves are free there), missing values, unseen levels, constraints that today's rows
            violate.

        Raises
        ------
        InputError
            For what does: a missing column, words where numbers should be, infinite values, a constraint on what
            is not a number (all named with their rows).

        Examples
        --------
        >>> import recourse as rs
        >>> A = rs.ActionSet({"age": [20, 40, 60]}, default_bounds=(20, 60))
        >>> for note in A.validate({"age": [18, 30]}):
        ...     print(note)
        'age': 1 of 2 people are outside the bounds 20 to 60; they may stay there or move to a value inside.
        """
        frame = self.table(X)
        notes = [note for feature in self._features for note in _notes(feature, frame)]
        for constraint in self._constraints.values():
            if constraint.features:
                broken = int((~np.asarray(constraint.admits(frame, frame), dtype=bool)).sum())
                if broken:
                    notes.append(
                        f"{constraint!r}: {broken} of {len(frame)} people do not satisfy it today; "
                        "an action that touches its features has to mend that."
                    )
        return notes

    def table(self, X: Any) -> pd.DataFrame:
        """Return a table as a checked DataFrame with this set's columns, in its order and the population's dtypes.

        Parameters
        ----------
        X : table of n people, or an array of d columns in this set's order
            Columns that are no features are left out.

        Returns
        -------
        DataFrame
            It may share memory with `X`, so it must not be changed.

        Raises
        ------
        InputError
            For a missing column, and for words where the set has a number.
        """
        frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=self.names)
        frame = tables.select(frame, self.names)
        given = frame
        for feature in self._features:
            column = given[feature.name]
            restored = feature.kind.restored(tables.numbers_of(column, feature.missing))
            if restored is not column:
                frame = frame.copy(deep=False) if frame is given else frame
                frame[feature.name] = restored
        for feature in self._features:
            values = tables.values_of(frame[feature.name])
            if feature.variable_type not in LEVEL_TYPES and values.dtype == object:
                words = [value for value in values if isinstance(value, str) and value not in feature.missing]
                if words:
                    raise InputError(
                        f"column {feature.name!r} holds {words[0]!r}, but it is {feature.variable_type} in the action "
                        "set: a number."
                    )
        return frame

    def menus(self, X: Any, cost: str | Cost = "total", *, max_changes: int | None = None) -> Menus:
        """Return the priced menus of people: what each of them can do, and what it costs.

        Parameters
        ----------
        X : table of n people
            With this set's columns, matched by name, in any order.
        cost : str, Cost or callable
            What an action costs: "total", "local", "max", "l1", a `Cost`, or
            ``function(feature, x, values) → prices``.
        max_changes : int, optional
            At most so many features may change at once; no limit by default.

        Returns
        -------
        Menus
            Every search reads these and nothing else.

        Raises
        ------
        InputError
            For a table, a cost or a limit that can't be used with this set.

        Examples
        --------
        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 1, 2, 2], "age": [20, 30, 40, 50]})
        >>> A["age"].actionable = False
        >>> A.menus({"overdue": [1], "age": [30]}, "total").menu(0)[0].prices
        array([0. , 0.2, 0.4])
        """
        frame = self.table(X)
        cost = as_cost(cost)
        cost.check_names(self.names)
        check_max_changes(max_changes)
        from recourse.menus.build import build

        return build(self, frame, cost, max_changes)


def as_action_set(value: Any) -> ActionSet:
    """Return an action set as it is, or say what was given in its place.

    Parameters
    ----------
    value : object
        What a caller passed as ``actions``.

    Returns
    -------
    ActionSet

    Raises
    ------
    InputError
        For everything else: a table or a model where the action set belongs means that the arguments are swapped,
        a class or None that there is none yet.
    """
    if isinstance(value, ActionSet):
        return value
    raise InputError(
        f"actions must be an ActionSet, not {_in_words(value)}; make one of a table: rs.ActionSet(X). "
        "Are the arguments in the order (model, people, actions)?"
    )


def _in_words(value: Any) -> str:
    """What a value is, for an error: None, a class or an instance of one."""
    if value is None:
        return "None"
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    article = "an" if name[0] in "AEIOUaeiou" else "a"
    return f"the class {name} itself" if isinstance(value, type) else f"{article} {name}"


def check_max_changes(max_changes: Any) -> None:
    """Raise `InputError` unless this is None or how many features may change at once."""
    whole_number("max_changes", max_changes, or_none=True)


def _notes(feature: FeatureActions, frame: pd.DataFrame) -> Iterator[str]:
    """What `ActionSet.validate` says about one feature."""
    values = tables.values_of(frame[feature.name])
    if feature.fixed and not feature.actionable:
        yield f"{feature.name!r} {feature.fixed}, and so nobody is told to change it."
        return
    if feature.actionable and (code := likely_code(feature.values, feature.variable_type)) is not None:
        yield (
            f"{feature.name!r}: {code:g} looks like a code for missing values; if it is one, say so with "
            f"missing=[{code:g}], and nobody is told to have it."
        )
    gone = int(tables.is_missing(values, feature.missing).sum())
    if gone and feature.actionable and feature.from_missing is None:
        yield f"{feature.name!r}: missing for {gone} of {len(frame)} people, who can't change it (see from_missing)."
    if not feature.actionable or not feature.observed.size:
        return
    codes = feature.encode(values)
    if feature.variable_type in LEVEL_TYPES:
        unseen = int(np.isnan(codes).sum()) - gone
        if unseen:
            yield f"{feature.name!r}: {unseen} of {len(frame)} people have a level that is none of its levels."
        return
    low, high = feature.bounds
    seen = feature.observed.values
    if feature.percentiles == "empirical" and (low < seen[0] or high > seen[-1]):
        yield (
            f"{feature.name!r}: the bounds {low:g} to {high:g} leave the data ({seen[0]:g} to {seen[-1]:g}); "
            "percentiles are flat beyond the data, so further moves there cost nothing."
        )
    outside = int(((codes < low) | (codes > high)).sum())
    if outside:
        yield (
            f"{feature.name!r}: {outside} of {len(frame)} people are outside the bounds {low:g} to {high:g}; "
            "they may stay there or move to a value inside."
        )
