"""The start of a simulation: everything that can be wrong is found here, before the first round.

`chosen_design` puts together what a preset and the caller say; `begin_study` reads the people, holds some out, fits
the models, and makes the choices that must not follow the data later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.actions import ActionSet
from recourse.actions.action_set import as_action_set
from recourse.checks import known_names
from recourse.errors import InputError, ModelError, nearest
from recourse.generators.recipes import Recipe
from recourse.models import Model, choose_label
from recourse.simulations.arms import CONTROL, Group, Study, has_level
from recourse.simulations.coordinates import Coordinates
from recourse.simulations.design import Design
from recourse.simulations.measures import Baseline
from recourse.simulations.parts.labels import Labels
from recourse.simulations.parts.people import People
from recourse.simulations.parts.recommenders import Recourse, as_recourse, check_recourse
from recourse.simulations.parts.retraining import ChecksModels, Retrainer, fit_seeded
from recourse.simulations.presets import PRESETS
from recourse.simulations.seeds import root_of
from recourse.statistics import median_bandwidth
from recourse.tables import Name

MOST_LEVELS = 20
"""A column by which groups are measured has at most so many levels."""


def chosen_design(preset: Any, design: Any) -> Design:
    """Return the design that a preset's name or a design stands for, every part of it resolved."""
    if preset is not None and design is not None:
        raise InputError(
            "pass either preset= or design=: a preset is a design, and PRESETS['…'].replace(…) changes parts of it."
        )
    said = design if preset is None else preset
    if said is None:
        said = Design()
    if isinstance(said, str):
        if said not in PRESETS:
            raise InputError(f"{said!r} is not a preset. {nearest(said, PRESETS)}")
        said = PRESETS[said]
    if not isinstance(said, Design):
        word = "design" if preset is None else "preset"
        raise InputError(
            f"{word} can't be {said!r}. Parts and measures go into one: design=rs.simulations.Design(flow='closed')."
        )
    return said.resolved()


def begin_study(
    models: Any,
    X: Any,
    y: Any,
    actions: Any,
    recourse: Any,
    design: Design,
    *,
    rounds: int,
    repeats: int,
    random_state: Any,
    group_by: Any,
    desired: Any,
    threshold: float | None,
    refit: bool | None,
    told: str | None,
) -> Study:
    """Check the input and make the common start of all arms."""
    actions = as_action_set(actions)

    # the people, their labels and their groups
    frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=actions.names)
    frame = frame.reset_index(drop=True)
    features = actions.table(frame)
    labels, array = _labels(y, len(frame), desired)
    groups = [group_by] if isinstance(group_by, str) else list(group_by)
    known_names("group_by", groups, list(frame.columns), of="a column of X")
    extra = [name for name in groups if name not in actions.names]
    table = pd.concat([features, frame[extra]], axis=1) if extra else features

    # what is random in the start has seeds of its own
    entropy = root_of(random_state)
    split, fit, grid = (np.random.default_rng(seed) for seed in np.random.SeedSequence(entropy).spawn(3))
    train, test = _split(array, design.test_share, split)
    start = People.start(table.iloc[train].reset_index(drop=True), array[train])
    test_table = table.iloc[test].reset_index(drop=True)
    baseline = _baseline(start, test_table, array[test], actions, labels, design, grid)

    # the arms
    recourses = _recourses(recourse, design)
    given, fitted = _fitted(models, design.retrainer, start, actions, refit, fit)
    study = Study(
        given=given,
        models=fitted,
        recourse=recourses,
        actions=actions.copy(),
        design=design,
        rounds=rounds,
        repeats=repeats,
        labels=labels,
        desired=labels.desired if not all(isinstance(one, Model) for one in fitted.values()) else None,
        threshold=threshold,
        start=start,
        baseline=baseline,
        group_by=tuple(groups),
        groups=dict(_groups(start, baseline, test_table, groups)),
        entropy=entropy,
        told=told,
    )
    _check_models(study)
    return study


def _labels(y: Any, n: int, desired: Any) -> tuple[Labels, npt.NDArray[Any]]:
    """The two labels, and everybody's."""
    array = np.asarray(y)
    if array.shape != (n,):
        raise InputError(f"y must be one label for each of the {n} rows of X, but its shape is {array.shape}.")
    if pd.isna(array).any():
        raise InputError(f"y is missing in {int(pd.isna(array).sum())} rows.")
    classes = np.unique(array)
    if len(classes) != 2:
        raise InputError(f"y has {len(classes)} labels; a simulation writes two, the favourable one and the other.")
    favourable = choose_label(classes, desired)
    (other,) = [one for one in classes.tolist() if one != favourable]
    return Labels(favourable, other, array.dtype), array


def _recourses(recourse: Any, design: Design) -> dict[str, Recourse]:
    """What people are told, by the name of the arm."""
    if not isinstance(recourse, Mapping):
        one = as_recourse(recourse)
        recourse = {one.name.lower(): recourse}
    made = {}
    for name, given in recourse.items():
        if name == CONTROL:
            raise InputError(f"{CONTROL!r} is the arm without recourse, which is always run; choose another name.")
        if isinstance(given, Recipe) and design.recipes == "altmeyer2023":
            given = given.altmeyer2023()
        made[str(name)] = as_recourse(given)
        check_recourse(made[str(name)])
    if not made:
        raise InputError("recourse= is empty; name at least one.")
    return made


def _split(y: npt.NDArray[Any], share: float, rng: np.random.Generator) -> tuple[Any, Any]:
    """Positions of training and held-out people, the same share of each label held out."""
    held = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        held[rng.permutation(rows)[: round(share * len(rows))]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def _fitted(
    models: Any,
    retrainer: Any,
    start: People,
    actions: ActionSet,
    refit: bool | None,
    rng: np.random.Generator,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit a clone of each estimator to the training people, or take it as it is: before and after fitting.

    refit : None takes it as it is where it is fitted and will never be retrained
    """
    from sklearn.base import clone

    named = dict(models) if isinstance(models, Mapping) else {"model": models}
    if not named:
        raise InputError("models= is empty; pass at least one.")
    never = isinstance(retrainer, Retrainer) and retrainer.mode == "none"
    given, fitted = {}, {}
    for name, one in named.items():
        if isinstance(one, type):
            raise ModelError(f"model {name!r} is the class {one.__name__} itself; make one of it: {one.__name__}().")
        if isinstance(retrainer, ChecksModels):
            retrainer.check(name, one)
        keep = isinstance(one, Model) or (never and _is_fitted(one) if refit is None else not refit)
        seed = int(rng.integers(2**32))
        if keep:
            given[str(name)] = fitted[str(name)] = one
            continue
        if not hasattr(one, "fit"):
            raise ModelError(f"model {name!r} ({type(one).__name__}) has no fit method; pass refit=False to keep it.")
        given[str(name)] = clone(one)
        try:
            fitted[str(name)] = fit_seeded(clone(one), start.X[actions.names], start.y, seed)
        except (ValueError, TypeError) as error:
            raise ModelError(
                f"model {name!r} can't be fitted to the {len(start)} training people{_gaps(start.X[actions.names])}: "
                f"{error}"
            ) from error
    return given, fitted


def _gaps(X: pd.DataFrame) -> str:
    """Which columns lack values in which rows, in words; empty where none do."""
    lacking = [
        f"{name!r} is missing in {tables.rows_in_words(X.index, where)}"
        for name in X.columns
        if len(where := np.flatnonzero(X[name].isna().to_numpy()))
    ]
    return f" ({'; '.join(lacking)})" if lacking else ""


def _is_fitted(estimator: Any) -> bool:
    """Whether an estimator can predict, as far as it can tell; what can't be fitted here counts as fitted."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not hasattr(estimator, "get_params") or not hasattr(estimator, "fit"):
        return True
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def _check_models(study: Study) -> None:
    """Raise where a model reads other features, favours another label, or no model denies anybody."""
    denied = 0
    for name, one in study.models.items():
        study.model(one).check_features(study.actions.names)
        denied += int((~study.decide(study.model(one), study.start)[1]).sum())
        if isinstance(one, Model) and one.desired != study.labels.desired:
            raise ModelError(
                f"model {name!r} favours {one.desired!r}, but the favourable label is {study.labels.desired!r}."
            )
    if not denied:
        raise InputError(
            f"nobody is denied: all {len(study.start):,} training people are approved by "
            f"{' and '.join(map(repr, study.models))}, so there are no candidates for recourse. "
            f"Is desired= the favourable label? The decision was {study.design.decision}."
        )


def _baseline(
    start: People,
    test: pd.DataFrame,
    held_y: npt.NDArray[Any],
    actions: ActionSet,
    labels: Labels,
    design: Design,
    rng: np.random.Generator,
) -> Baseline:
    """Make the choices that must not follow the data later."""
    X = start.X[actions.names]
    coordinates = Coordinates.of(X, actions, standard=design.units == "standard")
    grid = coordinates.uniform(X, 1000, rng)
    fixed = None if isinstance(design.bandwidth, str) else float(design.bandwidth)
    baseline = Baseline(
        X=X,
        held_X=test[actions.names],
        held_y=held_y == labels.desired,
        grid=grid,
        coordinates=coordinates,
        width=1.0 if fixed is None else fixed,
        bandwidth=fixed,
        permutations=design.permutations,
        most=design.most,
    )
    if fixed is None:
        target = baseline.standardised(X[start.y == labels.desired])
        baseline = replace(baseline, width=median_bandwidth(target))
    return baseline


def _groups(
    start: People, baseline: Baseline, test: pd.DataFrame, names: Sequence[Name]
) -> Iterator[tuple[str, Group]]:
    """For each level of the columns: its name, and what measures compare with among these people. Widths are shared."""
    for name in names:
        column = start.X[name]
        levels = sorted(column.dropna().unique().tolist(), key=str)
        levels += [None] if column.isna().any() else []
        if len(levels) > MOST_LEVELS:
            raise InputError(
                f"group_by: {name!r} has {len(levels)} levels; the limit is {MOST_LEVELS}. Bin the values first."
            )
        for level in levels:
            here, there = has_level(column, level), has_level(test[name], level)
            own = replace(baseline, X=baseline.X[here], held_X=baseline.held_X[there], held_y=baseline.held_y[there])
            yield f"{name} is missing" if level is None else f"{name}={level}", Group(name, level, own)
