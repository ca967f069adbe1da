"""A change of one feature that moves others along."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recourse.actions.constraints.constraint import Constraint, feature_names
from recourse.arrays import BoolArray
from recourse.tables import Name


class Linkage(Constraint):
    """Changing one feature moves others along: each target by `scale` per unit, actionable or not.

    The induced changes have no price and may leave the targets' own bounds: they are consequences, not
    choices. A target that can also be chosen moves by both.

    >>> Linkage("years_at_job", {"age": 1.0})
    Linkage(years_at_job, age; source='years_at_job', targets={'age': 1.0})
    """

    def __init__(self, source: Name, targets: Mapping[Name, float]) -> None:
        self.source, self.targets = source, {name: float(scale) for name, scale in targets.items()}
        self.features = feature_names([source, *targets], least=2)

    def admits(self, today: pd.DataFrame, new: pd.DataFrame) -> BoolArray:
        return np.ones(len(new), dtype=bool)

    def induced(self) -> Mapping[Name, Mapping[Name, float]]:
        return {self.source: self.targets}
