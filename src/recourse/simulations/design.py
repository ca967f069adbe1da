"""How a simulation is run: its exchangeable parts and what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recourse.errors import InputError
from recourse.simulations.measures import MEASURES, Measure
from recourse.simulations.parts.behaviours import Behaviour
from recourse.simulations.parts.flows import Closed
from recourse.simulations.parts.labels import ModelLabels
from recourse.simulations.parts.places import Unlimited
from recourse.simulations.parts.retraining import Retrainer
from recourse.simulations.parts.selectors import Selector


@dataclass(frozen=True)
class Design:
    """How a simulation is run: its exchangeable parts and what is measured.

    selector, behaviour, labeller, decision, flow, retrainer : see `recourse.simulations.parts.people`
    failed : what people do whose search ended without an approved point: ``"stay"``, or ``"move"`` to where it
        ended (the paper's code)
    measures : names in `MEASURES`, or functions of (start, now, seed) that yield `Value`s
    measure_every : in every so many rounds, at the start and at the end
    permutations : of the tests behind p-values; 0 for none
    bandwidth : the kernel's width, or "median": the median distance at the start
    units : "standard", distances in standard deviations at the start, or "raw"
    most : rows in a kernel
    test_share : held out for `model_performance`
    recipes : "ours", or "altmeyer2023" for gradient recipes with the settings of the paper's runs
    """

    selector: Any = Selector()
    behaviour: Any = Behaviour()
    labeller: Any = ModelLabels()
    decision: Any = Unlimited()
    flow: Any = Closed()
    retrainer: Any = Retrainer()
    failed: str = "stay"
    measures: tuple[str | Measure, ...] = tuple(MEASURES)
    measure_every: int = 10
    permutations: int = 100
    bandwidth: str | float = "median"
    units: str = "standard"
    most: int = 1000
    test_share: float = 0.2
    recipes: str = "ours"


def check_measures(measures: Any) -> tuple[str | Measure, ...]:
    """Return measures as a tuple, or say which name is unknown."""
    from recourse.errors import nearest

    given = tuple(MEASURES) if isinstance(measures, str) and measures == "all" else measures
    given = (given,) if isinstance(given, str) or callable(given) else tuple(given)
    for one in given:
        if isinstance(one, str) and one not in MEASURES:
            raise InputError(f"{one!r} is not a measure. {nearest(one, MEASURES)}")
    return given
