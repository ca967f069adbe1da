"""What the options that commands share amount to: a table, a model, an action set, and where the result goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import recourse as rs
from recourse.cli.output import as_json, check_output, write

if TYPE_CHECKING:
    import pandas as pd


FORMATS = ("text", "json", "csv", "html")
Command = Callable[..., None]


def model_options(command: Command) -> Command:
    """The options that say what the data, the model and the possible actions are."""
    options = [
        click.argument("data", type=click.Path(path_type=Path)),
        click.option("--target", metavar="COLUMN", help="The column of labels; never a feature."),
        click.option(
            "--fit",
            "fit",
            type=click.Choice(["logistic"]),
            help="Fit a model to the data: logistic regression on standardised numbers and one-hot words.",
        ),
        click.option(
            "--model",
            "model_file",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Use the model in this file: skops, ONNX, XGBoost's or LightGBM's own, or coefficients.",
        ),
        click.option(
            "--trust-pickle",
            metavar="SHA256",
            help="Open --model even if it is a pickle, which runs its code, if this is its SHA-256.",
        ),
        click.option(
            "--desired",
            metavar="VALUE",
            help="The favourable label [default: 1, if the labels are 0 and 1 or -1 and 1].",
        ),
        click.option("--threshold", type=float, help="Approve from this probability of the favourable label on."),
        click.option(
            "--drop",
            multiple=True,
            metavar="COLUMN",
            help="Leave a column out of the features; it can still define groups.",
        ),
        click.option(
            "--actions",
            "actions_file",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="What people can change, as a TOML or JSON file (see `recourse init`).",
        ),
        click.option("--immutable", multiple=True, metavar="COLUMN", help="A feature that nobody can change."),
        click.option("--only-up", multiple=True, metavar="COLUMN", help="A feature that can only grow."),
        click.option("--only-down", multiple=True, metavar="COLUMN", help="A feature that can only shrink."),
        click.option(
            "--cost",
            help="How hard changes are: total, local, max, l1 or feature (1 a feature) [default: total; for "
            "summarize, feature].",
        ),
        click.option("--max-changes", type=int, help="At most so many features change at once."),
        click.option("--time-limit", type=float, metavar="SECONDS", help="Stop searching after this long."),
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            help="What to write  [default: what the ending of --output says, else text].",
        ),
        click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a file instead of stdout."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


class Task:
    """What the common options amount to: a table, a model, an action set, and how to write the result."""

    def __init__(
        self, data: Path, *, target: str | None, fit: str | None, model_file: Path | None, desired: str | None,
        threshold: float | None, drop: tuple[str, ...], actions_file: Path | None, immutable: tuple[str, ...],
        only_up: tuple[str, ...], only_down: tuple[str, ...], cost: str | None, max_changes: int | None,
        time_limit: float | None, format_: str | None, output: Path | None, group_by: tuple[str, ...] = (),
        trust_pickle: str | None = None, default_cost: str = "total",
    ) -> None:  # fmt: skip
        cost = default_cost if cost is None else cost
        self.cost, self.max_changes, self.time_limit = rs.costs.as_cost(cost), max_changes, time_limit
        self.format, self.output = format_ or _format_of(output), output
        if time_limit is not None and not time_limit >= 0:
            raise rs.InputError(f"--time-limit must be seconds ≥ 0, not {time_limit}.")
        if (fit is None) == (model_file is None):
            raise rs.InputError("say which model: either --fit logistic or --model FILE.")
        if fit is not None and target is None:
            raise rs.InputError("--fit needs --target: the column of labels to fit to.")
        if max_changes is not None and max_changes < 0:
            raise rs.InputError(f"--max-changes must be a whole number ≥ 0, not {max_changes}.")
        if both := sorted({*only_up} & {*only_down}):
            raise rs.InputError(f"--only-up and --only-down exclude each other, but both name {both[0]!r}.")
        if output is not None:
            check_output(output)
        self.data = data
        loaded = None if model_file is None else rs.load_model(model_file, trust_pickle=trust_pickle)
        self.frame = read_csv(data)
        features = feature_columns(data, self.frame, target, drop)
        check_groups(group_by, self.frame)
        for option, names in (
            ("--immutable", immutable),
            ("--only-up", only_up),
            ("--only-down", only_down),
        ):
            for name in names:
                if name not in self.frame.columns:
                    raise rs.InputError(f"{option}: {data} has no column {name!r}. {nearest_column(name, self.frame)}")
        if loaded is not None:
            self.model = _loaded(loaded, desired, threshold)
            if trust_pickle is not None:
                self.model.name += f" (from a pickle trusted by its SHA-256, {trust_pickle.strip().lower()})"
            if self.model.feature_names is not None:
                for option, gone in (("--target", target), *(("--drop", name) for name in drop)):
                    if gone in self.model.feature_names:
                        raise rs.InputError(
                            f"{option}: the model reads {gone!r}, but {option} {gone} removed it from the features."
                        )
                self.model.check_features(list(features.columns))
                features = features[list(self.model.feature_names)]
        if actions_file is None:
            self.actions = rs.ActionSet(features)
        else:
            said = rs.read_actions(actions_file, features, ignore=set(self.frame.columns) - set(features.columns))
            if loaded is not None and self.model.feature_names is not None and said.group_only:
                raise rs.InputError(f"--actions: {said.group_only[0]!r} is group_only there, but the model reads it.")
            self.actions, self.cost = said.actions, rs.COSTS[cost](said.weights)
            features = features[self.actions.names]
            for note in said.notes:
                click.echo(f"note: {note}", err=True)
        if loaded is None:
            assert target is not None
            self.model = fit_logistic(features, self.frame[target], desired, threshold)
        for names, setting, value in (
            (immutable, "actionable", False),
            (only_up, "step_direction", 1),
            (only_down, "step_direction", -1),
        ):
            for name in names:
                setattr(self.actions[name], setting, value)

    def approved(self, people: pd.DataFrame) -> Any:
        """Who is approved; whatever keeps the model from judging a row is an error in the input."""
        table = self.actions.table(people)
        self.model.check_rows(table)
        try:
            return self.model.approves(table)
        except rs.RecourseError:
            raise
        except (ValueError, TypeError) as error:
            raise rs.InputError(f"{self.model.name} can't judge the rows of {self.data}: {error}") from None

    def write(self, result: Any) -> None:
        """Write a result in the format asked for."""
        if self.format == "json":
            content = as_json(result.to_dict())
        elif self.format == "csv":
            frame = result.to_frame()
            content = frame.to_csv(index=frame.index.name is not None)
        elif self.format == "html":
            content = result.to_html()
        else:
            content = f"{result!r}\n"
        if self.output is None:
            click.echo(content, nl=False)
        else:
            write(self.output, content)
            click.echo(f"wrote {self.output}", err=True)


def _format_of(output: Path | None) -> str:
    """The format that a file's ending names; text where it names none."""
    ending = "" if output is None else output.suffix.lower().lstrip(".")
    return ending if ending in FORMATS else "text"


def fit_logistic(X: pd.DataFrame, y: pd.Series[Any], desired: str | None, threshold: float | None) -> rs.Model:
    """Logistic regression on prepared columns, checked before and after."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from recourse.models import choose_label

    if y.isna().any():
        raise rs.InputError(f"--target: {y.name!r} is missing in {int(y.isna().sum())} rows.")
    labels = y.unique()
    if len(labels) != 2:
        shown = ", ".join(map(repr, sorted(map(str, labels))[:6]))
        raise rs.InputError(f"--target: {y.name!r} has {len(labels)} labels ({shown}), but fitting needs two.")
    y = y.astype(str) if y.dtype.kind not in "biuf" else y
    import numpy as np

    choose_label(np.unique(y.to_numpy()), desired)
    estimator = make_pipeline(_prepared(X), LogisticRegression(max_iter=1000)).fit(X, y)
    return rs.as_model(estimator, desired=desired, threshold=threshold)


def _prepared(X: pd.DataFrame) -> Any:
    """What `--fit` does to the columns: numbers standardised, words one-hot; missing numbers filled and marked.

    A missing word is a level of its own.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, words, gaps = [], [], False
    for feature in rs.ActionSet(X):
        missing = bool(X[feature.name].isna().any())
        if feature.variable_type in ("boolean", "integer", "real") and feature.dtype.kind in "biuf":
            numbers.append(feature.name)
            gaps |= missing
            continue
        words.append(feature.name)
        if len(feature.levels) > max(20, len(X) / 5):
            raise rs.InputError(
                f"column {feature.name!r} holds {len(feature.levels):,} different words in {len(X):,} rows, such as "
                f"{feature.levels[0]!r}: too many to learn from. Leave it out with --drop."
            )
    if not words and not gaps:
        return StandardScaler()
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()) if gaps else StandardScaler()
    return make_column_transformer((scaled, numbers), (OneHotEncoder(handle_unknown="ignore"), words))


def _loaded(loaded: Any, desired: str | None, threshold: float | None) -> rs.Model:
    if isinstance(loaded, rs.Model) and (desired is not None or threshold is not None):
        raise rs.InputError(
            "--desired and --threshold are for classifiers; a table of coefficients or points has its own cutoff."
        )
    return rs.as_model(loaded, desired=desired, threshold=threshold)


def read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise rs.InputError(f"can't read {path} as CSV: {reason}.") from None
    if frame.empty:
        raise rs.InputError(f"{path} has no rows.")
    return frame


def feature_columns(data: Path, frame: pd.DataFrame, target: str | None, drop: tuple[str, ...]) -> pd.DataFrame:
    """The table without the target and what is dropped."""
    for option, names in (("--target", [target] if target else []), ("--drop", drop)):
        for name in names:
            if name not in frame.columns:
                raise rs.InputError(f"{option}: {data} has no column {name!r}. {nearest_column(name, frame)}")
    return frame.drop(columns=[*([target] if target else []), *drop])


def check_groups(groups: Sequence[Any], frame: pd.DataFrame) -> None:
    for name in groups:
        if isinstance(name, str) and name not in frame.columns:
            raise rs.InputError(f"--group-by: there is no column {name!r}. {nearest_column(name, frame)}")


def nearest_column(name: str, frame: pd.DataFrame) -> str:
    from recourse.errors import nearest

    return nearest(name, frame.columns)
