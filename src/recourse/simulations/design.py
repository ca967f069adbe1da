"""How a simulation is run: its exchangeable parts and what is measured."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from recourse import checks
from recourse.errors import InputError, nearest
from recourse.identity import Settings
from recourse.simulations.measures import MEASURES, Measure
from recourse.simulations.parts.behaviours import BEHAVIOUR, Behaviour
from recourse.simulations.parts.flows import FLOW, Closed
from recourse.simulations.parts.labels import LABELLER, DecisionLabels, ModelLabels
from recourse.simulations.parts.part import as_part
from recourse.simulations.parts.places import DECISION, Unlimited
from recourse.simulations.parts.retraining import RETRAINER, Retrainer
from recourse.simulations.parts.selectors import SELECTOR, Selector

KINDS = (SELECTOR, BEHAVIOUR, LABELLER, DECISION, FLOW, RETRAINER)
"""The kinds of parts; each is a setting of `Design`."""


@dataclass(frozen=True)
class Design(Settings):
    """How a simulation is run: its exchangeable parts and what is measured.

    A part is an object of this library, an object of yours with the same methods, or one of the names below. All
    settings are checked when the design is made.

    Parameters
    ----------
    selector : Selector or {"together", "apart"}
        Who is drawn to get recourse: from the people whom every arm denies, or from each arm's own.
    behaviour : Behaviour or {"follow"}
        What people do with a recommendation.
    labeller : labeller or {"model", "target", "decision"}
        Which label people get after they acted: `ModelLabels`, `TargetLabels`, `OracleLabels`, `TopLabels`, or that of
        the `decision`.
    decision : Places, Unlimited or {"model"}
        Who is approved.
    flow : flow or {"closed", "replace_winners"}
        Who comes and goes: `Closed`, `ReplaceWinners`, `Inflow`, `Renewal`.
    retrainer : Retrainer or {"auto", "warm", "cold", "none"}
        How the model learns.
    failed : {"stay", "move"}
        What people do whose search ended without an approved point: stay, or move to where it ended (as in the code of
        Altmeyer et al., 2023).
    measures : "all", or names in `MEASURES` and functions
        What is measured. A function of yours takes (start, now, seed), two `Moment`s, and yields `Value`s.
    measure_every : int
        In every so many rounds, at the start and at the end.
    permutations : int
        How many the tests behind p-values make; 0 for no p-values, which is faster.
    bandwidth : float or "median"
        The width of the kernel in MMD; "median" is the median distance at the start.
    units : {"standard", "raw"}
        Distances in standard deviations at the start, or in the features' own units.
    most : int
        At most so many people go into a kernel, evenly spaced; its time grows with the square.
    test_share : float
        The share of the people who are held out for `model_performance`.
    recipes : {"ours", "altmeyer2023"}
        "altmeyer2023": gradient recipes run with the settings of that paper's code.

    Raises
    ------
    InputError
        If a part or an option is not what it should be, with what would work.

    Examples
    --------
    >>> from recourse.simulations import PRESETS, Places
    >>> Design(flow="closed", decision=Places(0.1)).flow
    'closed'
    >>> PRESETS["fonseca2023"].replace(decision=Places(0.3)).decision
    Places(k=0.3)
    """

    selector: Any = Selector()
    behaviour: Any = Behaviour()
    labeller: Any = ModelLabels()
    decision: Any = Unlimited()
    flow: Any = Closed()
    retrainer: Any = Retrainer()
    failed: str = "stay"
    measures: Any = tuple(MEASURES)
    measure_every: int = 10
    permutations: int = 100
    bandwidth: str | float = "median"
    units: str = "standard"
    most: int = 1000
    test_share: float = 0.2
    recipes: str = "ours"

    def __post_init__(self) -> None:
        said = vars(self)
        for kind in KINDS:
            as_part(kind, said[kind.word], KINDS)
        checks.one_of("failed", self.failed, ("stay", "move"))
        checks.one_of("units", self.units, ("standard", "raw"))
        checks.one_of("recipes", self.recipes, ("ours", "altmeyer2023"))
        checks.whole_number("measure_every", self.measure_every, least=1)
        checks.whole_number("permutations", self.permutations)
        checks.whole_number("most", self.most, least=2)
        checks.share("test_share", self.test_share, one=False)
        if isinstance(self.bandwidth, str):
            checks.one_of("bandwidth", self.bandwidth, ("median",))
        else:
            checks.number("bandwidth", self.bandwidth, above=0)
        measures_of(self.measures)

    def replace(self, **settings: Any) -> Design:
        """Return the same design with other settings.

        Parameters
        ----------
        **settings : Any
            Settings of `Design` by name.

        Returns
        -------
        Design
            A new design, checked.

        Raises
        ------
        InputError
            If a name is no setting, with the nearest one.

        Examples
        --------
        >>> Design().replace(permutations=0).permutations
        0
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in settings:
            if name not in known:
                raise InputError(f"{name!r} is not a setting of a design. {nearest(name, known, listed=20)}")
        return dataclasses.replace(self, **settings)

    def resolved(self) -> Design:
        """Return the design with every name replaced by the part that it stands for.

        Returns
        -------
        Design
            What a simulation runs by. ``labeller="decision"`` has become `DecisionLabels` of this design's decision.
        """
        said = vars(self)
        parts = {kind.word: as_part(kind, said[kind.word], KINDS) for kind in KINDS}
        if self.labeller == "decision":
            parts["labeller"] = DecisionLabels(parts["decision"])
        return dataclasses.replace(self, **parts, measures=measures_of(self.measures))


def measures_of(given: Any) -> tuple[str | Measure, ...]:
    """Return measures as a tuple, or say which name is unknown."""
    if isinstance(given, str) and given == "all":
        return tuple(MEASURES)
    listed = (given,) if isinstance(given, str) or callable(given) else given
    if not isinstance(listed, (list, tuple)):
        raise InputError(f"measures is 'all' or a list of names and functions, not {given!r}.")
    for one in listed:
        if isinstance(one, str) and one not in MEASURES:
            raise InputError(f"{one!r} is not a measure. {nearest(one, MEASURES)}")
        if not isinstance(one, str):
            checks.function_of("a measure", one, "It takes (start, now, seed) and yields Values.")
    return tuple(listed)
