"""Which of a model's labels is the favourable one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError, ModelError
from recourse.models.model import Model
from recourse.tables import plain_value


def choose_label(classes: npt.NDArray[Any], desired: Any) -> Any:
    """Return the favourable one of a model's labels.

    Parameters
    ----------
    classes : array of labels
        The model's labels, as its ``classes_``.
    desired : object
        The label named, as itself or as it is spelt ('1' is 1); None for the default: 1 of {0, 1} or {−1, 1}.

    Returns
    -------
    object
        The label as a plain Python value.

    Raises
    ------
    InputError
        If none is named and there is no default, or if the one named is none of the labels.
    ModelError
        If none is named and the model has more or fewer than two labels.

    Examples
    --------
    >>> choose_label(np.array([0, 1]), None)
    1
    >>> choose_label(np.array(["no", "yes"]), "yes")
    'yes'
    """
    labels = [plain_value(label) for label in classes]
    listed = ", ".join(map(repr, labels))
    if desired is None:
        return _default_label(classes, listed)

    # a label that is equal or spelt the same comes before a number that is only of the same value
    for label in labels:
        if label == desired or str(label) == str(desired):
            return label
    for label in labels:
        if _spells_number(desired, label):
            return label
    raise InputError(f"desired={desired!r} is none of the model's labels: {listed}.")


def _default_label(classes: npt.NDArray[Any], listed: str) -> Any:
    """1 of {0, 1} or {−1, 1}; an error that lists the labels for any others."""
    numbers = classes.dtype.kind in "biuf"
    if len(classes) == 2 and numbers and set(classes.tolist()) in ({0, 1}, {-1, 1}):
        return plain_value(classes[1])
    if len(classes) != 2:
        raise ModelError(
            f"the model has {len(classes)} labels ({listed}), but recourse needs one favourable outcome "
            "against the rest: name it with desired=."
        )
    raise InputError(f"which label is favourable? Name it with desired=: {listed}.")


def label_of_sign(estimator: Any, sign: int) -> Any:
    """Return the label that `ActionSet.y_desired` stands for with this model, to be passed on as ``desired=``.

    Parameters
    ----------
    estimator : object
        A fitted classifier, or a `Model`, which says itself what it wants.
    sign : int
        1 or −1.

    Returns
    -------
    object or None
        None, the default of `as_model`, for 1 and for a `Model`; the first of two labels for −1.

    Raises
    ------
    InputError
        For −1 and a model that has no two labels.
    """
    if sign > 0 or isinstance(estimator, Model):
        return None
    classes = np.asarray(getattr(estimator, "classes_", ()))
    if len(classes) != 2:
        raise InputError(
            f"y_desired = −1 stands for the first of two labels, but this model has {len(classes)}; "
            "name one with desired= instead."
        )
    return plain_value(classes[0])


def _spells_number(text: Any, label: Any) -> bool:
    """Whether a text spells a label that is a number: '1' spells 1.0."""
    if isinstance(label, (str, bool)) or not isinstance(text, str):
        return False
    try:
        return bool(float(text) == label)
    except (TypeError, ValueError):
        return False
