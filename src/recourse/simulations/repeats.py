"""The repeats of a simulation, one after the other: run, kept in a checkpoint, and shown as they go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recourse.budget import Progress
from recourse.simulations.rounds import advance, begin

if TYPE_CHECKING:
    pass


from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recourse.simulations.result import Simulation


def one_thread() -> Any:
    """Keep BLAS and OpenMP to one thread for a while.

    The arrays of a round are small, so threads would cost more than they save, and sums would depend on
    how many there are.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def run_repeats(simulation: Simulation, progress: Progress | None, checkpoint: Path | None) -> None:
    """Run the missing rounds. A round that Ctrl-C cuts short counts as not begun."""
    study, states = simulation.study, {state.repeat: state for state in simulation._states}
    kept = simulation._kept_repeats
    arms = len(study.arms)
    total = arms * study.rounds * study.repeats
    try:
        with one_thread():
            for repeat in range(study.repeats):
                if repeat in kept:
                    continue
                state = states[repeat] if repeat in states else begin(study, repeat)
                while True:
                    states[repeat] = state
                    if progress is not None:
                        done = sum(one.t for one in states.values()) + len(kept) * study.rounds
                        progress(arms * done, total)
                    if state.t == study.rounds:
                        break
                    state = advance(study, state)
                if checkpoint is not None:
                    simulation._states = list(states.values())
                    simulation.save(checkpoint)
    except KeyboardInterrupt:
        pass
    simulation._states = list(states.values())
    simulation.interrupted = not simulation.complete
