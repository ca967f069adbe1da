"""The exchangeable parts of a simulation: who is drawn, what they do, which label they get, who is approved,
who comes and goes, and how the model learns from it.

Each is a small object with one method. Write your own with the same method, and pass it to `simulate`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.dynamics.scoring import Raised, raised_to, scores
from recourse.errors import InputError, ModelError
from recourse.generators.outcomes import Counterfactuals
from recourse.generators.reach import Reach
from recourse.models import Model

if TYPE_CHECKING:
    from recourse.actions import ActionSet

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Source = Callable[[int, np.random.Generator], tuple[pd.DataFrame, Any]]


@dataclass(frozen=True, eq=False)
class People:
    """A population at one moment: the table (groups included), labels, and who is who.

    ids : int64[n], the same for the same person in every arm
    moves : int64[n], how often each has moved; last : int64[n], the round of the last move, 0 if none
    """

    X: pd.DataFrame
    y: npt.NDArray[Any]
    ids: IntArray
    moves: IntArray
    last: IntArray

    @classmethod
    def start(cls, X: pd.DataFrame, y: npt.NDArray[Any]) -> People:
        """Nobody has moved yet."""
        n = len(X)
        return cls(X, y, np.arange(n), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64))

    def take(self, rows: Any) -> People:
        """Return some of them."""
        return People(
            self.X.iloc[rows].reset_index(drop=True), self.y[rows], self.ids[rows], self.moves[rows], self.last[rows]
        )

    def join(self, others: People) -> People:
        """Return both populations as one."""
        pairs = ((self.y, others.y), (self.ids, others.ids), (self.moves, others.moves), (self.last, others.last))
        return People(pd.concat([self.X, others.X], ignore_index=True), *(np.concatenate(pair) for pair in pairs))

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Selector:
    """Draw a share of those whom the model denies.

    share : of the pool, rounded
    together : draw from the people whom *every* arm's model denies, the same in all arms, so that arms differ
        by what happens to people and not by whom it happens to. The pool then shrinks with its unluckiest
        arm; every round logs its size. False: each arm draws from its own pool
    at_least : draw so many while the pool lasts, also where the share rounds to 0
    capacity : never more than this
    """

    share: float = 0.05
    together: bool = True
    at_least: int = 1
    capacity: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(f"share must be above 0 and at most 1, not {self.share!r}.")
        if self.at_least < 0 or (self.capacity is not None and self.capacity < 1):
            raise InputError("at_least must be ≥ 0 and capacity ≥ 1 (or None).")

    def draw(self, pool: IntArray, rng: np.random.Generator) -> IntArray:
        """Return the ids drawn, ascending."""
        count = max(round(self.share * len(pool)), self.at_least)
        count = min(count, len(pool), self.capacity or len(pool))
        return np.sort(rng.choice(pool, count, replace=False)) if count else pool[:0]


@dataclass(frozen=True)
class Behaviour:
    """What people do with a recommendation. By default all follow it, at once and to the letter.

    comply : the share who act at all, drawn anew each time
    effort : how much of the way they go
    effort_sd : how much that varies from person to person and from time to time: a standard deviation. Who goes
        more than all of the way goes beyond what was recommended, nobody goes backwards
    noise : standard deviation of what comes out differently, in deviations of the features
    delay : rounds until they act; they are out of the pool meanwhile

    Whatever they do stays within the action set.
    """

    comply: float = 1.0
    effort: float = 1.0
    noise: float = 0.0
    delay: int = 0
    effort_sd: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.comply <= 1 or not 0 <= self.effort <= 1:
            raise InputError("comply and effort are shares from 0 to 1.")
        if not self.noise >= 0 or self.delay < 0 or not self.effort_sd >= 0:
            raise InputError("noise, delay and effort_sd can't be negative.")

    def act(
        self, today: pd.DataFrame, new: pd.DataFrame, actions: ActionSet, rng: np.random.Generator
    ) -> tuple[pd.DataFrame, BoolArray]:
        """Return where people end up, and who acts."""
        acts = rng.random(len(today)) < self.comply
        if self.effort < 1 or self.noise > 0 or self.effort_sd > 0:
            reach, there = Reach(actions, today), Reach(actions, new).today
            way = np.where(np.isnan(there) | np.isnan(reach.today), 0.0, there - reach.today)
            deviations = np.array([_deviation(feature) for feature in actions])
            spread = self.noise * deviations * rng.standard_normal(way.shape)
            effort = np.maximum(self.effort + self.effort_sd * rng.standard_normal((len(today), 1)), 0.0)
            new = reach.rows(reach.settle(reach.today + effort * way + spread))
        return new, acts


def _deviation(feature: Any) -> float:
    seen = feature.observed
    return float(np.sqrt(np.cov(seen.values, fweights=seen.counts, ddof=0))) if len(seen.values) > 1 else 0.0


# -- labels ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Labels:
    """The two labels that the simulation writes: the favourable one and the other."""

    desired: Any
    other: Any
    dtype: Any

    def of(self, approved: BoolArray) -> npt.NDArray[Any]:
        """Return one label a person."""
        labels: npt.NDArray[Any] = np.where(approved, self.desired, self.other).astype(self.dtype)
        return labels


@dataclass(frozen=True)
class ModelLabels:
    """People who moved get the label that the current model gives them, before it is retrained."""

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        y = people.y.copy()
        y[moved] = labels.of(model.approves(features.iloc[moved]))
        return y


@dataclass(frozen=True)
class TargetLabels:
    """People who moved get the favourable label, whatever a model says."""

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        y = people.y.copy()
        y[moved] = labels.desired
        return y


@dataclass(frozen=True)
class OracleLabels:
    """People who moved get the label that the world gives them: `truth(X, rng)` returns bool or P(favourable).

    Outcomes with probabilities are drawn. `lender_intervene` and the structural equations of a simulated
    population are such truths.
    """

    truth: Callable[[pd.DataFrame, np.random.Generator], Any]

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        y = people.y.copy()
        says = np.asarray(self.truth(features.iloc[moved], rng))
        y[moved] = labels.of(says if says.dtype == bool else rng.random(len(moved)) < says)
        return y


@dataclass(frozen=True)
class TopLabels:
    """There is room for k: every round the k people with the highest scores are favourable, all others not.

    k : a number of people, or a share of the population below 1; at least one person, at most all
    """

    k: float

    def __post_init__(self) -> None:
        _check_places(self.k)

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        best = np.argsort(-scores(model, features), kind="stable")[: how_many(self.k, len(people))]
        approved = np.zeros(len(people), dtype=bool)
        approved[best] = True
        return labels.of(approved)


@dataclass(frozen=True)
class DecisionLabels:
    """Everybody gets the label of a decision, taken by the model before it is retrained.

    decision : `Unlimited`, `Places` or yours. With limited places, whoever has one is favourable, all others not.
        `labeller="decision"` is this with the decision of the simulation
    """

    decision: Any

    def label(
        self, people: People, moved: IntArray, features: pd.DataFrame, model: Model, labels: Labels, rng: Any
    ) -> npt.NDArray[Any]:
        """Return the labels of the whole population after a round."""
        return labels.of(self.decision.decide(model, features)[1])


LABELLERS: dict[str, Callable[[Any], Any]] = {
    "model": lambda decision: ModelLabels(),
    "target": lambda decision: TargetLabels(),
    "decision": DecisionLabels,
}
"""The labellers that need no settings but the decision, by name."""


# -- who is approved ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unlimited:
    """Everybody whom the model approves is approved: there are as many places as it takes.

    at_once : newcomers get their answer when they arrive, and not only at the end of the round
    """

    at_once = True

    def decide(self, model: Model, X: pd.DataFrame) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, as a model, and who is approved: bool[n]."""
        return model, model.approves(X)


@dataclass(frozen=True)
class Places:
    """There are k places a round, for the people with the highest scores, whatever the model says by itself.

    k : a number of people, or a share of the population below 1; at least one place, at most one each

    They are given at the end of a round, so newcomers wait for it before they are approved or denied. What
    everybody else is told to reach is the score of whoever got the last place. Who has that very score and
    none is told to beat it: equal scores are served in the order of the population, the longest there first.

    >>> from recourse.models import LinearModel
    >>> applicants = pd.DataFrame({"points": [3.0, 1.0, 2.0]})
    >>> rule, approved = Places(2).decide(LinearModel({"points": 1.0}), applicants)
    >>> approved.tolist(), rule.rule
    ([True, False, True], 'score ≥ 2')
    """

    k: float

    at_once = False

    def __post_init__(self) -> None:
        _check_places(self.k)

    def decide(self, model: Model, X: pd.DataFrame) -> tuple[Model, BoolArray]:
        """Return the rule that people are told, as a model, and who is approved: bool[n]."""
        model = model.of if isinstance(model, Raised) else model
        approved, values = np.zeros(len(X), dtype=bool), scores(model, X)
        best = np.argsort(-values, kind="stable")[: how_many(self.k, len(X))]
        approved[best] = True
        return raised_to(model, values, approved), approved


DECISIONS: dict[str, Any] = {"model": Unlimited()}
"""The decisions that need no settings, by name."""


def how_many(k: float, n: int) -> int:
    """Return k people, or that share of n, rounded: at least one and at most n."""
    return min(max(round(k * n) if k < 1 else int(k), 1), n)


def _check_places(k: Any) -> None:
    number = isinstance(k, (int, float, np.integer, np.floating)) and not isinstance(k, bool) and np.isfinite(k)
    if not number or not k > 0 or (k > 1 and k != int(k)):
        raise InputError(f"k must be a whole number of people ≥ 1, or a share above 0 and below 1, not {k!r}.")


# -- who comes and goes ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closed:
    """Nobody comes, nobody goes."""

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        return people


@dataclass(frozen=True)
class ReplaceWinners:
    """People who moved and were approved leave, and newcomers arrive.

    everybody : who was approved leaves, also if they never had to move
    newcomers : how many arrive every round; by default as many as leave
    source : `source(n, rng)` returns a table and labels; by default newcomers are drawn, with replacement,
        from the population at the start
    """

    source: Source | None = None
    everybody: bool = False
    newcomers: int | None = None

    def __post_init__(self) -> None:
        if self.newcomers is not None and self.newcomers < 0:
            raise InputError(f"newcomers must be a number of people ≥ 0 or None, not {self.newcomers!r}.")

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        leave = approved if self.everybody else approved & (people.moves > 0)
        arriving = int(leave.sum()) if self.newcomers is None else self.newcomers
        return people.take(~leave).join(newcomers(arriving, start, self.source, t, rng))


@dataclass(frozen=True)
class Inflow:
    """A number of newcomers arrive every round, and nobody leaves."""

    people: int
    source: Source | None = None

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        return people.join(newcomers(self.people, start, self.source, t, rng))


@dataclass(frozen=True)
class Renewal:
    """Every round a share of the people leave, whoever they are, and as many newcomers arrive.

    share : above 0, at most 1; source : as for `ReplaceWinners`
    """

    share: float
    source: Source | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(f"share must be above 0 and at most 1, not {self.share!r}.")

    def pass_round(self, people: People, start: People, approved: BoolArray, t: int, rng: Any) -> People:
        """Return the population that begins round t, given who was approved at the end of the last one."""
        leaving = rng.choice(len(people), round(self.share * len(people)), replace=False)
        stay = np.setdiff1d(np.arange(len(people)), leaving)
        return people.take(stay).join(newcomers(len(leaving), start, self.source, t, rng))


def newcomers(n: int, start: People, source: Source | None, t: int, rng: np.random.Generator) -> People:
    """Return n people who were not there before; the k-th newcomer of a round is the same in every arm."""
    ids = len(start) + t * 10**7 + np.arange(n)
    if source is None:
        drawn = start.take(rng.integers(len(start), size=n))
        return replace(drawn, ids=ids)
    X, y = source(n, rng)
    frame = pd.DataFrame(X, columns=start.X.columns).reset_index(drop=True)
    if len(frame) != n or len(y) != n:
        raise InputError(f"source({n}, rng) returned {len(frame)} rows and {len(y)} labels.")
    return replace(People.start(frame, np.asarray(y, dtype=start.y.dtype)), ids=ids)


# -- learning ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Retrainer:
    """Fit the model to the population as it is after each round.

    mode : "warm", from the current parameters; "cold", a clone from the start; "none"; or "auto", warm for an
        estimator that is set to warm starts, else cold
    every : in every so many rounds

    A warm start moves the parameters even if nobody moved, because training had not ended: report
    differences to the control arm (`Simulation.contrast`). The estimator passed is never changed.
    """

    mode: str = "auto"
    every: int = 1

    def __post_init__(self) -> None:
        if self.mode not in ("auto", "warm", "cold", "none"):
            raise InputError(f"mode must be 'auto', 'warm', 'cold' or 'none', not {self.mode!r}.")
        if self.every < 1:
            raise InputError(f"every must be a number of rounds ≥ 1, not {self.every!r}.")

    def due(self, t: int) -> bool:
        """Whether the model is retrained at the end of round t (from 1)."""
        return self.mode != "none" and t % self.every == 0

    def fit(self, estimator: Any, X: Any, y: npt.NDArray[Any], seed: int) -> Any:
        """Return an estimator fitted to the people, by continuing or by starting anew."""
        from sklearn.base import clone

        mode = self.mode
        if mode == "auto":
            mode = "warm" if starts_warm(estimator) else "cold"
        fresh = copy.deepcopy(estimator) if mode == "warm" else clone(estimator)
        return fit_seeded(fresh, X, y, seed)

    def check(self, name: str, estimator: Any) -> None:
        """Raise `ModelError` for an estimator that can't be retrained this way, before anything is run."""
        if self.mode == "none":
            return
        if not hasattr(estimator, "fit") or not hasattr(estimator, "get_params"):
            raise ModelError(
                f"model {name!r} ({type(estimator).__name__}) can't be retrained: it has no fit and get_params. "
                "Pass an estimator, or retrainer=Retrainer('none') to keep the model as it is."
            )
        warm = starts_warm(estimator)
        if self.mode == "warm" and not warm:
            raise ModelError(
                f"model {name!r} ({type(estimator).__name__}) does not start warm. Set its warm_start=True if it "
                "has that setting, or use Retrainer('cold')."
            )
        if warm and self.mode in ("warm", "auto") and hasattr(estimator, "n_estimators"):
            raise ModelError(
                f"model {name!r} ({type(estimator).__name__}) with warm_start=True adds no estimators when it is "
                "fitted again, so it would never learn. Set warm_start=False, or use Retrainer('cold')."
            )


def starts_warm(estimator: Any) -> bool:
    """Whether an estimator, or the last step of a pipeline, is set to go on from its current parameters."""
    steps = getattr(estimator, "steps", None)
    return bool(getattr(steps[-1][1] if steps else estimator, "warm_start", False))


def fit_seeded(estimator: Any, X: Any, y: Any, seed: int) -> Any:
    """Fit an estimator with a seed wherever its random_state is None, and leave it None: a set one stays set."""
    params = estimator.get_params(deep=True)
    unset = sorted(key for key, value in params.items() if key.split("__")[-1] == "random_state" and value is None)
    if unset:
        estimator.set_params(**{key: (seed + k) % 2**32 for k, key in enumerate(unset)})
    estimator.fit(X, y)
    return estimator.set_params(**dict.fromkeys(unset)) if unset else estimator


def unmoved(X: pd.DataFrame) -> Counterfactuals:
    """The answers of a recourse that leaves everybody where they are."""
    from recourse.generators.outcomes import NOT_CONVERGED

    n = len(X)
    return Counterfactuals(X, X, np.full(n, NOT_CONVERGED), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64))
