"""`RecourseAuditor` of the old library: feasible and cost of each row."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from recourse.actions import ActionSet
from recourse.audits.audit import audit
from recourse.audits.result import Audit
from recourse.legacy.classifier import Classifier
from recourse.search import Status


class RecourseAuditor:
    """Whether each person of a table has recourse, and at what cost, for one classifier.

    Its attribute `result` is the last `Audit`, which knows more.

    Parameters
    ----------
    action_set : ActionSet
        What people can do. It is read and never changed.
    *classifier, **settings
        The classifier, given as for `Flipset`.

    Examples
    --------
    >>> import recourse as rs
    >>> X = pd.DataFrame({"overdue": [0, 1, 4, 7]})
    >>> RecourseAuditor(rs.ActionSet(X), coefficients=[-1.0], intercept=3.5).audit(X)
      feasible      cost
    0      NaN       NaN
    1      NaN       NaN
    2     True  0.066667
    3     True  0.266667
    """

    def __init__(self, action_set: ActionSet, *classifier: Any, **settings: Any) -> None:
        self.action_set = action_set
        self._given = classifier, settings
        Classifier(action_set, *self._given)
        self.result: Audit | None = None

    def audit(self, X: Any, y_desired: int | None = None) -> pd.DataFrame:
        """Return feasible and cost of each row.

        Parameters
        ----------
        X : table
            The people, with the action set's columns.
        y_desired : int, optional
            1, 0 or −1, instead of the action set's.

        Returns
        -------
        DataFrame
            feasible and cost on the index of `X`, in its order, duplicates included. Approved already: NaN and NaN.
            Recourse: True and its cost, the largest percentile shift ("max"). Proven to have none: False and inf.
            Undecided (the search was interrupted): NaN and inf, with a warning; that is never "no recourse".
        """
        classifier = Classifier(self.action_set, *self._given, y_desired=y_desired)
        self.result = audit(classifier.model, X, self.action_set, cost="max")
        people = self.result.people
        feasible = people["feasible"].astype(object).where(people["feasible"].notna(), np.nan)
        undecided = (people["status"] == Status.UNKNOWN.label).to_numpy()
        if undecided.any():
            warnings.warn(f"{int(undecided.sum())} people are undecided: {Status.UNKNOWN.value}.", stacklevel=2)
        cost = np.where(undecided, np.inf, people["cost"].to_numpy(dtype=np.float64))
        return pd.DataFrame({"feasible": feasible, "cost": cost}, index=people.index)
