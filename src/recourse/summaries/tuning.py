"""How well rules carry over to people they were not made from, and weights tuned by that.

Both split the denied people of one body of evidence, choose from one part and judge on the other; the bits
know what every action does to everybody, so the model isn't asked.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from recourse.errors import InputError
from recourse.summaries.choice.limits import WEIGHTS
from recourse.summaries.evidence.evidence import Evidence

if TYPE_CHECKING:
    from recourse.summaries.recourse_set import RecourseSet

START = 1000.0
"""Where the paper's tuning starts every weight."""

CONDITIONS = (
    ("cover", "of the held out satisfy a rule", 0.95, True),
    ("overlap", "satisfy several", 0.02, False),
    ("wrong", "of the recourses are wrong", 0.15, False),
)
"""What the paper's tuning keeps on the held-out part: a measure of `transfer`, its limit, and if that is the least."""


def transfer(made: RecourseSet, others: Evidence) -> dict[str, Any]:
    """Measure rules on people they were not made from.

    cover : share of them who satisfy a rule; overlap : several rules; wrong : of those reached, the share still
    denied after the rule assigned; accuracy : share approved after it; rules : what was chosen
    """
    found = made.measured(others)
    cover, accuracy = found["reach"] or 0.0, found["accuracy"] or 0.0
    return {
        "cover": cover,
        "overlap": found["overlap"] or 0.0,
        "wrong": 1 - accuracy / cover if cover else 0.0,
        "accuracy": accuracy,
        "rules": {(rule.group, rule.condition, rule.action) for rule in made.rules},
    }


def tuned_weights(
    evidence: Evidence,
    choose: Callable[[Evidence, dict[str, float]], RecourseSet],
    *,
    held_out: float,
    random_state: Any,
) -> dict[str, float]:
    """Tune the weights as the paper does (A.2.1), for a way to choose by weights; see `TwoLevelRecourseSet.tune`."""
    _check_share("held_out", held_out)
    made, others = _parts(evidence, 1 - held_out, random_state)

    def broken(weights: dict[str, float]) -> list[str]:
        found = transfer(choose(made, weights), others)
        return [
            f"{found[name]:.1%} {what}, not {'at least' if least else 'at most'} {limit:.0%}"
            for name, what, limit, least in CONDITIONS
            if (found[name] < limit if least else found[name] > limit)
        ]

    weights = dict.fromkeys(WEIGHTS, START)
    if failed := broken(weights):
        warnings.warn(
            f"the weights stay where the paper's tuning starts: already there, {' and '.join(failed)}. "
            "min_precision, max_overlap and max_rules say directly what is wanted.",
            stacklevel=3,
        )
        return weights
    for name in WEIGHTS:
        while weights[name] > 0:
            less = weights | {name: weights[name] / 2 if weights[name] > 1 else 0.0}
            if broken(less):
                break
            weights = less
    return weights


def carried_over(
    evidence: Evidence, choose: Callable[[Evidence], RecourseSet], *, splits: int, random_state: Any
) -> list[dict[str, Any]]:
    """Choose from random halves and measure on the other halves; see `RecourseSet.stability`."""
    if not isinstance(splits, (int, np.integer)) or splits < 1:
        raise InputError(f"splits must be a whole number ≥ 1, not {splits!r}.")
    rng = np.random.default_rng(random_state)
    halves = (_parts(evidence, 0.5, rng) for _ in range(splits))
    return [transfer(choose(made), others) for made, others in halves]


def _parts(evidence: Evidence, share: float, random_state: Any) -> tuple[Evidence, Evidence]:
    """A random part of the people and the rest, at least one in each where there are two."""
    n = len(evidence.people)
    size = int(np.clip(round(share * n), 1, max(n - 1, 1)))
    part = np.zeros(n, dtype=bool)
    part[np.random.default_rng(random_state).permutation(n)[:size]] = True
    return evidence.only(evidence.counted & part), evidence.only(evidence.counted & ~part)


def _check_share(setting: str, value: float) -> None:
    if isinstance(value, str) or not 0 < value < 1:
        raise InputError(f"{setting} must be a share between 0 and 1, not {value!r}.")
