"""Prices of features estimated from answers to "which of these two is harder to change?" (Bradley & Terry 1952)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import tables
from recourse.arrays import FloatArray
from recourse.checks import share, whole_number
from recourse.costs.per_change import FeatureCost
from recourse.errors import InputError, nearest


@runtime_checkable
class ActionableFeature(Protocol):
    """A feature of an action set, where its name may be asked for."""

    @property
    def name(self) -> Any:
        """The column's name."""

    @property
    def actionable(self) -> bool:
        """Whether a person can change the feature."""


class BradleyTerryCost(FeatureCost):
    """Feature costs from answers to "which of these two is harder to change?".

    A feature's cost θ means that feature i is harder than j in the eyes of θ_i/(θ_i + θ_j) of the experts.
    Answers fix these costs only up to a common factor, and costs are added up, so the factor matters: it is
    set by `anchor` and printed with the costs. Made by `from_comparisons`.

    Parameters
    ----------
    features : list
        The names of the k features compared, in order.
    theta : float64[k]
        Their costs, above 0.
    covariance : float64[k, k]
        Of log θ relative to the anchor, from the curvature of the log-posterior at its maximum.
    wins : float64[k, k]
        How many answers said that i is harder than j.
    anchor : "mean" or a feature's name
        What the scale of the costs was set by.
    default : float or None
        The cost of features that were not compared; None for the mean cost.

    References
    ----------
    Bradley & Terry, Rank Analysis of Incomplete Block Designs, Biometrika 1952.

    Rawal & Lakkaraju, Beyond Individualized Recourse, NeurIPS 2020, §4.
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

        Inconsistent answers are fine: see `contradictions`.

        Parameters
        ----------
        comparisons : list, mapping or table
            (harder, easier) pairs; or (i, j, wins, n), where of n answers `wins` said that i is the harder and the
            other n − wins that j is (a tie is half a win each: (i, j, 0.5, 1)); or a mapping from expert to such a
            list, every answer counting once; also tables of two or four such columns.
        features : list, ActionSet or None
            All features that need a price: a name in the comparisons that isn't among them is a typo, and one that
            isn't compared is an error which says with what to compare it. An action set stands for its actionable
            features. None: whatever is compared.
        anchor : "mean" or a feature's name
            The costs' mean is 1, or the cost of this feature is.
        prior : (float, float) or None
            (shape a > 1, rate b > 0) of a Gamma distribution for each cost, which makes the estimate exist whatever
            the answers (Caron & Doucet 2012); None for maximum likelihood (Hunter 2004), which needs answers both ways
            between any two parts of the features.
        default : float or None
            The cost of features not compared; None for the mean cost.

        Returns
        -------
        BradleyTerryCost
            The most probable costs, with their uncertainty.

        Raises
        ------
        InputError
            If the comparisons don't connect the features (with `prior=None`: not in both directions), naming the
            pairs that are missing, or an answer or setting means nothing.

        Examples
        --------
        >>> costs = BradleyTerryCost.from_comparisons([("job", "debts"), ("job", "savings"), ("debts", "savings")])
        >>> [name for name, _ in sorted(costs.weights.items(), key=lambda item: -item[1])]
        ['job', 'debts', 'savings']
        >>> round(sum(costs.weights.values()) / 3, 9)
        1.0
        """
        wins, names = _wins(comparisons, features)
        shape, rate = _shape_and_rate(prior)
        if anchor != "mean" and anchor not in names:
            raise InputError(f"anchor={anchor!r} is no feature that was compared. {nearest(anchor, names)}")
        _check_connected(wins, names, both_ways=prior is None)

        # the costs, on the scale that the anchor sets
        theta = bradley_terry(wins, shape=shape, rate=rate)
        scale = theta.mean() if anchor == "mean" else theta[names.index(anchor)]
        covariance = _covariance(wins, theta, shape, rate, None if anchor == "mean" else names.index(anchor))
        return cls(names, theta / scale, covariance, wins=wins, anchor=anchor, default=default)

    def _settings(self) -> dict[str, Any]:
        return {"weights": self.weights, "default": self.default}

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

        With answers that go round in circles no order agrees with all; these are the pairs to ask again, the most
        surprising first.

        Examples
        --------
        >>> circle = BradleyTerryCost.from_comparisons([("a", "b"), ("b", "c"), ("c", "a")])
        >>> [(harder, easier) for harder, easier, _, _ in circle.contradictions]
        [('a', 'b'), ('b', 'c'), ('c', 'a')]
        """
        total = self.wins + self.wins.T
        found = []
        for i, j in zip(*np.nonzero(self.wins > self.wins.T), strict=True):
            expected = self.theta[i] / (self.theta[i] + self.theta[j])
            if expected < 0.5 + 1e-9:  # in a perfect circle all are equally hard
                said = self.wins[i, j] / total[i, j]
                found.append((self.features[i], self.features[j], float(said), float(expected)))
        return sorted(found, key=lambda one: one[3] - one[2])

    def to_frame(self, confidence: float = 0.95) -> Any:
        """Return one row a feature: cost, an approximate interval, and how many answers it was part of.

        Parameters
        ----------
        confidence : float
            Of the intervals, above 0 and below 1.

        Returns
        -------
        DataFrame
            `feature`, `cost`, `low`, `high` and `answers`.

        Raises
        ------
        InputError
            If the confidence is no such share.
        """
        share("confidence", confidence, zero=False, one=False)
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

    Parameters
    ----------
    wins : float64[k, k]
        How often i was chosen over j.
    shape, rate : float
        a ≥ 1 and b ≥ 0 of the prior. With a = 1 and b = 0 it is maximum likelihood, whose strengths are normalised to
        mean 1.
    tolerance : float
        The iteration ends when no log θ changes by more.
    steps : int
        It ends after so many steps in any case.

    Returns
    -------
    float64[k]
        The strengths, above 0.

    Notes
    -----
    Minorise–maximise: θ_i ← (a − 1 + W_i) / (b + Σ_j N_ij / (θ_i + θ_j)).

    References
    ----------
    Hunter, MM algorithms for generalized Bradley-Terry models, Annals of Statistics 2004.

    Caron & Doucet, Efficient Bayesian Inference for Generalized Bradley–Terry Models, JCGS 2012.

    Examples
    --------
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

    Parameters
    ----------
    wins : float64[k, k]
        How often i was chosen over j.
    names : list
        The k features, in order.
    both_ways : bool
        Connected by answers in both directions, as maximum likelihood needs; a pair (i, j) then asks for an answer
        that i is the harder.

    Returns
    -------
    list of (name, name)
        As few pairs as it takes.

    Examples
    --------
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

    Each pair has a chance p ~ U(0, 1) that i is found harder than j, and each of the experts answers several times.
    With one answer each, p itself is the share of votes.

    Parameters
    ----------
    features : list
        Names of the features.
    experts : int
        How many there are.
    comparisons : int
        How often each answers about each pair.
    random_state : int, Generator or None
        The seed.

    Returns
    -------
    list of (name, name, float, float)
        (i, j, wins, n) for each pair.

    Raises
    ------
    InputError
        If there is nobody, or no answer.

    References
    ----------
    Rawal & Lakkaraju, Beyond Individualized Recourse, NeurIPS 2020, §4.

    Examples
    --------
    >>> simulated_experts(["a", "b"], experts=10, random_state=0)
    [('a', 'b', 7.0, 10.0)]
    """
    rng = np.random.default_rng(random_state)
    n = whole_number("experts", experts, least=1) * whole_number("comparisons", comparisons, least=1)
    names = list(features)
    pairs = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    return [(a, b, float(rng.binomial(n, rng.random())), float(n)) for a, b in pairs]


def _shape_and_rate(prior: Any) -> tuple[float, float]:
    """The Gamma prior's parameters; those that leave the likelihood as it is where there is none."""
    if prior is None:
        return 1.0, 0.0
    try:
        shape, rate = (float(one) for one in prior)
    except (TypeError, ValueError):
        shape = rate = np.nan
    if not (np.isfinite(shape + rate) and shape > 1 and rate > 0):
        raise InputError(f"prior must be (shape > 1, rate > 0) or None, not {prior!r}.")
    return shape, rate


def _check_connected(wins: FloatArray, names: list[Any], *, both_ways: bool) -> None:
    """Raise, with the pairs that are missing, where the answers give no common scale."""
    missing = missing_comparisons(wins, names, both_ways=both_ways)
    if not missing:
        return
    pairs = ", ".join(f"{a!r} with {b!r}" for a, b in missing[:6]) + (" …" if len(missing) > 6 else "")
    one_way = both_ways and not missing_comparisons(wins, names)
    how = (
        "the answers all go one way between some features, so maximum likelihood has no estimate"
        if one_way
        else "the comparisons don't connect all features, so their costs have no common scale"
    )
    raise InputError(f"{how}: also compare {pairs}.")


def _wins(comparisons: Any, features: Any) -> tuple[FloatArray, list[Any]]:
    """Count the answers: wins[i, j] of i over j, and the features in the order named."""
    names = _names(features)
    known = features is not None
    counted: list[tuple[Any, Any, float, float]] = []
    for given in _answers(comparisons):
        i, j, won, n = _answer(given)
        for name in (i, j):
            if name not in names:
                if known:
                    raise InputError(f"the comparison {given!r} names {name!r}. {nearest(name, names)}")
                names.append(name)
        counted.append((i, j, won, n))
    if not counted:
        raise InputError("there are no comparisons: a cost can't be estimated from nothing.")
    wins = np.zeros((len(names), len(names)))
    for i, j, won, n in counted:
        wins[names.index(i), names.index(j)] += won
        wins[names.index(j), names.index(i)] += n - won
    return wins, names


def _names(features: Any) -> list[Any]:
    """The features that need a price, without repetition; those of an action set that can change."""
    if features is None:
        return []
    if isinstance(features, str):
        raise InputError(f"features is a list of names, not {features!r}.")
    listed = list(features)
    if listed and all(isinstance(one, ActionableFeature) for one in listed):
        listed = [one.name for one in listed if one.actionable]
    return list(dict.fromkeys(listed))


def _answers(comparisons: Any) -> list[Any]:
    """All answers in one list, whoever gave them."""
    if isinstance(comparisons, Mapping):
        lists = list(comparisons.values())
    elif tables.has_columns(comparisons):
        lists = [tables.read(comparisons, what="comparisons").itertuples(index=False, name=None)]
    else:
        lists = [comparisons]
    answers: list[Any] = []
    for one in lists:
        if isinstance(one, str) or not isinstance(one, Iterable):
            raise InputError(f"comparisons are a list of (harder, easier) or (i, j, wins, n), not {one!r}.")
        answers.extend(one)
    return answers


def _answer(given: Any) -> tuple[Any, Any, float, float]:
    """One answer as (i, j, wins, n), checked."""
    form = "(harder, easier) or (i, j, wins, n)"
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"a comparison is {form}, not {given!r}.")
    answer = tuple(given)
    if len(answer) not in (2, 4):
        raise InputError(f"a comparison is {form}, not {answer!r}.")
    i, j = answer[:2]
    try:
        won, n = (float(answer[2]), float(answer[3])) if len(answer) == 4 else (1.0, 1.0)
    except (TypeError, ValueError):
        raise InputError(f"the comparison {answer!r} must be (i, j, wins, n) with two numbers.") from None
    if not 0 <= won <= n or not n > 0 or not np.isfinite(n):
        raise InputError(f"the comparison {answer!r} must have 0 ≤ wins ≤ n and n > 0.")
    if i == j:
        raise InputError(f"the comparison {answer!r} compares {i!r} with itself.")
    return i, j, won, n


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
