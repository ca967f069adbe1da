"""A sum of trees as its own library adds it up, and what counts as approved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.arrays import FloatArray
from recourse.models.logits import logit
from recourse.models.readers.tree import Tree

CellArray = npt.NDArray[np.int32]

MISSING_RIGHT, MISSING_LEFT, IN_SET = 0, 1, 2


@dataclass
class Forest:
    """A sum of trees, as its own library adds it up, in favour of the desired label.

    A row is approved if `base` plus its leaves' values is above 0 (at or above, unless `strict`).

    Attributes
    ----------
    trees : list of Tree
        With values in favour of the desired label.
    base : float
        What is added to the trees, less the bar.
    strict : bool
        Whether a sum of 0 is denied.
    columns : function
        What the trees compare with their thresholds, of a table as it reaches them: float64[rows, columns].
    eps : float
        Unit roundoff of the library's sums.
    rounding : float
        What else rounding may move the score by: where probabilities are compared, for one.
    exact : bool
        Whether the sums are exact in any order, so that a tie is a tie.
    """

    trees: list[Tree]
    base: float
    strict: bool
    columns: Callable[[Any], FloatArray]
    eps: float = float(np.finfo(np.float64).eps)
    rounding: float = 0.0
    exact: bool = False

    @property
    def tolerance(self) -> float:
        """Bound the rounding of two sums of the trees' values, in any order (Higham 2002, ch. 4)."""
        if self.exact:
            return 0.0
        size = abs(self.base) + sum(float(np.abs(tree.value[tree.feature < 0]).max()) for tree in self.trees)
        return 4 * (len(self.trees) + 8) * self.eps * size + self.rounding


@dataclass(frozen=True)
class Goal:
    """What counts as approved.

    Attributes
    ----------
    label : int
        The position of the desired label.
    labels : int
        How many there are.
    threshold : float or None
        A probability to be reached.
    margin : float
        How far above the boundary the decision value must be.
    """

    label: int
    labels: int
    threshold: float | None
    margin: float

    @property
    def sign(self) -> int:
        """1 if a larger raw score, which speaks for the second label, is to be reached; −1 otherwise."""
        return 1 if self.label else -1

    def of_raw(
        self, trees: list[Tree], base: float, at_zero: int, columns: Any, eps: float, scale: float = 1.0
    ) -> Forest | None:
        """Return the forest of a classifier whose raw score, base + trees, speaks for label 1 of two.

        at_zero : the label predicted at a raw score of 0
        columns, eps : as in `Forest`
        scale : P(label 1) = 1 / (1 + exp(−scale · raw score))
        """
        if self.labels != 2 or not trees or (self.threshold is not None and self.margin and scale != 1):
            return None
        strict, bar, rounding = self.label != at_zero, self.margin, 2 * eps
        if self.margin:
            strict = False
        if self.threshold is not None:
            t = self.threshold
            strict, bar = False, self.margin + logit(t) / scale
            # the comparison of a rounded P moves the score by its error / P(1 − P)
            rounding = 8 * eps / (t * (1 - t)) / scale
        for tree in trees:
            tree.value = self.sign * tree.value
        return Forest(trees, self.sign * base - bar, strict, columns, eps, rounding)
