"""How far a model has moved: where two versions disagree, how sure one is, how much its parameters changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError


def disagreement(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Return the share of people whose label differs between two models.

    >>> disagreement([0, 1, 1, 0], [0, 1, 0, 0])
    0.25
    """
    first, second = np.asarray(before), np.asarray(after)
    if first.shape != second.shape or not first.size:
        raise InputError(f"labels of the same people are compared, one or more: got {first.shape} and {second.shape}.")
    return float(np.mean(first != second))


def decisiveness(before: npt.ArrayLike, after: npt.ArrayLike, *, definition: str = "norm") -> float:
    """Measure how sure a model's probabilities p are, against what they were.

    definition : "norm", | ‖p₀ − ½‖₂ − ‖p_n − ½‖₂ |, as in the paper's code; or "mean_square",
        mean (p_n − ½)², as in its text, which says nothing of `before`

    >>> decisiveness([0.5, 0.5], [1.0, 0.0], definition="mean_square")
    0.25
    """
    p, q = np.asarray(before, dtype=np.float64) - 0.5, np.asarray(after, dtype=np.float64) - 0.5
    if definition == "norm":
        return float(abs(np.linalg.norm(p) - np.linalg.norm(q)))
    if definition == "mean_square":
        return float(np.mean(q**2))
    raise InputError(f"definition must be 'norm' or 'mean_square', not {definition!r}.")


def perturbation(before: Sequence[npt.ArrayLike], after: Sequence[npt.ArrayLike], *, definition: str = "norm") -> float:
    """Measure how far a model's parameters moved: two lists of arrays of the same shapes.

    definition : "norm", the mean over arrays of ‖θ_n − θ₀‖₂ / size, as in the paper's code; or "squared",
        ‖θ_{t+1} − θ_t‖² over all parameters, as in its text (pass the parameters of two consecutive rounds)

    Training goes on from the current weights even if nobody moves, so this is not 0 without recourse:
    compare it with the control arm.

    >>> perturbation([[0.0, 0.0], [1.0]], [[3.0, 4.0], [1.0]])
    1.25
    >>> perturbation([[0.0, 0.0], [1.0]], [[3.0, 4.0], [1.0]], definition="squared")
    25.0
    """
    moved = [
        np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64) for a, b in zip(before, after, strict=True)
    ]
    if not moved:
        raise InputError("a model without parameters can't be compared by them.")
    if definition == "norm":
        return float(np.mean([np.linalg.norm(one) / one.size for one in moved]))
    if definition == "squared":
        return float(sum(np.sum(one**2) for one in moved))
    raise InputError(f"definition must be 'norm' or 'squared', not {definition!r}.")


def redundancy(today: npt.ArrayLike, new: npt.ArrayLike) -> float:
    """Return the mean share of features that an action leaves as they are; missing stays missing.

    >>> redundancy([[1, 2], [3, 4]], [[1, 5], [3, 4]])
    0.75
    """
    before, after = np.asarray(today), np.asarray(new)
    if before.shape != after.shape or not before.size:
        raise InputError(f"the same people are compared, one or more: got {before.shape} and {after.shape}.")
    import pandas as pd

    return float(np.mean((before == after) | (pd.isna(before) & pd.isna(after))))
