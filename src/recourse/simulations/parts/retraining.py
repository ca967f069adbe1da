"""How the model learns from the people of a round."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.errors import InputError, ModelError
from recourse.generators.counterfactuals import Counterfactuals

if TYPE_CHECKING:
    pass


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
    from recourse.generators.counterfactuals import NOT_CONVERGED

    n = len(X)
    return Counterfactuals(X, X, np.full(n, NOT_CONVERGED), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64))
