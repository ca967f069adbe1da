"""The repeats of a simulation, one after the other: run, kept in a checkpoint, and shown as they go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recourse.budget import Budget
from recourse.progress import Progress
from recourse.simulations import checkpoint as checkpoint_file
from recourse.simulations.arms import RepeatState, Study
from recourse.simulations.checkpoint import FinishedRepeat
from recourse.simulations.rounds import advance, begin


def one_thread() -> Any:
    """Keep BLAS and OpenMP to one thread for a while.

    The arrays of a round are small, so threads would cost more than they save, and sums would depend on
    how many there are.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def run_missing(
    study: Study,
    states: Sequence[RepeatState],
    kept: Sequence[FinishedRepeat],
    budget: Budget,
    progress: Progress | None,
    path: Path | None,
) -> tuple[list[RepeatState], list[FinishedRepeat]]:
    """Run the rounds that are missing, and return the states of the repeats run here and the repeats kept elsewhere.

    Ctrl-C and a budget that runs out end it with what is done; a round that they cut short counts as not begun.
    `path` is a checkpoint: written before the first round, so that a file that can't be written or a simulation
    without an identity fails at once, and after each repeat.
    """
    run = {state.repeat: state for state in states}
    finished = {one.repeat: one for one in kept}
    if path is not None:
        done = [state.finished() for state in states if state.t == study.rounds]
        for one in checkpoint_file.add(path, study.identity, [*kept, *done]):
            if one.repeat < study.repeats and one.repeat not in run:
                finished[one.repeat] = one
    try:
        with one_thread():
            for repeat in range(study.repeats):
                if repeat not in finished:
                    _run_repeat(study, repeat, run, len(finished), budget, progress)
                    if path is not None and run[repeat].t == study.rounds:
                        checkpoint_file.add(path, study.identity, [run[repeat].finished()])
                if budget.exhausted:
                    break
    except KeyboardInterrupt:
        pass
    return list(run.values()), list(finished.values())


def _run_repeat(
    study: Study, repeat: int, run: dict[int, RepeatState], n_kept: int, budget: Budget, progress: Progress | None
) -> None:
    """Run the rounds that a repeat lacks; `run` always holds the last whole round."""
    if repeat not in run:
        run[repeat] = begin(study, repeat)
    arms = len(study.arms)
    while True:
        if progress is not None:
            done = sum(state.t for state in run.values()) + n_kept * study.rounds
            progress(arms * done, arms * study.rounds * study.repeats)
        if run[repeat].t == study.rounds or budget.exhausted:
            return
        after = advance(study, run[repeat], budget)
        # the searches of a round in which the time ran out may have been cut short
        if budget.exhausted:
            return
        run[repeat] = after
