"""Gradient generators: recipes for counterfactuals from the literature, searched for many people at once.

Each recipe is a loss, some penalties, an optimiser and a stop; the action set holds for all of them. Their
slopes are known in closed form; PyTorch (``pip install 'openrecourse[torch]'``) is needed only for a loss or
penalty that is a function of yours and says no slopes, and for models that carry a torch module.

    Generic, Wachter        reach the boundary, near today's point
    Greedy, DiCE            along one feature at a time; several that differ
    ClaPROAR, Gravitational go on past the boundary, to leave the model as it is

They promise less than `rs.find`: a point that the model approves, not the nearest one, and of those they
leave without one most are not proven to have none (`Outcome`).
"""

from recourse.generators.objective import (
    LOSSES,
    Adam,
    Block,
    Descent,
    Distance,
    Diversity,
    Gradient,
    Gravity,
    OldLabel,
    Probability,
    Salient,
    Slopes,
)
from recourse.generators.outcomes import OUTCOMES, Counterfactuals, Outcome
from recourse.generators.reach import Reach
from recourse.generators.recipes import (
    RECIPES,
    ClaPROAR,
    DiCE,
    Generic,
    Gravitational,
    Greedy,
    Recipe,
    Wachter,
)

__all__ = [
    "LOSSES",
    "OUTCOMES",
    "RECIPES",
    "Adam",
    "Block",
    "ClaPROAR",
    "Counterfactuals",
    "Descent",
    "DiCE",
    "Distance",
    "Diversity",
    "Generic",
    "Gradient",
    "Gravitational",
    "Gravity",
    "Greedy",
    "OldLabel",
    "Outcome",
    "Probability",
    "Reach",
    "Recipe",
    "Salient",
    "Slopes",
    "Wachter",
]
