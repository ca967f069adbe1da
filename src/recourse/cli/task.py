"""What the shared options amount to: a table, a model, an action set and a cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

import recourse as rs
from recourse.cli.fit import fit_logistic
from recourse.cli.options import TaskOptions
from recourse.cli.output import check_output, write_result
from recourse.cli.read import check_columns, feature_columns, read_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Task:
    """A question to put to a verb: who is asked about, by which model, with which actions at which cost.

    frame : the whole table, target and groups included
    classifier : what was fitted or loaded; model : the same as a `Model`
    """

    said: TaskOptions
    frame: pd.DataFrame
    classifier: Any
    model: rs.Model
    actions: rs.ActionSet
    cost: rs.Cost

    @classmethod
    def of(cls, said: TaskOptions, *, group_by: Sequence[str] = (), default_cost: str = "total") -> Task:
        """Read the table, the model and the actions; everything that is wrong with the options is an `InputError`."""
        # what is wrong whatever the files hold
        cost_name = default_cost if said.cost is None else said.cost
        cost = rs.costs.as_cost(cost_name)
        said.check()
        if said.output is not None:
            check_output(said.output)

        # the model's file before the table: it may be refused
        loaded = None if said.model_file is None else rs.load_model(said.model_file, trust_pickle=said.trust_pickle)
        frame = read_table(said.data)
        features = feature_columns(said.data, frame, said.target, said.drop)
        check_columns("--group-by", group_by, said.data, frame)
        check_columns("--immutable", said.immutable, said.data, frame)
        check_columns("--only-up", said.only_up, said.data, frame)
        check_columns("--only-down", said.only_down, said.data, frame)
        if loaded is not None:
            model = _loaded_model(loaded, said)
            _check_removed(model, said)
            model = model.on_columns(list(features.columns))
            features = features if model.feature_names is None else features[list(model.feature_names)]
            for note in model.notes:
                click.echo(f"note: {note}", err=True)

        # what people can do
        if said.actions_file is None:
            actions = rs.ActionSet(features)
        else:
            drawn_up = rs.read_actions(said.actions_file, features, ignore=set(frame.columns) - set(features.columns))
            if loaded is not None and model.feature_names is not None and drawn_up.group_only:
                raise rs.InputError(
                    f"--actions: {drawn_up.group_only[0]!r} is group_only there, but the model reads it."
                )
            actions, cost = drawn_up.actions, rs.COSTS[cost_name](drawn_up.weights)
            features = actions.table(features)
            frame = frame.copy(deep=False)
            for name in actions.names:
                frame[name] = features[name]
            for note in drawn_up.notes:
                click.echo(f"note: {note}", err=True)

        # who approves, where that is fitted: to the features that the action file leaves
        classifier = loaded
        if loaded is None:
            classifier = fit_logistic(features, frame[said.target], said.desired)
            model = rs.as_model(classifier, desired=said.desired, threshold=said.threshold)
        _restrict(actions, said)
        return cls(said, frame, classifier, model, actions, cost)

    def approved(self, people: pd.DataFrame) -> Any:
        """Who is approved; whatever keeps the model from judging a row is an error in the input."""
        table = self.actions.table(people)
        self.model.check_rows(table)
        try:
            return self.model.approves(table)
        except rs.RecourseError:
            raise
        except (ValueError, TypeError) as error:
            raise rs.InputError(f"{self.model.name} can't judge the rows of {self.said.data}: {error}") from None

    def write(self, result: Any) -> None:
        """Write a result in the format and to the place asked for."""
        write_result(result, self.said.format_, self.said.output, raw_csv=self.said.raw_csv)


def _loaded_model(loaded: Any, said: TaskOptions) -> rs.Model:
    """What a file held as a model, with the favourable label and the threshold that were asked for."""
    if isinstance(loaded, rs.Model) and (said.desired is not None or said.threshold is not None):
        raise rs.InputError(
            "--desired and --threshold are for classifiers; a table of coefficients or points has its own cutoff."
        )
    model = rs.as_model(loaded, desired=said.desired, threshold=said.threshold)
    if said.trust_pickle is not None:
        model.name += f" (from a pickle trusted by its SHA-256, {said.trust_pickle.strip().lower()})"
    return model


def _check_removed(model: rs.Model, said: TaskOptions) -> None:
    """Raise `InputError` where an option removes a column that a loaded model reads."""
    for option, removed in (("--target", said.target), *(("--drop", name) for name in said.drop)):
        if removed in (model.feature_names or ()):
            raise rs.InputError(
                f"{option}: the model reads {removed!r}, but {option} {removed} removed it from the features."
            )


def _restrict(actions: rs.ActionSet, said: TaskOptions) -> None:
    """What options say of features counts beside the action file, and instead of it where both speak."""
    for name in said.immutable:
        actions[name].actionable = False
    for name in said.only_up:
        actions[name].step_direction = 1
    for name in said.only_down:
        actions[name].step_direction = -1
