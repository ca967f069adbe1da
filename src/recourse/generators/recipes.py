"""Generators of the literature, as recipes over one objective.

A `Recipe` says which loss, which penalties, which optimiser, in which space, and when to stop. The named ones
are the papers' choices; any of them can be varied by saying so: ``Wachter(stop=Probability(0.9))``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from recourse.actions import ActionSet
from recourse.budget import Budget
from recourse.checks import instance_of, number, one_of, true_or_false, whole_number
from recourse.errors import InputError
from recourse.generators.counterfactuals import Counterfactuals
from recourse.generators.latent import Autoencoder, SpaceSetting, check_space
from recourse.generators.losses import LossSetting, check_loss, loss_part, loss_setting
from recourse.generators.objective import Part
from recourse.generators.optimisers import Descent, Optimiser, Salient
from recourse.generators.penalties import (
    Distance,
    Diversity,
    FunctionPenalty,
    Gravity,
    OldLabel,
    PenaltySetting,
    check_penalties,
    penalty_part,
)
from recourse.generators.stopping import Gradient, Probability, Stop
from recourse.identity import Described, plain_setting, settings_of


@dataclass(frozen=True, kw_only=True, repr=False)
class Recipe:
    """A gradient search for counterfactuals, batched over people.

    Parameters
    ----------
    loss : {"bce", "hinge", "squared", "entropy"}, function or FunctionLoss
        What a point is asked to look like to the model. A function takes a torch tensor of logits in favour of the
        desired label; `FunctionLoss` gives it an identity for checkpoints.
    penalties : tuple
        What is added to the loss: `Distance`, `OldLabel`, `Gravity`, `Diversity`, an object of yours whose
        ``slopes(block)`` returns `Slopes`, or a function of a `Block` of torch tensors that returns a number
        (`FunctionPenalty` gives it an identity). Apart from "mad" they measure in standardised units, without
        `chain_rule` in raw ones.
    optimiser : Optimiser
        How steps are taken: `Descent`, `Adam`, `Salient`, or one of yours.
    space : Autoencoder, LatentSpace or None
        Where positions, steps and noise are: None, the standardised features; a `LatentSpace` that was fitted
        before; or an `Autoencoder`, fitted in each `generate` to its `population` and in a simulation once, to the
        people of its start. A search in a latent space starts at what today's point decodes to, so *every* real
        feature that can move does, if only a little. At each step what a position decodes to is clipped to the
        person's reach: what is immutable keeps its value, also where the decoder has another one in mind.
    stop : Stop
        The convergence that is asked for: ``Probability(gamma)``, ``Gradient(tolerance)``, or a stop of yours.
    max_steps : int
        When the search ends without convergence. Fewer steps are a *different treatment*, not a faster one: who has
        not arrived yet differs from who has, so report the share that converged.
    counterfactuals : int
        How many each person gets; one of them is answered, see `pick`.
    pick : {"nearest", "random"}
        Which of several is answered: the nearest approved one, or one at random.
    joint : bool
        Whether several share one norm, and the search goes on until all have crossed together.
    average : bool
        Whether the losses of several are averaged instead of summed; norms stay as they are.
    chain_rule : bool
        True: descend in standardised space by the gradient with respect to it. False: by the gradient with respect
        to the raw features, applied in standardised space (what the paper's code did), with distances in raw units;
        a latent space knows only the former.
    start_noise : float
        Standard deviation of a random start around today's point, in the units of the space.
    keep_valid : bool
        Whether a search that does not stop at the boundary and ends denied is answered with the last approved point
        on its way, instead of its end.

    Raises
    ------
    InputError
        If a setting is out of range, a part is of the wrong kind, or settings contradict each other.

    Examples
    --------
    >>> Wachter(max_steps=500)
    Wachter(max_steps=500)
    >>> Generic(stop=Probability(0.9)).to_dict()["stop"]
    {'kind': 'Probability', 'gamma': 0.9}
    """

    loss: LossSetting = "bce"
    penalties: tuple[PenaltySetting, ...] = (Distance(0.1),)
    optimiser: Optimiser = Descent(0.01)
    space: SpaceSetting = None
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
        # each setting by itself
        check_loss(self.loss)
        object.__setattr__(self, "penalties", check_penalties(self.penalties))
        how = "Choose Descent(), Adam() or Salient()."
        instance_of("optimiser", self.optimiser, Optimiser, how)  # type: ignore[type-abstract]
        check_space(self.space)
        how = "Choose Probability() or Gradient()."
        instance_of("stop", self.stop, Stop, how)  # type: ignore[type-abstract]
        whole_number("max_steps", self.max_steps, least=1)
        whole_number("counterfactuals", self.counterfactuals, least=1)
        one_of("pick", self.pick, ("nearest", "random"))
        number("start_noise", self.start_noise, least=0)
        for what, value in (
            ("joint", self.joint),
            ("average", self.average),
            ("chain_rule", self.chain_rule),
            ("keep_valid", self.keep_valid),
        ):
            true_or_false(what, value)

        # what does not go together
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

    def to_dict(self) -> dict[str, Any]:
        """Return the name and every setting as plain data, parts included: what tells two recipes apart.

        Returns
        -------
        dict
            Values that JSON has. A function is its importable name or its identity, a fitted space a hash.

        Raises
        ------
        InputError
            For a function that has neither a name to import it by nor an `identity` (see `FunctionLoss` and
            `FunctionPenalty`), and for a part of yours without a `to_dict`.

        Examples
        --------
        >>> Generic().to_dict()["penalties"]
        [{'kind': 'Distance', 'weight': 0.1, 'norm': 'l2'}]
        """
        plain = replace(self, loss="bce", penalties=())
        penalties = [_penalty_setting(one) for one in self.penalties]
        return settings_of(plain) | {"loss": loss_setting(self.loss), "penalties": penalties}

    def __repr__(self) -> str:
        settings = []
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not one.default and value != one.default:
                settings.append(f"{one.name}={value!r}")
        return f"{type(self).__name__}({', '.join(settings)})"

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
        # the parts that the paper's runs set in another way
        penalties = tuple(
            replace(one, points=50, frozen=False) if isinstance(one, Gravity) else one for one in self.penalties
        )
        space, optimiser = self.space, self.optimiser
        if isinstance(space, Autoencoder):
            space = replace(space, warm_epochs=10)
        if isinstance(optimiser, Salient):
            optimiser = Salient(optimiser.size, self.max_steps)

        return replace(
            self,
            penalties=penalties,
            optimiser=optimiser,
            space=space,
            counterfactuals=5,
            pick="random",
            joint=True,
            average=any(isinstance(one, OldLabel) for one in penalties),
            chain_rule=space is not None,
            start_noise=0.1,
            keep_valid=False,
        )

    def generate(
        self,
        model: Any,
        X: Any,
        actions: ActionSet,
        *,
        population: Any = None,
        targets: Any = None,
        random_state: Any = 0,
        time_limit: float | None = None,
        budget: Budget | None = None,
    ) -> Counterfactuals:
        """Search for everybody in `X` at once; nobody's answer depends on who else is there.

        Parameters
        ----------
        model : classifier or Model
            Fitted. It states its layers (linear, a ReLU network) or carries a ``module_``, a `torch.nn.Module` with
            one logit a row for the second label.
        X : table
            n people as they are today, one row each.
        actions : ActionSet
            What people can do; it holds at every step, whatever the recipe.
        population : table, optional
            Its means, deviations and median deviations standardise the features, and an `Autoencoder` learns from
            it; by default, except for that, the table that the action set was inferred from. Training data, never
            test data.
        targets : table, optional
            People of the target class for `Gravity`; by default those of `population` (or of `X`) whom the model
            approves.
        random_state : int, Generator or None
            Seed of noisy starts and random draws; each person draws from a stream of their own.
        time_limit : float, optional
            Seconds. Where they run out, everybody is answered with where their search stands after the step that is
            under way.
        budget : Budget, optional
            Instead of `time_limit`: can also be cancelled from another thread.

        Returns
        -------
        Counterfactuals
            One new point a person, whether the model approves it, and whether the search converged.

        Raises
        ------
        ModelError
            For a model without gradients.
        InputError
            For arguments in the wrong order, an actionable feature with levels, and an autoencoder without a
            population.
        RecourseError
            Where torch is missing, and a function of yours is to be differentiated or an autoencoder to be trained.

        Examples
        --------
        >>> import recourse as rs, pandas as pd
        >>> A = rs.ActionSet({"income": [1.0, 2.0, 6.0, 9.0], "age": [20, 30, 40, 50]})
        >>> A["age"].actionable = False
        >>> model = rs.LinearModel({"income": 1.0, "age": 0.0}, intercept=-4)
        >>> Wachter(max_steps=1000).generate(model, {"income": [3.0, 5.0], "age": [25, 35]}, A)
        Counterfactuals(2 people: 2 valid, 0 not converged, 0 infeasible; 2 converged)
        """
        from recourse.generators import descent

        budget = Budget.of(budget, time_limit)
        return descent.run(
            self,
            model,
            X,
            actions,
            population=population,
            targets=targets,
            random_state=random_state,
            budget=budget,
        )


def _penalty_setting(penalty: PenaltySetting) -> Any:
    """A penalty as plain data; a bare function like the `FunctionPenalty` that it becomes."""
    if isinstance(penalty, (Part, Described)):
        return plain_setting("a penalty", penalty)
    return FunctionPenalty(penalty).to_dict()


@dataclass(frozen=True, kw_only=True, repr=False)
class Generic(Recipe):
    """Cross-entropy and distance, until the boundary is crossed; the baseline of Altmeyer et al. (2023)."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Wachter(Recipe):
    """Generic with L1 distance in units of the median absolute deviation (Wachter, Mittelstadt & Russell, 2017)."""

    penalties: tuple[PenaltySetting, ...] = (Distance(0.1, "mad"),)


@dataclass(frozen=True, kw_only=True, repr=False)
class ClaPROAR(Recipe):
    """Classifier-preserving recourse: once in the target class, the old label pulls back (Altmeyer et al., 2023).

    The search must go on past the boundary for that, so it stops on its gradient.
    """

    penalties: tuple[PenaltySetting, ...] = (Distance(0.1), OldLabel(5.0))
    stop: Stop = Gradient()


@dataclass(frozen=True, kw_only=True, repr=False)
class Gravitational(Recipe):
    """Recourse towards the centre of the target class, past the boundary (Altmeyer et al., 2023)."""

    penalties: tuple[PenaltySetting, ...] = (Distance(0.1), Gravity(5.0))
    stop: Stop = Gradient()


@dataclass(frozen=True, kw_only=True, repr=False)
class Greedy(Recipe):
    """Fixed steps along the most salient feature (Schut et al., 2021, after the JSMA of Papernot et al., 2016)."""

    penalties: tuple[PenaltySetting, ...] = ()
    optimiser: Optimiser = Salient(0.1, 10)


@dataclass(frozen=True, kw_only=True, repr=False)
class DiCE(Recipe):
    """Several counterfactuals that differ from each other (Mothilal, Sharma & Tan, 2020)."""

    penalties: tuple[PenaltySetting, ...] = (Distance(0.1), Diversity(1.0))
    counterfactuals: int = 5
    start_noise: float = 0.1


@dataclass(frozen=True, kw_only=True, repr=False)
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
    >>> REVISE(space=space).generate(clf, denied, rs.ActionSet(people.X))  # doctest: +NEEDS_TORCH
    Counterfactuals(99 people: 99 valid, 0 not converged, 0 infeasible; 99 converged)
    """

    space: SpaceSetting = Autoencoder()


@dataclass(frozen=True, kw_only=True, repr=False)
class CLUE(Recipe):
    """The nearby point of which the model is more certain, whatever its label there (Antorán et al., 2021).

    It says what makes a decision uncertain and is *not* recourse: it leads most people whom the model denies
    further from the boundary, and they end as not converged. Its search descends on predictive entropy in a latent
    space and comes to rest by its gradient. For an ensemble the entropy is that of the mean logit, which every
    search here descends on. Distance is as in the other recipes; the paper's is ``Distance(..., "l1")``.
    """

    loss: LossSetting = "entropy"
    space: SpaceSetting = Autoencoder()
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
