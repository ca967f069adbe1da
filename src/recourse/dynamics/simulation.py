"""A simulation and its result: one tidy table, the arms' final people and models, and pictures of both.

`simulate` checks everything that can be wrong before the first round, makes the arms' common start, and runs
the rounds; `Simulation` holds what is done and can go on from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import reports, tables
from recourse.dynamics.answers import Recourse, as_recourse, check_recourse
from recourse.dynamics.measures import Frozen
from recourse.dynamics.parts import LABELLERS, Labels, People, Retrainer, Selector, seeded
from recourse.dynamics.study import (
    CONTROL,
    ArmState,
    Design,
    Key,
    RepeatState,
    Study,
    advance,
    begin,
    check_measures,
)
from recourse.errors import InputError, ModelError, nearest
from recourse.generators.recipes import Recipe
from recourse.metrics import median_bandwidth
from recourse.models import Model, as_model, choose_label
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet

Progress = Callable[[int, int], object]

COLUMNS = (
    "repeat", "round", "arm", "model", "generator", "group", "scope", "name", "value", "p_value",
    "n_drawn", "n_moved", "pool", "convergence_rate", "retrained",
)  # fmt: skip
"""The columns of the tidy table."""

PRESETS: dict[str, Design] = {
    "altmeyer2023": Design(
        failed="move",
        retrainer=Retrainer("warm"),
        bandwidth=0.5,
        units="raw",
        recipes="altmeyer2023",
    ),
}
"""Designs of published studies, by name.

`altmeyer2023` (Endogenous Macrodynamics in Algorithmic Recourse, SaTML 2023): the recipes of its code, failed
searches move too and keep the label that the model gives them, warm retraining, a kernel of width 0.5 on raw
features. Its models were `NetworkClassifier(standardize=False, shuffle=False, batch_size=1,
learning_rate=1e-3)`; batches of 32 with a rate of 1e-2 are much faster and preserve its orderings.
"""


@dataclass(frozen=True, eq=False)
class Arm:
    """What became of one arm: the people, their labels and the model, after the last round that was run.

    X, y : features and labels; model : the estimator; rounds : how many rounds there were
    people : who moved: `id`, `moves` (how often), `last_move` (in which round, 0 for never), `approved`
    stopped : why the arm ended early; empty if it didn't
    history : the same at measured rounds (first repeat only): round → (X, y, model)
    """

    X: pd.DataFrame
    y: npt.NDArray[Any]
    model: Any
    people: pd.DataFrame
    rounds: int
    stopped: str
    history: Mapping[int, tuple[pd.DataFrame, npt.NDArray[Any], Any]]

    def __repr__(self) -> str:
        moved = int((self.people["moves"] > 0).sum())
        return f"Arm(after round {self.rounds}: {moved:,} of {len(self.y):,} people moved, {type(self.model).__name__})"


class Arms(Mapping[Any, Arm]):
    """The arms of the first repeat by (model, recourse), or of another by (model, recourse, repeat)."""

    def __init__(self, study: Study, states: Sequence[RepeatState]) -> None:
        self._study, self._states = study, {state.repeat: state for state in states}

    def __getitem__(self, key: Any) -> Arm:
        given = tuple(key) if isinstance(key, (tuple, list)) else (key,)
        pair, repeat = given[:2], given[2] if len(given) == 3 else min(self._states, default=0)
        if repeat not in self._states:
            raise KeyError(f"repeat {repeat!r} was not run here; its arms are not in this result.")
        if pair not in self._states[repeat].arms:
            raise KeyError(f"there is no arm {pair!r}. {nearest(pair, list(self))}")
        state = self._states[repeat]
        return _arm(self._study, state.arms[pair], state.t)  # type: ignore[index]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._study.arms if self._states else [])

    def __len__(self) -> int:
        return len(self._study.arms) if self._states else 0

    def __repr__(self) -> str:
        return f"Arms({', '.join('/'.join(key) for key in self)})"


def _arm(study: Study, state: ArmState, t: int) -> Arm:
    people = state.people
    who = pd.DataFrame({"id": people.ids, "moves": people.moves, "last_move": people.last, "approved": state.approved})
    history = {t: (study.features(then), then.y, estimator) for t, (then, estimator) in state.history.items()}
    last = max((row["round"] for row in state.rows), default=0) if state.stopped else t
    return Arm(study.features(people), people.y, state.estimator, who, last, state.stopped, history)


class Simulation:
    """What happened over time, in every arm: made by `simulate`.

    arms : the final people and model of each arm, by (model, recourse)
    interrupted : whether rounds are missing; `resume` runs them
    notes : what to keep in mind when reading the numbers: arms that stopped, pools that ran dry, searches
        that never converged
    """

    def __init__(self, study: Study, states: Sequence[RepeatState], kept: Sequence[dict[str, Any]] = ()) -> None:
        self.study = study
        self._states = list(states)
        self._kept = list(kept)  # rows of repeats that were read from a checkpoint
        self.interrupted = not self.complete

    @property
    def complete(self) -> bool:
        """Whether every repeat has had all its rounds."""
        done = {state.repeat for state in self._states if state.t == self.study.rounds}
        return len(done | self._kept_repeats) == self.study.repeats

    @property
    def _kept_repeats(self) -> set[int]:
        return {row["repeat"] for row in self._kept}

    @property
    def arms(self) -> Arms:
        """The arms' final data, models and people."""
        return Arms(self.study, self._states)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of `to_frame`, as plain values."""
        rows = list(self._kept)
        for state in self._states:
            rows += [row for key in self.study.arms for row in state.arms[key].rows]
        return sorted(rows, key=lambda row: row["repeat"])  # stable: the order within a repeat stays

    def to_frame(self) -> pd.DataFrame:
        """Return the tidy table: one row for each repeat, round, arm, group and measured quantity.

        arm, model, generator : "model/recourse" and its parts; the control arm's recourse is "control"
        group : empty for everybody, else "column=level"
        scope, name, value, p_value : "domain" or "model" shift against the start, or "recourse" for what
            happened in this round; a p-value where there is a test
        n_drawn, n_moved, pool, convergence_rate, retrained : of the round and arm; who got a recommendation,
            who acted, from how many, for what share the search met its own stopping rule, and whether the
            model was fitted again
        """
        return pd.DataFrame(self.rows, columns=list(COLUMNS))

    def contrast(self, against: str = CONTROL) -> pd.DataFrame:
        """Return each measure minus that of another recourse of the same model, in the same repeat and round.

        What remains is the effect of the recourse; what retraining alone does is in both arms.
        """
        frame = self.to_frame()
        frame = frame[frame["scope"] != "recourse"]
        if against not in set(frame["generator"]):
            raise InputError(f"there is no arm {against!r}. {nearest(against, frame['generator'].unique())}")
        same = ["repeat", "round", "model", "group", "scope", "name"]
        other = frame[frame["generator"] == against].set_index(same)["value"].rename("reference")
        others = frame[frame["generator"] != against].drop(columns=["p_value", "retrained"])
        joined = others.join(other, on=same, how="inner")
        joined.insert(joined.columns.get_loc("value") + 1, "difference", joined["value"] - joined["reference"])
        return joined.reset_index(drop=True)

    def summary(self, rounds: int | None = None) -> pd.DataFrame:
        """Return one row for each arm and measure in the last round measured: mean, sd and range over repeats."""
        frame = self.to_frame()
        shifts = frame[(frame["scope"] != "recourse") & (frame["group"] == "")]
        last = int(shifts["round"].max()) if rounds is None else rounds
        chosen = shifts[shifts["round"] == last]
        by = ["model", "generator", "scope", "name"]
        table = chosen.groupby(by, sort=False)["value"].agg(["count", "mean", "std", "min", "max"])
        return table.rename(columns={"count": "repeats", "std": "sd"}).reset_index()

    def resume(self, *, progress: Progress | None = None, checkpoint: Path | str | None = None) -> Simulation:
        """Run what is missing, and return this simulation: the same numbers as if it had not been interrupted."""
        _run(self, progress, None if checkpoint is None else Path(checkpoint))
        return self

    @property
    def notes(self) -> list[str]:
        """What to keep in mind when reading the numbers."""
        return list(_notes(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the study and its table as plain values: the document that views are rendered from."""
        study = self.study
        summary = self.summary() if self.rows else pd.DataFrame()
        moved = _totals(self)
        return {
            "document": "openrecourse/simulation",
            "version": 1,
            "models": {name: study.model(one).name for name, one in study.models.items()},
            "recourse": {name: repr(one) for name, one in study.recourse.items()},
            "rounds": study.rounds,
            "repeats": study.repeats,
            "repeats_done": self._repeats_done(),
            "people": len(study.start),
            "held_out": len(study.frozen.held_y),
            "design": {key: repr(value) for key, value in vars(study.design).items()},
            "seed": str(study.entropy),
            "arms": moved,
            "summary": [_plain(row) for row in summary.to_dict(orient="records")],
            "rows": [_plain(row) for row in self.rows],
            "notes": self.notes,
            "interrupted": self.interrupted,
        }

    def _repeats_done(self) -> int:
        return len({s.repeat for s in self._states if s.t == self.study.rounds} | self._kept_repeats)

    def save(self, path: Path | str) -> None:
        """Write the finished repeats to a JSON file that `simulate(..., checkpoint=path)` goes on from.

        Tables are kept, people and models are not: a repeat that was interrupted starts over, with the same
        seeds and therefore the same numbers.
        """
        done = {state.repeat for state in self._states if state.t == self.study.rounds} | self._kept_repeats
        document = {
            "document": "openrecourse/simulation-checkpoint",
            "version": 1,
            "study": fingerprint(self.study),
            "rows": [_plain(row) for row in self.rows if row["repeat"] in done],
        }
        target = Path(path)
        temporary = target.with_name(f".{target.name}.part")
        temporary.write_text(json.dumps(document), encoding="utf-8")
        temporary.replace(target)

    def plot(self, names: Sequence[str] | None = None, **settings: Any) -> Any:
        """Draw measures over rounds, one facet for each name and model; see `recourse.dynamics.plots`."""
        from recourse.dynamics import plots

        return plots.measures(self, names, **settings)

    def plot_population(self, round: int | None = None, **settings: Any) -> Any:
        """Draw the people and the decision boundary at the start and in a measured round."""
        from recourse.dynamics import plots

        return plots.population(self, round, **settings)

    def to_html(self) -> str:
        """Return a small static HTML report."""
        return reports.html(self.to_dict())

    def __repr__(self) -> str:
        return reports.text(self.to_dict())

    def _repr_html_(self) -> str:
        return self.to_html()


def simulate(
    models: Mapping[str, Any] | Any,
    X: Any,
    y: Any,
    actions: ActionSet,
    *,
    recourse: Mapping[str, Any] | Any = "optimal",
    rounds: int = 50,
    share: float | None = None,
    repeats: int = 5,
    random_state: Any = 0,
    preset: str | Design | None = None,
    selector: Any = None,
    behaviour: Any = None,
    labeller: Any = None,
    flow: Any = None,
    retrainer: Any = None,
    failed: str | None = None,
    measures: Any = None,
    measure_every: int | None = None,
    permutations: int | None = None,
    bandwidth: str | float | None = None,
    units: str | None = None,
    test_share: float | None = None,
    group_by: Sequence[Name] = (),
    desired: Any = None,
    threshold: float | None = None,
    refit: bool | None = None,
    progress: Progress | None = None,
    checkpoint: Path | str | None = None,
) -> Simulation:
    """Simulate what happens when people act on recourse and the lender learns from it, round after round.

    models : a classifier, or several by name. Each is cloned and fitted to the training people (`refit=False`
        starts from it as it is, also the default where it is never retrained)
    X, y : the population and its labels; further columns of `X` may serve as groups
    actions : what people can do
    recourse : what they are told, by name: "optimal" (the exact search), a recipe of `recourse.generators`, or
        `function(model, actions, X)` → new rows. An arm "control", where nobody is told anything and the
        model is retrained all the same, is always run besides
    rounds, share, repeats : how often, how many of the denied, and how many times over with other draws
    random_state : the root of all seeds; results depend on nothing else, neither threads nor other arms
        (but see `Selector.together`)
    preset : "altmeyer2023" or a `Design`: what holds for everything that is not said here
    selector, behaviour, labeller, flow, retrainer : the exchangeable parts, see `recourse.dynamics`
    failed : whose search ended without an approved point may "stay", or "move" to where it ended
    measures, measure_every, permutations, bandwidth, units, test_share : see `Design`
    group_by : columns of `X`; measures of people are taken for each level too
    desired, threshold : which label is favourable, and from which probability on; see `as_model`
    progress : called with (rounds of arms done, of how many)
    checkpoint : a JSON file that finished repeats are written to, and read from if it is there

    Everything wrong with the input is reported before the first round. Ctrl-C ends the simulation and returns
    what is done (`interrupted`, `resume`); an arm whose model can't be fitted any more stops with a note, and
    the others go on. Nothing that is passed is changed.

    >>> import recourse as rs
    >>> from sklearn.linear_model import LogisticRegression
    >>> people = rs.datasets.overlapping(300)
    >>> A = rs.ActionSet(people.X)
    >>> sim = rs.simulate(LogisticRegression(), people.X, people.y, A, rounds=4, repeats=2, permutations=0)
    >>> list(sim.arms)
    [('model', 'control'), ('model', 'optimal')]
    >>> effect = sim.contrast("control")
    >>> bool(effect.query("name == 'mmd' and round == 4")["difference"].mean() > 0)
    True
    """
    design = _design(
        preset, selector=selector, behaviour=behaviour, labeller=labeller, flow=flow, retrainer=retrainer,
        failed=failed, measures=measures, measure_every=measure_every, permutations=permutations,
        bandwidth=bandwidth, units=units, test_share=test_share,
    )  # fmt: skip
    if share is not None:
        if not isinstance(design.selector, Selector) or selector is not None:
            raise InputError("share= belongs to the default selector; set it in the selector= that you pass.")
        design = replace(design, selector=replace(design.selector, share=share))
    for name, value in (("rounds", rounds), ("repeats", repeats), ("measure_every", design.measure_every)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name} must be a whole number ≥ 1, not {value!r}.")
    study = _study(
        models, X, y, actions, recourse, design, int(rounds), int(repeats), random_state, group_by, desired,
        threshold, refit,
    )  # fmt: skip
    path = None if checkpoint is None else Path(checkpoint)
    simulation = Simulation(study, [], _read_checkpoint(path, study))
    _run(simulation, progress, path)
    return simulation


def _run(simulation: Simulation, progress: Progress | None, checkpoint: Path | None) -> None:
    """Run the missing rounds. A round that Ctrl-C cuts short counts as not begun."""
    study, states = simulation.study, {state.repeat: state for state in simulation._states}
    kept = simulation._kept_repeats
    arms = len(study.arms)
    total = arms * study.rounds * study.repeats
    try:
        for repeat in range(study.repeats):
            if repeat in kept:
                continue
            state = states[repeat] if repeat in states else begin(study, repeat)
            while True:
                states[repeat] = state
                if progress is not None:
                    done = sum(one.t for one in states.values()) + len(kept) * study.rounds
                    progress(arms * done, total)
                if state.t == study.rounds:
                    break
                state = advance(study, state)
            if checkpoint is not None:
                simulation._states = list(states.values())
                simulation.save(checkpoint)
    except KeyboardInterrupt:
        pass
    simulation._states = list(states.values())
    simulation.interrupted = not simulation.complete


def _design(preset: str | Design | None, **said: Any) -> Design:
    """The preset, or the default, with what the caller said."""
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise InputError(f"{preset!r} is not a preset. {nearest(preset, PRESETS)}")
        preset = PRESETS[preset]
    design = replace(preset or Design(), **{key: value for key, value in said.items() if value is not None})
    labeller = design.labeller
    if isinstance(labeller, str):
        if labeller not in LABELLERS:
            raise InputError(f"{labeller!r} is not a labeller. {nearest(labeller, LABELLERS)}")
        labeller = LABELLERS[labeller]
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
    return replace(design, labeller=labeller, retrainer=retrainer, measures=check_measures(design.measures))


def _study(
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
        model = study.model(one)
        model.check_features(actions.names)
        denied += int((~model.approves(study.features(start))).sum())
        if isinstance(one, Model) and one.desired != labels.desired:
            raise ModelError(f"model {name!r} favours {one.desired!r}, but the favourable label is {labels.desired!r}.")
    if not denied:
        raise InputError(
            f"nobody is denied: all {len(start):,} training people are approved by {' and '.join(map(repr, fitted))}, "
            "so there are no candidates for recourse. Is desired= the favourable label?"
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
    """Fit a clone of each estimator to the training people, or take it as it is."""
    from sklearn.base import clone

    if not models:
        raise InputError("models= is empty; pass at least one.")
    never = isinstance(retrainer, Retrainer) and retrainer.mode == "none"
    fitted = {}
    for name, one in models.items():
        if hasattr(retrainer, "check"):
            retrainer.check(name, one)
        keep = isinstance(one, Model) or (never if refit is None else not refit)
        seed = int(rng.integers(2**32))
        if keep:
            as_model(one) if isinstance(one, Model) else None
            fitted[str(name)] = one
            continue
        if not hasattr(one, "fit"):
            raise ModelError(f"model {name!r} ({type(one).__name__}) has no fit method; pass refit=False to keep it.")
        fitted[str(name)] = seeded(clone(one), seed).fit(start.X[actions.names], start.y)
    return fitted


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
    values = X.to_numpy(dtype=np.float64)
    shift, scale = np.zeros(values.shape[1]), np.ones(values.shape[1])
    if design.units == "standard":
        deviation = values.std(axis=0)
        shift, scale = values.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
    low, high = values.min(axis=0), values.max(axis=0)
    grid = pd.DataFrame(rng.uniform(low, high, (1000, len(low))), columns=X.columns)
    fixed = None if isinstance(design.bandwidth, str) else float(design.bandwidth)
    frozen = Frozen(
        X=X,
        held_X=test[actions.names],
        held_y=held_y == labels.desired,
        grid=grid,
        shift=shift,
        scale=scale,
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


def _notes(simulation: Simulation) -> Iterator[str]:
    study = simulation.study
    if simulation.interrupted:
        done, all_ = sum(s.t for s in simulation._states), study.rounds * study.repeats
        done += len(simulation._kept_repeats) * study.rounds
        yield f"Interrupted after {done} of {all_} rounds; resume() runs the others."
    for key in study.arms:
        name = "/".join(key)
        arms = [(state.repeat, state.arms[key]) for state in simulation._states]
        for repeat, arm in arms:
            if arm.stopped:
                yield f"{name}, repeat {repeat}: {arm.stopped} Its results up to then are kept."
        dry = [(repeat, arm.empty_since) for repeat, arm in arms if arm.empty_since is not None]
        if dry:
            shared = " that is shared by all arms" if getattr(study.design.selector, "together", False) else ""
            first = min(t for _, t in dry)
            yield f"{name}: nobody was left in the pool{shared} from round {first} on ({len(dry)} of {len(arms)} repeats)."
        drawn, valid, converged, _ = (sum(arm.tally[k] for _, arm in arms) for k in range(4))
        if drawn and not valid:
            yield f"{name}: no search ended at an approved point, for any of {drawn} people; more steps may be needed."
        elif drawn and not converged:
            yield f"{name}: no search met its own stopping rule; {valid} of {drawn} ended at an approved point."


def _totals(simulation: Simulation) -> list[dict[str, Any]]:
    """People drawn, valid, converged and moved by arm, per repeat that was run here."""
    totals = []
    for model, recourse in simulation.study.arms:
        arms = [state.arms[model, recourse] for state in simulation._states]
        drawn, valid, converged, moved = (sum(arm.tally[k] for arm in arms) for k in range(4))
        totals.append(
            {
                "model": model,
                "recourse": recourse,
                "repeats": len(arms),
                "drawn": drawn,
                "valid": valid,
                "converged": converged,
                "moved": moved,
            }
        )
    return totals


def fingerprint(study: Study) -> str:
    """Return a hash of everything that a study's numbers depend on, as far as it can be written down."""
    digest = hashlib.sha256()
    for part in (study.start, None):
        table = study.frozen.held_X if part is None else part.X
        labels = study.frozen.held_y if part is None else part.y
        for name in table.columns:
            digest.update(repr(name).encode() + repr(table[name].tolist()).encode())
        digest.update(repr(labels.tolist()).encode())
    settings = [
        (name, repr(one), repr(getattr(one, "get_params", dict)())) for name, one in sorted(study.models.items())
    ]
    recourse = [(name, repr(one)) for name, one in study.recourse.items()]
    rest = (study.rounds, study.design, study.desired, study.threshold, study.group_by, study.entropy)
    digest.update(repr((settings, recourse, rest, repr(study.actions))).encode())
    return digest.hexdigest()


def _read_checkpoint(path: Path | None, study: Study) -> list[dict[str, Any]]:
    """The rows of finished repeats, if the file is there and belongs to the same study."""
    if path is None or not path.exists():
        return []
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        kind, same, rows = document["document"], document["study"], document["rows"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a checkpoint of a simulation: {error}.") from None
    if kind != "openrecourse/simulation-checkpoint" or same != fingerprint(study):
        raise InputError(
            f"{path} belongs to another simulation (other people, models or settings); choose another file."
        )
    return [row for row in rows if row["repeat"] < study.repeats]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Plain JSON values: NumPy scalars unpacked, missing as None."""
    plain = {str(key): value.item() if isinstance(value, np.generic) else value for key, value in row.items()}
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in plain.items()}
