"""What it costs to move a feature from today's value to another one.

A cost prices one feature at a time and says how prices go together: they add up (`combine = "sum"`), or
the largest counts and the sum breaks ties (`combine = "max"`, lexicographic). It asks a feature for its
percentiles and its name, and knows nothing of models or searches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from recourse import tables
from recourse.errors import InputError, is_number, nearest

if TYPE_CHECKING:
    from recourse.actions.features import FeatureActions

FloatArray = npt.NDArray[np.float64]


class Cost:
    """Base of all costs. Subclasses define `position`, or override `prices` altogether.

    A cost with positions prices a move between ordered values by the distance between two points,
    ``weight · |position(v) − position(x)|``, and a move to a level without order by what it takes to enter
    it, ``weight · entry(v)``; that is what lets a whole population share one table a feature. A cost without
    positions overrides `prices`, which is called once for every distinct pair of feature and today's value.

    weights : mapping from feature name to a factor ≥ 0, default 1.
    """

    name = "cost"
    combine: Literal["sum", "max"] = "sum"
    has_positions = True

    def __init__(self, weights: Mapping[Any, float] | None = None) -> None:
        self.weights = dict(weights or {})
        for feature, weight in self.weights.items():
            if not (is_number(weight) and weight >= 0):
                raise InputError(f"the weight of {feature!r} must be a finite number ≥ 0, not {weight!r}.")

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        """Return where values lie on the line along which this cost measures distance."""
        raise NotImplementedError

    def entry(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        """Return the price of moving to each of these levels, wherever one comes from.

        By default 1 − s_v, where s_v is how common the level is: what few people have is harder to get.
        """
        return 1 - feature.share(values)

    def prices(self, feature: FeatureActions, x: Any, values: npt.NDArray[Any]) -> FloatArray:
        """Return the price of moving `feature` from `x` to each of `values`, 0 for staying.

        >>> import recourse as rs
        >>> age = rs.ActionSet({"age": [20, 30, 30, 40]})["age"]
        >>> TotalCost().prices(age, 20, np.array([20, 30, 40]))
        array([0. , 0.4, 0.6])
        """
        values = np.asarray(values)
        if not feature.ordered:
            return self.weight(feature) * np.where(values == x, 0.0, self.entry(feature, values))
        here, there = self.position(feature, np.array([x])), self.position(feature, values)
        return self.weight(feature) * np.abs(there - here)

    def weight(self, feature: FeatureActions) -> float:
        """Return the factor on this feature's prices."""
        return float(self.weights.get(feature.name, 1.0))


class TotalCost(Cost):
    """Total percentile shift: Σ |F(x′) − F(x)|, the share of people overtaken, summed over features."""

    name = "total"

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return feature.percentile(values)


class LocalCost(Cost):
    """Total log-percentile shift: Σ |log((1 − F(x′)) / (1 − F(x)))| (Ustun, Spangher & Liu 2019, eq. 5).

    The same step costs more for somebody who is near the top of the population already.
    """

    name = "local"

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return -np.log1p(-feature.percentile(values))

    def entry(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return -np.log(feature.share(values))


class MaxCost(TotalCost):
    """Maximum percentile shift: the largest |F(x′) − F(x)| over features (Ustun, Spangher & Liu 2019).

    Lexicographic: of all actions with the smallest largest shift, the one whose shifts have the smallest
    sum. A weighted sum "max + ε · sum" is not the same: no fixed ε is small enough for every menu.
    """

    name = "max"
    combine = "max"


class L1Cost(Cost):
    """Distance in units of each feature's median absolute deviation, summed (Wachter et al. 2017).

    Where that deviation is 0 (more than half of the people share one value), the mean absolute deviation
    from the median stands in; a constant feature is measured in its own units. Changing a level
    without order costs 1; the levels of an ordinal feature are one unit apart before scaling.
    """

    name = "l1"

    def position(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        observed = feature.observed
        rounding = 1e-12 * float(np.abs(observed.values).max(initial=0.0))
        scale = observed.median_absolute_deviation()
        if not scale > rounding and observed.size:
            spread = np.abs(observed.values - observed.quantile(50))
            scale = float(spread @ observed.counts) / observed.size
        return feature.encode(values) / (scale if scale > rounding else 1.0)

    def entry(self, feature: FeatureActions, values: npt.NDArray[Any]) -> FloatArray:
        return np.ones(len(values))


class FunctionCost(Cost):
    """A user's own prices: ``function(feature, x, values) → prices``, one per value, finite and ≥ 0.

    `feature` is the `FeatureActions` (with `.name`, `.percentile`, `.observed`), `x` today's value.
    `combine` says whether prices add up ("sum") or the largest counts ("max"). The price of staying is
    always 0, whatever the function returns for it.
    """

    name = "custom"
    has_positions = False

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        combine: Literal["sum", "max"] = "sum",
        weights: Mapping[Any, float] | None = None,
    ) -> None:
        super().__init__(weights)
        if combine not in ("sum", "max"):
            raise InputError(f"combine must be 'sum' or 'max', not {combine!r}.")
        self.function, self.combine = function, combine

    def prices(self, feature: FeatureActions, x: Any, values: npt.NDArray[Any]) -> FloatArray:
        prices = np.asarray(self.function(feature, x, values), dtype=np.float64)
        if prices.shape != np.shape(values):
            raise InputError(
                f"the cost function returned {prices.shape} prices for {len(values)} values of {feature.name!r}."
            )
        wrong = ~(np.isfinite(prices) & (prices >= 0))
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise InputError(
                f"the cost function returned {prices[at]} for moving {feature.name!r} from {x!r} to "
                f"{values[at]!r}; a price must be a finite number ≥ 0."
            )
        return self.weight(feature) * np.where(np.asarray(values) == x, 0.0, prices)


class FeatureCost(Cost):
    """A price a feature, paid whenever it changes, however far: how hard the feature is to change at all.

    costs : mapping from feature name to a price ≥ 0; `default` for the features that it doesn't name.

    >>> import recourse as rs
    >>> A = rs.ActionSet({"age": [20, 30, 40], "debts": [0, 2, 5]})
    >>> FeatureCost({"debts": 3.0}).prices(A["debts"], 5, np.array([0, 2, 5]))
    array([3., 3., 0.])
    """

    name = "feature"
    has_positions = False

    def __init__(self, costs: Mapping[Any, float] | None = None, *, default: float = 1.0) -> None:
        super().__init__(costs)
        if not (is_number(default) and default >= 0):
            raise InputError(f"default must be a finite number ≥ 0, not {default!r}.")
        self.default = float(default)

    def prices(self, feature: FeatureActions, x: Any, values: Any) -> FloatArray:
        return np.asarray(np.where(np.asarray(values) == x, 0.0, self.weight(feature)))

    def weight(self, feature: FeatureActions) -> float:
        return float(self.weights.get(feature.name, self.default))


class BradleyTerryCost(FeatureCost):
    """Feature costs from answers to "which of these two is harder to change?".

    A feature's cost θ means that feature i is harder than j in the eyes of θ_i/(θ_i + θ_j) of the experts.
    Answers fix these costs only up to a common factor, and costs are added up, so the factor matters: it is
    set by `anchor` and printed with the costs. Made by `from_comparisons`.

    features : the features compared, in order
    theta : float64[k], their costs; beta : log θ; standard_error : of each β relative to the anchor, from
    the curvature of the log-posterior at its maximum
    to_frame() : features, costs, intervals and answers as a table
    contradictions : pairs whose majority goes against the fitted order, the most surprising first
    """

    name = "bradley-terry"

    def __init__(
        self,
        features: list[Any],
        theta: FloatArray,
        covariance: FloatArray,
        *,
        wins: FloatArray,
        anchor: Any = "mean",
        default: float | None = None,
    ) -> None:
        super().__init__(
            dict(zip(features, theta.tolist(), strict=True)),
            default=float(np.mean(theta)) if default is None else default,
        )
        self.features, self.theta, self.anchor = features, theta, anchor
        self.covariance, self.wins = covariance, wins

    @classmethod
    def from_comparisons(
        cls,
        comparisons: Any,
        *,
        features: Any = None,
        anchor: Any = "mean",
        prior: tuple[float, float] | None = (2.0, 1.0),
        default: float | None = None,
    ) -> BradleyTerryCost:
        """Estimate feature costs from pairwise comparisons.

        comparisons : (harder, easier) pairs; or (i, j, wins, n), where of n answers `wins` said that i is
        the harder and the other n − wins that j is (a tie is half a win each: (i, j, 0.5, 1)); or a mapping
        from expert to such a list, every answer counting once; also tables of two or four such columns
        features : all features that need a price: a name in the comparisons that isn't among them is a typo, and
        one that isn't compared is an error which says with what to compare it; an `ActionSet` stands for its
        actionable features
        anchor : ``"mean"``: the costs' mean is 1; or the name of a feature whose cost is 1
        prior : (shape a > 1, rate b > 0) of a Gamma distribution for each cost, which makes the estimate
        exist whatever the answers (Caron & Doucet 2012); None for maximum likelihood (Hunter 2004), which
        needs answers both ways between any two parts of the features
        default : the cost of features not compared; the mean cost if None

        Raises `InputError` where the comparisons don't connect the features (with `prior=None`: not in both
        directions) and names the pairs that are missing. Inconsistent answers are fine: see `contradictions`.

        >>> costs = BradleyTerryCost.from_comparisons([("job", "debts"), ("job", "savings"), ("debts", "savings")])
        >>> [name for name, _ in sorted(costs.weights.items(), key=lambda item: -item[1])]
        ['job', 'debts', 'savings']
        >>> round(sum(costs.weights.values()) / 3, 9)
        1.0
        """
        wins, names = _wins(comparisons, features)
        if prior is not None:
            try:
                shape, rate = (float(one) for one in prior)
            except (TypeError, ValueError):
                shape = rate = np.nan
            if not (np.isfinite(shape + rate) and shape > 1 and rate > 0):
                raise InputError(f"prior must be (shape > 1, rate > 0) or None, not {prior!r}.")
        else:
            shape, rate = 1.0, 0.0
        if anchor != "mean" and anchor not in names:
            raise InputError(f"anchor={anchor!r} is no feature that was compared. {nearest(anchor, names)}")
        missing = missing_comparisons(wins, names, both_ways=prior is None)
        if missing:
            pairs = ", ".join(f"{a!r} with {b!r}" for a, b in missing[:6]) + (" …" if len(missing) > 6 else "")
            how = (
                "the answers all go one way between some features, so maximum likelihood has no estimate"
                if prior is None and not missing_comparisons(wins, names)
                else "the comparisons don't connect all features, so their costs have no common scale"
            )
            raise InputError(f"{how}: also compare {pairs}.")
        theta = bradley_terry(wins, shape=shape, rate=rate)
        scale = theta.mean() if anchor == "mean" else theta[names.index(anchor)]
        covariance = _covariance(wins, theta, shape, rate, None if anchor == "mean" else names.index(anchor))
        return cls(names, theta / scale, covariance, wins=wins, anchor=anchor, default=default)

    @property
    def beta(self) -> FloatArray:
        """The logarithms of the costs."""
        return np.asarray(np.log(self.theta))

    @property
    def standard_error(self) -> FloatArray:
        """The standard error of each β (of log cost), relative to the anchor."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))

    @property
    def contradictions(self) -> list[tuple[Any, Any, float, float]]:
        """Pairs (i, j, share who said i, share expected) where the majority says i and the fit doesn't.

        With answers that go round in circles no order agrees with all; these are the pairs to ask again.

        >>> circle = BradleyTerryCost.from_comparisons([("a", "b"), ("b", "c"), ("c", "a")])
        >>> [(harder, easier) for harder, easier, _, _ in circle.contradictions]
        [('a', 'b'), ('b', 'c'), ('c', 'a')]
        """
        total = self.wins + self.wins.T
        found = []
        for i, j in zip(*np.nonzero(self.wins > self.wins.T), strict=True):
            expected = self.theta[i] / (self.theta[i] + self.theta[j])
            if expected < 0.5 + 1e-9:  # in a perfect circle all are equally hard
                share = self.wins[i, j] / total[i, j]
                found.append((self.features[i], self.features[j], float(share), float(expected)))
        return sorted(found, key=lambda one: one[3] - one[2])

    def to_frame(self, confidence: float = 0.95) -> Any:
        """Return one row a feature: cost, an approximate interval, and how many answers it was part of."""
        from statistics import NormalDist

        import pandas as pd

        if not 0 < confidence < 1:
            raise InputError(f"confidence must be between 0 and 1, not {confidence!r}.")
        z = NormalDist().inv_cdf(0.5 + confidence / 2)
        return pd.DataFrame(
            {
                "feature": self.features,
                "cost": self.theta,
                "low": np.exp(self.beta - z * self.standard_error),
                "high": np.exp(self.beta + z * self.standard_error),
                "answers": (self.wins + self.wins.T).sum(axis=1),
            }
        )

    def __repr__(self) -> str:
        unit = "mean 1" if self.anchor == "mean" else f"{self.anchor!r} = 1"
        ranked = sorted(zip(self.features, self.theta, strict=True), key=lambda one: -one[1])
        return f"BradleyTerryCost({unit}: " + ", ".join(f"{name} {cost:.3g}" for name, cost in ranked) + ")"


def bradley_terry(
    wins: npt.ArrayLike, *, shape: float = 1.0, rate: float = 0.0, tolerance: float = 1e-12, steps: int = 100_000
) -> FloatArray:
    """Return the strengths θ of the Bradley–Terry model, the largest a posteriori under a Gamma prior.

    wins : float64[k, k], how often i was chosen over j. Minorise–maximise (Hunter 2004; Caron & Doucet 2012):
    θ_i ← (a − 1 + W_i) / (b + Σ_j N_ij / (θ_i + θ_j)). With a = 1 and b = 0 it is maximum likelihood, whose
    strengths are normalised to mean 1.

    >>> bradley_terry([[0, 3], [1, 0]]).round(6)
    array([1.5, 0.5])
    """
    wins = np.asarray(wins, dtype=np.float64)
    played, won = wins + wins.T, wins.sum(axis=1)
    theta = np.ones(len(wins))
    for _ in range(steps):
        new = (shape - 1 + won) / (rate + (played / (theta[:, None] + theta[None, :])).sum(axis=1))
        if not rate:
            new = new / new.mean()
        if np.abs(np.log(new) - np.log(theta)).max(initial=0.0) < tolerance:
            break
        theta = new
    return np.asarray(new)


def missing_comparisons(wins: npt.ArrayLike, names: Sequence[Any], *, both_ways: bool = False) -> list[tuple[Any, Any]]:
    """Return pairs that would connect everything that was compared; empty where it is connected.

    both_ways : connected by answers in both directions, as maximum likelihood needs; a pair (i, j) then asks
    for an answer that i is the harder.

    >>> missing_comparisons([[0, 1, 0], [0, 0, 0], [0, 0, 0]], ["a", "b", "c"])
    [('a', 'c')]
    """
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    graph = np.array(wins, dtype=np.float64) > 0
    pairs: list[tuple[Any, Any]] = []
    while True:
        count, together = connected_components(graph, directed=False)
        if count == 1 and not both_ways:
            return pairs
        parts, part = connected_components(graph, directed=True, connection="strong")
        if parts == 1:
            return pairs
        between = graph & (part[:, None] != part[None, :])
        sources = [i for i in range(len(graph)) if not between[:, part == part[i]].any()]
        sinks = [i for i in range(len(graph)) if not between[part == part[i]].any()]
        if count > 1:
            starts, ends = (sources, sinks) if both_ways else (range(len(graph)), range(len(graph)))
            first = next(i for i in ends if together[i] == 0)
            other = next(i for i in starts if together[i] == 1)
        else:  # from the end of a chain of answers back to its start
            other = sources[0]
            reached = breadth_first_order(graph.astype(float), other, return_predecessors=False)
            first = next(int(i) for i in reached if i in sinks)
        graph[first, other] = True
        pairs.append((names[first], names[other]))


def simulated_experts(
    features: Sequence[Any],
    *,
    experts: int = 1,
    comparisons: int = 1,
    random_state: Any = None,
) -> list[tuple[Any, Any, float, float]]:
    """Return made-up answers, as the paper's experiments use them: (i, j, wins, n) for all pairs of features.

    Each pair has a chance p ~ U(0, 1) that i is found harder than j (Rawal & Lakkaraju 2020, §4), and each of
    the `experts` answers `comparisons` times. With one answer each, p itself is the share of votes.

    >>> simulated_experts(["a", "b"], experts=10, random_state=0)
    [('a', 'b', 7.0, 10.0)]
    """
    rng = np.random.default_rng(random_state)
    n = experts * comparisons
    if experts < 1 or comparisons < 1:
        raise InputError("experts and comparisons must be whole numbers ≥ 1.")
    names = list(features)
    pairs = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    return [(a, b, float(rng.binomial(n, rng.random())), float(n)) for a, b in pairs]


def _wins(comparisons: Any, features: Any) -> tuple[FloatArray, list[Any]]:
    """Count the answers: wins[i, j] of i over j, and the features in the order named."""
    lists = [comparisons]
    if tables.has_columns(comparisons) and not isinstance(comparisons, Mapping):
        lists = [tables.read(comparisons, what="comparisons").itertuples(index=False, name=None)]
    elif isinstance(comparisons, Mapping):
        lists = list(comparisons.values())
    answers: list[Any] = []
    for one in lists:
        if isinstance(one, str) or not isinstance(one, Iterable):
            raise InputError(f"comparisons are a list of (harder, easier) or (i, j, wins, n), not {one!r}.")
        answers.extend(one)
    if hasattr(features, "names"):
        features = [feature.name for feature in features if feature.actionable]
    if isinstance(features, str):
        raise InputError(f"features is a list of names, not {features!r}.")
    names: list[Any] = list(dict.fromkeys(features)) if features is not None else []
    counted: list[tuple[Any, Any, float, float]] = []
    for given in answers:
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise InputError(f"a comparison is (harder, easier) or (i, j, wins, n), not {given!r}.")
        answer = tuple(given)
        if len(answer) == 2:
            i, j, won, n = answer[0], answer[1], 1.0, 1.0
        elif len(answer) == 4:
            i, j = answer[:2]
            try:
                won, n = float(answer[2]), float(answer[3])
            except (TypeError, ValueError):
                raise InputError(f"the comparison {answer!r} must be (i, j, wins, n) with two numbers.") from None
        else:
            raise InputError(f"a comparison is (harder, easier) or (i, j, wins, n), not {answer!r}.")
        if not 0 <= won <= n or not n > 0 or not np.isfinite(n):
            raise InputError(f"the comparison {answer!r} must have 0 ≤ wins ≤ n and n > 0.")
        if i == j:
            raise InputError(f"the comparison {answer!r} compares {i!r} with itself.")
        for name in (i, j):
            if features is not None and name not in names:
                raise InputError(f"the comparison {answer!r} names {name!r}. {nearest(name, names)}")
            if name not in names:
                names.append(name)
        counted.append((i, j, won, n))
    if not counted:
        raise InputError("there are no comparisons: a cost can't be estimated from nothing.")
    wins = np.zeros((len(names), len(names)))
    for i, j, won, n in counted:
        wins[names.index(i), names.index(j)] += won
        wins[names.index(j), names.index(i)] += n - won
    return wins, names


def _covariance(wins: FloatArray, theta: FloatArray, shape: float, rate: float, anchor: int | None) -> FloatArray:
    """The covariance of log costs after anchoring, from the curvature of the log-posterior in β = log θ."""
    played = wins + wins.T
    p = theta[:, None] / (theta[:, None] + theta[None, :])
    curvature = -played * p * (1 - p)
    np.fill_diagonal(curvature, 0.0)
    np.fill_diagonal(curvature, -curvature.sum(axis=1) + rate * theta)
    spread = np.linalg.pinv(curvature, hermitian=True)
    k = len(theta)
    share = theta / theta.sum() if anchor is None else np.eye(k)[anchor]
    fix = np.eye(k) - share[None, :]
    return np.asarray(fix @ spread @ fix.T)


COSTS: dict[str, type[Cost]] = {cost.name: cost for cost in (TotalCost, LocalCost, MaxCost, L1Cost, FeatureCost)}
"""The costs that have a name."""


def as_cost(cost: str | Cost | Callable[..., Any]) -> Cost:
    """Return the cost that a name, a `Cost` or a user's function stands for.

    >>> as_cost("max").combine
    'max'
    """
    if isinstance(cost, Cost):
        return cost
    if isinstance(cost, str):
        if cost not in COSTS:
            raise InputError(f"{cost!r} is not a cost. {nearest(cost, COSTS)}")
        return COSTS[cost]()
    if isinstance(cost, type):
        raise InputError(f"the cost is the class {cost.__name__} itself; make one of it: {cost.__name__}().")
    if callable(cost):
        return FunctionCost(cost)
    raise InputError(f"a cost is a name, a Cost or a function, not {type(cost).__name__}.")
