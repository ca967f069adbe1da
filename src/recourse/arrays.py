"""The array types that the package's signatures name."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
RowArray = npt.NDArray[np.int32]
"""Numbers of menu rows and items: half the memory of `IntArray`, for arrays as long as a population."""

BoolArray = npt.NDArray[np.bool_]
