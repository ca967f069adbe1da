"""Plain functions that measure populations: groups of people today, and how people and models shift over time.

`groups` has shares, quantiles and gaps, each with what is not known about it; `shifts` compares two samples
of people, or a model with what it was.
"""

from recourse.statistics.gaps import GroupDifference, group_difference
from recourse.statistics.intervals import quantile_interval, wilson_interval, wilson_lower
from recourse.statistics.mmd import median_bandwidth, mmd, mmd_test
from recourse.statistics.model_shift import decisiveness, disagreement, perturbation, redundancy
from recourse.statistics.sketches import CostSketch

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
    "wilson_lower",
]
