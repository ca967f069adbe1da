"""The verb: run the arms, round after round, and return what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recourse.budget import Progress
from recourse.errors import InputError
from recourse.simulations import checkpoint as checkpoint_file
from recourse.simulations.design import Design
from recourse.simulations.parts.selectors import Selector
from recourse.simulations.repeats import run_repeats
from recourse.simulations.result import Simulation
from recourse.simulations.setup import begin_study, design_of
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet


def simulate(
    models: Mapping[str, Any] | Any,
    X: Any,
    y: Any,
    actions: ActionSet,
    *,
    recourse: Mapping[str, Any] | Any = "optimal",
    rounds: int = 50,
    share: float | None = None,
    repeats: int = 5,
    random_state: Any = 0,
    preset: str | Design | None = None,
    selector: Any = None,
    behaviour: Any = None,
    labeller: Any = None,
    decision: Any = None,
    flow: Any = None,
    retrainer: Any = None,
    failed: str | None = None,
    measures: Any = None,
    measure_every: int | None = None,
    permutations: int | None = None,
    bandwidth: str | float | None = None,
    units: str | None = None,
    test_share: float | None = None,
    group_by: Sequence[Name] = (),
    desired: Any = None,
    threshold: float | None = None,
    refit: bool | None = None,
    progress: Progress | None = None,
    checkpoint: Path | str | None = None,
) -> Simulation:
    """Simulate what happens when people act on recourse and the lender learns from it, round after round.

    models : a classifier, or several by name. Each is cloned and fitted to the training people (`refit=False`
        starts from it as it is, also the default where it is fitted and never retrained)
    X, y : the population and its labels; further columns of `X` may serve as groups
    actions : what people can do
    recourse : what they are told, by name: "optimal" (the exact search), a recipe of `recourse.generators`, or
        `function(model, actions, X)` → new rows. An arm "control", where nobody is told anything and the
        model is retrained all the same, is always run besides
    rounds, share, repeats : how often, how many of the denied, and how many times over with other draws
    random_state : the root of all seeds; results depend on nothing else, neither threads nor other arms
        (but see `Selector.together`)
    preset : "altmeyer2023", "fonseca2023", "yang2025" (see `recourse.simulations.PRESETS`) or a `Design`: what holds
        for everything that is not said here
    selector, behaviour, labeller, decision, flow, retrainer : the exchangeable parts, see `recourse.simulations`
    failed : whose search ended without an approved point may "stay", or "move" to where it ended
    measures, measure_every, permutations, bandwidth, units, test_share : see `Design`
    group_by : columns of `X`; measures of people are taken for each level too
    desired, threshold : which label is favourable, and from which probability on; see `as_model`
    progress : called with (rounds of arms done, of how many)
    checkpoint : a JSON file that finished repeats are written to, and read from if it is there

    Everything wrong with the input is reported before the first round. Ctrl-C ends the simulation and returns
    what is done (`interrupted`, `resume`); an arm whose model can't be fitted any more stops with a note, and
    the others go on. Nothing that is passed is changed.

    >>> import recourse as rs
    >>> from sklearn.linear_model import LogisticRegression
    >>> people = rs.datasets.overlapping(300)
    >>> A = rs.ActionSet(people.X)
    >>> sim = rs.simulate(LogisticRegression(), people.X, people.y, A, rounds=4, repeats=2, permutations=0)
    >>> list(sim.arms)
    [('model', 'control'), ('model', 'optimal')]
    >>> effect = sim.contrast("control")
    >>> bool(effect.query("name == 'mmd' and round == 4")["difference"].mean() > 0)
    True
    """
    design = design_of(
        preset, selector=selector, behaviour=behaviour, labeller=labeller, decision=decision, flow=flow,
        retrainer=retrainer, failed=failed, measures=measures, measure_every=measure_every, permutations=permutations,
        bandwidth=bandwidth, units=units, test_share=test_share,
    )  # fmt: skip
    if share is not None:
        if not isinstance(design.selector, Selector) or selector is not None:
            raise InputError("share= belongs to the default selector; set it in the selector= that you pass.")
        design = replace(design, selector=replace(design.selector, share=share))
    for name, value in (("rounds", rounds), ("repeats", repeats), ("measure_every", design.measure_every)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name} must be a whole number ≥ 1, not {value!r}.")
    study = begin_study(
        models, X, y, actions, recourse, design, int(rounds), int(repeats), random_state, group_by, desired,
        threshold, refit,
    )  # fmt: skip
    path = None if checkpoint is None else Path(checkpoint)
    simulation = Simulation(study, [], checkpoint_file.read(path, study))
    run_repeats(simulation, progress, path)
    return simulation
