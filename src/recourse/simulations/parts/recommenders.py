"""Where recommendations come from: any search or generator of this library, or a function of yours, behind
one question that a simulation asks every round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from recourse.actions import ActionSet
from recourse.budget import Budget
from recourse.checks import number, whole_number
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.generators.counterfactuals import INFEASIBLE, NOT_CONVERGED, VALID, Counterfactuals
from recourse.generators.latent import Autoencoder, in_numbers, latent_space
from recourse.generators.recipes import RECIPES, Recipe
from recourse.identity import Settings
from recourse.models import Model
from recourse.search import STATUSES, Status, solve


@dataclass(frozen=True, eq=False)
class Situation:
    """What a recourse may know of the round besides the people it is asked about.

    Parameters
    ----------
    start : DataFrame
        The features of the training people before the first round: what standardises features.
    targets_then, targets_now : DataFrame
        Features of the people with the favourable label, at the start and now.
    seed : int
        For everything random in this round and arm.
    budget : Budget or None
        How long the whole simulation may take. A round in which it runs out is not kept, so a search may stop then.
    """

    start: pd.DataFrame
    targets_then: pd.DataFrame
    targets_now: pd.DataFrame
    seed: int
    budget: Budget | None = None


@runtime_checkable
class Recourse(Protocol):
    """Anything that recommends. One that learns from people has a `learn`, too: see `Learns`."""

    @property
    def name(self) -> str:
        """What tables and plots call it, where the caller gives no other name."""

    def answer(self, model: Model, actions: ActionSet, X: pd.DataFrame, situation: Situation) -> Counterfactuals:
        """Recommend a new point to everybody in `X`."""


@runtime_checkable
class Learns(Protocol):
    """A recourse that learns from the people of an arm, whenever the arm's model is retrained."""

    def learn(self, actions: ActionSet, X: pd.DataFrame, t: int, seed: int) -> Recourse:
        """Return the recourse that goes on after round t (0: the start); this one stays as it is."""


@dataclass(frozen=True)
class Optimal(Settings):
    """The cheapest action of the action set, by `find`: exact where the library can prove it.

    Parameters
    ----------
    cost : str, Cost or callable
        As for `audit`. A function of yours needs an identity for a checkpoint, see `FunctionCost`.
    max_changes : int or None
        At most so many features change at once.
    time_limit : float or None
        Seconds for the people of one round and arm. Who is not reached gets no recommendation, so the numbers then
        depend on the machine.

    Raises
    ------
    InputError
        If a setting is not what it should be.
    """

    cost: str | Cost | Callable[..., Any] = "total"
    max_changes: int | None = None
    time_limit: float | None = None

    name = "optimal"

    def __post_init__(self) -> None:
        as_cost(self.cost)
        whole_number("max_changes", self.max_changes, or_none=True)
        number("time_limit", self.time_limit, least=0, or_none=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data, the cost by all its settings.

        Returns
        -------
        dict
            Fit for JSON.

        Raises
        ------
        InputError
            If the cost has no identity, as a lambda has none.
        """
        cost = as_cost(self.cost).to_dict()
        return {"kind": "Optimal", "cost": cost, "max_changes": self.max_changes, "time_limit": self.time_limit}

    def answer(self, model: Model, actions: ActionSet, X: pd.DataFrame, situation: Situation) -> Counterfactuals:
        """Search the priced menus of everybody in `X`.

        Parameters
        ----------
        model : Model
            The rule to be approved by.
        actions : ActionSet
            What people can do.
        X : DataFrame
            The features of n people who are denied.
        situation : Situation
            Its budget ends the search.

        Returns
        -------
        Counterfactuals
            Where each is told to go.
        """
        menus = actions.menus(X, as_cost(self.cost), max_changes=self.max_changes)
        budget = (situation.budget or Budget()).part(self.time_limit)
        solutions = solve(model, menus, budget=budget)
        picks = np.where(solutions.found[:, None], solutions.picks, 0)
        rows = menus.points(np.arange(len(X)), picks)
        rows.index = X.index
        code = {Status.OPTIMAL: VALID, Status.FEASIBLE: VALID, Status.INFEASIBLE: INFEASIBLE}
        codes = np.array([code.get(status, NOT_CONVERGED) for status in STATUSES], dtype=np.int8)[solutions.codes]
        decided = codes != NOT_CONVERGED
        return Counterfactuals(rows, X, codes, decided, np.zeros(len(X), dtype=np.int64))


@dataclass(frozen=True)
class Generated(Settings):
    """A gradient recipe, told what the simulation knows."""

    recipe: Recipe

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.recipe.name

    def answer(self, model: Model, actions: ActionSet, X: pd.DataFrame, situation: Situation) -> Counterfactuals:
        """Generate for everybody in `X` at once."""
        gravity = self.recipe.gravity
        frozen = gravity is None or gravity.frozen
        return self.recipe.generate(
            model,
            X,
            actions,
            population=situation.start,
            targets=situation.targets_then if frozen else situation.targets_now,
            random_state=situation.seed,
            budget=situation.budget,
        )

    def learn(self, actions: ActionSet, X: pd.DataFrame, t: int, seed: int) -> Generated:
        """Return the same recipe with its autoencoder fitted, at the start (t = 0), or trained on, after round t."""
        space = self.recipe.space
        if space is None:
            return self
        if t == 0:
            space = latent_space(space, actions, X, seed)
        elif not isinstance(space, Autoencoder) and space.settings.warm_epochs:
            space = space.warmed(in_numbers(actions, X), random_state=seed)
        return Generated(replace(self.recipe, space=space))


@dataclass(frozen=True)
class Function(Settings):
    """A user's own recourse: `function(model, actions, X)` returns the new rows, in the same order."""

    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    def answer(self, model: Model, actions: ActionSet, X: pd.DataFrame, situation: Situation) -> Counterfactuals:
        """Ask the function, and the model about its rows."""
        rows = actions.table(self.function(model, actions, X.copy()))
        if len(rows) != len(X):
            raise InputError(f"recourse {self.name!r} returned {len(rows)} rows for {len(X)} people.")
        rows = rows.set_axis(X.index)
        valid = model.approves(rows)
        codes = np.where(valid, VALID, NOT_CONVERGED).astype(np.int8)
        return Counterfactuals(rows, X, codes, valid, np.zeros(len(X), dtype=np.int64))


def as_recourse(given: Any) -> Recourse:
    """Return what "optimal", a recipe's name, a recipe, or a function stands for.

    >>> as_recourse("optimal")
    Optimal(cost='total', max_changes=None, time_limit=None)
    """
    if isinstance(given, str):
        if given == "optimal":
            return Optimal()
        if given not in RECIPES:
            raise InputError(f"{given!r} is not a recourse. {nearest(given, ['optimal', *RECIPES])}")
        given = RECIPES[given]()
    if isinstance(given, type) and issubclass(given, Recipe):
        given = given()
    if isinstance(given, type):
        raise InputError(f"the recourse is the class {given.__name__} itself; make one of it: {given.__name__}().")
    if isinstance(given, Recipe):
        return Generated(given)
    if isinstance(given, Recourse):
        return given
    if callable(given):
        return Function(given)
    raise InputError(f"a recourse is a name, a recipe or a function, not {type(given).__name__}.")


def learned(recourse: Recourse, actions: ActionSet, X: pd.DataFrame, t: int, seed: np.random.SeedSequence) -> Recourse:
    """Return a recourse after it has learned from an arm's people, if it does: at the start, and with the model.

    Like a model, it is never changed: `learn(actions, X, t, seed)` returns the one that goes on after round t.
    """
    if not isinstance(recourse, Learns):
        return recourse
    return recourse.learn(actions, X, t, int(seed.generate_state(1, np.uint64)[0] >> 1))


def check_recourse(recourse: Recourse) -> None:
    """Raise what would stop it in the first round: a function to differentiate, and no torch."""
    if isinstance(recourse, Generated):
        _ = recourse.recipe.parts
