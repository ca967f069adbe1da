"""The search that runs every recipe: descend for all people at once, drop those who have arrived.

A step: ask the model where everybody stands, add up the slopes of the objective's parts, pull them back to the
space that is searched, let those go who meet the stop, move the others, and clip to what each can reach. At the
end the answers settle inside the action set and the user's own model has the last word.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recourse.actions import ActionSet
from recourse.actions.action_set import as_action_set
from recourse.actions.settings import LEVEL_TYPES
from recourse.arrays import BoolArray, FloatArray, IntArray
from recourse.budget import Budget
from recourse.errors import InputError
from recourse.generators.counterfactuals import INFEASIBLE, NOT_CONVERGED, VALID, Counterfactuals
from recourse.generators.differentiable_model import DifferentiableModel
from recourse.generators.latent import LatentSpace, latent_space
from recourse.generators.objective import Block
from recourse.generators.population import Scaling, centres_of, scaling_of
from recourse.generators.positions import FeaturePositions, LatentPositions, Positions, clip
from recourse.generators.recipes import Recipe
from recourse.generators.torch import undisturbed
from recourse.menus.projection import Reach
from recourse.models import Model, as_model


def run(
    recipe: Recipe,
    model: Any,
    X: Any,
    actions: ActionSet,
    *,
    population: Any,
    targets: Any,
    random_state: Any,
    budget: Budget,
) -> Counterfactuals:
    """Check the input, search, settle, and ask the model: what `Recipe.generate` does."""
    actions = as_action_set(actions)
    model = as_model(model)
    table = actions.table(X)
    model = model.on_columns(actions.names)
    _check_numbers(actions)

    reach = Reach(actions, table)
    n = len(table)
    codes = np.full(n, NOT_CONVERGED)
    points, converged, steps = reach.today.copy(), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    interrupted = False
    differentiable = DifferentiableModel(model, actions)
    with undisturbed(differentiable.module):
        # whom no point in reach is approved for, needs no search
        impossible = ~differentiable.can_reach(reach) | ~reach.movable
        codes[impossible] = INFEASIBLE
        people = np.flatnonzero(~impossible)
        if len(people):
            seed = _seed(random_state)
            centres = centres_of(recipe.gravity, model, table, actions, population, targets, seed)
            scaling = scaling_of(actions, population)
            latent = None
            if recipe.space is not None:
                latent = latent_space(recipe.space, actions, population, seed, budget)

            search = GradientSearch(recipe, differentiable, reach, people, scaling, centres, latent)
            search.begin(seed)
            interrupted = search.run(budget)
            converged[people], steps[people] = search.converged, search.steps
            points[people] = search.answers(model, seed)

    # the model has the last word, also on those who were counted as impossible
    moved = reach.rows(points)
    codes[model.approves(moved)] = VALID
    return Counterfactuals(moved, table, codes, converged, steps, interrupted)


def _check_numbers(actions: ActionSet) -> None:
    """Raise `InputError` for a feature that can change and has levels instead of numbers."""
    for feature in actions:
        if feature.actionable and feature.variable_type in LEVEL_TYPES:
            raise InputError(
                f"gradient generators move numbers, but {feature.name!r} has levels. Encode it as 0/1 columns with a "
                "OneHot constraint, make it immutable, or use recourse='optimal' (rs.find)."
            )


def _seed(random_state: Any) -> int:
    """One whole number from whatever the caller uses as a seed."""
    if isinstance(random_state, (int, np.integer)) and random_state >= 0:
        return int(random_state)
    return int(np.random.default_rng(random_state).integers(2**63))


class GradientSearch:
    """People who are searched for side by side, and who of them has arrived.

    A position, float64[n, K, p], is where somebody's counterfactuals stand (see `Positions`).
    """

    def __init__(
        self,
        recipe: Recipe,
        differentiable: DifferentiableModel,
        reach: Reach,
        people: IntArray,
        scaling: Scaling,
        centres: FloatArray | None,
        latent: LatentSpace | None = None,
    ) -> None:
        self.recipe, self.differentiable, self.reach, self.people = recipe, differentiable, reach, people
        self.parts = recipe.parts
        self.share = 1 / recipe.counterfactuals if recipe.average else 1.0
        self.discrete = reach.discrete
        self.deviation = scaling.deviation
        self.today = reach.today[people][:, None, :]

        # how far each person can go in each feature; what is missing does not move
        low, high = (
            np.where(np.isnan(reach.today), 0.0, end - reach.today)[people][:, None, :] / scaling.deviation
            for end in (reach.low, reach.high)
        )
        self.space: Positions = FeaturePositions(low, high)
        if latent is not None:
            columns = latent.columns(reach.features)
            self.space = LatentPositions(latent, columns, self.today, scaling.deviation, low, high)

        # what penalties measure with, in the units of their distances
        self.mad = scaling.mad / scaling.deviation if recipe.chain_rule else scaling.mad
        self.centre = None
        if centres is not None:
            there = centres if not recipe.chain_rule else (centres - reach.today) / scaling.deviation
            self.centre = there[people][:, None, :]

    def begin(self, seed: int) -> None:
        """Put everybody at today's point, or near it; a person's draws don't depend on who else is searched for."""
        K, space = self.recipe.counterfactuals, self.space
        n, _, p = space.start.shape
        self.position = np.repeat(space.start, K, axis=1)
        if self.recipe.start_noise:
            draws = np.random.default_rng([seed, 1]).standard_normal((len(self.reach.today), K, p))
            self.position = clip(self.position + self.recipe.start_noise * draws[self.people], space.low, space.high)
        self.approved = self.position.copy()  # the last position that the model would approve
        self.converged = np.zeros(n, dtype=bool)
        self.steps = np.full(n, self.recipe.max_steps)

    def run(self, budget: Budget) -> bool:
        """Descend until everybody has met the stop, the steps are used up, or the budget is; return whether it was."""
        recipe = self.recipe
        position, approved, low, high = self.position, self.approved, self.space.low, self.space.high
        today, centre = self.today, self.centre
        active = np.arange(len(position))
        memory = recipe.optimiser.start(position.shape)
        for t in range(recipe.max_steps + 1):
            # at the edge of their box people have no way on, so the gradient has nothing to say there
            gradient, probability, cleared = self.slopes_at(position, today, centre, active)
            gradient *= np.where(gradient > 0, low, high) != position
            met = recipe.stop.met(probability, cleared, gradient)
            if recipe.keep_valid:
                approved = np.where(cleared[:, :, None], position, approved)

            # write down who is done, or everybody after the last step
            stopped = budget.exhausted
            done = met if t < recipe.max_steps and not stopped else np.ones_like(met)
            if done.any():
                out, stay = active[done], ~done
                self.position[out], self.approved[out] = position[done], approved[done]
                self.converged[out], self.steps[out] = met[done], t
                active = active[stay]
                if not len(active):
                    return stopped and t < recipe.max_steps and not met.all()

                # go on with the others only
                position, approved, gradient, low, high, today = (
                    rows[stay] for rows in (position, approved, gradient, low, high, today)
                )
                centre = None if centre is None else centre[stay]
                memory = [moment[stay] for moment in memory]
            position = clip(position + recipe.optimiser.step(gradient, memory, t + 1), low, high)
        raise AssertionError("the last step ends everybody's search")

    def slopes_at(
        self, position: FloatArray, today: FloatArray, centre: FloatArray | None, active: IntArray
    ) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Return the objective's gradient, P(desired) where an answer from here would settle, and if that clears."""
        recipe = self.recipe
        moves, pull_to_positions = self.space.moves(position, active)
        raw = today + self.deviation * moves
        logits, probability, pull_back = self.differentiable.at(raw)
        if self.discrete:
            probability = self.differentiable.at(self.reach.settle(raw, self.people[active]))[1]
        cleared = self.differentiable.clears(probability)
        crossed = cleared & cleared.all(axis=1, keepdims=True) if recipe.joint else cleared

        # add up the slopes of the parts, in the units of the distances
        points, here = (moves, np.zeros_like(today)) if recipe.chain_rule else (raw, today)
        block = Block(points, here, logits, crossed, self.mad, centre, recipe.joint, self.share)
        by_points: FloatArray | float = 0.0
        by_logits: FloatArray = np.zeros_like(logits)
        for part in self.parts:
            slopes = part.slopes(block)
            by_points, by_logits = by_points + slopes.points, by_logits + slopes.logits

        # take those of the logits through the model, and all of them through the space
        gradient = pull_back(by_logits)
        if recipe.chain_rule:
            gradient *= self.deviation
        return pull_to_positions(gradient + by_points), probability, cleared

    def answers(self, model: Model, seed: int) -> FloatArray:
        """Return one settled point a person, float64[n, d]: the one of K that the recipe picks."""
        n, K, _ = self.position.shape
        ends = [self._settled(self.position)]
        if self.recipe.keep_valid:
            ends.append(self._settled(self.approved))
        if K == 1 and len(ends) == 1:
            only: FloatArray = ends[0][:, 0]
            return only

        # where the end of a search is denied and a point on its way was not, that point stands for it
        rows = np.repeat(self.people, K)
        approved = np.array(
            [model.approves(self.reach.rows(end.reshape(n * K, -1), rows)).reshape(n, K) for end in ends]
        )
        points = ends[0] if len(ends) == 1 else np.where((approved[0] | ~approved[1])[..., None], *ends)
        works = approved.any(axis=0)

        # one of K: at random, or the nearest of those that work
        if self.recipe.pick == "random":
            best = np.random.default_rng([seed, 2]).integers(K, size=len(self.reach.today))[self.people]
        else:
            away = np.linalg.norm((points - self.today) / self.deviation, axis=2)
            best = np.lexsort((away, ~works), axis=1)[:, 0]
        picked: FloatArray = points[np.arange(n), best]
        return picked

    def _settled(self, position: FloatArray) -> FloatArray:
        """Positions as points inside the action set."""
        moves, _ = self.space.moves(position, np.arange(len(position)))
        return self.reach.settle(self.today + self.deviation * moves, self.people)
