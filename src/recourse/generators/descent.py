"""The search that runs every recipe: descend for all people at once, drop those who have arrived.

A step: ask the model where everybody stands, let those go who meet the stop, take the gradient of the
summed objective for the others, move, and clip to what each can reach. At the end the answers settle inside
the action set and the user's own model has the last word.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions.features import LEVEL_TYPES
from recourse.errors import InputError, ModelError
from recourse.generators.objective import LOSSES, Block, import_torch
from recourse.generators.outcomes import INFEASIBLE, NOT_CONVERGED, VALID, Counterfactuals
from recourse.generators.reach import Reach, coordinates
from recourse.models import Model, as_model
from recourse.models.networks import logistic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from recourse.actions import ActionSet
    from recourse.generators.recipes import Recipe

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
MOST_TARGETS = 1000
"""Random target points are drawn from at most so many people, as in the paper's code."""


def run(
    recipe: Recipe, model: Any, actions: ActionSet, X: Any, *, population: Any, targets: Any, random_state: Any
) -> Counterfactuals:
    """Check the input, search, settle, and ask the model: what `Recipe.generate` does."""
    import_torch()
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
    with network(model, actions) as net:
        impossible = ~net.can_reach(reach) | ~reach.movable
        codes[impossible] = INFEASIBLE
        people = np.flatnonzero(~impossible)
        if len(people):
            centres = _centres(recipe, model, actions, table, population, targets, random_state)
            search = _Search(recipe, net, reach, people, _scaling(actions, population), centres)
            search.begin(_seed(random_state))
            search.run()
            converged[people], steps[people] = search.converged.numpy(), search.steps.numpy()
            points[people] = search.answers(model, _seed(random_state))
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
    random_state: Any,
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
    drawn = np.random.default_rng([_seed(random_state), 0])
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


class _Search:
    """People who search side by side, and who is done.

    A position is how far somebody is from today's point, in standard deviations: [n, K, d]. So a feature
    that did not move is where it was to the last bit.
    """

    def __init__(
        self,
        recipe: Recipe,
        net: Network,
        reach: Reach,
        people: IntArray,
        scaling: Scaling,
        centres: FloatArray | None,
    ) -> None:
        self.torch = import_torch()
        self.recipe, self.net, self.reach, self.people = recipe, net, reach, people
        self.discrete = reach.discrete
        self.deviation = self._tensor(scaling.deviation)
        self.today = self._tensor(reach.today[people])[:, None, :]
        self.low = self._tensor((reach.low - reach.today)[people] / scaling.deviation)[:, None, :]
        self.high = self._tensor((reach.high - reach.today)[people] / scaling.deviation)[:, None, :]
        self.mad = self._tensor(scaling.mad / scaling.deviation if recipe.chain_rule else scaling.mad)
        self.centre = None
        if centres is not None:
            there = centres if not recipe.chain_rule else (centres - reach.today) / scaling.deviation
            self.centre = self._tensor(there[people])[:, None, :]
        self.loss = recipe.loss if callable(recipe.loss) else LOSSES[recipe.loss]

    def begin(self, seed: int) -> None:
        """Put everybody at today's point, or near it; a person's draws don't depend on who else is searching."""
        torch, K = self.torch, self.recipe.counterfactuals
        n, _, d = self.today.shape
        self.position = torch.zeros((n, K, d), dtype=torch.float64)
        if self.recipe.start_noise:
            draws = np.random.default_rng([seed, 1]).standard_normal((len(self.reach.today), K, d))
            self.position += self.recipe.start_noise * self._tensor(draws[self.people])
            self.position = self._clip(self.position, self.low, self.high)
        self.approved = self.position.clone()  # the last position that the model would approve
        self.converged = torch.zeros(n, dtype=torch.bool)
        self.steps = torch.full((n,), self.recipe.max_steps)

    def run(self) -> None:
        """Descend until everybody has met the stop or the steps are used up."""
        torch, recipe = self.torch, self.recipe
        position, low, high, today, centre = self.position, self.low, self.high, self.today, self.centre
        active = torch.arange(len(position))
        memory = recipe.optimiser.start(tuple(position.shape))
        for t in range(recipe.max_steps + 1):
            gradient, probability = self._look(position, today, centre, active)
            # at the edge of their box people have no way on, so the gradient has nothing to say there
            gradient = torch.where(self._clip(-gradient, low - position, high - position) == 0, 0.0, gradient)
            cleared = self.net.clears(probability)
            met = recipe.stop.met(probability, cleared, gradient)
            if recipe.keep_valid:
                self.approved[active] = torch.where(cleared[:, :, None], position, self.approved[active])
            done = met if t < recipe.max_steps else torch.ones_like(met)
            if bool(done.any()):
                out, stay = active[done], ~done
                self.position[out], self.converged[out], self.steps[out] = position[done], met[done], t
                active, position, gradient, low, high, today = (
                    rows[stay] for rows in (active, position, gradient, low, high, today)
                )
                centre = None if centre is None else centre[stay]
                memory = [moment[stay] for moment in memory]
                if not len(active):
                    return
            position = self._clip(position + recipe.optimiser.step(gradient, memory, t + 1), low, high)

    def answers(self, model: Model, seed: int) -> FloatArray:
        """Return one settled point a person: the one of K that the recipe picks."""
        n, K, d = self.position.shape
        ends = [self._settled(self.position)]
        if self.recipe.keep_valid:
            ends.append(self._settled(self.approved))
        if K == 1 and len(ends) == 1:
            only: FloatArray = ends[0][:, 0]
            return only
        rows = np.repeat(self.people, K)
        approved = np.array([model.approves(self.reach.rows(end.reshape(-1, d), rows)).reshape(n, K) for end in ends])
        # where the end of a search is denied and a point on its way was not, that point stands for it
        points = ends[0] if len(ends) == 1 else np.where((approved[0] | ~approved[1])[..., None], *ends)
        works = approved.any(axis=0)
        if self.recipe.pick == "random":
            best = np.random.default_rng([seed, 2]).integers(K, size=len(self.reach.today))[self.people]
        else:
            away = np.linalg.norm((points - self.today.numpy()) / self.deviation.numpy(), axis=2)
            best = np.lexsort((away, ~works), axis=1)[:, 0]
        picked: FloatArray = points[np.arange(n), best]
        return picked

    def _look(self, position: Tensor, today: Tensor, centre: Tensor | None, active: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of the objective, and P(desired) where an answer from here would settle."""
        torch, recipe = self.torch, self.recipe
        if recipe.chain_rule:
            leaf = position.detach().requires_grad_(True)
            raw, here = today + self.deviation * leaf, torch.zeros_like(today)
        else:
            leaf = (today + self.deviation * position).detach().requires_grad_(True)
            raw, here = leaf, today
        logits, probability = self.net.logits(raw)
        probability = probability.detach()
        if self.discrete:
            settled = self.reach.settle(raw.detach().numpy(), self.people[active.numpy()])
            with torch.no_grad():
                probability = self.net.logits(self._tensor(settled))[1]
        crossed = self.net.clears(probability)
        if recipe.joint:
            crossed = crossed.all(dim=1, keepdim=True).expand_as(crossed)
        share = 1 / recipe.counterfactuals if recipe.average else 1.0
        block = Block(leaf, here, logits, crossed, self.mad, centre, recipe.joint, share)
        objective = share * self.loss(logits).sum()
        for penalty in recipe.penalties:
            objective = objective + penalty(block)
        (gradient,) = torch.autograd.grad(objective, leaf)
        return gradient, probability

    def _settled(self, position: Tensor) -> FloatArray:
        return self.reach.settle((self.today + self.deviation * position).numpy(), self.people)

    def _clip(self, position: Tensor, low: Tensor, high: Tensor) -> Tensor:
        clipped: Tensor = self.torch.minimum(self.torch.maximum(position, low), high)
        return clipped

    def _tensor(self, array: FloatArray) -> Tensor:
        return tensor(self.torch, array)


class Network:
    """A model as something torch can differentiate: from the layers it states, or from a module it carries.

    bar : the probability of the desired label that the model asks for
    """

    def __init__(self, model: Model, actions: ActionSet, module: Any) -> None:
        self.torch = import_torch()
        names = actions.names
        read = list(model.feature_names or names)
        self.columns = None if read == names else np.array([names.index(name) for name in read])
        bar = float(getattr(model, "bar", 0.0))
        self.bar = 1 / (1 + np.exp(-bar))
        self.strict = bool(getattr(model, "strict", not getattr(model, "margin", 0.0)))
        self.layers, self.module = model.layers(), module
        self.sign = int(getattr(model, "sign", 1))
        if self.layers is not None:
            squeeze = self.layers.members == 1
            self.affine = [
                tuple(tensor(self.torch, array[0] if squeeze else array[:, None]) for array in pair)
                for pair in zip(self.layers.weights, self.layers.biases, strict=True)
            ]
            self.affine = [(w, b) for w, b in self.affine]
            self.shift, self.scale = (tensor(self.torch, a) for a in (self.layers.shift, self.layers.scale))

    def logits(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """The logit that a search descends on, and the probability that decides, of points [n, K, d]."""
        x = raw if self.columns is None else raw[..., self.columns]
        if self.layers is None:
            kind = next(self.module.parameters()).dtype
            flat = self.module(x.reshape(-1, x.shape[-1]).to(kind))
            z = self.sign * flat.reshape(x.shape[:-1]).to(self.torch.float64)
            return z, z.sigmoid()
        a = (x - self.shift) * self.scale
        for i, (w, b) in enumerate(self.affine):
            a = (a.relu() if i else a) @ w + b
        z = a[..., 0]
        if self.layers.members == 1:
            return z, z.sigmoid()
        return z.mean(dim=0), z.sigmoid().mean(dim=0)

    def clears(self, probability: Tensor) -> Tensor:
        """Return where the model would approve; on the bar itself it may not (`Model` says which)."""
        cleared: Tensor = probability > self.bar if self.strict else probability >= self.bar
        return cleared

    def can_reach(self, reach: Reach) -> npt.NDArray[np.bool_]:
        """bool[n], False only where no point of a person's box can be approved: by interval arithmetic."""
        n = len(reach.today)
        if self.layers is None or not reach.boxed:
            return np.ones(n, dtype=bool)
        low, high = (ends if self.columns is None else ends[:, self.columns] for ends in (reach.low, reach.high))
        highest = self.layers.bounds(low, high)[1]
        highest = highest + 1e-9 * (1 + np.abs(highest))  # more than rounding can be
        can: npt.NDArray[np.bool_] = logistic(highest).mean(axis=0) >= self.bar - 1e-12
        return can


@contextmanager
def network(model: Model, actions: ActionSet) -> Iterator[Network]:
    """Open a model for differentiation; what is changed meanwhile is put back.

    A torch module is in evaluation mode (no dropout). Torch runs on one thread: the steps are small, and
    threads that wait for each other cost more than they save.
    """
    torch = import_torch()
    module = getattr(getattr(model, "estimator", None), "module_", None)
    if model.layers() is None and module is None:
        raise ModelError(
            f"gradient generators need a model that states its layers (linear models, ReLU networks, also behind "
            f"scalers) or carries a torch module as module_; {model.name} does neither. "
            "Any model has exact or black-box recourse: use recourse='optimal', or rs.find."
        )
    training = [part for part in module.modules() if part.training] if module is not None else []
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        if module is not None:
            module.eval()
        yield Network(model, actions, module)
    finally:
        torch.set_num_threads(threads)
        for part in training:
            part.training = True


def tensor(torch: Any, array: FloatArray) -> Tensor:
    """A float64 tensor with memory of its own."""
    made: Tensor = torch.tensor(np.ascontiguousarray(array), dtype=torch.float64)
    return made
