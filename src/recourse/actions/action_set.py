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
from recourse.actions.inference import LEVEL_TYPES, likely_code, ordered_levels, why_fixed
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.menus.menus import Menus


class ActionSet(legacy.OldActionSetNames, FeatureView):
    """The actions that people can take, feature by feature.

    X : table of n people × d features, or an array with `names`
        The population that types, bounds, steps and percentiles are inferred from. It is read, never
        kept and never changed. Words become categorical features, ordered pandas categories ordinal ones.
    names : column names for an array.
    y_desired : {1, 0, −1}
        Which of a model's two labels is wanted when nothing else says so: 1 the second one (what a positive
        score predicts), 0 or −1 the first.
    custom_bounds : mapping from feature name to bounds.
    default_bounds : (lb, ub, "percentile") or (lb, ub)
        For integers and reals; booleans always range from 0 to 1, levels over those seen.
    default_step_type : {"relative", "absolute"}
    grid : {"steps", "observed", "legacy"}
        ``"steps"``: target values in equal steps from the lower to the upper bound; ``"observed"``: the
        values seen in the population, within the bounds; ``"legacy"``: the grid of actionable-recourse 1.0.1,
        whose last value may be above the upper bound.
    percentiles : {"empirical", "kde"}
        What prices are made of: counted shares, or the smoothed ones of actionable-recourse 1.0.1.
    missing : values that mean "missing" beside NaN and None, such as ``["?", -9]``; never targets. A mapping
        says them feature by feature.

    The set is finite and depends on nothing else, so a proof over it means the same for every model and
    every cost.

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
        custom_bounds = custom_bounds or {}
        for name in custom_bounds:
            if name not in frame.columns:
                raise InputError(f"custom_bounds: X has no column {name!r}. {nearest(name, frame.columns)}")
        for name in missing if isinstance(missing, Mapping) else ():
            if name not in frame.columns:
                raise InputError(f"missing: X has no column {name!r}. {nearest(name, frame.columns)}")
        features = []
        for name in frame.columns:
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
        """Add a joint constraint (see `recourse.constraints`) and return its id.

        The older way to say that at least `lb` and at most `ub` of some 0/1 features are on is
        ``add_constraint("subset_limit", names, lb, ub)``. Where at most one may be on and every person of the
        population has one (no reference level was dropped), that means exactly one.

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
        for name in constraint.features:
            if name not in self.names:
                raise InputError(f"{constraint!r}: {name!r} is not a feature. {nearest(name, self.names)}")
        links_in_order([*self._constraints.values(), constraint])  # refuses linkages in a circle
        number = max(self._constraints, default=0) + 1
        self._constraints[number] = constraint
        return number

    def remove_constraint(self, number: int) -> None:
        """Remove the constraint with this id."""
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

        weights : factors on the features' prices; group_only : columns that only group people in reports.
        `rs.read_actions` makes an equal set of it (constraints numbered anew); steps between levels, which
        mean nothing, are left out. Raises `InputError` for what a file can't say: a `Predicate`, which is
        code, or a direction among levels without order.

        >>> import recourse as rs
        >>> A = rs.ActionSet({"age": [20, 40, 60], "overdue": [0, 2, 4]})
        >>> A["age"].actionable = False
        >>> A.to_dict(weights={"overdue": 2})["features"]["overdue"]
        {'type': 'integer', 'actionable': True, 'weight': 2}
        """
        from recourse.actions.files import write

        return write.to_dict(self, weights=weights, group_only=group_only)

    def to_toml(self, *, weights: Mapping[Name, float] | None = None, group_only: Iterable[Name] = ()) -> str:
        """Return the set as the text of an action file in TOML; the same content as `to_dict`."""
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

        Raises `InputError` for what makes an audit impossible: a missing column, words where numbers should
        be, infinite values, a constraint on what is not a number (all named with their rows). Returns
        sentences about what does not: people outside the bounds, bounds that leave the data (further moves
        are free there), missing values, unseen levels, constraints that today's rows violate.
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
        """Return `X` as a checked DataFrame with this set's columns, in its order and in the population's dtypes."""
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
        """Return the priced menus of the people in `X`.

        X : table of n people with this set's columns (matched by name, in any order)
        cost : a name in `recourse.costs.by_name.COSTS`, a `Cost`, or ``function(feature, x, values) → prices``
        max_changes : at most so many features may change at once; None for no limit.

        >>> import recourse as rs
        >>> A = rs.ActionSet({"overdue": [0, 1, 2, 2], "age": [20, 30, 40, 50]})
        >>> A["age"].actionable = False
        >>> A.menus({"overdue": [1], "age": [30]}, "total").menu(0)[0].prices
        array([0. , 0.2, 0.4])
        """
        frame = self.table(X)
        cost = as_cost(cost)
        for name in cost.weights:
            if name not in self.names:
                raise InputError(f"the cost weighs {name!r}, which is no feature. {nearest(name, self.names)}")
        check_max_changes(max_changes)
        from recourse.menus.build import build

        return build(self, frame, cost, max_changes)


def as_action_set(value: Any) -> ActionSet:
    """Return an action set as it is, or say what was given in its place.

    Raises `InputError` for everything else: a table or a model where the action set belongs means that the
    arguments are swapped, a class or None that there is none yet.
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
    if max_changes is not None and (not isinstance(max_changes, (int, np.integer)) or max_changes < 0):
        raise InputError(f"max_changes must be a whole number ≥ 0 or None, not {max_changes!r}.")


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
