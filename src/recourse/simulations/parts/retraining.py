"""How the model learns from the people of a round."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse import checks
from recourse.errors import ModelError
from recourse.generators.counterfactuals import NOT_CONVERGED, Counterfactuals
from recourse.identity import Settings
from recourse.simulations.parts.part import PartKind

MODES = ("auto", "warm", "cold", "none")


@runtime_checkable
class Retrains(Protocol):
    """What a round asks of a retrainer."""

    def due(self, t: int) -> bool:
        """Whether the model is retrained at the end of round t (from 1)."""

    def fit(self, estimator: Any, X: Any, y: npt.NDArray[Any], seed: int) -> Any:
        """Return an estimator fitted to the people; the one passed stays as it is."""


@runtime_checkable
class ChecksModels(Protocol):
    """A retrainer that says before the first round which estimators it can't retrain."""

    def check(self, name: str, estimator: Any) -> None:
        """Raise `ModelError` for an estimator that can't be retrained this way."""


@dataclass(frozen=True)
class Retrainer(Settings):
    """Fit the model to the population as it is after each round.

    A warm start moves the parameters even if nobody moved, because training had not ended: report
    differences to the control arm (`Simulation.contrast`). The estimator passed is never changed.

    Parameters
    ----------
    mode : {"auto", "warm", "cold", "none"}
        ``"warm"``: from the current parameters; ``"cold"``: a clone from the start; ``"none"``: the model stays as it
        is; ``"auto"``: warm for an estimator that is set to warm starts, else cold.
    every : int
        Retrain in every so many rounds.

    Raises
    ------
    InputError
        If the mode is another word, or `every` no whole number ≥ 1.
    """

    mode: str = "auto"
    every: int = 1

    def __post_init__(self) -> None:
        checks.one_of("a retrainer's mode", self.mode, MODES)
        checks.whole_number("every", self.every, least=1)

    def due(self, t: int) -> bool:
        """Say whether the model is retrained at the end of a round.

        Parameters
        ----------
        t : int
            The round, from 1.

        Returns
        -------
        bool
            Never in mode ``"none"``.
        """
        return self.mode != "none" and t % self.every == 0

    def fit(self, estimator: Any, X: Any, y: npt.NDArray[Any], seed: int) -> Any:
        """Return an estimator fitted to the people, by continuing or by starting anew.

        Parameters
        ----------
        estimator : estimator
            The current one; it is not changed.
        X : DataFrame
            The people's features.
        y : array[n]
            Their labels.
        seed : int
            What stands for each `random_state` that is None.

        Returns
        -------
        estimator
            A fitted copy or clone.
        """
        from sklearn.base import clone

        mode = self.mode
        if mode == "auto":
            mode = "warm" if starts_warm(estimator) else "cold"
        fresh = copy.deepcopy(estimator) if mode == "warm" else clone(estimator)
        return fit_seeded(fresh, X, y, seed)

    def check(self, name: str, estimator: Any) -> None:
        """Raise for an estimator that can't be retrained this way, before anything is run.

        Parameters
        ----------
        name : str
            What the caller calls the model.
        estimator : estimator or Model
            What was passed.

        Raises
        ------
        ModelError
            If it can't be fitted, or can't start warm where it should, with what to do.
        """
        if self.mode == "none":
            return
        if not hasattr(estimator, "fit") or not hasattr(estimator, "get_params"):
            raise ModelError(
                f"model {name!r} ({type(estimator).__name__}) can't be retrained: it has no fit and get_params. "
                "Pass an estimator, or design=Design(retrainer='none') to keep the model as it is."
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


RETRAINER = PartKind(
    word="retrainer",
    protocol=Retrains,
    needs="methods due(t) and fit(estimator, X, y, seed)",
    named={mode: Retrainer(mode) for mode in MODES},
    example="Retrainer('cold', every=2)",
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
    n = len(X)
    return Counterfactuals(X, X, np.full(n, NOT_CONVERGED), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64))
