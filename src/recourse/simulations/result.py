"""The result of a simulation: one tidy table, the arms' final people and models, and pictures of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.budget import Progress
from recourse.errors import InputError, nearest
from recourse.reports import Report
from recourse.simulations import checkpoint as checkpoint_file
from recourse.simulations import report
from recourse.simulations.arms import CONTROL, ArmState, Key, RepeatState, Study
from recourse.simulations.repeats import run_repeats

if TYPE_CHECKING:
    from recourse.models import Model


COLUMNS = (
    "repeat", "round", "arm", "model", "generator", "group", "scope", "name", "value", "p_value",
    "n_drawn", "n_moved", "pool", "convergence_rate", "retrained",
)  # fmt: skip
"""The columns of the tidy table."""


@dataclass(frozen=True, eq=False)
class Arm:
    """What became of one arm: the people, their labels and the model, after the last round that was run.

    X, y : features and labels; model : the estimator; rounds : how many rounds there were
    people : who moved: `id`, `moves` (how often), `last_move` (in which round, 0 for never), `approved`
    stopped : why the arm ended early; empty if it didn't
    history : the same at measured rounds (first repeat only): round → (X, y, model)
    moved_by : for these rounds, how often each of the people had moved
    rules : for these rounds, the `Model` that people were approved by; with limited places its bar is where the
        last place went
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
    """What happened over time, in every arm: made by `simulate`.

    arms : the final people and model of each arm, by (model, recourse)
    interrupted : whether rounds are missing; `resume` runs them
    notes : what to keep in mind when reading the numbers: arms that stopped, pools that ran dry, searches
        that never converged
    """

    view = report.VIEW

    def __init__(self, study: Study, states: Sequence[RepeatState], kept: Sequence[dict[str, Any]] = ()) -> None:
        self.study = study
        self._states = list(states)
        self._kept = list(kept)  # rows of repeats that were read from a checkpoint
        self.interrupted = not self.complete

    @property
    def complete(self) -> bool:
        """Whether every repeat has had all its rounds."""
        return len(self._done_repeats) == self.study.repeats

    @property
    def _kept_repeats(self) -> set[int]:
        return {row["repeat"] for row in self._kept}

    @property
    def _done_repeats(self) -> set[int]:
        return {state.repeat for state in self._states if state.t == self.study.rounds} | self._kept_repeats

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
        scope, name, value, p_value : "domain" or "model" shift against the start (but `threshold` and `standard`
            are today's), or "recourse" for what happened in this round; a p-value where there is a test
            `success_rate`, `distance` (in standard deviations) and `redundancy` (the share of features left alone)
            are of the recommendations, the latter two of those that the model approves; `favourable_labels` is of
            those who moved
            `fail_to_recourse` is the share of those who moved in this round who are denied at its end: after the
            model was retrained and, where they are limited, the places were given
            `reliability` (Fonseca et al. 2023) is the share approved then of those who moved to where the rule of
            the day they were told approved them
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
        joined["difference"] = joined["value"] - joined["reference"]
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
        run_repeats(self, progress, None if checkpoint is None else Path(checkpoint))
        return self

    @property
    def notes(self) -> list[str]:
        """What to keep in mind when reading the numbers."""
        return list(_notes(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the study and its table as plain values: the document that views are rendered from."""
        study = self.study
        return {
            "document": "openrecourse/simulation",
            "version": 1,
            "models": {name: study.model(one).name for name, one in study.models.items()},
            "recourse": {name: checkpoint_file.written(one) for name, one in study.recourse.items()},
            "rounds": study.rounds,
            "repeats": study.repeats,
            "repeats_done": len(self._done_repeats),
            "people": len(study.start),
            "held_out": len(study.frozen.held_y),
            "design": {key: checkpoint_file.written(value) for key, value in vars(study.design).items()},
            "seed": str(study.entropy),
            "last_round": max((row["round"] for row in self.rows), default=0),
            "arms": _summaries(self),
            "series": _series(self),
            "rows": [checkpoint_file.plain(row) for row in self.rows],
            "notes": self.notes,
            "interrupted": self.interrupted,
        }

    def save(self, path: Path | str) -> None:
        """Write the finished repeats to a JSON file that `simulate(..., checkpoint=path)` goes on from.

        Tables are kept, people and models are not: a repeat that was interrupted starts over, with the same
        seeds and therefore the same numbers.
        """
        done = self._done_repeats
        checkpoint_file.write(Path(path), self.study, [row for row in self.rows if row["repeat"] in done])

    def plot(self, names: Sequence[str] | None = None, **settings: Any) -> Any:
        """Draw measures over rounds, one facet for each name and model; see `recourse.simulations.plots`."""
        from recourse.simulations import plots

        return plots.measures(self, names, **settings)

    def plot_population(self, round: int | None = None, **settings: Any) -> Any:
        """Draw the people and the decision boundary at the start and in a measured round."""
        from recourse.simulations import plots

        return plots.population(self, round, **settings)


def _notes(simulation: Simulation) -> Iterator[str]:
    study = simulation.study
    if simulation.interrupted:
        done, all_ = sum(s.t for s in simulation._states), study.rounds * study.repeats
        done += len(simulation._kept_repeats) * study.rounds
        yield f"BudgetError after {done} of {all_} rounds; resume() runs the others."
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
            yield (
                f"{name}: nobody was left in the pool{shared} from round {first} on "
                f"({len(dry)} of {len(arms)} repeats)."
            )
        drawn, valid, converged, _ = (sum(arm.tally[k] for _, arm in arms) for k in range(4))
        if drawn and not valid:
            yield f"{name}: no search ended at an approved point, for any of {drawn} people; more steps may be needed."
        elif drawn and not converged:
            yield f"{name}: no search met its own stopping rule; {valid} of {drawn} ended at an approved point."


def _summaries(simulation: Simulation) -> list[dict[str, Any]]:
    """For each arm: how many were drawn, found valid, converged and moved, how many of the moves ended in a denial,
    and the last measurements.

    Counts are sums over repeats, from the table, so they are there for repeats read from a checkpoint too.
    """
    frame = simulation.to_frame()
    if frame.empty:
        return []
    summary = simulation.summary()
    rounds = frame.drop_duplicates(["repeat", "round", "arm"])
    success = frame[(frame["name"] == "success_rate") & (frame["group"] == "")]
    failure = frame[(frame["name"] == "fail_to_recourse") & (frame["group"] == "")]
    arms = []
    for model, recourse in simulation.study.arms:
        arm = "/".join((model, recourse))
        mine, found, failed = (part[part["arm"] == arm] for part in (rounds, success, failure))
        last = summary[(summary["model"] == model) & (summary["generator"] == recourse)]
        drawn, moved = int(mine["n_drawn"].sum()), int(mine["n_moved"].sum())
        converged = (mine["convergence_rate"].astype(float) * mine["n_drawn"]).sum()
        arms.append(
            {
                "model": model,
                "recourse": recourse,
                "repeats": int(mine["repeat"].nunique()),
                "drawn": drawn,
                "valid": round((found["value"] * found["n_drawn"]).sum()),
                "converged": round(converged),
                "moved": moved,
                "valid_share": float((found["value"] * found["n_drawn"]).sum() / drawn) if drawn else None,
                "converged_share": float(converged / drawn) if drawn else None,
                "failed_share": float((failed["value"] * failed["n_moved"]).sum() / moved) if moved else None,
                "measures": {
                    row["name"]: checkpoint_file.plain(
                        {key: row[key] for key in ("repeats", "mean", "sd", "min", "max")}
                    )
                    for row in last.to_dict(orient="records")
                },
            }
        )
    return arms


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
