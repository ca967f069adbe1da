"""Gather the evidence: bin the people, mine conjunctions, try the actions, and ask the model once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse.actions.constraints.change_limits import AtMost
from recourse.arrays import IntArray
from recourse.checks import is_number
from recourse.errors import InputError, nearest
from recourse.models import Model
from recourse.summaries.evidence.bins import (
    check_binning,
    condition_predicates,
    levels_of,
    mobility,
    moves_of,
)
from recourse.summaries.evidence.candidate_space import Space
from recourse.summaries.evidence.effects import Effects, Outcomes, Progress
from recourse.summaries.evidence.evidence import Evidence, plan_rules
from recourse.summaries.evidence.itemsets import Bits, count, pack
from recourse.summaries.evidence.predicates import Predicate
from recourse.summaries.evidence.tried_actions import Trials, approves, goals_of, grow, joint_actions
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet


def gather(
    model: Model,
    frame: pd.DataFrame,
    actions: ActionSet,
    space: Space,
    subgroups: tuple[Name, ...] | None,
    *,
    batch: int,
    progress: Progress | None = None,
) -> Evidence:
    """Ask the model everything that rules about these people may need."""
    by_name = {feature.name: feature for feature in actions}
    read = _read_columns(model, list(by_name), frame)
    columns = (*read, *(name for name in subgroups or () if name not in read))
    _check(space, by_name, columns, subgroups, frame)
    actions.table(frame)
    model.check_rows(frame[read])
    for constraint in actions.constraints.values():
        if isinstance(constraint, AtMost) and not constraint.features:
            space = replace(space, max_changes=max(1, min(space.max_changes, constraint.k)))
    how = {name: mobility(by_name.get(name), frame[name]) for name in columns}
    if not any(how[name].actionable for name in read):
        raise InputError("no feature is actionable, so there is no recourse to summarise.")
    approved = approves(model, frame, read)
    people = frame[~approved].reset_index(drop=True)
    if not len(people):
        raise InputError(
            f"nobody is denied: all {len(frame):,} people are approved ({model.rule}). Is desired= the favourable "
            "label?"
        )
    levels = {name: levels_of(frame[name], how[name], bins=space.bins, binning=space.binning) for name in columns}
    predicates = [p for name in columns for p in condition_predicates(levels[name], name, space.operators, how[name])]
    feature = np.array([columns.index(p.feature) for p in predicates], dtype=np.int64)
    bits = pack(np.array([p.holds(people[p.feature]) for p in predicates], dtype=bool).reshape(-1, len(people)))
    bits, predicates, feature = _distinct_and_true(bits, predicates, feature)
    if not (count(bits) >= space.people(len(people))).any():
        most = int(count(bits).max(initial=0))
        raise InputError(
            f"min_support = {space.min_support:g} of the {len(people):,} denied people is {space.people(len(people))}, "
            f"but no predicate is true of more than {most}; lower it."
        )
    moves = [
        move for name in read if how[name].actionable for move in moves_of(levels[name], how[name], name, space.moves)
    ]
    effects = Effects(people[list(read)], moves, how, levels, actions.copy())
    wanted = frame[approved] if space.targets == "approved" and approved.any() else people
    wanted = frame if space.targets == "all" else wanted
    least = space.people(len(wanted))
    goals, alone = goals_of(effects, wanted, least)
    ask = Trials(model, effects, tuple(read), space, batch, progress)
    chosen = joint_actions(space, effects, goals, alone, least) if space.pinned else [(move,) for move in alone]
    if not chosen:
        raise InputError(
            f"no action can be made of these features: no value that the action set allows is frequent among the "
            f"{space.targets} people at min_support = {space.min_support:g}; lower it, or set targets='all'."
        )
    empty = Outcomes(tuple(chosen), bits[:0], bits[:0], 0)
    evidence = Evidence(
        space, model, people, tuple(read), columns, how, levels, tuple(predicates), feature, bits, effects, empty,
        bits[:0], bits[:0], np.ones(len(people), dtype=bool), len(frame),
    )  # fmt: skip
    plan_rules(evidence, evidence.conditions(), evidence.descriptors(subgroups))
    outcomes = ask(chosen) if space.pinned else grow(space, effects, goals, alone, least, ask)
    chosen = list(outcomes.actions)
    if not space.pinned:
        plan_rules(replace(evidence, outcomes=outcomes), evidence.conditions(), evidence.descriptors(subgroups))
    changes, impossible = pack(effects.changes), pack(~effects.possible)
    changed = np.array([np.bitwise_or.reduce(changes[list(action)], axis=0) for action in chosen], dtype=np.uint64)
    barred = np.array([np.bitwise_or.reduce(impossible[list(action)], axis=0) for action in chosen], dtype=np.uint64)
    return replace(evidence, outcomes=outcomes, changed=changed, barred=barred | outcomes.refused)


def _distinct_and_true(
    bits: Bits, predicates: list[Predicate], feature: IntArray
) -> tuple[Bits, list[Predicate], IntArray]:
    """Keep one of the predicates of a feature that are true of the same people; drop those true of nobody."""
    seen: set[tuple[int, bytes]] = set()
    kept = []
    for k, row in enumerate(bits):
        key = (int(feature[k]), row.tobytes())
        if row.any() and key not in seen:
            seen.add(key)
            kept.append(k)
    return bits[kept], [predicates[k] for k in kept], feature[kept]


def _read_columns(model: Model, names: list[Name], frame: pd.DataFrame) -> list[Name]:
    """The columns that predicates may be about: the action set's, and what else the model reads."""
    wanted = list(dict.fromkeys([*names, *(model.feature_names or ())]))
    for name in wanted:
        if name not in frame.columns:
            raise InputError(f"X has no column {name!r}. {nearest(name, frame.columns)}")
    if model.feature_names is None:
        model.check_features(names)
    return wanted


def _check(
    space: Space,
    by_name: Mapping[Name, Any],
    columns: Sequence[Name],
    subgroups: Sequence[Name] | None,
    frame: pd.DataFrame,
) -> None:
    """Everything that can be wrong with the settings of the space, before anything is computed."""
    for name in subgroups or ():
        if name not in frame.columns:
            raise InputError(f"subgroups: X has no column {name!r}. {nearest(name, frame.columns)}")
        if getattr(by_name.get(name), "actionable", False):
            raise InputError(
                f"subgroups: {name!r} is actionable, and what describes a subgroup can't be what its members are to "
                f"change; set actions[{name!r}].actionable = False, or leave it out of subgroups."
            )
    if not (is_number(space.min_support) and 0 < space.min_support <= 1):
        raise InputError(
            f"min_support is a share of the denied people, above 0 and at most 1, not {space.min_support!r}."
        )
    for setting in ("max_descriptor", "max_condition", "max_changes", "beam", "max_candidates", "max_rows"):
        value = getattr(space, setting)
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
            raise InputError(f"{setting} must be a whole number ≥ 1, not {value!r}.")
    check_binning(space.bins, space.binning)
    if space.targets not in ("approved", "denied", "all"):
        raise InputError(f"targets must be 'approved', 'denied' or 'all', not {space.targets!r}.")
    if not len(columns):
        raise InputError("there are no features.")
