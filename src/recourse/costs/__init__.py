"""What it costs to move a feature from today's value to another one."""

from recourse.costs.bradley_terry import BradleyTerryCost, bradley_terry, missing_comparisons, simulated_experts
from recourse.costs.by_name import COSTS, as_cost
from recourse.costs.cost import Cost
from recourse.costs.function import FunctionCost
from recourse.costs.l1 import L1Cost
from recourse.costs.per_change import FeatureCost
from recourse.costs.percentile import LocalCost, MaxCost, TotalCost

__all__ = [
    "COSTS",
    "BradleyTerryCost",
    "Cost",
    "FeatureCost",
    "FunctionCost",
    "L1Cost",
    "LocalCost",
    "MaxCost",
    "TotalCost",
    "as_cost",
    "bradley_terry",
    "missing_comparisons",
    "simulated_experts",
]
