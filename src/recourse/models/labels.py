"""Which of a model's labels is the favourable one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError, ModelError
from recourse.models.model import Model


def choose_label(classes: npt.NDArray[Any], desired: Any) -> Any:
    """Return the favourable one of a model's labels: the one named, or 1 of {0, 1} or {−1, 1}."""
    listed = ", ".join(repr(_plain(label)) for label in classes)
    if desired is None:
        numeric = classes.dtype.kind in "biuf"
        if len(classes) == 2 and numeric and set(classes.tolist()) in ({0, 1}, {-1, 1}):
            return _plain(classes[1])
        if len(classes) != 2:
            raise ModelError(
                f"the model has {len(classes)} labels ({listed}), but recourse needs one favourable outcome "
                "against the rest: name it with desired=."
            )
        raise InputError(f"which label is favourable? Name it with desired=: {listed}.")
    for label in classes:
        if label == desired or str(_plain(label)) == str(desired):
            return _plain(label)
    for label in classes:
        if _same_number(_plain(label), desired):
            return _plain(label)
    raise InputError(f"desired={desired!r} is none of the model's labels: {listed}.")


def label_of_sign(estimator: Any, sign: int) -> Any:
    """Return the label that `ActionSet.y_desired` stands for with this model, to be passed on as ``desired=``.

    1, or a `Model` (which says itself what it wants), is None: the default of `as_model`; −1 is the first label.
    """
    if sign > 0 or isinstance(estimator, Model):
        return None
    classes = np.asarray(getattr(estimator, "classes_", ()))
    if len(classes) != 2:
        raise InputError(
            f"y_desired = −1 stands for the first of two labels, but this model has {len(classes)}; "
            "name one with desired= instead."
        )
    return _plain(classes[0])


def _same_number(label: Any, desired: Any) -> bool:
    """Whether a number among the labels is the one that was spelt: '1' is 1.0."""
    if isinstance(label, (str, bool)) or not isinstance(desired, str):
        return False
    try:
        return bool(float(desired) == label)
    except (TypeError, ValueError):
        return False


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
