"""What all arms of a simulation share, and the state of one arm between two rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions import ActionSet
from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.models import Model, as_model
from recourse.simulations.checkpoint import FinishedRepeat
from recourse.simulations.design import Design
from recourse.simulations.identity import study_identity
from recourse.simulations.measures import Baseline, Moment, parameters_of
from recourse.simulations.parts.labels import Labels
from recourse.simulations.parts.people import People
from recourse.simulations.parts.recommenders import Recourse, learned
from recourse.simulations.seeds import seed_of_start, seeds_of

Key = tuple[str, str]
"""The names of an arm's model and of its recourse."""

CONTROL = "control"
"""The arm in which nobody gets recourse and the model is retrained all the same."""


@dataclass(frozen=True, eq=False)
class Group:
    """The people with one value of a column that measures are taken for, and what these measures compare with.

    level : None for the people whose value is missing
    """

    column: Any
    level: Any
    baseline: Baseline

    def members(self, people: People) -> BoolArray:
        """Return who is in the group."""
        return has_level(people.X[self.column], self.level)


def has_level(column: pd.Series[Any], level: Any) -> BoolArray:
    """Return for each row whether it has a level, or, if that is None, no value."""
    missing = column.isna().to_numpy(dtype=bool)
    if level is None:
        return missing
    same = np.zeros(len(column), dtype=bool)
    same[~missing] = (column[~missing] == level).to_numpy(dtype=bool)
    return same


@dataclass(frozen=True, eq=False)
class Study:
    """One simulation before its first round: everything that is checked, fitted and fixed by then.

    The result holds it, so that rounds that are missing can be run later with the same numbers.

    given : the models as they were passed, unfitted where they were fitted here; models : what all arms start from
    recourse : what people are told, by name, without the control arm
    design : every part resolved; labels : the two that are written; desired, threshold : as `as_model` needs them
    start : the training people; baseline : what measures compare with; groups : the same by group
    entropy : the root of all seeds; told : the user's own name for parts that have no identity
    """

    given: Mapping[str, Any]
    models: Mapping[str, Any]
    recourse: Mapping[str, Recourse]
    actions: ActionSet
    design: Design
    rounds: int
    repeats: int
    labels: Labels
    desired: Any
    threshold: float | None
    start: People
    baseline: Baseline
    group_by: tuple[Any, ...]
    groups: Mapping[str, Group]
    entropy: int
    told: str | None

    @property
    def arms(self) -> list[Key]:
        """(model, recourse) of all arms, the control arm of each model first."""
        return [(model, recourse) for model in self.models for recourse in (CONTROL, *self.recourse)]

    @cached_property
    def identity(self) -> str:
        """A hash of everything that the numbers depend on; raises `InputError` for a part that has no identity."""
        rest = {
            "people": [self.start.X, self.start.y],
            "held_out": [self.baseline.held_X, self.baseline.held_y],
            "labels": [self.labels.desired, self.labels.other, str(self.labels.dtype)],
            "favourable": [self.desired, self.threshold],
            "rounds": self.rounds,
            "group_by": list(self.group_by),
            "seed": str(self.entropy),
        }
        return study_identity(self.given, self.recourse, self.actions, self.design, rest, self.told)

    @cached_property
    def start_moments(self) -> dict[str, Moment]:
        """The start as measures see it, for each model; what they compute of it is kept."""
        return {
            name: moment(self, self.start, *self.decide(self.model(one), self.start), one, None)
            for name, one in self.models.items()
        }

    @cached_property
    def start_recourse(self) -> dict[str, Recourse]:
        """The recourses after what they learn from the start: the same in all repeats, as the models are."""
        seed = seed_of_start(self.entropy)
        return {
            name: learned(one, self.actions, self.features(self.start), 0, seed) for name, one in self.recourse.items()
        }

    def features(self, people: People) -> pd.DataFrame:
        """Return the columns that the action set and the models know."""
        return people.X[self.actions.names] if self.group_by else people.X

    def model(self, estimator: Any) -> Model:
        """Return the model that an estimator stands for."""
        if isinstance(estimator, Model):
            return estimator
        made = as_model(estimator, desired=self.desired, threshold=self.threshold)
        return made.on_columns(self.actions.names)

    def decide(self, model: Model, people: People) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, as a model, and who is approved."""
        rule, approved = self.design.decision.decide(model, self.features(people))
        return rule, approved

    def seeds(self, repeat: int, t: int, arm: Key | str) -> list[np.random.SeedSequence]:
        """Return independent seeds for the parts of one arm's round; they depend on nothing else."""
        name = arm if isinstance(arm, str) else "\0".join(arm)
        return seeds_of(self.entropy, repeat, t, name)

    def measured(self, t: int) -> bool:
        """Whether there are measurements after round t."""
        return t % self.design.measure_every == 0 or t == self.rounds


@dataclass(frozen=True, eq=False)
class Plan:
    """Recommendations that people have not acted on yet: who, where they will be, and in which round.

    promised : bool[people], whether they would be approved there, by the rule of the day they were told
    """

    ids: IntArray
    new: pd.DataFrame
    promised: BoolArray
    due: int


@dataclass(frozen=True, eq=False)
class ArmState:
    """One arm after some round.

    model : the rule by which people were approved or denied last; approved : who was
    recourse : what people are told by, as far as it has learned; None in the control arm
    waiting : ids of newcomers about whom nothing is decided yet
    stopped : why it does not go on, empty if it does; rows : the tidy rows measured so far
    history : population, estimator and rule in the measured rounds of the first repeat, for pictures
    tally : people drawn, valid, converged and moved so far
    """

    people: People
    estimator: Any
    model: Model
    recourse: Recourse | None
    parameters: list[FloatArray] | None
    approved: BoolArray
    waiting: IntArray
    plans: tuple[Plan, ...] = ()
    stopped: str = ""
    tally: tuple[int, int, int, int] = (0, 0, 0, 0)
    empty_since: int | None = None
    rows: tuple[dict[str, Any], ...] = ()
    history: Mapping[int, tuple[People, Any, Model]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RepeatState:
    """One repeat after round t."""

    repeat: int
    t: int
    arms: Mapping[Key, ArmState]

    def finished(self) -> FinishedRepeat:
        """Return what is kept of it once it has had all its rounds."""
        rows = tuple(row for arm in self.arms.values() for row in arm.rows)
        return FinishedRepeat(self.repeat, rows, {key: arm.stopped for key, arm in self.arms.items() if arm.stopped})


def moment(
    study: Study,
    people: People,
    model: Model,
    approved: BoolArray,
    estimator: Any,
    previous: list[FloatArray] | None,
) -> Moment:
    """Return a population and its model as measures see them."""
    parameters = parameters_of(estimator)
    return Moment(
        X=study.features(people),
        favourable=people.y == study.labels.desired,
        model=model,
        approved=approved,
        parameters=parameters,
        previous=parameters if previous is None else previous,
        baseline=study.baseline,
    )
