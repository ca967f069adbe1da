"""Recourse over time: people act on what they are told, the lender retrains, and what was told may no longer hold.

`simulate` runs arms, one for each model and recourse, and always one without recourse to compare with. A
round has exchangeable parts:

    Selector      who is drawn                     Behaviour   what they do with a recommendation
    labellers     which label they get             flows       who leaves and who arrives
    decisions     who is approved                  Retrainer   how the model learns
    measures      what is compared with the start

and the recourse itself is any search or generator of the library, or a function.
"""

from recourse.dynamics.answers import Optimal, Situation
from recourse.dynamics.measures import MEASURES, Moment, Value
from recourse.dynamics.parts import (
    Behaviour,
    Closed,
    DecisionLabels,
    Inflow,
    ModelLabels,
    OracleLabels,
    Places,
    Renewal,
    ReplaceWinners,
    Retrainer,
    Selector,
    TargetLabels,
    TopLabels,
    Unlimited,
)
from recourse.dynamics.presets import PRESETS
from recourse.dynamics.simulation import Arm, Simulation, simulate
from recourse.dynamics.study import Design

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
