"""Gradient generators: recipes for counterfactuals from the literature, searched for many people at once.

Each recipe is a loss, some penalties, an optimiser, a space and a stop; the action set holds for all of them. Their
slopes are known in closed form. PyTorch (``pip install 'openrecourse[torch]'``) is needed only to train an autoencoder,
to differentiate a loss or penalty that is a function of yours, and for models that carry a torch module.

    Generic, Wachter        reach the boundary, near today's point
    Greedy, DiCE            along one feature at a time; several that differ
    ClaPROAR, Gravitational go on past the boundary, to leave the model as it is
    REVISE                  stay where people are: in the latent space of an autoencoder
    CLUE                    there, too: make the model certain, which is an explanation and no recourse

They promise less than `rs.find`: a point that the model approves, not the nearest one. Most of those who are left
without one are not proven to have none (`Outcome`).
"""

from recourse.generators.counterfactuals import OUTCOMES, Counterfactuals, Outcome
from recourse.generators.latent import Autoencoder, LatentSpace
from recourse.generators.losses import LOSSES, FunctionLoss
from recourse.generators.objective import Block, Part, Slopes
from recourse.generators.optimisers import Adam, Descent, Optimiser, Salient
from recourse.generators.penalties import Distance, Diversity, FunctionPenalty, Gravity, OldLabel
from recourse.generators.recipes import (
    CLUE,
    RECIPES,
    REVISE,
    ClaPROAR,
    DiCE,
    Generic,
    Gravitational,
    Greedy,
    Recipe,
    Wachter,
)
from recourse.generators.stopping import Gradient, Probability, Stop
from recourse.menus.projection import Reach

__all__ = [
    "CLUE",
    "LOSSES",
    "OUTCOMES",
    "RECIPES",
    "REVISE",
    "Adam",
    "Autoencoder",
    "Block",
    "ClaPROAR",
    "Counterfactuals",
    "Descent",
    "DiCE",
    "Distance",
    "Diversity",
    "FunctionLoss",
    "FunctionPenalty",
    "Generic",
    "Gradient",
    "Gravitational",
    "Gravity",
    "Greedy",
    "LatentSpace",
    "OldLabel",
    "Optimiser",
    "Outcome",
    "Part",
    "Probability",
    "Reach",
    "Recipe",
    "Salient",
    "Slopes",
    "Stop",
    "Wachter",
]
