"""Designs of published studies, by name: which parts they put together, what is theirs and what is ours.

A preset is a `Design`. What a caller says besides replaces its part; what it does not say is `Design`'s default.
"""

from __future__ import annotations

from recourse.simulations.design import Design
from recourse.simulations.parts.behaviours import Behaviour
from recourse.simulations.parts.flows import Renewal, ReplaceWinners
from recourse.simulations.parts.labels import TopLabels
from recourse.simulations.parts.places import Places
from recourse.simulations.parts.retraining import Retrainer
from recourse.simulations.parts.selectors import Selector

PRESETS: dict[str, Design] = {
    "altmeyer2023": Design(
        failed="move",
        retrainer=Retrainer("warm"),
        bandwidth=0.5,
        units="raw",
        recipes="altmeyer2023",
    ),
    "fonseca2023": Design(
        selector=Selector(share=1.0, together=False),
        behaviour=Behaviour(comply=0.5),
        labeller="decision",
        decision=Places(0.1),
        flow=ReplaceWinners(everybody=True),
        retrainer=Retrainer("none"),
        measures=("threshold", "standard"),
        measure_every=1,
        permutations=0,
    ),
    "yang2025": Design(
        selector=Selector(share=0.5, together=False),
        labeller=TopLabels(0.5),
        flow=Renewal(0.5),
        measures=("mmd", "disagreement", "model_performance", "threshold", "standard"),
        measure_every=1,
        permutations=0,
    ),
}
"""The designs.

`altmeyer2023` (Altmeyer et al., Endogenous Macrodynamics in Algorithmic Recourse, SaTML 2023): the recipes of its
code, failed searches move too and keep the label that the model gives them, warm retraining, a kernel of width
0.5 on raw features. Its models were `NetworkClassifier(standardize=False, shuffle=False, batch_size=1,
learning_rate=1e-3)`; batches of 32 with a rate of 1e-2 are much faster and preserve its orderings.

`fonseca2023` (Fonseca, Bell, Abrate, Bonchi & Stoyanovich, Setting the Right Expectations: Algorithmic Recourse
Over Time, EAAMO 2023): people compete for places.

* As in the paper's code: the model is fixed. In each round the people with the highest scores get the places (10
  for 100 people there, so a tenth) and leave before the next. Newcomers, drawn like the people of the start,
  compete in the round that they arrive in, and are told what to do only once they were denied. Everybody denied
  is told, anew in every round, how to reach the score of whoever got the last place, and goes there at once
  with a given probability ("binary" adaptation, "constant" effort). Reliability counts those who got to where
  the last threshold was and are approved by the new one.
* Our choice: that probability is a half; exactly as many arrive as leave (there 8 to 12 for 10 places); the
  recourse, the model and the people are yours; whoever ties with the last place and has none is told to beat it;
  the favourable label is who has a place, though nothing learns from it.
* The code's other, "continuous" adaptation adds the size of a normal number to the score, short of the
  threshold or past it. `Behaviour(effort=..., effort_sd=...)` resembles it, in shares of the way to go. A
  constant effort below 1 never arrives, as the rest of the way is told anew.

`yang2025` (Liu, Liu, Chen, Tsai, Gao & Yang, Understanding Endogenous Data Drift in Adaptive Models with
Recourse-Seeking Users, arXiv:2503.09658, 2025): a model learns from labels that are scarce.

* As in the paper's code: in each round half of the people are replaced by others like those at the start, half of
  the denied get recourse and follow it, then the half of all people with the highest scores get the favourable
  label, all others do not, and the model is retrained on these labels.
* Our choice: who is denied is denied by the model, while the code goes by the last labels of those who stayed; the
  recourse is yours, while the code's descends towards P = 0.7 (`Generic(stop=Probability(0.7))` comes close; an
  exact search stops at the boundary); estimators that don't start warm are fitted anew, while the code goes on
  for 10 passes, as a `NetworkClassifier` does.
* The code's fail-to-recourse rate is by the labels: 1 − `favourable_labels`. `fail_to_recourse` is by what the
  retrained model decides. Its measure of a rising standard is the mean score of held-out people; `standard` has
  no scale in it and counts people.
* Half of the labels were favourable at the start there. Where they were not, the first rounds move the standard
  to the new share in all arms: read `Simulation.contrast`, or set `labeller=TopLabels(...)` to the share.
"""
