"""What a generator answers for each person: a new point, and what is known about it.

A search by gradients proves little: most of those it leaves without an approved point may have one all the same.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, IntArray


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


@dataclass(frozen=True, eq=False, repr=False)
class Counterfactuals:
    """The answers for n people.

    Parameters
    ----------
    X : DataFrame
        The people's rows as a generator left them, within the action set; for those who are infeasible, as they were.
    today : DataFrame
        The same people as they were.
    codes : int8[n]
        Positions in `OUTCOMES`: what the *model* says of the new point.
    converged : bool[n]
        Whether the search ended because its own stopping rule was met. A search that asks for a probability of 0.9
        can end valid without having converged, and one that stops on its gradient can converge where the model denies.
    steps : int64[n]
        How many steps each search took.
    interrupted : bool
        Whether time ran out, or the job was cancelled, before everybody's search had ended. Who was still searching
        then is answered with where they stood, and has not converged.
    """

    X: pd.DataFrame
    today: pd.DataFrame
    codes: npt.NDArray[np.int8]
    converged: BoolArray
    steps: IntArray
    interrupted: bool = False

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
        """Return how the search ended for one person.

        Parameters
        ----------
        person : int
            Position in `X`, from 0.

        Returns
        -------
        Outcome
        """
        return OUTCOMES[int(self.codes[person])]

    def to_frame(self) -> pd.DataFrame:
        """Return the new rows with three columns more: outcome, converged, steps."""
        labels: list[Any] = [OUTCOMES[code].label for code in self.codes]
        return self.X.assign(outcome=labels, converged=self.converged, steps=self.steps)

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        counts = ", ".join(f"{int((self.codes == code).sum())} {one.label}" for code, one in enumerate(OUTCOMES))
        stopped = "; interrupted" if self.interrupted else ""
        return f"Counterfactuals({len(self)} people: {counts}; {int(self.converged.sum())} converged{stopped})"
