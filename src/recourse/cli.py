"""The command line: parse, call the public API, write. Results go to stdout, everything else to stderr.

Exit codes: 0 done · 1 a --fail-if threshold was hit · 2 the command, the data or a setting can't be used
· 3 the model was refused · 4 undecided people remain (out of time, or interrupted with Ctrl-C, also before
anything was found) · 70 a mistake of ours, with its traceback · 141 whoever read the output stopped reading.
"""

from __future__ import annotations

import json
import operator
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

import recourse as rs

if TYPE_CHECKING:
    import pandas as pd

FAILED, BAD_INPUT, REFUSED, UNDECIDED, BUG, UNREAD = 1, 2, 3, 4, 70, 141
FORMATS = ("text", "json", "csv")
Command = Callable[..., None]


def run() -> None:
    """Run the command line with stdout kept for results: solvers print there from C, and that goes to stderr."""
    results = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(results, "w", encoding="utf-8", newline="")
    main(prog_name="recourse")


class _Group(click.Group):
    """Turns the package's own errors into one line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except rs.ModelError as error:
            _fail(error, REFUSED)
        except (rs.RecourseError, AttributeError) as error:
            if isinstance(error, AttributeError) and "is not a setting" not in str(error):
                traceback.print_exc()
                sys.exit(BUG)
            _fail(error, BAD_INPUT)
        except KeyboardInterrupt:
            click.echo("error: interrupted", err=True)
            sys.exit(UNDECIDED)
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for what is flushed at exit
            sys.exit(UNREAD)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:
            traceback.print_exc()
            sys.exit(BUG)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda *call: _version(*call),
    help="Show the version and which build of the kernels is active.",
)
def main() -> None:
    """What can a person who was denied by a model change to be approved?

    Start with `recourse demo`, or with a table of your own:

    \b
        recourse audit loans.csv --target approved --fit logistic --group-by sex
        recourse flipset loans.csv --target approved --fit logistic --row 13

    \b
    Exit codes: 0 done, 1 a --fail-if condition was hit, 2 bad input, 3 the model was refused,
    4 undecided people remain or Ctrl-C, 70 a mistake of ours, 141 the output's reader went away.
    """


def _model_options(command: Command) -> Command:
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
            default="total",
            show_default=True,
            help="How hard changes are: total, local, max, l1 or feature (1 a feature).",
        ),
        click.option("--max-changes", type=int, help="At most so many features change at once."),
        click.option("--time-limit", type=float, metavar="SECONDS", help="Stop searching after this long."),
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            help="What to write.",
        ),
        click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a file instead of stdout."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@_model_options
@click.option(
    "--group-by",
    multiple=True,
    metavar="COLUMN",
    help="Report by the levels of this column; may be repeated.",
)
@click.option("--cross", is_flag=True, help="Also report every combination of the --group-by columns.")
@click.option(
    "--fail-if",
    metavar="CONDITION",
    help="Exit with 1 if, say, 'feasible<0.9' or 'difference.feasible>0.05'.",
)
def audit(data: Path, group_by: tuple[str, ...], cross: bool, fail_if: str | None, **options: Any) -> None:
    """Audit everybody in a table: who is denied, who of them has recourse, at what cost, by group.

    \b
    Text and JSON are a summary; CSV has one row a person.
        recourse audit credit.csv --target NoDefaultNextMonth --fit logistic --group-by Married
    """
    condition = None if fail_if is None else _condition(fail_if, grouped=bool(group_by))
    task = _Task(data, group_by=group_by, **options)
    groups: list[Any] = list(group_by)
    if cross and len(groups) > 1:
        groups.append(tuple(group_by))
    if task.approved(task.frame).all():
        raise rs.InputError(
            f"nobody is denied: all {len(task.frame):,} people are approved by {task.model.name} "
            f"({task.model.rule}). Is --desired the favourable label?"
        )
    for note in task.actions.validate(task.frame):
        click.echo(f"note: {note}", err=True)
    with _progress() as progress:
        result = rs.audit(
            task.model, task.frame, task.actions, cost=task.cost, group_by=groups,
            max_changes=task.max_changes, time_limit=task.time_limit, progress=progress,
        )  # fmt: skip
    task.write(result)
    if condition is not None and (hit := condition(result)):
        click.echo(f"--fail-if: {hit}", err=True)
        sys.exit(FAILED)
    if result.overall["undecided"]:
        sys.exit(UNDECIDED)


@main.command()
@_model_options
@click.option("--row", type=int, required=True, help="Whose row: a position in the file, from 0.")
@click.option("--items", type=int, default=10, show_default=True, help="How many actions to list at most.")
@click.option(
    "--distinct",
    type=click.Choice(["minimal", "subsets", "exclusive"]),
    default="minimal",
    show_default=True,
    help="What makes the next action a different one.",
)
def flipset(data: Path, row: int, items: int, distinct: str, **options: Any) -> None:
    """List what one person could change to be approved, cheapest first."""
    task = _Task(data, **options)
    if not 0 <= row < len(task.frame):
        raise rs.InputError(f"--row {row}: {data} has the rows 0 to {len(task.frame) - 1}.")
    person = task.frame.iloc[[row]][task.actions.names]
    task.approved(person)
    result = rs.flipset(
        task.model, person, task.actions, total_items=items, cost=task.cost, distinct=distinct,
        max_changes=task.max_changes, time_limit=task.time_limit,
    )  # fmt: skip
    task.write(result)
    if result.status is rs.Status.UNKNOWN:
        sys.exit(UNDECIDED)


@main.command()
@_model_options
@click.option(
    "--network",
    "networks",
    multiple=True,
    type=click.Choice(["linear", "mlp", "ensemble"]),
    help="Also simulate a network that is retrained from where it was; may be repeated.",
)
@click.option(
    "--recourse",
    "recourses",
    multiple=True,
    metavar="NAME",
    help="What people are told: optimal, or a generator (generic, wachter, claproar, gravitational, greedy, dice); "
    "may be repeated [default: optimal].",
)
@click.option("--rounds", type=int, default=50, show_default=True, help="How many rounds.")
@click.option("--share", type=float, default=0.05, show_default=True, help="The share of the denied drawn a round.")
@click.option("--repeats", type=int, default=5, show_default=True, help="How often everything is repeated.")
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of everything random.")
@click.option("--preset", metavar="NAME", help="The design of a published study: altmeyer2023.")
@click.option("--group-by", multiple=True, metavar="COLUMN", help="Measure the levels of this column, too.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="Keep finished repeats in this file, and go on from it after an interruption.",
)
def simulate(
    data: Path, networks: tuple[str, ...], recourses: tuple[str, ...], group_by: tuple[str, ...], seed: int,
    rounds: int, share: float, repeats: int, preset: str | None, checkpoint: Path | None, **options: Any,
) -> None:  # fmt: skip
    """Simulate what happens when people act on recourse and the lender retrains, round after round.

    \b
    Besides, an arm without recourse is always run. CSV is the tidy table of all measurements.
        recourse simulate loans.csv --target approved --fit logistic --immutable gender --rounds 20
    """
    task = _Task(data, group_by=group_by, **options)
    target = options["target"]
    if target is None:
        raise rs.InputError("--target: name the column of labels; the model is retrained on them.")
    y = task.frame[target]
    models = {"model": getattr(task.model, "estimator", task.model)}
    if networks:
        from recourse.models.networks import NetworkClassifier

        kinds: dict[str, dict[str, Any]] = {"linear": {"hidden": ()}, "mlp": {}, "ensemble": {"members": 5}}
        models |= {name: NetworkClassifier(**kinds[name]) for name in networks}
    exact = rs.dynamics.Optimal(task.cost, task.max_changes, task.time_limit)
    with _progress("simulating", "rounds of arms") as progress:
        result = rs.simulate(
            models, task.frame, y if y.dtype.kind in "biuf" else y.astype(str), task.actions,
            recourse={name: exact if name == "optimal" else name for name in recourses or ("optimal",)},
            rounds=rounds, share=share, repeats=repeats, random_state=seed, preset=preset, group_by=group_by,
            desired=task.model.desired, threshold=options["threshold"], checkpoint=checkpoint, progress=progress,
        )  # fmt: skip
    task.write(result)
    if result.interrupted:
        sys.exit(UNDECIDED)


@main.command()
@_model_options
@click.option(
    "--subgroup",
    multiple=True,
    metavar="COLUMN",
    help="Describe subgroups by this column, which nobody can change; may be repeated [default: discovered].",
)
@click.option("--everyone", is_flag=True, help="One list of rules for everybody, without subgroups.")
@click.option("--max-rules", type=int, default=20, show_default=True, help="At most so many rules.")
@click.option("--max-subgroups", type=int, default=10, show_default=True, help="At most so many subgroups.")
@click.option("--max-width", type=int, default=7, show_default=True, help="At most so many predicates in a rule.")
@click.option("--min-support", type=float, default=0.01, show_default=True, help="Share of the denied a rule covers.")
@click.option("--min-precision", type=float, default=0.0, show_default=True, help="Share approved after each rule.")
@click.option("--max-overlap", type=float, help="At most this share of the denied satisfies several rules.")
@click.option("--cost-weight", type=float, default=1.0, show_default=True, help="People that a unit of cost is worth.")
@click.option(
    "--move",
    "moves",
    multiple=True,
    type=click.Choice(["to", "at_least", "at_most", "shift"]),
    help="How rules change features; may be repeated [default: to a value or bin].",
)
@click.option("--hold-out", type=float, metavar="SHARE", help="Also measure the rules on this share of the rows.")
def summarize(
    subgroup: tuple[str, ...],
    everyone: bool,
    hold_out: float | None,
    moves: tuple[str, ...],
    data: Path,
    **options: Any,
) -> None:  # fmt: skip
    """Summarise the recourse of everybody who is denied in a few rules: if ..., if ..., then ...

    \b
        recourse summarize credit.csv --target NoDefaultNextMonth --fit logistic --immutable Married --subgroup Married
    """
    limits = ("max_rules", "max_subgroups", "max_width", "min_support", "min_precision", "max_overlap", "cost_weight")
    settings = {name: options.pop(name) for name in limits}
    task = _Task(data, **options)
    for name in subgroup:
        if name not in task.frame.columns:
            raise rs.InputError(f"--subgroup: {data} has no column {name!r}. {_nearest(name, task.frame)}")
    if everyone and subgroup:
        raise rs.InputError("--everyone and --subgroup exclude each other.")
    made, held_out = task.frame, None
    if hold_out is not None:
        if not 0 < hold_out < 1:
            raise rs.InputError(f"--hold-out must be a share between 0 and 1, not {hold_out}.")
        held_out = task.frame.sample(frac=hold_out, random_state=0)
        made = task.frame.drop(index=held_out.index)
    if task.max_changes is not None:
        settings["max_changes"] = task.max_changes
    if task.time_limit is not None:
        settings["time_limit"] = task.time_limit
    with _progress("trying", "actions") as progress:
        result = rs.summarize(
            task.model, made, task.actions, subgroups=[] if everyone else list(subgroup) or None, cost=task.cost,
            moves=moves or ("to",), held_out=held_out, progress=progress, **settings,
        )  # fmt: skip
    task.write(result)


@main.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--target", metavar="COLUMN", help="The column of labels; never a feature.")
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out of the features.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to a new file instead of stdout.")
def init(data: Path, target: str | None, drop: tuple[str, ...], output: Path | None) -> None:
    """Draft an action file from a table: types, bounds, steps and levels, to be corrected by hand.

    \b
        recourse init loans.csv --target approved -o actions.toml
    """
    frame = _features(data, _read_csv(data), target, drop)
    content = rs.draft_actions(frame)
    if output is None:
        click.echo(content, nl=False)
        return
    if output.exists():
        raise rs.InputError(f"--output: {output} exists, and a draft would replace what somebody wrote there.")
    _check_output(output)
    _write(output, content)
    click.echo(f"wrote {output}", err=True)


@main.command()
@click.argument("actions_file", metavar="ACTIONS", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--target", metavar="COLUMN", help="The column of labels; never a feature.")
@click.option("--drop", multiple=True, metavar="COLUMN", help="A column that is left out of the features.")
def check(actions_file: Path, data: Path, target: str | None, drop: tuple[str, ...]) -> None:
    """Check an action file against a table: all problems at once, and what a careful reader should know."""
    frame = _read_csv(data)
    features = _features(data, frame, target, drop)
    said = rs.read_actions(actions_file, features, ignore=set(frame.columns) - set(features.columns))
    able = sum(feature.actionable for feature in said.actions)
    groups = f", {len(said.group_only)} only for groups" if said.group_only else ""
    click.echo(
        f"{actions_file.name} is sound: {len(said.actions)} features, {able} of them actionable{groups}; "
        f"constraints: {len(said.actions.constraints)}"
    )
    for note in (*said.notes, *said.actions.validate(features)):
        click.echo(f"note: {note}")


@main.command()
@click.option(
    "--people",
    type=click.IntRange(min=50),
    default=5000,
    show_default=True,
    help="How many people to generate.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of the generator.")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("recourse-demo"),
    show_default=True,
    help="Where the files go.",
)
def demo(people: int, seed: int, output_dir: Path) -> None:
    """Audit the built-in synthetic lender and show what one person can do.

    The population comes from a published simulation, not from people: synthetic, not evidence about
    lending.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    lender = rs.datasets.lender(people, random_state=seed)
    click.echo(f"{people:,} applicants of the built-in lender (synthetic, not evidence about lending)\n")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(lender.X, lender.y)
    actions = rs.ActionSet(lender.X)
    actions[["gender", "age", "loan_amount", "loan_duration"]].actionable = False  # they want this loan
    actions[["education", "income", "savings"]].step_direction = 1
    click.echo(f"{actions}\n")
    with _progress() as progress:
        result = rs.audit(model, lender.X, actions, group_by=["gender"], progress=progress)
    click.echo(f"{result}\n")
    denied = result.people.index[result.people["status"] == rs.Status.OPTIMAL.label]
    if len(denied):
        click.echo(f"What applicant {denied[0]} could do:\n")
        click.echo(f"{rs.flipset(model, lender.X.loc[denied[0]], actions, total_items=5)}\n")
    output_dir.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("audit.json", _json(result.to_dict())),
        ("audit.html", result.to_html()),
        ("people.csv", result.to_frame().to_csv(index=False)),
        ("applicants.csv", lender.frame.to_csv(index=False)),
    ):
        _write(output_dir / name, content)
        click.echo(f"wrote {output_dir / name}")
    if result.overall["undecided"]:
        sys.exit(UNDECIDED)


@main.group()
def data() -> None:
    """List and fetch the public data sets that examples and benchmarks use."""


@data.command("list")
def list_data() -> None:
    """List the data sets: name, rows, licence, and where a copy was found."""
    click.echo(rs.datasets.available().to_string(index=False))


@data.command()
@click.argument("name")
@click.option(
    "--from",
    "from_file",
    type=click.Path(path_type=Path),
    help="Take a copy that you have instead of downloading one.",
)
def fetch(name: str, from_file: Path | None) -> None:
    """Download a data set from its public source, check it, and keep it for later."""
    path = rs.datasets.fetch(name, from_file=from_file, progress=lambda line: click.echo(line, err=True))
    click.echo(path)


@main.group()
def model() -> None:
    """Look into model files without running anything in them."""


@model.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
def inspect_model(file: Path) -> None:
    """Say what a model file holds, and whether it would be opened.

    Lists the types, operators or trees inside, and the SHA-256 that --trust-pickle takes. Exits with 3 if the
    file would be refused.
    """
    found = rs.inspect_model(file)
    click.echo(str(found))
    if not found.loads:
        sys.exit(REFUSED)


class _Task:
    """What the common options amount to: a table, a model, an action set, and how to write the result."""

    def __init__(
        self, data: Path, *, target: str | None, fit: str | None, model_file: Path | None, desired: str | None,
        threshold: float | None, drop: tuple[str, ...], actions_file: Path | None, immutable: tuple[str, ...],
        only_up: tuple[str, ...], only_down: tuple[str, ...], cost: str, max_changes: int | None,
        time_limit: float | None, format_: str, output: Path | None, group_by: tuple[str, ...] = (),
        trust_pickle: str | None = None,
    ) -> None:  # fmt: skip
        self.cost, self.max_changes, self.time_limit = rs.costs.as_cost(cost), max_changes, time_limit
        self.format, self.output = format_, output
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
            _check_output(output)
        self.data = data
        loaded = None if model_file is None else rs.load_model(model_file, trust_pickle=trust_pickle)
        self.frame = _read_csv(data)
        features = _features(data, self.frame, target, drop)
        _check_groups(group_by, self.frame)
        for option, names in (
            ("--immutable", immutable),
            ("--only-up", only_up),
            ("--only-down", only_down),
        ):
            for name in names:
                if name not in self.frame.columns:
                    raise rs.InputError(f"{option}: {data} has no column {name!r}. {_nearest(name, self.frame)}")
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
            self.model = _fit(features, self.frame[target], desired, threshold)
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
        if isinstance(self.model, rs.LinearModel):
            for name in self.model.feature_names or table.columns:
                words = [value for value in table[name] if isinstance(value, str)]
                if words:
                    raise rs.InputError(
                        f"column {name!r} of {self.data} holds {words[0]!r}, but the model multiplies it by a "
                        "coefficient: it must hold numbers."
                    )
        try:
            return self.model.approves(table)
        except rs.RecourseError:
            raise
        except (ValueError, TypeError) as error:
            raise rs.InputError(f"{self.model.name} can't judge the rows of {self.data}: {error}") from None

    def write(self, result: Any) -> None:
        """Write a result in the format asked for."""
        if self.format == "json":
            content = _json(result.to_dict())
        elif self.format == "csv":
            content = result.to_frame().to_csv(index=False)
        else:
            content = f"{result!r}\n"
        if self.output is None:
            click.echo(content, nl=False)
        else:
            _write(self.output, content)
            click.echo(f"wrote {self.output}", err=True)


def _fit(X: pd.DataFrame, y: pd.Series[Any], desired: str | None, threshold: float | None) -> rs.Model:
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


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise rs.InputError(f"can't read {path} as CSV: {reason}.") from None
    if frame.empty:
        raise rs.InputError(f"{path} has no rows.")
    return frame


def _features(data: Path, frame: pd.DataFrame, target: str | None, drop: tuple[str, ...]) -> pd.DataFrame:
    """The table without the target and what is dropped."""
    for option, names in (("--target", [target] if target else []), ("--drop", drop)):
        for name in names:
            if name not in frame.columns:
                raise rs.InputError(f"{option}: {data} has no column {name!r}. {_nearest(name, frame)}")
    return frame.drop(columns=[*([target] if target else []), *drop])


def _check_groups(groups: Sequence[Any], frame: pd.DataFrame) -> None:
    for name in groups:
        if isinstance(name, str) and name not in frame.columns:
            raise rs.InputError(f"--group-by: there is no column {name!r}. {_nearest(name, frame)}")


def _nearest(name: str, frame: pd.DataFrame) -> str:
    from recourse.errors import nearest

    return nearest(name, frame.columns)


def _condition(text: str, *, grouped: bool) -> Callable[[rs.Audit], str]:
    """Read 'measure<number' or 'difference.measure>number'; the answer says how it was hit, or nothing.

    A measure that nobody is there to tell (a share of nobody, a gap of one group) hits, too: it proves nothing.
    """
    from recourse.audits import Tally

    match = re.fullmatch(r"\s*(difference\.)?(\w+)\s*(<=|>=|<|>)\s*([-+.\deE]+)\s*", text)
    measures = list(Tally().measures())
    if match is None or match[2] not in measures:
        raise rs.InputError(
            f"--fail-if: {text!r} must be like 'feasible<0.9' or 'difference.feasible>0.05'; the measures are "
            f"{', '.join(measures)}."
        )
    compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[match[3]]
    measure = match[2]
    try:
        limit = float(match[4])
    except ValueError:
        raise rs.InputError(f"--fail-if: {match[4]!r} is not a number.") from None
    if match[1] and not grouped:
        raise rs.InputError(f"--fail-if: {text.strip()!r} needs --group-by: there is no difference without groups.")

    def check(result: rs.Audit) -> str:
        if match[1]:
            known = result.difference(measure)["difference"].to_dict()
            values = {group: known.get(group) for group in dict.fromkeys(name for name, _ in result.partial.groups)}
        else:
            values = {"everybody": result.overall[measure]}
        hits = [
            f"{name}: nobody to tell {measure} from" if value is None else f"{name}: {value:.4g}"
            for name, value in values.items()
            if value is None or compare(value, limit)
        ]
        return f"{text.strip()} ({', '.join(hits)})" if hits else ""

    return check


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _check_output(path: Path) -> None:
    """Raise `InputError` where nothing could be written, before anything is computed."""
    folder = Path(os.path.realpath(path)).parent
    if path.is_dir():
        raise rs.InputError(f"--output: {path} is a folder; name a file in it.")
    if _is_special(path):
        if not os.access(path, os.W_OK):
            raise rs.InputError(f"--output: {path} can't be written to.")
    elif not folder.is_dir():
        raise rs.InputError(f"--output: there is no folder {path.parent}.")
    elif not os.access(folder, os.W_OK):
        raise rs.InputError(f"--output: nothing can be written to the folder {path.parent}.")


def _is_special(path: Path) -> bool:
    """Whether this is a pipe or a device: something to write into, never to replace."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _write(path: Path, content: str) -> None:
    """Write a whole file or nothing; behind a symbolic link it is the link's target that changes."""
    if path == Path("/dev/stdout"):  # `run` has moved it: by that name it would be stderr
        click.echo(content, nl=False)
        return
    try:
        if _is_special(path):
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise rs.InputError(f"can't write {path}: {error.strerror or error}.") from None


def _replace(path: Path, content: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def _progress(doing: str = "searching", unit: str = "people") -> Iterator[Callable[[int, int], object] | None]:
    """A progress bar on stderr; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from recourse.search import kernels

    build, reason = kernels.build_info()
    click.echo(f"recourse {rs.__version__} ({build} kernels{f': {reason}' if reason else ''})")
    context.exit()


def _fail(error: Exception, code: int) -> NoReturn:
    click.echo(f"error: {error}", err=True)
    sys.exit(code)
