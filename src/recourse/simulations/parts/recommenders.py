"""Where recommendations come from: any search or generator of this library, or a function of yours, behind
one question that a simulation asks every round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from recourse.budget import Budget
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.generators.counterfactuals import INFEASIBLE, NOT_CONVERGED, VALID, Counterfactuals
from recourse.generators.latent import Autoencoder, in_numbers, latent_space
from recourse.generators.recipes import RECIPES, Recipe
from recourse.models import Model
from recourse.search import STATUSES, Status, solve

if TYPE_CHECKING:
    from recourse.actions import ActionSet


@dataclass(frozen=True, eq=False)
class Situation:
    """What a recourse may know of the round besides the people it is asked about.

    start : the population's features at t = 0, frozen: what standardises features
    targets_then, targets_now : features of the people with the favourable label, then and now
    seed : for this round and arm
    """

    start: pd.DataFrame
    targets_then: pd.DataFrame
    targets_now: pd.DataFrame
    seed: int


class Recourse(Protocol):
    """Anything that recommends. One that learns from people has a `learn`, too: see `learned`."""

    @property
    def name(self) -> str:
        """What tables and plots call it, where the caller gives no other name."""

    def answer(self, model: Model, actions: ActionSet, X: pd.DataFrame, situation: Situation) -> Counterfactuals:
        """Recommend a new point to everybody in `X`."""


@dataclass(frozen=True)
class Optimal:
    """The cheapest action of the action set, by `find`: exact where the library can prove it.

    cost, max_changes : as for `audit`; time_limit : seconds a round and arm
    """

    cost: str | Cost | Callable[..., Any] = "total"
    max_changes: int | None = None
    time_limit: float | None = None

    name = "optimal"

    def answer(self, model: Model, actions: ActionSet, X: pd.DataFrame, situation: Situation) -> Counterfactuals:
        """Search the priced menus of everybody in `X`."""
        menus = actions.menus(X, as_cost(self.cost), max_changes=self.max_changes)
        solutions = solve(model, menus, budget=Budget(self.time_limit))
        picks = np.where(solutions.found[:, None], solutions.picks, 0)
        rows = menus.points(np.arange(len(X)), picks)
        rows.index = X.index
        code = {Status.OPTIMAL: VALID, Status.FEASIBLE: VALID, Status.INFEASIBLE: INFEASIBLE}
        codes = np.array([code.get(status, NOT_CONVERGED) for status in STATUSES], dtype=np.int8)[solutions.codes]
        decided = codes != NOT_CONVERGED
        return Counterfactuals(rows, X, codes, decided, np.zeros(len(X), dtype=np.int64))


@dataclass(frozen=True)
class Generated:
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
class Function:
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
    if isinstance(given, Recipe):
        return Generated(given)
    if hasattr(given, "answer"):
        recourse: Recourse = given
        return recourse
    if callable(given):
        return Function(given)
    raise InputError(f"a recourse is a name, a recipe or a function, not {type(given).__name__}.")


def learned(recourse: Recourse, actions: ActionSet, X: pd.DataFrame, t: int, seed: np.random.SeedSequence) -> Recourse:
    """Return a recourse after it has learned from an arm's people, if it does: at the start, and with the model.

    Like a model, it is never changed: `learn(actions, X, t, seed)` returns the one that goes on after round t.
    """
    if not hasattr(recourse, "learn"):
        return recourse
    after: Recourse = recourse.learn(actions, X, t, int(seed.generate_state(1, np.uint64)[0] >> 1))
    return after


def check_recourse(recourse: Recourse) -> None:
    """Raise what would stop it in the first round: a function to differentiate, and no torch."""
    if isinstance(recourse, Generated):
        _ = recourse.recipe.parts
