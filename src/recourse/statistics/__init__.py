"""Plain functions that measure populations: groups of people today, and how people and models shift over time.

Of groups: `intervals` bounds shares and quantiles, `sketches` sums up costs, `gaps` compares groups. Over time: `mmd`
compares two samples of people, `model_shift` a model with what it was.
"""

from recourse.statistics.gaps import GroupDifference, gaps_by_group, group_difference
from recourse.statistics.intervals import quantile_interval, wilson_bounds, wilson_interval
from recourse.statistics.mmd import median_bandwidth, mmd, mmd_test
from recourse.statistics.model_shift import decisiveness, disagreement, perturbation, redundancy
from recourse.statistics.sketches import CostSketch

__all__ = [
    "CostSketch",
    "GroupDifference",
    "decisiveness",
    "disagreement",
    "gaps_by_group",
    "group_difference",
    "median_bandwidth",
    "mmd",
    "mmd_test",
    "perturbation",
    "quantile_interval",
    "redundancy",
    "wilson_bounds",
    "wilson_interval",
]
