"""`recourse demo`: the built-in synthetic lender, audited."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import recourse as rs
from recourse.cli.exit_codes import UNDECIDED
from recourse.cli.output import as_csv, as_json, write
from recourse.cli.progress import progress_bar


@click.command()
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

    # a population, a model of it, and what people can do about their loan
    lender = rs.datasets.lender(people, random_state=seed)
    click.echo(f"{people:,} applicants of the built-in lender (synthetic, not evidence about lending)\n")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(lender.X, lender.y)
    actions = rs.ActionSet(lender.X)
    actions[["gender", "age", "loan_amount", "loan_duration"]].actionable = False  # they want this loan
    actions[["education", "income", "savings"]].step_direction = 1
    click.echo(f"{actions}\n")

    # everybody, then one of the denied
    with progress_bar() as progress:
        result = rs.audit(model, lender.X, actions, group_by=["gender"], progress=progress)
    click.echo(f"{result}\n")
    denied = result.people.index[result.people["status"] == rs.Status.OPTIMAL.label]
    if len(denied):
        click.echo(f"What applicant {denied[0]} could do:\n")
        click.echo(f"{rs.flipset(model, lender.X.loc[denied[0]], actions, total_items=5)}\n")

    # the same as files
    output_dir.mkdir(parents=True, exist_ok=True)
    files = {
        "audit.json": as_json(result.to_dict()),
        "audit.html": result.to_html(),
        "people.csv": as_csv(result.to_frame()),
        "applicants.csv": as_csv(lender.frame),
    }
    for name, content in files.items():
        write(output_dir / name, content)
        click.echo(f"wrote {output_dir / name}")
    if result.overall["undecided"]:
        sys.exit(UNDECIDED)
