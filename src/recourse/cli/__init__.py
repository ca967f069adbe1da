"""The command line: parse, call the public API, write. Results go to stdout, everything else to stderr.

Exit codes: 0 done · 1 a --fail-if threshold was hit · 2 the command, the data or a setting can't be used
· 3 the model was refused · 4 undecided people remain (out of time, or interrupted with Ctrl-C, also before
anything was found) · 70 a mistake of ours, with its traceback · 141 whoever read the output stopped reading.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

import recourse as rs
from recourse.cli.options import Task, feature_columns, model_options, nearest_column, read_csv
from recourse.cli.output import (
    BAD_INPUT,
    BUG,
    FAILED,
    REFUSED,
    UNDECIDED,
    UNREAD,
    as_json,
    check_output,
    condition_of,
    fail,
    progress_bar,
    write,
)


def run() -> None:
    """Run the command line with stdout kept for results: solvers print there from C, and that goes to stderr."""
    results = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(results, "w", encoding="utf-8", newline="")
    main(prog_name="recourse")


class Commands(click.Group):
    """Turns the package's own errors into one line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except rs.ModelError as error:
            fail(error, REFUSED)
        except (rs.RecourseError, AttributeError) as error:
            if isinstance(error, AttributeError) and "is not a setting" not in str(error):
                traceback.print_exc()
                sys.exit(BUG)
            fail(error, BAD_INPUT)
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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


@main.command()
@model_options
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
    condition = None if fail_if is None else condition_of(fail_if, grouped=bool(group_by))
    task = Task(data, group_by=group_by, **options)
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
    with progress_bar() as progress:
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
@model_options
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
    task = Task(data, **options)
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
@model_options
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
    help="What people are told: optimal, or a generator (generic, wachter, claproar, gravitational, greedy, dice, "
    "and with torch revise, clue); may be repeated [default: optimal].",
)
@click.option("--rounds", type=int, default=50, show_default=True, help="How many rounds.")
@click.option("--share", type=float, help="The share of the denied drawn a round [default: 0.05, or the preset's].")
@click.option("--repeats", type=int, default=5, show_default=True, help="How often everything is repeated.")
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of everything random.")
@click.option(
    "--preset",
    metavar="NAME",
    help="The design of a published study: altmeyer2023 (shifts as the lender retrains), fonseca2023 (people compete "
    "for few places) or yang2025 (few favourable labels to retrain on).",
)
@click.option("--group-by", multiple=True, metavar="COLUMN", help="Measure the levels of this column, too.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="Keep finished repeats in this file, and go on from it after an interruption.",
)
def simulate(
    data: Path, networks: tuple[str, ...], recourses: tuple[str, ...], group_by: tuple[str, ...], seed: int,
    rounds: int, share: float | None, repeats: int, preset: str | None, checkpoint: Path | None, **options: Any,
) -> None:  # fmt: skip
    """Simulate what happens when people act on recourse and the lender retrains, round after round.

    \b
    Besides, an arm without recourse is always run. CSV is the tidy table of all measurements.
        recourse simulate loans.csv --target approved --fit logistic --immutable gender --rounds 20
    """
    task = Task(data, group_by=group_by, **options)
    target = options["target"]
    if target is None:
        raise rs.InputError("--target: name the column of labels; the model is retrained on them.")
    y = task.frame[target]
    models = {"model": getattr(task.model, "estimator", task.model)}
    if networks:
        from recourse.models.network_classifier import NetworkClassifier

        kinds: dict[str, dict[str, Any]] = {"linear": {"hidden": ()}, "mlp": {}, "ensemble": {"members": 5}}
        models |= {name: NetworkClassifier(**kinds[name]) for name in networks}
    exact = rs.simulations.Optimal(task.cost, task.max_changes, task.time_limit)
    with progress_bar("simulating", "rounds of arms") as progress:
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
@model_options
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
@click.option(
    "--max-condition", type=int, default=3, show_default=True, help="At most so many predicates in a condition."
)
@click.option("--bins", type=int, default=10, show_default=True, help="Bins of numbers with more values than this.")
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
@click.option(
    "--hold-out",
    type=float,
    metavar="SHARE",
    help="Make the rules from the other rows, and also measure them on this share; --fit fits to all rows.",
)
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
    limits = {
        name: options.pop(name)
        for name in ("max_rules", "max_subgroups", "max_width", "min_precision", "max_overlap", "cost_weight")
    }
    space = {name: options.pop(name) for name in ("min_support", "max_condition", "bins")}
    if everyone and subgroup:
        raise rs.InputError("--everyone and --subgroup exclude each other.")
    task = Task(data, default_cost="feature", **options)
    for name in subgroup:
        if name not in task.frame.columns:
            raise rs.InputError(f"--subgroup: {data} has no column {name!r}. {nearest_column(name, task.frame)}")
        if name in task.actions.names and task.actions[name].actionable:
            raise rs.InputError(
                f"--subgroup: {name!r} is actionable, and what describes a subgroup can't be what its members are to "
                f"change; add --immutable {name}."
            )
    made, held_out = task.frame, None
    if hold_out is not None:
        if not 0 < hold_out < 1:
            raise rs.InputError(f"--hold-out must be a share between 0 and 1, not {hold_out}.")
        held_out = task.frame.sample(frac=hold_out, random_state=0)
        made = task.frame.drop(index=held_out.index)
        if held_out.empty or made.empty:
            raise rs.InputError(f"--hold-out: {hold_out:g} of {len(task.frame):,} rows leaves a part empty.")
    if task.max_changes is not None:
        space["max_changes"] = task.max_changes
    with progress_bar("trying", "actions") as progress:
        result = rs.summarize(
            task.model, made, task.actions, subgroups=[] if everyone else list(subgroup) or None, cost=task.cost,
            limits=rs.summaries.Limits(**limits), space=rs.summaries.CandidateSpace(moves=moves or ("to",), **space),
            held_out=held_out, time_limit=task.time_limit, progress=progress,
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
    frame = feature_columns(data, read_csv(data), target, drop)
    content = rs.draft_actions(frame)
    if output is None:
        click.echo(content, nl=False)
        return
    if output.exists():
        raise rs.InputError(f"--output: {output} exists, and a draft would replace what somebody wrote there.")
    check_output(output)
    write(output, content)
    click.echo(f"wrote {output}", err=True)


@main.command()
@click.argument("actions_file", metavar="ACTIONS", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--target", metavar="COLUMN", help="The column of labels; never a feature.")
@click.option("--drop", multiple=True, metavar="COLUMN", help="A column that is left out of the features.")
def check(actions_file: Path, data: Path, target: str | None, drop: tuple[str, ...]) -> None:
    """Check an action file against a table: all problems at once, and what a careful reader should know."""
    frame = read_csv(data)
    features = feature_columns(data, frame, target, drop)
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
    with progress_bar() as progress:
        result = rs.audit(model, lender.X, actions, group_by=["gender"], progress=progress)
    click.echo(f"{result}\n")
    denied = result.people.index[result.people["status"] == rs.Status.OPTIMAL.label]
    if len(denied):
        click.echo(f"What applicant {denied[0]} could do:\n")
        click.echo(f"{rs.flipset(model, lender.X.loc[denied[0]], actions, total_items=5)}\n")
    output_dir.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("audit.json", as_json(result.to_dict())),
        ("audit.html", result.to_html()),
        ("people.csv", result.to_frame().to_csv(index=False)),
        ("applicants.csv", lender.frame.to_csv(index=False)),
    ):
        write(output_dir / name, content)
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


def _version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from recourse.search.kernels import builds

    build, reason = builds.build_info()
    click.echo(f"recourse {rs.__version__} ({build} kernels{f': {reason}' if reason else ''})")
    context.exit()
