"""Generators of the literature, as recipes over one objective.

A `Recipe` says which loss, which penalties, which optimiser, in which space, and when to stop. The named ones
are the papers' choices; any of them can be varied by saying so: ``Wachter(stop=Probability(0.9))``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recourse.errors import InputError, nearest
from recourse.generators.latent import Autoencoder, LatentSpace
from recourse.generators.losses import LOSSES, loss_part
from recourse.generators.objective import Part
from recourse.generators.optimisers import Descent, Optimiser, Salient
from recourse.generators.penalties import Distance, Diversity, Gravity, OldLabel, Penalty, penalty_part
from recourse.generators.stopping import Gradient, Probability, Stop

if TYPE_CHECKING:
    from recourse.actions import ActionSet
    from recourse.generators.counterfactuals import Counterfactuals


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A gradient search for counterfactuals, batched over people.

    loss : "bce", "hinge", "squared", "entropy", or a torch function of the logits in favour of the desired label
    penalties : what is added to the loss: `Distance`, `OldLabel`, `Gravity`, `Diversity`, an object of yours whose
        `slopes(block)` returns `Slopes`, or a function of a `Block` of torch tensors that returns a number
    optimiser : `Descent`, `Adam` or `Salient`
    space : where positions, steps and noise are: None, the standardised features; a `LatentSpace` that was fitted
        before; or an `Autoencoder`, fitted in each `generate` to its `population` and in a simulation once, to
        the people of its start. A search in a latent space starts at what today's point decodes to, so *every*
        real feature that can move does, if only a little. At each step what a position decodes to is
        clipped to the person's reach: what is immutable keeps its value, also where the decoder has another in mind
    stop : `Probability(gamma)` or `Gradient(tolerance)`, the convergence that is asked for
    max_steps : when the search ends without it. Fewer steps are a *different treatment*, not a faster one:
        who has not arrived yet differs from who has, so log the convergence rate
    counterfactuals : how many each person gets; one of them is answered, see `pick`
    pick : of several, the ``"nearest"`` approved one, or one at ``"random"``
    joint : several share one norm, and the search goes on until all have crossed together
    average : the losses of several are averaged, not summed; norms stay as they are
    chain_rule : descend in standardised space by the gradient with respect to it. False: by the gradient with
        respect to the raw features, applied in standardised space (what the paper's code did), with
        distances in raw units; a latent space knows only the former
    start_noise : standard deviation of a random start around today's point, in the units of the space
    keep_valid : where a search that does not stop at the boundary ends denied, answer the last approved
        point on its way instead of its end

    Penalties other than "mad" measure in standardised units (raw ones without `chain_rule`).
    """

    loss: str | Callable[[Any], Any] = "bce"
    penalties: tuple[Penalty, ...] = (Distance(0.1),)
    optimiser: Optimiser = Descent(0.01)
    space: Autoencoder | LatentSpace | None = None
    stop: Stop = Probability(0.5)
    max_steps: int = 100
    counterfactuals: int = 1
    pick: str = "nearest"
    joint: bool = False
    average: bool = False
    chain_rule: bool = True
    start_noise: float = 0.0
    keep_valid: bool = True

    def __post_init__(self) -> None:
        if not callable(self.loss) and self.loss not in LOSSES:
            raise InputError(f"{self.loss!r} is not a loss. {nearest(self.loss, LOSSES)}")
        for name in ("max_steps", "counterfactuals"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} must be a whole number ≥ 1, not {value!r}.")
        if self.pick not in ("nearest", "random"):
            raise InputError(f"pick must be 'nearest' or 'random', not {self.pick!r}.")
        if not self.start_noise >= 0:
            raise InputError(f"start_noise must be a number ≥ 0, not {self.start_noise!r}.")
        if self.space is not None and not isinstance(self.space, (Autoencoder, LatentSpace)):
            raise InputError(f"space must be an Autoencoder, what its fit returns, or None, not {self.space!r}.")
        if self.space is not None and not self.chain_rule:
            raise InputError("chain_rule=False has no meaning in a latent space: slopes get there by the chain rule.")
        if isinstance(self.stop, Probability) and any(isinstance(one, OldLabel) for one in self.penalties):
            raise InputError(
                "OldLabel counts beyond the boundary only, and a Probability stop ends the search there: it "
                "would be without effect. Use stop=Gradient()."
            )

    @property
    def name(self) -> str:
        """What tables and plots call it."""
        return type(self).__name__

    @property
    def gravity(self) -> Gravity | None:
        """The penalty that pulls to the target class, if there is one."""
        return next((one for one in self.penalties if isinstance(one, Gravity)), None)

    @property
    def parts(self) -> list[Part]:
        """The objective: the loss and the penalties, each as something that has slopes.

        Raises `RecourseError` if a function of yours is among them and torch, which differentiates it, is missing.
        """
        return [loss_part(self.loss), *map(penalty_part, self.penalties)]

    def altmeyer2023(self) -> Recipe:
        """Return the recipe with the settings of the paper's runs, without which its numbers can't be met.

        Five counterfactuals under one norm, one picked at random; a noisy start; raw gradients applied in
        standardised space (a latent one has the chain rule); a drifting centre of 50 random people for
        Gravitational; an autoencoder that is trained for 10 more epochs with each retraining; the end of a search is
        its answer, approved or not.

        Two things are not in the paper and were chosen because its numbers need them. ClaPROAR's losses are
        averaged over the five (summed, its domain shift is a quarter of the published one). Greedy's limit of
        ten moves a feature is lifted: the code raises it whenever all features are used up, and keeps it raised.
        """
        penalties = tuple(
            replace(one, points=50, frozen=False) if isinstance(one, Gravity) else one for one in self.penalties
        )
        space = replace(self.space, warm_epochs=10) if isinstance(self.space, Autoencoder) else self.space
        return replace(
            self, penalties=penalties, counterfactuals=5, pick="random", joint=True, space=space,
            chain_rule=space is not None,
            start_noise=0.1, keep_valid=False, average=any(isinstance(one, OldLabel) for one in penalties),
            optimiser=Salient(self.optimiser.size, self.max_steps) if isinstance(self.optimiser, Salient)
            else self.optimiser,
        )  # fmt: skip

    def generate(
        self,
        model: Any,
        actions: ActionSet,
        X: Any,
        *,
        population: Any = None,
        targets: Any = None,
        random_state: Any = 0,
    ) -> Counterfactuals:
        """Search for everybody in `X` at once; nobody's answer depends on who else is there.

        model : a fitted classifier or `Model` that states its layers (linear, a ReLU network) or carries a
            ``module_``, a `torch.nn.Module` with one logit a row for the second label
        actions : what people can do; it holds at every step, whatever the recipe
        X : table of n people, as they are today
        population : table whose means, deviations and median deviations standardise the features, and that an
            `Autoencoder` learns from; by default, except for that, the one that the action set was inferred
            from. Training data, never test data
        targets : table of people of the target class for `Gravity`; by default those of `population` (or of
            `X`) whom the model approves
        random_state : seed of noisy starts and random draws; each person draws from a stream of their own

        Raises `ModelError` for a model without gradients, `InputError` for an autoencoder without a population, and
        `RecourseError` where torch is missing, and a function of yours is to be differentiated or an
        autoencoder to be trained.

        >>> import recourse as rs, pandas as pd
        >>> A = rs.ActionSet({"income": [1.0, 2.0, 6.0, 9.0], "age": [20, 30, 40, 50]})
        >>> A["age"].actionable = False
        >>> model = rs.LinearModel({"income": 1.0, "age": 0.0}, intercept=-4)
        >>> Wachter(max_steps=1000).generate(model, A, {"income": [3.0, 5.0], "age": [25, 35]})
        Counterfactuals(2 people: 2 valid, 0 not converged, 0 infeasible; 2 converged)
        """
        from recourse.generators import descent

        return descent.run(self, model, actions, X, population=population, targets=targets, random_state=random_state)


@dataclass(frozen=True, kw_only=True)
class Generic(Recipe):
    """Cross-entropy and distance, until the boundary is crossed; the baseline of Altmeyer et al. (2023)."""


@dataclass(frozen=True, kw_only=True)
class Wachter(Recipe):
    """Generic with L1 distance in units of the median absolute deviation (Wachter, Mittelstadt & Russell, 2017)."""

    penalties: tuple[Penalty, ...] = (Distance(0.1, "mad"),)


@dataclass(frozen=True, kw_only=True)
class ClaPROAR(Recipe):
    """Classifier-preserving recourse: once in the target class, the old label pulls back (Altmeyer et al., 2023).

    The search must go on past the boundary for that, so it stops on its gradient.
    """

    penalties: tuple[Penalty, ...] = (Distance(0.1), OldLabel(5.0))
    stop: Stop = Gradient()


@dataclass(frozen=True, kw_only=True)
class Gravitational(Recipe):
    """Recourse towards the centre of the target class, past the boundary (Altmeyer et al., 2023)."""

    penalties: tuple[Penalty, ...] = (Distance(0.1), Gravity(5.0))
    stop: Stop = Gradient()


@dataclass(frozen=True, kw_only=True)
class Greedy(Recipe):
    """Fixed steps along the most salient feature (Schut et al., 2021, after the JSMA of Papernot et al., 2016)."""

    penalties: tuple[Penalty, ...] = ()
    optimiser: Optimiser = Salient(0.1, 10)


@dataclass(frozen=True, kw_only=True)
class DiCE(Recipe):
    """Several counterfactuals that differ from each other (Mothilal, Sharma & Tan, 2020)."""

    penalties: tuple[Penalty, ...] = (Distance(0.1), Diversity(1.0))
    counterfactuals: int = 5
    start_noise: float = 0.1


@dataclass(frozen=True, kw_only=True)
class REVISE(Recipe):
    """Generic in the latent space of a variational autoencoder (Joshi et al., 2019).

    What people are told lies where people like them are, as far as the autoencoder has learned it and their
    action set lets them go there. Joshi et al. condition the autoencoder on what is immutable; here it is clamped,
    which holds for bounds and directions too, and lets one latent space serve many action sets.

    >>> import recourse as rs
    >>> people = rs.datasets.moons(200)
    >>> clf = rs.NetworkClassifier(random_state=0).fit(people.X, people.y)
    >>> denied = people.X[clf.predict(people.X) == 0]
    >>> space = Autoencoder().fit(people.X)  # doctest: +NEEDS_TORCH
    >>> REVISE(space=space).generate(clf, rs.ActionSet(people.X), denied)  # doctest: +NEEDS_TORCH
    Counterfactuals(99 people: 99 valid, 0 not converged, 0 infeasible; 99 converged)
    """

    space: Autoencoder | LatentSpace | None = Autoencoder()


@dataclass(frozen=True, kw_only=True)
class CLUE(Recipe):
    """The nearby point of which the model is more certain, whatever its label there (Antorán et al., 2021).

    It says what makes a decision uncertain and is *not* recourse: it leads most people whom the model denies
    further from the boundary, and they end as not converged. Its search descends on predictive entropy in a latent
    space and comes to rest by its gradient. For an ensemble the entropy is that of the mean logit, which every
    search here descends on. Distance is as in the other recipes; the paper's is ``Distance(..., "l1")``.
    """

    loss: str | Callable[[Any], Any] = "entropy"
    space: Autoencoder | LatentSpace | None = Autoencoder()
    stop: Stop = Gradient()
    keep_valid: bool = False


RECIPES: dict[str, type[Recipe]] = {
    "generic": Generic,
    "wachter": Wachter,
    "claproar": ClaPROAR,
    "gravitational": Gravitational,
    "greedy": Greedy,
    "dice": DiCE,
    "revise": REVISE,
    "clue": CLUE,
}
"""The recipes that have a name."""
