"""Gather the evidence: bin the people, mine conjunctions, decide which actions to try, and ask the model once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pandas as pd

from recourse.actions.action_set import ActionSet
from recourse.actions.constraints.change_limits import AtMost
from recourse.actions.feature import FeatureActions
from recourse.arrays import BoolArray, IntArray
from recourse.budget import Budget
from recourse.errors import InputError, nearest
from recourse.models import Model
from recourse.summaries.evidence.bins import condition_predicates, levels_of, mobility, moves_of
from recourse.summaries.evidence.candidate_space import CandidateSpace
from recourse.summaries.evidence.effects import Action, Effects
from recourse.summaries.evidence.evidence import Evidence
from recourse.summaries.evidence.itemsets import Bits, Itemsets, count, pack
from recourse.summaries.evidence.outcomes import Outcomes
from recourse.summaries.evidence.pairing import plan_rules
from recourse.summaries.evidence.population import Population
from recourse.summaries.evidence.predicates import FeaturePredicate
from recourse.summaries.evidence.progress import JobProgress
from recourse.summaries.evidence.tried_actions import Trials, approves, goals_of, grow, joint_actions
from recourse.tables import Name


def gather(
    model: Model,
    frame: pd.DataFrame,
    actions: ActionSet,
    space: CandidateSpace,
    subgroups: tuple[Name, ...] | None,
    *,
    budget: Budget | None = None,
    progress: JobProgress | None = None,
) -> Evidence:
    """Ask the model everything that rules about these people may need.

    Raises `InputError` for what can't be summarised, and `BudgetError` when the budget is exhausted.
    """
    budget = Budget.of(budget)
    read = _read_columns(model, actions.names, frame)
    columns = (*read, *(name for name in subgroups or () if name not in read))
    _check(frame, actions, subgroups, columns)
    frame = _stored(frame, actions)
    model.check_rows(frame[list(read)], actions)

    # the people, and what is true of them
    approved = approves(model, frame, read)
    population = _population(model, frame, approved, actions, _fitting(space, actions), read, columns, budget)
    descriptors = population.descriptors(subgroups, budget)

    # the actions, told by the targets that are frequent among the people aimed at
    wanted = _aimed_at(space.targets, frame, approved)
    least = space.people(len(wanted))
    goals, alone = goals_of(population.effects, wanted, least)
    ask = Trials(model, population.effects, read, population.space, budget, progress or JobProgress(None))
    if space.from_to:
        chosen = joint_actions(population.space, population.effects, goals, alone, least, budget)
    else:
        chosen = [(move,) for move in alone]
    if not chosen:
        raise InputError(
            f"no action can be made of these features: no value that the action set allows is frequent among the "
            f"{space.targets} people at min_support = {space.min_support:g}; lower it, or set targets='all'."
        )

    # a space that is too large is refused before the model is asked; grown actions are known only afterwards
    plan_rules(population, chosen, descriptors)
    if space.from_to:
        return _evidence(population, ask(chosen))
    outcomes = grow(population.space, population.effects, goals, alone, least, ask)
    plan_rules(population, outcomes.actions, descriptors)
    return _evidence(population, outcomes)


def _population(
    model: Model,
    frame: pd.DataFrame,
    approved: BoolArray,
    actions: ActionSet,
    space: CandidateSpace,
    read: tuple[Name, ...],
    columns: tuple[Name, ...],
    budget: Budget,
) -> Population:
    """The denied people, the predicates that are true of them, and what each move does to them."""
    features = {feature.name: feature for feature in actions}
    mobile = {name: mobility(features.get(name), frame[name]) for name in columns}
    if not any(mobile[name].actionable for name in read):
        raise InputError("no feature is actionable, so there is no recourse to summarise.")

    # the rules are for who is denied
    people = frame[~approved].reset_index(drop=True)
    if not len(people):
        raise InputError(
            f"nobody is denied: all {len(frame):,} people are approved ({model.rule}). Is desired= the favourable "
            "label?"
        )

    # levels are fitted to everybody summarised, the approved included
    levels = {name: levels_of(frame[name], mobile[name], bins=space.bins, binning=space.binning) for name in columns}
    predicates: list[FeaturePredicate] = []
    for name in columns:
        predicates += condition_predicates(levels[name], name, space.operators, mobile[name])

    # what is true of the denied: at least one predicate of enough of them
    bits, predicates, feature = _distinct_and_true(people, predicates, columns)
    _check_support(space, bits, len(people))

    # what each move of each actionable feature does to each of them
    moves = []
    for name in read:
        if mobile[name].actionable:
            moves += moves_of(levels[name], mobile[name], name, space.moves)
    effects = Effects(people[list(read)], moves, mobile, levels, actions.copy())

    population = Population(
        space=space,
        model=model,
        people=people,
        read=read,
        columns=columns,
        mobility=mobile,
        levels=levels,
        predicates=tuple(predicates),
        feature=feature,
        bits=bits,
        effects=effects,
        conditions=Itemsets((), bits[:0]),
        counted=np.ones(len(people), dtype=bool),
        rows_total=len(frame),
    )
    return replace(population, conditions=population.mined_conditions(budget))


def _check_support(space: CandidateSpace, bits: Bits, people: int) -> None:
    """Raise `InputError` where no predicate is true of enough people."""
    least, most = space.people(people), int(count(bits).max(initial=0))
    if most < least:
        raise InputError(
            f"min_support = {space.min_support:g} of the {people:,} denied people is {least}, but no predicate is true "
            f"of more than {most}; lower it."
        )


def _evidence(population: Population, outcomes: Outcomes) -> Evidence:
    """Put what the actions do to people beside the people."""
    effects = population.effects
    changes, impossible = pack(effects.changes), pack(~effects.possible)
    known = {one.name: getattr(population, one.name) for one in fields(Population)}
    return Evidence(
        **known,
        outcomes=outcomes,
        changed=_any_move(outcomes.actions, changes),
        forbidden=_any_move(outcomes.actions, impossible) | outcomes.refused,
    )


def _any_move(actions: Sequence[Action], bits: Bits) -> Bits:
    """Of each action, the people of whom something is true under any of its moves."""
    return np.array([np.bitwise_or.reduce(bits[list(action)], axis=0) for action in actions], dtype=np.uint64)


def _aimed_at(targets: str, frame: pd.DataFrame, approved: BoolArray) -> pd.DataFrame:
    """The people among whom an action's targets must be frequent; the denied where nobody is approved."""
    if targets == "all":
        return frame
    return frame[approved] if targets == "approved" and approved.any() else frame[~approved]


def _fitting(space: CandidateSpace, actions: ActionSet) -> CandidateSpace:
    """The space with no more changes than the action set allows."""
    for constraint in actions.constraints.values():
        if isinstance(constraint, AtMost) and not constraint.features:
            if constraint.k == 0:
                raise InputError(f"{constraint!r} lets nobody change anything, so there is no recourse to summarise.")
            space = replace(space, max_changes=min(space.max_changes, constraint.k))
    return space


def _distinct_and_true(
    people: pd.DataFrame, predicates: Sequence[FeaturePredicate], columns: Sequence[Name]
) -> tuple[Bits, list[FeaturePredicate], IntArray]:
    """Keep one of the predicates of a feature that are true of the same people; drop those true of nobody.

    Returns whom each is true of, the predicates, and the number of the column that each is about.
    """
    holds = np.array([predicate.holds(people[predicate.feature]) for predicate in predicates], dtype=bool)
    bits = pack(holds.reshape(-1, len(people)))
    seen: set[tuple[Name, bytes]] = set()
    kept = []
    for k, row in enumerate(bits):
        key = (predicates[k].feature, row.tobytes())
        if row.any() and key not in seen:
            seen.add(key)
            kept.append(k)
    left = [predicates[k] for k in kept]
    return bits[kept], left, np.array([columns.index(one.feature) for one in left], dtype=np.int64)


def _stored(frame: pd.DataFrame, actions: ActionSet) -> pd.DataFrame:
    """The table with the action set's columns stored as in its population, once they are checked."""
    table = actions.table(frame)
    stored = frame.copy(deep=False)
    for name in actions.names:
        stored[name] = table[name]
    return stored


def _read_columns(model: Model, names: Sequence[Name], frame: pd.DataFrame) -> tuple[Name, ...]:
    """The columns that predicates may be about: the action set's, and what else the model reads."""
    wanted = tuple(dict.fromkeys([*names, *(model.feature_names or ())]))
    for name in wanted:
        if name not in frame.columns:
            raise InputError(f"X has no column {name!r}. {nearest(name, frame.columns)}")
    if model.feature_names is None:
        model.check_features(list(names))
    return wanted


def _check(frame: pd.DataFrame, actions: ActionSet, subgroups: Sequence[Name] | None, columns: Sequence[Name]) -> None:
    """What can be wrong with subgroups, before anything is computed."""
    features: dict[Name, FeatureActions] = {feature.name: feature for feature in actions}
    for name in subgroups or ():
        if name not in frame.columns:
            raise InputError(f"subgroups: X has no column {name!r}. {nearest(name, frame.columns)}")
        if name in features and features[name].actionable:
            raise InputError(
                f"subgroups: {name!r} is actionable, and what describes a subgroup can't be what its members are to "
                f"change; set actions[{name!r}].actionable = False, or leave it out of subgroups."
            )
    if not len(columns):
        raise InputError("there are no features.")
