"""Plain functions that measure populations: groups of people today, and how people and models shift over time.

`groups` has shares, quantiles and gaps, each with what is not known about it; `shifts` compares two samples
of people, or a model with what it was.
"""

from recourse.metrics.groups import CostSketch, GroupDifference, group_difference, quantile_interval, wilson_interval
from recourse.metrics.shifts import (
    decisiveness,
    disagreement,
    median_bandwidth,
    mmd,
    mmd_test,
    perturbation,
    redundancy,
)

__all__ = [
    "CostSketch",
    "GroupDifference",
    "decisiveness",
    "disagreement",
    "group_difference",
    "median_bandwidth",
    "mmd",
    "mmd_test",
    "perturbation",
    "quantile_interval",
    "redundancy",
    "wilson_interval",
]
