"""Recourse over time: people act on what they are told, the lender retrains, and what was told may no longer hold.

`simulate` runs arms, one for each model and recourse, and always one without recourse to compare with. A
round has exchangeable parts:

    Selector      who is drawn                     Behaviour   what they do with a recommendation
    labellers     which label they get             flows       who leaves and who arrives
    decisions     who is approved                  Retrainer   how the model learns
    measures      what is compared with the start

and the recourse itself is any search or generator of the library, or a function.
"""

from recourse.simulations.design import Design
from recourse.simulations.measures import MEASURES, Moment, Value
from recourse.simulations.parts.behaviours import Behaviour
from recourse.simulations.parts.flows import Closed, Inflow, Renewal, ReplaceWinners
from recourse.simulations.parts.labels import (
    DecisionLabels,
    ModelLabels,
    OracleLabels,
    TargetLabels,
    TopLabels,
)
from recourse.simulations.parts.places import Places, Unlimited
from recourse.simulations.parts.recommenders import Optimal, Situation
from recourse.simulations.parts.retraining import Retrainer
from recourse.simulations.parts.selectors import Selector
from recourse.simulations.presets import PRESETS
from recourse.simulations.result import Arm, Simulation
from recourse.simulations.simulate import simulate

__all__ = [
    "MEASURES",
    "PRESETS",
    "Arm",
    "Behaviour",
    "Closed",
    "DecisionLabels",
    "Design",
    "Inflow",
    "ModelLabels",
    "Moment",
    "Optimal",
    "OracleLabels",
    "Places",
    "Renewal",
    "ReplaceWinners",
    "Retrainer",
    "Selector",
    "Simulation",
    "Situation",
    "TargetLabels",
    "TopLabels",
    "Unlimited",
    "Value",
    "simulate",
]
