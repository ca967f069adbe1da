"""The search that runs every recipe: descend for all people at once, drop those who have arrived.

A step: ask the model where everybody stands, add up the slopes of the objective's parts, pull them back to the
space that is searched, let those go who meet the stop, move the others, and clip to what each can reach. At the
end the answers settle inside the action set and the user's own model has the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions.settings import LEVEL_TYPES
from recourse.errors import InputError, ModelError
from recourse.generators.counterfactuals import INFEASIBLE, NOT_CONVERGED, VALID, Counterfactuals
from recourse.generators.latent import LatentSpace, latent_space
from recourse.generators.objective import Block
from recourse.generators.torch import undisturbed
from recourse.menus.projection import Reach, coordinates
from recourse.models import Model, as_model
from recourse.models.statements.network import logistic

if TYPE_CHECKING:
    from recourse.actions import ActionSet
    from recourse.generators.recipes import Recipe

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
PullBack = Callable[[FloatArray], FloatArray]
"""Turns slopes with respect to logits, [n, K], into slopes with respect to raw points, [n, K, d]."""
MOST_TARGETS = 1000
"""Random target points are drawn from at most so many people, as in the paper's code."""


def run(
    recipe: Recipe, model: Any, actions: ActionSet, X: Any, *, population: Any, targets: Any, random_state: Any
) -> Counterfactuals:
    """Check the input, search, settle, and ask the model: what `Recipe.generate` does."""
    model = as_model(model)
    table = actions.table(X)
    model.check_features(actions.names)
    for feature in actions:
        if feature.actionable and feature.variable_type in LEVEL_TYPES:
            raise InputError(
                f"gradient generators move numbers, but {feature.name!r} has levels. Encode it as 0/1 columns with a "
                "OneHot constraint, make it immutable, or use recourse='optimal' (rs.find)."
            )
    reach = Reach(actions, table)
    n = len(table)
    codes = np.full(n, NOT_CONVERGED)
    points, converged, steps = reach.today.copy(), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    net = Network(model, actions)
    with undisturbed(net.module):
        impossible = ~net.can_reach(reach) | ~reach.movable
        codes[impossible] = INFEASIBLE
        people = np.flatnonzero(~impossible)
        if len(people):
            seed = _seed(random_state)
            centres = _centres(recipe, model, actions, table, population, targets, seed)
            scaling = _scaling(actions, population)
            latent = None if recipe.space is None else latent_space(recipe.space, actions, population, seed)
            search = _Search(recipe, net, reach, people, scaling, centres, latent)
            search.begin(seed)
            search.run()
            converged[people], steps[people] = search.converged, search.steps
            points[people] = search.answers(model, seed)
    moved = reach.rows(points)
    codes[model.approves(moved)] = VALID
    return Counterfactuals(moved, table, codes, converged, steps)


@dataclass(frozen=True, eq=False)
class Scaling:
    """Means, deviations and median absolute deviations of a population, feature by feature."""

    mean: FloatArray
    deviation: FloatArray
    mad: FloatArray


def _scaling(actions: ActionSet, population: Any) -> Scaling:
    """Measure the population given, or the one that the action set was inferred from."""
    table = None if population is None else actions.table(population)
    rows = []
    for feature in actions:
        seen = feature.observed
        column = np.repeat(seen.values, seen.counts) if table is None else coordinates(feature, table)
        column = column[np.isfinite(column)]
        if not len(column):
            rows.append((0.0, 1.0, 1.0))
            continue
        spread = np.abs(column - np.median(column))
        mad = float(np.median(spread)) or float(spread.mean())
        rows.append((float(column.mean()), float(column.std()) or 1.0, mad or 1.0))
    return Scaling(*(np.array(column) for column in zip(*rows, strict=True)))


def _centres(
    recipe: Recipe,
    model: Model,
    actions: ActionSet,
    table: pd.DataFrame,
    population: Any,
    targets: Any,
    seed: int,
) -> FloatArray | None:
    """Where `Gravity` pulls each person: the mean of the target class, or of some of it drawn for them."""
    gravity = recipe.gravity
    if gravity is None:
        return None
    if targets is None:
        everybody = table if population is None else actions.table(population)
        targets = everybody[model.approves(everybody)]
    people = actions.table(targets)
    rows = np.nan_to_num(np.column_stack([coordinates(feature, people) for feature in actions]))
    if not len(rows):
        raise InputError(
            "Gravity pulls to people of the target class, but there are none: the model approves nobody in the "
            "population. Pass targets=, a table of such people."
        )
    if gravity.points is None:
        return np.broadcast_to(rows.mean(axis=0), table.shape)
    drawn = np.random.default_rng([seed, 0])
    if len(rows) > MOST_TARGETS:
        rows = rows[drawn.choice(len(rows), MOST_TARGETS, replace=False)]
    draws = drawn.integers(len(rows), size=(len(table), gravity.points))
    centres: FloatArray = rows[draws].mean(axis=1)
    return centres


def _seed(random_state: Any) -> int:
    """One whole number from whatever the caller uses as a seed."""
    if isinstance(random_state, (int, np.integer)) and random_state >= 0:
        return int(random_state)
    return int(np.random.default_rng(random_state).integers(2**63))


class _Features:
    """The space of the features: a position is a move, within people's boxes."""

    def __init__(self, low: FloatArray, high: FloatArray) -> None:
        self.start, self.low, self.high = np.zeros_like(low), low, high

    def moves(self, position: FloatArray, people: IntArray) -> tuple[FloatArray, PullBack]:
        """Return how far positions are from today, and how slopes with respect to that are pulled back."""
        return position, lambda slopes: slopes


class _Latents:
    """A latent space: positions are free, and what they decode to is clipped to people's boxes.

    So what can't move does not, and the model is asked about points that people can reach. A slope that leads out of
    a box is cut, as nothing would follow it; one that leads back in counts, though the clipped value stays for now.
    """

    def __init__(
        self,
        latent: LatentSpace,
        columns: IntArray,
        today: FloatArray,
        deviation: FloatArray,
        low: FloatArray,
        high: FloatArray,
    ) -> None:
        self._latent, self._columns, self._deviation = latent, columns, deviation[columns]
        self._today, self._box = np.nan_to_num(today[..., columns]), (low, high)
        self.start = latent.encode(self._today)
        self.low, self.high = np.full_like(self.start, -np.inf), np.full_like(self.start, np.inf)

    def moves(self, position: FloatArray, people: IntArray) -> tuple[FloatArray, PullBack]:
        """Return how far what positions decode to is from today, and how slopes are pulled back from there."""
        low, high = (end[people] for end in self._box)
        decoded, pull_back = self._latent.decode(position)
        moves = np.zeros((*position.shape[:2], low.shape[-1]))
        moves[..., self._columns] = (decoded - self._today[people]) / self._deviation
        moves = _clip(moves, low, high)

        def pull(slopes: FloatArray) -> FloatArray:
            inward = slopes * (np.where(slopes > 0, low, high) != moves)
            return pull_back(inward[..., self._columns] / self._deviation)

        return moves, pull


class _Search:
    """People who search side by side, and who is done.

    A position is where somebody stands in the space that is searched, [n, K, p]; it stands for a move, how far
    they are from today's point in standard deviations, [n, K, d]. So a feature that did not move is where it was
    to the last bit.
    """

    def __init__(
        self,
        recipe: Recipe,
        net: Network,
        reach: Reach,
        people: IntArray,
        scaling: Scaling,
        centres: FloatArray | None,
        latent: LatentSpace | None = None,
    ) -> None:
        self.recipe, self.net, self.reach, self.people = recipe, net, reach, people
        self.parts = recipe.parts
        self.share = 1 / recipe.counterfactuals if recipe.average else 1.0
        self.discrete = reach.discrete
        self.deviation = scaling.deviation
        self.today = reach.today[people][:, None, :]
        low, high = (
            np.where(np.isnan(reach.today), 0.0, end - reach.today)[people][:, None, :] / scaling.deviation
            for end in (reach.low, reach.high)  # what is missing does not move
        )
        self.space: _Features | _Latents = _Features(low, high)
        if latent is not None:
            self.space = _Latents(latent, latent.columns(reach.features), self.today, scaling.deviation, low, high)
        self.mad = scaling.mad / scaling.deviation if recipe.chain_rule else scaling.mad
        self.centre = None
        if centres is not None:
            there = centres if not recipe.chain_rule else (centres - reach.today) / scaling.deviation
            self.centre = there[people][:, None, :]

    def begin(self, seed: int) -> None:
        """Put everybody at today's point, or near it; a person's draws don't depend on who else is searching."""
        K, space = self.recipe.counterfactuals, self.space
        n, _, p = space.start.shape
        self.position = np.repeat(space.start, K, axis=1)
        if self.recipe.start_noise:
            draws = np.random.default_rng([seed, 1]).standard_normal((len(self.reach.today), K, p))
            self.position = _clip(self.position + self.recipe.start_noise * draws[self.people], space.low, space.high)
        self.approved = self.position.copy()  # the last position that the model would approve
        self.converged = np.zeros(n, dtype=bool)
        self.steps = np.full(n, self.recipe.max_steps)

    def run(self) -> None:
        """Descend until everybody has met the stop or the steps are used up."""
        recipe = self.recipe
        position, approved, low, high = self.position, self.approved, self.space.low, self.space.high
        today, centre = self.today, self.centre
        active = np.arange(len(position))
        memory = recipe.optimiser.start(position.shape)
        for t in range(recipe.max_steps + 1):
            gradient, probability, cleared = self._look(position, today, centre, active)
            # at the edge of their box people have no way on, so the gradient has nothing to say there
            gradient *= np.where(gradient > 0, low, high) != position
            met = recipe.stop.met(probability, cleared, gradient)
            if recipe.keep_valid:
                approved = np.where(cleared[:, :, None], position, approved)
            done = met if t < recipe.max_steps else np.ones_like(met)
            if done.any():
                out, stay = active[done], ~done
                self.position[out], self.approved[out] = position[done], approved[done]
                self.converged[out], self.steps[out] = met[done], t
                active = active[stay]
                if not len(active):
                    return
                position, approved, gradient, low, high, today = (
                    rows[stay] for rows in (position, approved, gradient, low, high, today)
                )
                centre = None if centre is None else centre[stay]
                memory = [moment[stay] for moment in memory]
            position = _clip(position + recipe.optimiser.step(gradient, memory, t + 1), low, high)

    def answers(self, model: Model, seed: int) -> FloatArray:
        """Return one settled point a person: the one of K that the recipe picks."""
        n, K, _ = self.position.shape
        ends = [self._settled(self.position)]
        if self.recipe.keep_valid:
            ends.append(self._settled(self.approved))
        if K == 1 and len(ends) == 1:
            only: FloatArray = ends[0][:, 0]
            return only
        rows = np.repeat(self.people, K)
        approved = np.array(
            [model.approves(self.reach.rows(end.reshape(n * K, -1), rows)).reshape(n, K) for end in ends]
        )
        # where the end of a search is denied and a point on its way was not, that point stands for it
        points = ends[0] if len(ends) == 1 else np.where((approved[0] | ~approved[1])[..., None], *ends)
        works = approved.any(axis=0)
        if self.recipe.pick == "random":
            best = np.random.default_rng([seed, 2]).integers(K, size=len(self.reach.today))[self.people]
        else:
            away = np.linalg.norm((points - self.today) / self.deviation, axis=2)
            best = np.lexsort((away, ~works), axis=1)[:, 0]
        picked: FloatArray = points[np.arange(n), best]
        return picked

    def _look(
        self, position: FloatArray, today: FloatArray, centre: FloatArray | None, active: IntArray
    ) -> tuple[FloatArray, FloatArray, BoolArray]:
        """The gradient of the objective; P(desired) where an answer from here would settle, and if that clears."""
        recipe = self.recipe
        moves, pull_on = self.space.moves(position, active)
        raw = today + self.deviation * moves
        logits, probability, pull_back = self.net.look(raw)
        if self.discrete:
            probability = self.net.look(self.reach.settle(raw, self.people[active]))[1]
        cleared = self.net.clears(probability)
        crossed = cleared & cleared.all(axis=1, keepdims=True) if recipe.joint else cleared
        points, here = (moves, np.zeros_like(today)) if recipe.chain_rule else (raw, today)
        block = Block(points, here, logits, crossed, self.mad, centre, recipe.joint, self.share)
        by_points: FloatArray | float = 0.0
        by_logits: FloatArray = np.zeros_like(logits)
        for part in self.parts:
            slopes = part.slopes(block)
            by_points, by_logits = by_points + slopes.points, by_logits + slopes.logits
        gradient = pull_back(by_logits)
        if recipe.chain_rule:
            gradient *= self.deviation
        return pull_on(gradient + by_points), probability, cleared

    def _settled(self, position: FloatArray) -> FloatArray:
        moves, _ = self.space.moves(position, np.arange(len(position)))
        return self.reach.settle(self.today + self.deviation * moves, self.people)


def _clip(position: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    clipped: FloatArray = np.minimum(np.maximum(position, low), high)
    return clipped


class Network:
    """A model as something with slopes: the layers that it states, or else a torch module that it carries.

    bar : the probability of the desired label that the model asks for

    Raises `ModelError` for a model that has neither.
    """

    def __init__(self, model: Model, actions: ActionSet) -> None:
        names = actions.names
        read = list(model.feature_names or names)
        self.columns = None if read == names else np.array([names.index(name) for name in read])
        self.bar = 1 / (1 + np.exp(-model.bar))
        self.strict = model.strict
        self.layers = model.layers()
        self.module, self.sign = model.module, model.sign
        if self.layers is None and self.module is None:
            raise ModelError(
                f"gradient generators need a model that states its layers (linear models, ReLU networks, also behind "
                f"scalers) or carries a torch module as module_; {model.name} does neither. "
                "Any model has exact or black-box recourse: use recourse='optimal', or rs.find."
            )

    def look(self, raw: FloatArray) -> tuple[FloatArray, FloatArray, PullBack]:
        """Return what is known at points [n, K, d]: the logit that a search descends on, the probability that
        decides, and how slopes are pulled back through the model.
        """
        shape = raw.shape
        x = raw.reshape(-1, shape[-1])
        x = x if self.columns is None else x[:, self.columns]
        logits, pull = self._module(x) if self.layers is None else self.layers.differentiable(x)
        members = len(logits)
        mean, probability = logits.sum(axis=0) / members, logistic(logits).sum(axis=0) / members

        def pull_back(slope: FloatArray) -> FloatArray:
            read = pull(slope.reshape(1, -1) / members)
            if self.columns is None:
                return read.reshape(shape)
            slopes = np.zeros(shape)
            slopes[..., self.columns] = read.reshape(*shape[:-1], -1)
            return slopes

        return mean.reshape(shape[:-1]), probability.reshape(shape[:-1]), pull_back

    def _module(self, x: FloatArray) -> tuple[FloatArray, PullBack]:
        """What `Layers.differentiable` says, by automatic differentiation of a module."""
        import torch

        assert self.module is not None
        points = torch.tensor(x, requires_grad=True)
        z = self.sign * self.module(points.to(next(self.module.parameters()).dtype)).reshape(1, -1)

        def pull(slope: FloatArray) -> FloatArray:
            (slopes,) = torch.autograd.grad(z, points, torch.tensor(slope, dtype=z.dtype))
            return slopes.numpy()

        return z.detach().to(torch.float64).numpy(), pull

    def clears(self, probability: FloatArray) -> BoolArray:
        """Return where the model would approve; on the bar itself it may not (`Model` says which)."""
        return probability > self.bar if self.strict else probability >= self.bar

    def can_reach(self, reach: Reach) -> BoolArray:
        """bool[n], False only where no point of a person's box can be approved: by interval arithmetic."""
        n = len(reach.today)
        if self.layers is None or not reach.boxed:
            return np.ones(n, dtype=bool)
        low, high = (ends if self.columns is None else ends[:, self.columns] for ends in (reach.low, reach.high))
        highest = self.layers.bounds(low, high)[1]
        highest = highest + 1e-9 * (1 + np.abs(highest))  # more than rounding can be
        can: BoolArray = logistic(highest).mean(axis=0) >= self.bar - 1e-12
        return can
