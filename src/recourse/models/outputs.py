"""What an estimator returns is checked before it is believed: an output that is misread would deny everybody.

Labels must be some of `classes_`, one a row; probabilities one a row and label. Everything else is refused in words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.errors import ModelError

_FEW = 10
"""So few labels are compared one by one, which is faster than a search among them."""


def known_labels(output: Any, classes: npt.NDArray[Any], rows: int, name: str) -> npt.NDArray[Any]:
    """Return what `predict` said, as one label a row.

    Parameters
    ----------
    output : array
        What it returned for so many rows: one label each, or one column of them.
    classes : array of labels
        The model's ``classes_``.
    rows : int
        How many rows it was asked about.
    name : str
        What the model is called.

    Raises
    ------
    ModelError
        If the output has another shape, or a value that is none of the labels: a probability, or a missing value.

    Examples
    --------
    >>> known_labels([0, 1], np.array([0, 1]), 2, "model")
    array([0, 1])
    """
    labels = np.asarray(output)
    if labels.shape not in ((rows,), (rows, 1)):
        raise ModelError(
            f"predict of {name} returned an array of shape {labels.shape} for {rows} rows; it must return one of the "
            f"labels {_listed(classes)} for each row{_advice(labels)}."
        )
    labels = labels.reshape(rows)
    if len(classes) <= _FEW:
        known = np.zeros(rows, dtype=bool)
        for label in classes:
            known |= np.asarray(labels == label, dtype=bool)
    else:
        known = np.asarray(pd.Series(labels).isin(list(classes)), dtype=bool)
    if not known.all():
        strange = labels[np.flatnonzero(~known)[0]]
        shown = strange.item() if isinstance(strange, np.generic) else strange
        raise ModelError(
            f"predict of {name} returned {shown!r}, which is none of its labels {_listed(classes)}{_advice(labels)}."
        )
    return labels


def known_probabilities(
    output: npt.NDArray[Any], classes: npt.NDArray[Any], rows: int, name: str
) -> npt.NDArray[np.floating]:
    """Return what `predict_proba` said: one probability for each row and label.

    Parameters
    ----------
    output : array
        What it returned for so many rows.
    classes, rows, name
        As for `known_labels`.

    Raises
    ------
    ModelError
        If the output has another shape, or probabilities are missing.

    Examples
    --------
    >>> known_probabilities(np.array([[0.25, 0.75]]), np.array([0, 1]), 1, "model")
    array([[0.25, 0.75]])
    """
    if output.shape != (rows, len(classes)):
        raise ModelError(
            f"predict_proba of {name} returned an array of shape {output.shape} for {rows} rows; it must return one "
            f"column for each of the labels {_listed(classes)}."
        )
    if output.dtype.kind not in "fiub":
        output = output.astype(np.float64)
    lost = np.isnan(output).any(axis=1)
    if lost.any():
        raise ModelError(f"predict_proba of {name} returned NaN for {int(lost.sum())} of {rows} rows.")
    return output


def _listed(classes: npt.NDArray[Any]) -> str:
    """The labels for an error, at most a handful of them."""
    some = ", ".join(repr(label) for label in classes[:5].tolist())
    return f"({some}{', …' if len(classes) > 5 else ''})"


def _advice(labels: npt.NDArray[Any]) -> str:
    """What would work, where the output looks like probabilities."""
    if labels.dtype.kind == "f" and labels.size and bool(np.all((labels >= 0) & (labels <= 1))):
        return "; these look like probabilities: return them from predict_proba, and labels from predict"
    return ""
