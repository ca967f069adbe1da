"""Designs of published studies, by name: which parts they put together, what is theirs and what is ours.

A preset is a `Design`. What a caller says besides replaces its part; what it does not say is `Design`'s default.
"""

from __future__ import annotations

from recourse.dynamics.parts import Retrainer
from recourse.dynamics.study import Design

PRESETS: dict[str, Design] = {
    "altmeyer2023": Design(
        failed="move",
        retrainer=Retrainer("warm"),
        bandwidth=0.5,
        units="raw",
        recipes="altmeyer2023",
    ),
}
"""The designs.

`altmeyer2023` (Altmeyer et al., Endogenous Macrodynamics in Algorithmic Recourse, SaTML 2023): the recipes of its
code, failed searches move too and keep the label that the model gives them, warm retraining, a kernel of width
0.5 on raw features. Its models were `NetworkClassifier(standardize=False, shuffle=False, batch_size=1,
learning_rate=1e-3)`; batches of 32 with a rate of 1e-2 are much faster and preserve its orderings.
"""
