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

    approved if `base` plus the trees' values is above 0 (at or above, unless `strict`)
    columns : what the trees see of a transformed table, as float64: what they compare with thresholds
    eps : unit roundoff of the sums; blur : what else rounding may move the score by; exact : whether the sums
    are exact in any order, so that a tie is a tie
    """

    trees: list[Tree]
    base: float
    strict: bool
    columns: Callable[[Any], FloatArray]
    eps: float = float(np.finfo(np.float64).eps)
    blur: float = 0.0
    exact: bool = False

    @property
    def tolerance(self) -> float:
        """Bound the rounding of two sums of the trees' values, in any order (Higham 2002, ch. 4)."""
        if self.exact:
            return 0.0
        size = abs(self.base) + sum(float(np.abs(tree.value[tree.feature < 0]).max()) for tree in self.trees)
        return 4 * (len(self.trees) + 8) * self.eps * size + self.blur


@dataclass(frozen=True)
class Goal:
    """What counts as approved: the label's position, of how many, and a probability or a margin to reach."""

    label: int
    labels: int
    threshold: float | None
    margin: float

    @property
    def sign(self) -> int:
        return 1 if self.label else -1

    def of_raw(
        self, trees: list[Tree], base: float, at_zero: int, columns: Any, eps: float, scale: float = 1.0
    ) -> Forest | None:
        """A forest whose raw score favours label 1 of two; `at_zero` is the label predicted at 0.

        scale : P(label 1) = 1 / (1 + exp(−scale · raw score))
        """
        if self.labels != 2 or not trees or (self.threshold is not None and self.margin and scale != 1):
            return None
        strict, bar, blur = self.label != at_zero, self.margin, 2 * eps
        if self.margin:
            strict = False
        if self.threshold is not None:
            t = self.threshold
            strict, bar = False, self.margin + logit(t) / scale
            blur = 8 * eps / (t * (1 - t)) / scale
        for tree in trees:
            tree.value = self.sign * tree.value
        return Forest(trees, self.sign * base - bar, strict, columns, eps, blur)
