"""How far a model has moved: where two versions disagree, how sure one is, how much its parameters changed.

Where the study that they come from defines a measure in one way and computes it in another, both are here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.checks import one_of
from recourse.errors import InputError


def disagreement(before: npt.ArrayLike, after: npt.ArrayLike) -> float:
    """Return the share of people whose label differs between two models.

    Parameters
    ----------
    before, after : arrays of the same shape
        The labels that either model gives the same people.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    InputError
        Unless there are equally many labels, and at least one.

    Examples
    --------
    >>> disagreement([0, 1, 1, 0], [0, 1, 0, 0])
    0.25
    """
    first, second = np.asarray(before), np.asarray(after)
    if first.shape != second.shape or not first.size:
        raise InputError(f"labels of the same people are compared, one or more: got {first.shape} and {second.shape}.")
    return float(np.mean(first != second))


def decisiveness(before: npt.ArrayLike, after: npt.ArrayLike, *, definition: str = "norm") -> float:
    """Measure how sure a model's probabilities p are, against what they were.

    Parameters
    ----------
    before, after : arrays of float
        The probabilities that either model gives the same people.
    definition : {"norm", "mean_square"}
        "norm": | ‖p₀ − ½‖₂ − ‖p_n − ½‖₂ |, as in the paper's code, which grows with the number of people.
        "mean_square": mean (p_n − ½)², as in its text, which says nothing of `before`.

    Returns
    -------
    float
        At least 0.

    Raises
    ------
    InputError
        For another definition.

    References
    ----------
    Altmeyer, Angela, Buszydlik, Dobiczek, van Deursen & Liem (2023), "Endogenous macrodynamics in algorithmic
    recourse", SaTML.

    Examples
    --------
    >>> decisiveness([0.5, 0.5], [1.0, 0.0], definition="mean_square")
    0.25
    """
    one_of("definition", definition, ("norm", "mean_square"))
    p, q = np.asarray(before, dtype=np.float64) - 0.5, np.asarray(after, dtype=np.float64) - 0.5
    if definition == "norm":
        return float(abs(np.linalg.norm(p) - np.linalg.norm(q)))
    return float(np.mean(q**2))


def perturbation(before: Sequence[npt.ArrayLike], after: Sequence[npt.ArrayLike], *, definition: str = "norm") -> float:
    """Measure how far a model's parameters moved.

    Training goes on from the current weights even if nobody moves, so this is not 0 without recourse: compare it with
    the control arm.

    Parameters
    ----------
    before, after : lists of arrays
        The parameters of either model, array by array of the same shapes.
    definition : {"norm", "squared"}
        "norm": the mean over arrays of ‖θ_n − θ₀‖₂ / size, as in the paper's code. "squared": ‖θ_{t+1} − θ_t‖² over
        all parameters, as in its text (pass the parameters of two consecutive rounds).

    Returns
    -------
    float
        At least 0.

    Raises
    ------
    InputError
        For a model without parameters, lists of different lengths, and another definition.

    References
    ----------
    Altmeyer, Angela, Buszydlik, Dobiczek, van Deursen & Liem (2023), "Endogenous macrodynamics in algorithmic
    recourse", SaTML.

    Examples
    --------
    >>> perturbation([[0.0, 0.0], [1.0]], [[3.0, 4.0], [1.0]])
    1.25
    >>> perturbation([[0.0, 0.0], [1.0]], [[3.0, 4.0], [1.0]], definition="squared")
    25.0
    """
    one_of("definition", definition, ("norm", "squared"))
    if not len(before) or len(before) != len(after):
        raise InputError(f"models are compared by their arrays of parameters: got {len(before)} and {len(after)}.")
    pairs = zip(before, after, strict=True)
    moved = [np.asarray(new, dtype=np.float64) - np.asarray(old, dtype=np.float64) for old, new in pairs]
    if definition == "norm":
        return float(np.mean([np.linalg.norm(one) / one.size for one in moved]))
    return float(sum(np.sum(one**2) for one in moved))


def redundancy(today: npt.ArrayLike, new: npt.ArrayLike) -> float:
    """Return the mean share of features that an action leaves as they are.

    Parameters
    ----------
    today, new : arrays [n, d]
        The same people before and after, the same features in the same order. A value that is missing in both counts
        as left.

    Returns
    -------
    float
        From 0 to 1. The higher, the fewer features an action asks to change.

    Raises
    ------
    InputError
        Unless both have the same shape and at least one value.

    Examples
    --------
    >>> redundancy([[1, 2], [3, 4]], [[1, 5], [3, 4]])
    0.75
    """
    before, after = np.asarray(today), np.asarray(new)
    if before.shape != after.shape or not before.size:
        raise InputError(f"the same people are compared, one or more: got {before.shape} and {after.shape}.")
    return float(np.mean((before == after) | (pd.isna(before) & pd.isna(after))))
