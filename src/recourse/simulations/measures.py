"""What is measured every few rounds: how far the people have moved (domain shift) and the model (model shift).

A measure compares two `Moment`s, the start and now. Whatever needs a choice that must not follow the data,
as the width of a kernel or the points of a grid, is made once, at the start, and kept in the `Baseline`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import statistics
from recourse.arrays import BoolArray, FloatArray
from recourse.models import Model
from recourse.models.moved_bar import probabilities, scores
from recourse.simulations.coordinates import Coordinates


class Value(NamedTuple):
    """One measured number.

    Parameters
    ----------
    scope : str
        What it is about: "domain" (people), "model", or a word of yours.
    name : str
        What it is called in the table.
    value : float
        The number.
    p_value : float or None
        None where there is no test.
    """

    scope: str
    name: str
    value: float
    p_value: float | None = None


@dataclass(frozen=True, eq=False)
class Baseline:
    """What measures compare with: fixed at the start, the same for every arm of a model and every round.

    X : the training features at the start; held_X, held_y : the held-out people
    grid : points drawn uniformly from the bounding box of X
    coordinates : how features become distances
    width : the kernel's width for people; bandwidth : the one asked for, None for medians
    permutations : of the tests; most : samples for the kernel have at most so many rows, evenly spaced
    """

    X: pd.DataFrame
    held_X: pd.DataFrame  # noqa: N815
    held_y: npt.NDArray[Any]
    grid: pd.DataFrame
    coordinates: Coordinates
    width: float
    bandwidth: float | None
    permutations: int
    most: int

    def standardised(self, X: pd.DataFrame) -> FloatArray:
        """Return features as the domain kernel sees them."""
        Z = self.coordinates.points(X)
        return Z[np.linspace(0, len(Z) - 1, self.most).astype(np.int64)] if len(Z) > self.most else Z

    def probability_width(self, p: FloatArray) -> float:
        """The kernel's width for probabilities: the median distance at the start, or the one asked for."""
        return statistics.median_bandwidth(p) if self.bandwidth is None else self.bandwidth


@dataclass(frozen=True, eq=False)
class Moment:
    """A population and its model in one round: what a measure sees of it.

    Measures get two of them, the start and now.

    Parameters
    ----------
    X : DataFrame
        The features of the n people.
    favourable : bool[n]
        Who has the favourable label.
    model : Model
        The rule by which people are approved.
    approved : bool[n]
        Who is approved.
    parameters, previous : list of float64 arrays or None
        What training moves in the model, now and one round earlier; None for a model without any.
    baseline : Baseline
        What was fixed at the start, as the people of then.
    """

    X: pd.DataFrame
    favourable: BoolArray
    model: Model
    approved: BoolArray
    parameters: list[FloatArray] | None
    previous: list[FloatArray] | None
    baseline: Baseline

    @cached_property
    def on_start(self) -> FloatArray | None:
        """P(desired) of the people as they were at the start."""
        return probabilities(self.model, self.baseline.X)

    @cached_property
    def on_grid(self) -> FloatArray | None:
        """P(desired) on the grid."""
        return probabilities(self.model, self.baseline.grid)

    @cached_property
    def approves_start(self) -> BoolArray:
        """Who of the people, as they were at the start, is approved."""
        return self.model.approves(self.baseline.X)

    @cached_property
    def macro_f1(self) -> float:
        """Macro-F1 on the held-out people, with approval as the positive class."""
        from sklearn.metrics import f1_score

        approved = self.model.approves(self.baseline.held_X)
        return float(f1_score(self.baseline.held_y, approved, average="macro", labels=[False, True], zero_division=0.0))

    def among(self, rows: BoolArray, baseline: Baseline) -> Moment:
        """Return the same moment for a group of people.

        Parameters
        ----------
        rows : bool[n]
            Who is in the group.
        baseline : Baseline
            What measures of the group compare with.

        Returns
        -------
        Moment
            With these people only, and the same model.
        """
        return replace(
            self, X=self.X[rows], favourable=self.favourable[rows], approved=self.approved[rows], baseline=baseline
        )


Measure = Callable[[Moment, Moment, Any], Iterator[Value]]


def _compare(
    scope: str, name: str, A: FloatArray, B: FloatArray, width: float, baseline: Baseline, seed: Any
) -> Iterator[Value]:
    """MMD² with its permutation p-value, where both samples have two people."""
    if min(len(A), len(B)) < 2:
        return
    if not baseline.permutations:
        yield Value(scope, name, statistics.mmd(A, B, width))
        return
    test = statistics.mmd_test(A, B, width, permutations=baseline.permutations, random_state=seed)
    yield Value(scope, name, test.value, test.p_value)


def mmd(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """Domain shift: MMD² between the people with the favourable label at the start and now.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    baseline = start.baseline
    A, B = (baseline.standardised(moment.X[moment.favourable]) for moment in (start, now))
    yield from _compare("domain", "mmd", A, B, baseline.width, baseline, seed)


def pp_mmd(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """Model shift: MMD² between the probabilities that both models give the people of the start.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    yield from _probability_shift("pp_mmd", start.on_start, now.on_start, start.baseline, seed)


def mmd_grid(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """Model shift: the same on points drawn uniformly, where there may be no people.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    yield from _probability_shift("mmd_grid", start.on_grid, now.on_grid, start.baseline, seed)


def _probability_shift(
    name: str, before: FloatArray | None, after: FloatArray | None, baseline: Baseline, seed: Any
) -> Iterator[Value]:
    if before is None or after is None:
        return
    rows = np.linspace(0, len(before) - 1, min(len(before), baseline.most)).astype(np.int64)
    p, q = before[rows, None], after[rows, None]
    yield from _compare("model", name, p, q, baseline.probability_width(p), baseline, seed)


def perturbation(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """Model shift: how far the parameters moved, by the code's definition and by the text's.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    if start.parameters is None or now.parameters is None or now.previous is None:
        return
    if [a.shape for a in start.parameters] != [a.shape for a in now.parameters]:
        return
    yield Value("model", "perturbation", statistics.perturbation(start.parameters, now.parameters))
    step = statistics.perturbation(now.previous, now.parameters, definition="squared")
    yield Value("model", "perturbation_squared", step)


def disagreement(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """Model shift: the share of the people of the start whose label differs between the two models.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    if len(start.approves_start):
        yield Value("model", "disagreement", statistics.disagreement(start.approves_start, now.approves_start))


def decisiveness(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """Model shift: how sure the model is of the people of the start, by the code's definition and by the text's.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    p, q = start.on_start, now.on_start
    if p is None or q is None or not len(p):
        return
    yield Value("model", "decisiveness", statistics.decisiveness(p, q))
    yield Value("model", "decisiveness_mean_square", statistics.decisiveness(p, q, definition="mean_square"))


def model_performance(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """Model shift: macro-F1 on the held-out people, whose labels stay, minus what it was.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    if len(start.baseline.held_y):
        yield Value("model", "model_performance", now.macro_f1 - start.macro_f1)


def threshold(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """What it took to get in: the lowest P(desired) among the approved, or score of a model without probabilities.

    It compares rounds of a fixed model; each fit of a model has a scale of its own, see `standard`.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    approved = now.X[now.approved]
    if len(approved):
        p = probabilities(now.model, approved)
        yield Value("model", "threshold", float((scores(now.model, approved) if p is None else p).min()))


def standard(start: Moment, now: Moment, seed: Any) -> Iterator[Value]:
    """How high the standard is: the share of the people of the start, as they were, whom today's rule denies.

    It has no scale of a model in it, so it compares rounds, fits and models.

    Parameters
    ----------
    start, now : Moment
        The two that are compared.
    seed : SeedSequence
        For permutations, where there is a test.

    Yields
    ------
    Value
        None where it can't be taken.
    """
    if len(now.approves_start):
        yield Value("model", "standard", float(1 - now.approves_start.mean()))


MEASURES: dict[str, Measure] = {
    "mmd": mmd,
    "pp_mmd": pp_mmd,
    "mmd_grid": mmd_grid,
    "perturbation": perturbation,
    "disagreement": disagreement,
    "decisiveness": decisiveness,
    "model_performance": model_performance,
    "threshold": threshold,
    "standard": standard,
}
"""The measures that have a name. All are about people except `mmd_grid` and `perturbation`."""

BY_GROUP = ("mmd", "pp_mmd", "disagreement", "decisiveness", "model_performance", "threshold", "standard")
"""The measures that are also taken for each group."""


def parameters_of(estimator: Any) -> list[FloatArray] | None:
    """Return the arrays that training moves, or None for an estimator that has none (trees, neighbours).

    Of a pipeline, those of the last step, in the units of its scaled inputs.
    """
    steps = getattr(estimator, "steps", None)
    final = steps[-1][1] if steps else estimator
    layers = getattr(final, "layers_", None)
    if layers is not None and hasattr(layers, "parameters"):
        return [np.array(array) for array in layers.parameters()]
    for names in (("coefs_", "intercepts_"), ("coef_", "intercept_")):
        if all(hasattr(final, name) for name in names):
            arrays: list[FloatArray] = []
            for name in names:
                held = getattr(final, name)
                arrays += [np.array(one, dtype=np.float64) for one in (held if isinstance(held, list) else [held])]
            return arrays
    module = getattr(final, "module_", None)
    if module is not None and hasattr(module, "parameters"):
        return [one.detach().numpy().astype(np.float64) for one in module.parameters()]
    return None
