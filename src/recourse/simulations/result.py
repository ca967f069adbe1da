"""The result of a simulation: one tidy table, the arms' final people and models, and pictures of both."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.budget import Budget
from recourse.errors import InputError, nearest
from recourse.models import Model
from recourse.progress import Progress
from recourse.reports import Report
from recourse.simulations import checkpoint as checkpoint_file
from recourse.simulations import views
from recourse.simulations.arms import CONTROL, ArmState, Key, RepeatState, Study
from recourse.simulations.checkpoint import COLUMNS, FinishedRepeat
from recourse.simulations.identity import described
from recourse.simulations.repeats import run_missing


def checkpoint_path(checkpoint: Any) -> Path | None:
    """Return the path of a checkpoint, or say what it should be."""
    if checkpoint is None:
        return None
    if not isinstance(checkpoint, (str, os.PathLike)) or not str(checkpoint):
        raise InputError(f"checkpoint must be the path of a file, such as 'run.json', not {checkpoint!r}.")
    return Path(checkpoint)


@dataclass(frozen=True, eq=False)
class Arm:
    """What became of one arm: the people, their labels and the model, after the last round that was run.

    Parameters
    ----------
    X : DataFrame
        The features of the n people there are at the end.
    y : array[n]
        Their labels.
    model : estimator
        The model as it was trained last.
    people : DataFrame
        Who is who, in the same order: `id`, `moves` (how often), `last_move` (in which round, 0 for never), `approved`.
    rounds : int
        How many rounds there were.
    stopped : str
        Why the arm ended early; empty if it didn't.
    history : mapping
        The same at measured rounds (first repeat only): round → (X, y, model).
    moved_by : mapping
        For these rounds, how often each of the people had moved.
    rules : mapping
        For these rounds, the `Model` that people were approved by; with limited places it approves whoever reaches
        the score of the last place.
    """

    X: pd.DataFrame
    y: npt.NDArray[Any]
    model: Any
    people: pd.DataFrame
    rounds: int
    stopped: str
    history: Mapping[int, tuple[pd.DataFrame, npt.NDArray[Any], Any]]
    moved_by: Mapping[int, npt.NDArray[np.int64]]
    rules: Mapping[int, Model]

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
        return _arm(self._study, state.arms[pair], state.t)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._study.arms if self._states else [])

    def __len__(self) -> int:
        return len(self._study.arms) if self._states else 0

    def __repr__(self) -> str:
        return f"Arms({', '.join('/'.join(key) for key in self)})"


def _arm(study: Study, state: ArmState, t: int) -> Arm:
    people = state.people
    who = pd.DataFrame({"id": people.ids, "moves": people.moves, "last_move": people.last, "approved": state.approved})
    history = {t: (study.features(then), then.y, estimator) for t, (then, estimator, _) in state.history.items()}
    moved_by = {t: then.moves for t, (then, _, _) in state.history.items()}
    rules = {t: rule for t, (_, _, rule) in state.history.items()}
    last = max((row["round"] for row in state.rows), default=0) if state.stopped else t
    return Arm(study.features(people), people.y, state.estimator, who, last, state.stopped, history, moved_by, rules)


class Simulation(Report):
    """What happened over time, in every arm: made by `simulate`, and never changed afterwards.

    Parameters
    ----------
    study : Study
        The simulation before its first round: people, models, parts.
    states : list of RepeatState
        The repeats that were run here, as far as they got.
    kept : list of FinishedRepeat
        The repeats that were read from a checkpoint: their part of the table, without people and models.
    """

    view = views.VIEW

    def __init__(self, study: Study, states: Sequence[RepeatState], kept: Sequence[FinishedRepeat] = ()) -> None:
        self.study = study
        self._states = tuple(states)
        self._kept = tuple(kept)

    @property
    def complete(self) -> bool:
        """Whether every repeat has had all its rounds."""
        return len(self._finished()) == self.study.repeats

    @property
    def interrupted(self) -> bool:
        """Whether rounds are missing; `resume` runs them."""
        return not self.complete

    @property
    def stopped(self) -> dict[tuple[str, str, int], str]:
        """The arms that ended early, by (model, recourse, repeat), each with the reason."""
        here = {(*key, state.repeat): arm.stopped for state in self._states for key, arm in state.arms.items()}
        kept = {(*key, one.repeat): why for one in self._kept for key, why in one.stopped.items()}
        return {key: why for key, why in (here | kept).items() if why}

    @property
    def arms(self) -> Arms:
        """The arms' final people, models and labels, by (model, recourse): those of the first repeat.

        ``arms[model, recourse, repeat]`` are those of another one. What was read from a checkpoint has none.
        """
        return Arms(self.study, self._states)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of `to_frame`, as plain values."""
        rows = [dict(row) for one in self._kept for row in one.rows]
        for state in self._states:
            rows += [row for key in self.study.arms for row in state.arms[key].rows]
        return sorted(rows, key=lambda row: row["repeat"])  # stable: the order within a repeat stays

    @property
    def overall(self) -> pd.DataFrame:
        """One row for each arm and measure in the last round measured: mean, sd and range over repeats."""
        return self.summary()

    @property
    def by_group(self) -> pd.DataFrame:
        """The same for each group: measures of people that are taken by the columns of `group_by`."""
        return self._over_repeats(None, ["group", "model", "generator", "scope", "name"], everybody=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the tidy table: one row for each repeat, round, arm, group and measured quantity.

        Returns
        -------
        DataFrame
            arm, model, generator : "model/recourse" and its parts; the control arm's recourse is "control"

            group : empty for everybody, else "column=level"

            scope, name, value, p_value : "domain" or "model" shift against the start (but `threshold` and `standard`
            are today's), or "recourse" for what happened in this round; a p-value where there is a test

            n_drawn, n_moved, pool, convergence_rate, retrained : of the round and arm; who got a recommendation,
            who acted, from how many, for what share the search met its own stopping rule, and whether the
            model was fitted again

        Notes
        -----
        Of the scope "recourse": `success_rate`, `distance` (in standard deviations) and `redundancy` (the share of
        features left alone) are of the recommendations, the latter two of those that the model approves.
        `favourable_labels` is of those who moved. `fail_to_recourse` is the share of those who moved in this round who
        are denied at its end: after the model was retrained and, where they are limited, the places were given.
        `reliability` (Fonseca et al. 2023) is the share approved then of those who moved to where the rule of the day
        they were told approved them.
        """
        return pd.DataFrame(self.rows, columns=list(COLUMNS))

    def contrast(self, against: str = CONTROL) -> pd.DataFrame:
        """Return each measure minus that of another recourse of the same model, in the same repeat and round.

        What remains is the effect of the recourse; what retraining alone does is in both arms.

        Parameters
        ----------
        against : str
            The name of a recourse; "control" is the arm without any.

        Returns
        -------
        DataFrame
            The rows of `to_frame` for all other recourses, with `reference` and `difference`.

        Raises
        ------
        InputError
            If there is no such arm, with the nearest name.
        """
        frame = self.to_frame()
        frame = frame[frame["scope"] != "recourse"]
        if against not in set(frame["generator"]):
            raise InputError(f"there is no arm {against!r}. {nearest(against, frame['generator'].unique())}")
        same = ["repeat", "round", "model", "group", "scope", "name"]
        other = frame[frame["generator"] == against].set_index(same)["value"].rename("reference")
        others = frame[frame["generator"] != against].drop(columns=["p_value", "retrained"])
        joined = others.join(other, on=same, how="inner")
        joined["difference"] = joined["value"] - joined["reference"]
        return joined.reset_index(drop=True)

    def summary(self, rounds: int | None = None) -> pd.DataFrame:
        """Return one row for each arm and measure in one round: mean, sd and range over repeats.

        Parameters
        ----------
        rounds : int or None
            A round that was measured; None for the last one.

        Returns
        -------
        DataFrame
            `repeats`, `mean`, `sd`, `min` and `max` by model, generator, scope and name.
        """
        return self._over_repeats(rounds, ["model", "generator", "scope", "name"], everybody=True)

    def _over_repeats(self, t: int | None, by: list[str], *, everybody: bool) -> pd.DataFrame:
        """Mean, sd and range over repeats of the measures of one round, for everybody or for the groups."""
        frame = self.to_frame()
        shifts = frame[(frame["scope"] != "recourse") & ((frame["group"] == "") == everybody)]
        last = shifts["round"].max() if t is None else t
        chosen = shifts[shifts["round"] == last]
        table = chosen.groupby(by, sort=False)["value"].agg(["count", "mean", "std", "min", "max"])
        return table.rename(columns={"count": "repeats", "std": "sd"}).reset_index()

    def resume(
        self,
        *,
        time_limit: float | None = None,
        budget: Budget | None = None,
        progress: Progress | None = None,
        checkpoint: Path | str | None = None,
    ) -> Simulation:
        """Run what is missing, and return a new result: the same numbers as if nothing had been interrupted.

        Parameters
        ----------
        time_limit, budget, progress, checkpoint : object
            As for `simulate`; none of them is remembered from there.

        Returns
        -------
        Simulation
            This one stays as it is.
        """
        path, budget = checkpoint_path(checkpoint), Budget.of(budget, time_limit)
        return Simulation(self.study, *run_missing(self.study, self._states, self._kept, budget, progress, path))

    @property
    def notes(self) -> list[str]:
        """What to keep in mind when reading the numbers.

        Arms that stopped, pools that ran dry, searches that never converged, and whether rounds are missing.
        """
        return list(_notes(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the simulation and its table as plain values: the document that views are rendered from.

        Returns
        -------
        dict
            Fit for JSON.
        """
        study = self.study
        return {
            "document": "openrecourse/simulation",
            "version": 1,
            "models": {name: study.model(one).name for name, one in study.models.items()},
            "recourse": {name: described(one) for name, one in study.recourse.items()},
            "rounds": study.rounds,
            "repeats": study.repeats,
            "repeats_done": len(self._finished()),
            "people": len(study.start),
            "held_out": len(study.baseline.held_y),
            "design": {key: described(value) for key, value in vars(study.design).items()},
            "seed": str(study.entropy),
            "last_round": max((row["round"] for row in self.rows), default=0),
            "arms": _summaries(self),
            "series": _series(self),
            "rows": [checkpoint_file.plain(row) for row in self.rows],
            "stopped": [
                {"model": model, "recourse": recourse, "repeat": repeat, "why": why}
                for (model, recourse, repeat), why in self.stopped.items()
            ],
            "notes": self.notes,
            "interrupted": self.interrupted,
        }

    def save(self, path: Path | str) -> None:
        """Write the finished repeats to a JSON file that `simulate(..., checkpoint=path)` goes on from.

        Tables are kept, people and models are not: a repeat that was interrupted starts over, with the same
        seeds and therefore the same numbers.

        Parameters
        ----------
        path : path
            A new file, or a checkpoint of the same simulation, whose repeats are kept.

        Raises
        ------
        InputError
            If the file is another simulation's or can't be written, or a part has no identity.
        """
        file = checkpoint_path(path)
        assert file is not None
        checkpoint_file.add(file, self.study.identity, list(self._finished().values()))

    def plot(self, names: Sequence[str] | None = None, **settings: Any) -> Any:
        """Draw measures over rounds, one facet for each name and model.

        Parameters
        ----------
        names : list of str or None
            Measures from top to bottom; None for the first four of the usual ones that were measured.
        **settings : Any
            `models`, `group` and `ax`; see `recourse.simulations.plots.measures`.

        Returns
        -------
        array of Axes
            Names × models.
        """
        from recourse.simulations import plots

        return plots.measures(self, names, **settings)

    def plot_population(self, round: int | None = None, **settings: Any) -> Any:
        """Draw the people and the decision boundary at the start and in a measured round.

        Parameters
        ----------
        round : int or None
            A measured round of the first repeat; None for the last one.
        **settings : Any
            `features` and `arms`; see `recourse.simulations.plots.population`.

        Returns
        -------
        array of Axes
            Models × (start + arms).
        """
        from recourse.simulations import plots

        return plots.population(self, round, **settings)

    def _finished(self) -> dict[int, FinishedRepeat]:
        """The repeats that have had all their rounds."""
        here = {state.repeat: state.finished() for state in self._states if state.t == self.study.rounds}
        return here | {one.repeat: one for one in self._kept}


def _notes(simulation: Simulation) -> Iterator[str]:
    """The sentences of `Simulation.notes`."""
    study = simulation.study

    # rounds that are missing, and arms that stopped
    if simulation.interrupted:
        done, total = sum(state.t for state in simulation._states), study.rounds * study.repeats
        done += len(simulation._kept) * study.rounds
        yield f"Interrupted after {done} of {total} rounds; resume() runs the others."
    stopped = simulation.stopped
    for key in study.arms:
        name = "/".join(key)
        for (*arm, repeat), why in stopped.items():
            if tuple(arm) == key:
                yield f"{name}, repeat {repeat}: {why} Its results up to then are kept."

        # pools that ran dry, and searches that got nowhere
        arms = [state.arms[key] for state in simulation._states]
        dry = [arm.empty_since for arm in arms if arm.empty_since is not None]
        if dry:
            shared = " that is shared by all arms" if study.design.selector.together else ""
            yield (
                f"{name}: nobody was left in the pool{shared} from round {min(dry)} on "
                f"({len(dry)} of {len(arms)} repeats)."
            )
        drawn, valid, converged, _ = (sum(arm.tally[k] for arm in arms) for k in range(4))
        if drawn and not valid:
            yield f"{name}: no search ended at an approved point, for any of {drawn} people; more steps may be needed."
        elif drawn and not converged:
            yield f"{name}: no search met its own stopping rule; {valid} of {drawn} ended at an approved point."


def _summaries(simulation: Simulation) -> list[dict[str, Any]]:
    """For each arm: how many were drawn, found valid, converged and moved, and the last measurements.

    Counts are sums over repeats, from the table, so they are there for repeats read from a checkpoint too.
    """
    frame = simulation.to_frame()
    if frame.empty:
        return []
    summary = simulation.summary()
    arms = []
    for model, recourse in simulation.study.arms:
        counts = _counts(frame[frame["arm"] == f"{model}/{recourse}"])
        last = summary[(summary["model"] == model) & (summary["generator"] == recourse)]
        arms.append({"model": model, "recourse": recourse, **counts, "measures": _over_repeats(last)})
    return arms


def _counts(frame: pd.DataFrame) -> dict[str, Any]:
    """Counts and shares of one arm over all its rounds and repeats, from its rows of the table."""
    # what is true of a whole round stands in each of its rows: one of them counts
    rounds = frame.drop_duplicates(["repeat", "round"])
    drawn, moved = int(rounds["n_drawn"].sum()), int(rounds["n_moved"].sum())

    # the share of a round times the people of the round is a count again
    success, failure = _everybodys(frame, "success_rate"), _everybodys(frame, "fail_to_recourse")
    valid = float((success["value"] * success["n_drawn"]).sum())
    failed = float((failure["value"] * failure["n_moved"]).sum())
    converged = float((rounds["convergence_rate"].astype(float) * rounds["n_drawn"]).sum())
    return {
        "repeats": int(rounds["repeat"].nunique()),
        "drawn": drawn,
        "valid": round(valid),
        "converged": round(converged),
        "moved": moved,
        "valid_share": valid / drawn if drawn else None,
        "converged_share": converged / drawn if drawn else None,
        "failed_share": failed / moved if moved else None,
    }


def _everybodys(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one measure that are about everybody, not about a group."""
    return frame[(frame["name"] == name) & (frame["group"] == "")]


def _over_repeats(last: pd.DataFrame) -> dict[Hashable, Any]:
    """The last measurements of one arm by name: mean, deviation and range over repeats."""
    statistics = last.set_index("name")[["repeats", "mean", "sd", "min", "max"]]
    return {name: checkpoint_file.plain(row) for name, row in statistics.to_dict("index").items()}


def _series(simulation: Simulation) -> list[dict[str, Any]]:
    """For each arm and measure: mean and range over repeats, round by round."""
    frame = simulation.to_frame()
    frame = frame[(frame["scope"] != "recourse") & (frame["group"] == "")]
    series = []
    for (model, generator, name), rows in frame.groupby(["model", "generator", "name"], sort=False):
        over = rows.groupby("round")["value"].agg(["mean", "min", "max"])
        lines = {key: [float(value) for value in over[key]] for key in ("mean", "min", "max")}
        series.append({"model": model, "recourse": generator, "name": name, "rounds": over.index.tolist(), **lines})
    return series
