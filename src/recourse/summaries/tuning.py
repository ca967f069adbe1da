"""How well rules carry over to people they were not made from, and weights tuned by that.

Both split the denied people of one body of evidence, choose from one part and judge on the other; the bits
know what every action does to everybody, so the model isn't asked.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from recourse.checks import share, whole_number
from recourse.summaries.choice.limits import WEIGHTS
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.rules import Rule

START = 1000.0
"""Where the paper's tuning starts every weight."""


class Transferred(NamedTuple):
    """What rules do to people they were not made from.

    cover : share of them who satisfy a rule; overlap : several rules; wrong : of those reached, the share still
    denied after the rule assigned; accuracy : share approved after it; rules : what was chosen
    """

    cover: float
    overlap: float
    wrong: float
    accuracy: float
    rules: set[tuple[Any, ...]]


class MadeRules(Protocol):
    """What is asked of rules here: what they are, and what they do to other people of the same evidence."""

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules."""

    def measured(self, evidence: Evidence) -> dict[str, Any]:
        """What they do to the people that some evidence counts."""


def transfer(made: MadeRules, others: Evidence) -> Transferred:
    """Measure rules on people they were not made from."""
    found = made.measured(others)
    cover, accuracy = found["reach"] or 0.0, found["accuracy"] or 0.0
    return Transferred(
        cover=cover,
        overlap=found["overlap"] or 0.0,
        wrong=1 - accuracy / cover if cover else 0.0,
        accuracy=accuracy,
        rules=named(made.rules),
    )


def named(rules: Sequence[Rule]) -> set[tuple[Any, ...]]:
    """What makes rules the same: subgroup, condition and action, whatever they do to whom."""
    return {(rule.group, rule.condition, rule.action) for rule in rules}


def tuned_weights(
    evidence: Evidence,
    choose: Callable[[Evidence, dict[str, float]], MadeRules],
    *,
    held_out: float,
    random_state: Any,
) -> dict[str, float]:
    """Tune the weights as the paper does (A.2.1), for a way to choose by weights; see `TwoLevelRecourseSet.tune`."""
    held_out = share("held_out", held_out, zero=False, one=False)
    made, others = _parts(evidence, 1 - held_out, random_state)

    weights = dict.fromkeys(WEIGHTS, START)
    failed = _broken(transfer(choose(made, weights), others))
    if failed:
        warnings.warn(
            f"the weights stay where the paper's tuning starts: already there, {' and '.join(failed)}. "
            "min_precision, max_overlap and max_rules say directly what is wanted.",
            stacklevel=3,
        )
        return weights

    # one weight after the other is halved, while nothing breaks
    for name in WEIGHTS:
        while weights[name] > 0:
            less = weights | {name: weights[name] / 2 if weights[name] > 1 else 0.0}
            if _broken(transfer(choose(made, less), others)):
                break
            weights = less
    return weights


def carried_over(
    evidence: Evidence, choose: Callable[[Evidence], MadeRules], *, splits: int, random_state: Any
) -> list[Transferred]:
    """Choose from random halves and measure on the other halves; see `RecourseSet.stability`."""
    splits = whole_number("splits", splits, least=1)
    rng = np.random.default_rng(random_state)
    found = []
    for _ in range(splits):
        made, others = _parts(evidence, 0.5, rng)
        found.append(transfer(choose(made), others))
    return found


def _broken(found: Transferred) -> list[str]:
    """Which of the paper's conditions on the held-out people don't hold, in words."""
    broken = []
    if found.cover < 0.95:
        broken.append(f"{found.cover:.1%} of the held out satisfy a rule, not at least 95%")
    if found.overlap > 0.02:
        broken.append(f"{found.overlap:.1%} satisfy several, not at most 2%")
    if found.wrong > 0.15:
        broken.append(f"{found.wrong:.1%} of the recourses are wrong, not at most 15%")
    return broken


def _parts(evidence: Evidence, part: float, random_state: Any) -> tuple[Evidence, Evidence]:
    """A random part of the people and the rest, at least one in each where there are two."""
    n = len(evidence.people)
    size = int(np.clip(round(part * n), 1, max(n - 1, 1)))
    inside = np.zeros(n, dtype=bool)
    inside[np.random.default_rng(random_state).permutation(n)[:size]] = True
    return evidence.only(evidence.counted & inside), evidence.only(evidence.counted & ~inside)
