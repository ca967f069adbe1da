"""The start of a simulation: everything that can be wrong is found here, before the first round.

`design` puts together what a preset and the caller say; `begin_study` reads the people, holds some out, fits
the models, and makes the choices that must not follow the data later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.errors import InputError, ModelError, nearest
from recourse.generators.recipes import Recipe
from recourse.models import Model, choose_label
from recourse.simulations.arms import CONTROL, Study
from recourse.simulations.coordinates import Space
from recourse.simulations.design import Design, check_measures
from recourse.simulations.measures import Frozen
from recourse.simulations.parts.labels import LABELLERS, Labels
from recourse.simulations.parts.people import People
from recourse.simulations.parts.places import DECISIONS
from recourse.simulations.parts.recommenders import Recourse, as_recourse, check_recourse
from recourse.simulations.parts.retraining import Retrainer, fit_seeded
from recourse.simulations.presets import PRESETS
from recourse.statistics import median_bandwidth
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet


def design_of(preset: str | Design | None, **said: Any) -> Design:
    """The preset, or the default, with what the caller said."""
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise InputError(f"{preset!r} is not a preset. {nearest(preset, PRESETS)}")
        preset = PRESETS[preset]
    design = replace(preset or Design(), **{key: value for key, value in said.items() if value is not None})
    labeller, decision = design.labeller, design.decision
    if isinstance(decision, str):
        if decision not in DECISIONS:
            raise InputError(f"{decision!r} is not a decision. {nearest(decision, DECISIONS)}")
        decision = DECISIONS[decision]
    if isinstance(labeller, str):
        if labeller not in LABELLERS:
            raise InputError(f"{labeller!r} is not a labeller. {nearest(labeller, LABELLERS)}")
        labeller = LABELLERS[labeller](decision)
    retrainer = Retrainer(design.retrainer) if isinstance(design.retrainer, str) else design.retrainer
    for name, options in (("failed", ("stay", "move")), ("units", ("standard", "raw"))):
        if getattr(design, name) not in options:
            raise InputError(f"{name} must be {' or '.join(map(repr, options))}, not {getattr(design, name)!r}.")
    width = design.bandwidth
    if width != "median" and (isinstance(width, str) or not (np.isfinite(width) and width > 0)):
        raise InputError(f"bandwidth must be 'median' or a number above 0, not {width!r}.")
    if not 0 <= design.test_share < 1:
        raise InputError(f"test_share must be at least 0 and below 1, not {design.test_share!r}.")
    if design.permutations < 0:
        raise InputError(f"permutations must be ≥ 0, not {design.permutations!r}.")
    measures = check_measures(design.measures)
    return replace(design, labeller=labeller, decision=decision, retrainer=retrainer, measures=measures)


def begin_study(
    models: Any,
    X: Any,
    y: Any,
    actions: ActionSet,
    recourse: Any,
    design: Design,
    rounds: int,
    repeats: int,
    random_state: Any,
    group_by: Any,
    desired: Any,
    threshold: float | None,
    refit: bool | None,
) -> Study:
    """Check the input and make the common start of all arms."""
    frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=actions.names)
    frame = frame.reset_index(drop=True)
    features = actions.table(frame)
    labels, array = _labels(y, len(frame), desired)
    given = dict(models) if isinstance(models, Mapping) else {"model": models}
    recourses = _recourses(recourse, design)
    groups = [group_by] if isinstance(group_by, str) else list(group_by)
    for name in groups:
        if name not in frame.columns:
            raise InputError(f"group_by: X has no column {name!r}. {nearest(name, frame.columns)}")
    extra = [name for name in groups if name not in actions.names]
    table = pd.concat([features, frame[extra]], axis=1) if extra else features
    root = np.random.SeedSequence(random_state if isinstance(random_state, int) else _entropy(random_state))
    entropy = int(root.entropy)  # type: ignore[arg-type]
    split, fit, grid = (np.random.default_rng(seed) for seed in root.spawn(3))
    train, test = _split(array, design.test_share, split)
    start = People.start(table.iloc[train].reset_index(drop=True), array[train])
    test_table = table.iloc[test].reset_index(drop=True)
    frozen = _frozen(start, test_table, array[test], actions, labels, design, grid)
    fitted = _fitted(given, design.retrainer, start, actions, refit, fit)
    study = Study(
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
        frozen=frozen,
        group_by=tuple(groups),
        groups={},
        entropy=entropy,
    )
    study = replace(study, groups=dict(_groups(study, test_table, array[test], groups)))
    denied = 0
    for name, one in fitted.items():
        study.model(one).check_features(actions.names)
        denied += int((~study.decide(study.model(one), start)[1]).sum())
        if isinstance(one, Model) and one.desired != labels.desired:
            raise ModelError(f"model {name!r} favours {one.desired!r}, but the favourable label is {labels.desired!r}.")
    if not denied:
        raise InputError(
            f"nobody is denied: all {len(start):,} training people are approved by {' and '.join(map(repr, fitted))}, "
            "so there are no candidates for recourse. Is desired= the favourable label? "
            f"The decision was {design.decision}."
        )
    return study


def _labels(y: Any, n: int, desired: Any) -> tuple[Labels, npt.NDArray[Any]]:
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


def _entropy(random_state: Any) -> int:
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.integer):
        return int(random_state)
    return int(np.random.SeedSequence(random_state).entropy)  # type: ignore[arg-type]


def _split(y: npt.NDArray[Any], share: float, rng: np.random.Generator) -> tuple[Any, Any]:
    """Positions of training and held-out people, the same share of each label held out."""
    held = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        held[rng.permutation(rows)[: round(share * len(rows))]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def _fitted(
    models: Mapping[str, Any],
    retrainer: Any,
    start: People,
    actions: ActionSet,
    refit: bool | None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Fit a clone of each estimator to the training people, or take it as it is.

    refit : None takes it as it is where it is fitted and will never be retrained
    """
    from sklearn.base import clone

    if not models:
        raise InputError("models= is empty; pass at least one.")
    never = isinstance(retrainer, Retrainer) and retrainer.mode == "none"
    fitted = {}
    for name, one in models.items():
        if hasattr(retrainer, "check"):
            retrainer.check(name, one)
        keep = isinstance(one, Model) or (never and _is_fitted(one) if refit is None else not refit)
        seed = int(rng.integers(2**32))
        if keep:
            fitted[str(name)] = one
            continue
        if not hasattr(one, "fit"):
            raise ModelError(f"model {name!r} ({type(one).__name__}) has no fit method; pass refit=False to keep it.")
        try:
            fitted[str(name)] = fit_seeded(clone(one), start.X[actions.names], start.y, seed)
        except (ValueError, TypeError) as error:
            raise ModelError(f"model {name!r} can't be fitted to the {len(start)} training people: {error}") from error
    return fitted


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


def _frozen(
    start: People,
    test: pd.DataFrame,
    held_y: npt.NDArray[Any],
    actions: ActionSet,
    labels: Labels,
    design: Design,
    rng: np.random.Generator,
) -> Frozen:
    """Make the choices that must not follow the data later."""
    X = start.X[actions.names]
    space = Space.of(X, actions, standard=design.units == "standard")
    grid = space.uniform(X, 1000, rng)
    fixed = None if isinstance(design.bandwidth, str) else float(design.bandwidth)
    frozen = Frozen(
        X=X,
        held_X=test[actions.names],
        held_y=held_y == labels.desired,
        grid=grid,
        space=space,
        width=1.0 if fixed is None else fixed,
        bandwidth=fixed,
        permutations=design.permutations,
        most=design.most,
    )
    if fixed is None:
        target = frozen.standardised(X[start.y == labels.desired])
        frozen = replace(frozen, width=median_bandwidth(target))
    return frozen


def _groups(
    study: Study, test: pd.DataFrame, held_y: npt.NDArray[Any], names: Sequence[Name]
) -> Iterator[tuple[str, tuple[Any, Any, Frozen]]]:
    """For each level: its column, the level, and what measures rest on among these people. Widths are shared."""
    for name in names:
        levels = sorted(study.start.X[name].unique().tolist(), key=str)
        if len(levels) > 20:
            raise InputError(f"group_by: {name!r} has {len(levels)} levels; the limit is 20. Bin the values first.")
        for level in levels:
            here, there = (study.start.X[name] == level).to_numpy(), (test[name] == level).to_numpy()
            frozen = replace(
                study.frozen,
                X=study.frozen.X[here],
                held_X=study.frozen.held_X[there],
                held_y=study.frozen.held_y[there],
            )
            yield f"{name}={level}", (name, level, frozen)
