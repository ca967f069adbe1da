"""How well rules carry over to people they were not made from, and weights tuned by that.

Both split the denied people of one body of evidence, choose from one part and judge on the other; the bits
know what every action does to everybody, so the model isn't asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recourse.errors import InputError
from recourse.summaries.choosing import WEIGHTS, Limits, choose_numbers
from recourse.summaries.evidence import Evidence
from recourse.summaries.itemsets import unpack
from recourse.summaries.outcomes import Action

BoolArray = npt.NDArray[np.bool_]

START = 1000.0
"""Where the paper's tuning starts every weight."""

MIN_COVER, MAX_OVERLAP, MAX_WRONG = 0.95, 0.02, 0.15
"""What the paper's tuning keeps on the held-out part: cover, people with several rules, wrong recourses."""


def transfer(evidence: Evidence, limits: Limits, made: BoolArray) -> dict[str, Any]:
    """Choose rules from some of the people and measure them on the others.

    cover : share of the others who satisfy a rule; overlap : several rules; wrong : of those reached, the
    share still denied after the rule assigned; accuracy : share approved after it; rules : what was chosen
    """
    part = evidence.only(evidence.counted & made)
    judged = np.flatnonzero(evidence.counted & ~made)
    candidates = part.candidates(limits.subgroups, limits.max_width, apart=limits.apart)
    numbers, _ = choose_numbers(part, limits, candidates, None)
    true = unpack(evidence.bits, len(evidence.people))[:, judged]
    success = unpack(evidence.outcomes.success, len(evidence.people))[:, judged]
    satisfied, works, precision, rules = [], [], [], []
    for number in numbers.tolist():
        group = candidates.descriptors.sets[candidates.descriptor[number]]
        condition = candidates.conditions.sets[candidates.condition[number]]
        action: Action = evidence.outcomes.actions[candidates.action[number]]
        satisfied.append(true[[*group, *condition]].all(axis=0))
        works.append(success[candidates.action[number]])
        precision.append((candidates.correct[number] / candidates.n[number], candidates.n[number]))
        rules.append((group, condition, action))
    reached = np.zeros(len(judged), dtype=np.int64)
    right = np.zeros(len(judged), dtype=bool)
    for k in sorted(range(len(rules)), key=lambda k: (*precision[k], -k)):
        right[satisfied[k]] = works[k][satisfied[k]]
        reached += satisfied[k]
    n, covered = max(len(judged), 1), int((reached > 0).sum())
    return {
        "cover": covered / n,
        "overlap": float((reached > 1).sum() / n),
        "wrong": 1 - float(right.sum()) / covered if covered else 0.0,
        "accuracy": float(right.sum()) / n,
        "rules": rules,
    }


def tuned_weights(evidence: Evidence, limits: Limits, *, held_out: float, random_state: Any) -> dict[str, float]:
    """Tune the weights as the paper does (A.2.1); see `TwoLevelRecourseSet.tune`."""
    _check_share("held_out", held_out)
    made = _part(evidence, 1 - held_out, random_state)
    quick = replace(limits, method="greedy")

    def good(weights: dict[str, float]) -> bool:
        found = transfer(evidence, replace(quick, weights=weights), made)
        return bool(found["cover"] >= MIN_COVER and found["overlap"] <= MAX_OVERLAP and found["wrong"] <= MAX_WRONG)

    weights = dict.fromkeys(WEIGHTS, START)
    for name in WEIGHTS:
        while weights[name] > 0:
            less = weights | {name: weights[name] / 2 if weights[name] > 1 else 0.0}
            if not good(less):
                break
            weights = less
    return weights


def carried_over(evidence: Evidence, limits: Limits, *, splits: int, random_state: Any) -> list[dict[str, Any]]:
    """Choose from random halves and measure on the other halves; see `TwoLevelRecourseSet.stability`."""
    if not isinstance(splits, (int, np.integer)) or splits < 1:
        raise InputError(f"splits must be a whole number ≥ 1, not {splits!r}.")
    rng = np.random.default_rng(random_state)
    return [transfer(evidence, limits, _part(evidence, 0.5, rng)) for _ in range(splits)]


def _part(evidence: Evidence, share: float, random_state: Any) -> BoolArray:
    """A random part of the people, at least one in it and at least one out of it where there are two."""
    n = len(evidence.people)
    size = int(np.clip(round(share * n), 1, max(n - 1, 1)))
    part = np.zeros(n, dtype=bool)
    part[np.random.default_rng(random_state).permutation(n)[:size]] = True
    return part


def _check_share(setting: str, value: float) -> None:
    if isinstance(value, str) or not 0 < value < 1:
        raise InputError(f"{setting} must be a share between 0 and 1, not {value!r}.")
