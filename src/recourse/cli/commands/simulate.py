"""`recourse simulate`: what happens when people act on recourse and the lender retrains."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

import recourse as rs
from recourse.cli.exit_codes import UNDECIDED
from recourse.cli.options import TaskOptions, task_options
from recourse.cli.progress import progress_bar
from recourse.cli.task import Task

NETWORKS: dict[str, dict[str, Any]] = {"linear": {"hidden": ()}, "mlp": {}, "ensemble": {"members": 5}}
"""The settings of `NetworkClassifier` that each choice of --network means."""


@click.command()
@task_options
@click.option(
    "--network",
    "networks",
    multiple=True,
    type=click.Choice(list(NETWORKS)),
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
    said: TaskOptions,
    networks: tuple[str, ...],
    recourses: tuple[str, ...],
    rounds: int,
    share: float | None,
    repeats: int,
    seed: int,
    preset: str | None,
    group_by: tuple[str, ...],
    checkpoint: Path | None,
) -> None:
    """Simulate what happens when people act on recourse and the lender retrains, round after round.

    \b
    Besides, an arm without recourse is always run. CSV is the tidy table of all measurements.
        recourse simulate loans.csv --target approved --fit logistic --immutable gender --rounds 20
    """
    task = Task.of(said, group_by=group_by)
    if said.target is None:
        raise rs.InputError("--target: name the column of labels; the model is retrained on them.")
    y = task.frame[said.target]

    # the arms: each model with each kind of recourse
    models = {"model": task.classifier}
    models |= {name: rs.NetworkClassifier(**NETWORKS[name]) for name in networks}
    exact = rs.simulations.Optimal(task.cost, said.max_changes, said.time_limit)
    recourse = {name: exact if name == "optimal" else name for name in recourses or ("optimal",)}

    with progress_bar("simulating", "rounds of arms") as progress:
        result = rs.simulate(
            models,
            task.frame,
            y if y.dtype.kind in "biuf" else y.astype(str),
            task.actions,
            recourse=recourse,
            rounds=rounds,
            repeats=repeats,
            random_state=seed,
            preset=preset if share is None else _drawing(preset, share),
            group_by=group_by,
            desired=task.model.desired,
            threshold=said.threshold,
            checkpoint=checkpoint,
            progress=progress,
        )
    task.write(result)
    if result.interrupted:
        sys.exit(UNDECIDED)


def _drawing(preset: str | None, share: float) -> rs.simulations.Design | str:
    """The design of a preset, or the default, that draws another share of the denied."""
    if preset is not None and preset not in rs.simulations.PRESETS:
        return preset  # `simulate` says which names there are
    design = rs.simulations.Design() if preset is None else rs.simulations.PRESETS[preset]
    return design.replace(selector=replace(design.selector, share=share))
