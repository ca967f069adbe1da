"""The verb: run the arms, round after round, and return what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recourse.actions import ActionSet
from recourse.budget import Budget
from recourse.checks import function_of, number, true_or_false, whole_number
from recourse.errors import InputError
from recourse.progress import Progress
from recourse.simulations.design import Design
from recourse.simulations.repeats import run_missing
from recourse.simulations.result import Simulation, checkpoint_path
from recourse.simulations.setup import begin_study, chosen_design
from recourse.tables import Name


def simulate(
    models: Mapping[str, Any] | Any,
    X: Any,
    y: Any,
    actions: ActionSet,
    *,
    recourse: Mapping[str, Any] | Any = "optimal",
    rounds: int = 50,
    repeats: int = 5,
    random_state: Any = 0,
    preset: str | Design | None = None,
    design: Design | None = None,
    group_by: Sequence[Name] = (),
    desired: Any = None,
    threshold: float | None = None,
    refit: bool | None = None,
    time_limit: float | None = None,
    budget: Budget | None = None,
    progress: Progress | None = None,
    checkpoint: Path | str | None = None,
    identity: str | None = None,
) -> Simulation:
    """Simulate what happens when people act on recourse and the lender learns from it, round after round.

    Everything wrong with the input is reported before the first round. Ctrl-C, and a budget that runs out, end the
    simulation and return what is done (`interrupted`, `resume`). An arm whose model can't be fitted any more, or in
    which other code of yours raises an error, stops, which the first line of the result says, and the others go on.
    Nothing that is passed is changed.

    Parameters
    ----------
    models : classifier, Model, or mapping
        One, or several by name. Each classifier is cloned and fitted to the training people; see `refit`.
    X : table
        The population: n people with the features of the action set. Further columns may serve as groups.
    y : array[n]
        Their labels, two different ones.
    actions : ActionSet
        What people can do.
    recourse : str, recipe, function, or mapping
        What people are told, by name: "optimal" (the exact search), a recipe of `recourse.generators`, or
        ``function(model, actions, X)``, which returns the new rows. An arm "control", where nobody is told anything
        and the model is retrained all the same, is always run besides.
    rounds : int
        How many rounds each arm has.
    repeats : int
        How many times over everything is run, with other draws.
    random_state : int, numpy.random.Generator, SeedSequence or None
        The root of all seeds. Results depend on nothing else, neither threads nor other arms (but see
        `Selector.together`); None takes a seed from the system.
    preset : str, Design or None
        The design of a published study: "altmeyer2023", "fonseca2023" or "yang2025", see
        `recourse.simulations.PRESETS`.
    design : Design or None
        The exchangeable parts of a round and what is measured, instead of a preset;
        ``PRESETS["yang2025"].replace(…)`` is a preset with other parts.
    group_by : column name or list of them
        Columns of `X`; measures of people are taken for each level too, at most 20 of a column.
    desired : label or None
        The favourable label; None for 1 where the labels are {0, 1} or {−1, 1}.
    threshold : float or None
        Approve from this probability of the desired label on, instead of by `predict`; see `as_model`.
    refit : bool or None
        Whether models are fitted to the training people first. False starts from them as they are; None does so
        where a model is fitted and never retrained.
    time_limit : float or None
        Seconds for everything. When they are over, the finished repeats and rounds are returned; the round in which
        that happens counts as not begun.
    budget : Budget or None
        The same as an object, which can be cancelled from another thread.
    progress : callable or None
        Called with (rounds of arms done, of how many).
    checkpoint : path or None
        A JSON file to which finished repeats are written, and from which they are read if it is there. It is written
        once before the first round. It belongs to this simulation alone: with other people, models (their content
        included), parts or settings it is refused.
    identity : str or None
        A name of yours for parts that can't be told apart by themselves (lambdas, functions and classes of a script),
        which a checkpoint needs. Give another name when you change them.

    Returns
    -------
    Simulation
        The table of all measurements, and the people and models of each arm at the end.

    Raises
    ------
    InputError
        If the people, a setting or a part is not what it should be, nobody is denied, or the checkpoint can't be used.
    ModelError
        If a model can't be fitted, retrained or read.

    Examples
    --------
    >>> import recourse as rs
    >>> from sklearn.linear_model import LogisticRegression
    >>> people = rs.datasets.overlapping(300)
    >>> A = rs.ActionSet(people.X)
    >>> quick = rs.simulations.Design(permutations=0)
    >>> sim = rs.simulate(LogisticRegression(), people.X, people.y, A, rounds=4, repeats=2, design=quick)
    >>> list(sim.arms)
    [('model', 'control'), ('model', 'optimal')]
    >>> effect = sim.contrast("control")
    >>> bool(effect.query("name == 'mmd' and round == 4")["difference"].mean() > 0)
    True
    """
    # what is said, before anything is computed
    chosen = chosen_design(preset, design)
    rounds = whole_number("rounds", rounds, least=1)
    repeats = whole_number("repeats", repeats, least=1)
    number("threshold", threshold, or_none=True)
    if refit is not None:
        true_or_false("refit", refit)
    if progress is not None:
        function_of("progress", progress, "It is called with (done, of how many).")
    if identity is not None and not (isinstance(identity, str) and identity):
        raise InputError(f"identity must be a name such as 'first try' or None, not {identity!r}.")
    path = checkpoint_path(checkpoint)
    budget = Budget.of(budget, time_limit)

    # the start, and then the rounds
    study = begin_study(
        models,
        X,
        y,
        actions,
        recourse,
        chosen,
        rounds=rounds,
        repeats=repeats,
        random_state=random_state,
        group_by=group_by,
        desired=desired,
        threshold=threshold,
        refit=refit,
        told=identity,
    )
    return Simulation(study, *run_missing(study, [], [], budget, progress, path))
