"""What a generator answers for each person: a new point, and an honest word about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray


class Outcome(enum.Enum):
    """How a gradient search ended for one person. The values are the sentences that users read."""

    VALID = "the model approves the new point"
    NOT_CONVERGED = "the search ended at a point that the model denies; an approved one may exist"
    INFEASIBLE = "proven: the model approves no point that this person can reach"

    @property
    def label(self) -> str:
        """The outcome in lower-case words, as tables show it."""
        return self.name.lower().replace("_", " ")


OUTCOMES = tuple(Outcome)
VALID, NOT_CONVERGED, INFEASIBLE = (np.int8(code) for code in range(3))


@dataclass(eq=False)
class Counterfactuals:
    """The answers for n people.

    X : the people's rows as a generator left them, within the action set: for those who are infeasible, as
        they were; today : as they were
    codes : int8[n], positions in `OUTCOMES`; what the *model* says of the new point
    converged : bool[n], whether the search ended because its own stopping rule was met. A search that asks
        for a probability of 0.9 can end valid without having converged, and one that stops on its gradient
        can converge where the model denies
    steps : int64[n], how many steps it took
    """

    X: pd.DataFrame
    today: pd.DataFrame
    codes: npt.NDArray[np.int8]
    converged: BoolArray
    steps: npt.NDArray[np.int64]

    @property
    def valid(self) -> BoolArray:
        """Whom the model approves at the new point."""
        valid: BoolArray = self.codes == VALID
        return valid

    @property
    def infeasible(self) -> BoolArray:
        """Who is proven to have no approved point in reach."""
        infeasible: BoolArray = self.codes == INFEASIBLE
        return infeasible

    def outcome(self, person: int) -> Outcome:
        """Return how the search ended for one person."""
        return OUTCOMES[int(self.codes[person])]

    def to_frame(self) -> pd.DataFrame:
        """Return the new rows with three columns more: outcome, converged, steps."""
        labels: list[Any] = [OUTCOMES[code].label for code in self.codes]
        return self.X.assign(outcome=labels, converged=self.converged, steps=self.steps)

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        counts = ", ".join(f"{int((self.codes == code).sum())} {one.label}" for code, one in enumerate(OUTCOMES))
        return f"Counterfactuals({len(self)} people: {counts}; {int(self.converged.sum())} converged)"
