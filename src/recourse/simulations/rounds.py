"""One round of all arms: people come and go, are drawn, get recourse, act and are labelled; the model learns; it is
decided anew who is approved; now and then we measure.

A round is a pure function of the state before it and of seeds that depend on the repeat, the round and the
arm's name only. So an interrupted simulation goes on as if nothing had happened, an arm does not notice
which threads or other arms there are (but for the pool that arms share if they draw together), and a round
that fails leaves the state before it intact.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import BoolArray, IntArray
from recourse.budget import Budget
from recourse.errors import InputError
from recourse.generators.counterfactuals import Counterfactuals
from recourse.models import Model
from recourse.simulations.arms import CONTROL, ArmState, Key, Plan, RepeatState, Study, moment
from recourse.simulations.measures import BY_GROUP, MEASURES, Value, parameters_of
from recourse.simulations.parts.behaviours import Delayed
from recourse.simulations.parts.people import People
from recourse.simulations.parts.recommenders import Situation, learned
from recourse.simulations.parts.retraining import unmoved
from recourse.simulations.stops import ends_an_arm
from recourse.statistics import redundancy


def begin(study: Study, repeat: int) -> RepeatState:
    """Return all arms at the start: same people, same model, measured against themselves."""
    arms = {}
    for key in study.arms:
        estimator = study.models[key[0]]
        model, approved = study.decide(study.model(estimator), study.start)
        recourse = study.start_recourse.get(key[1])
        state = ArmState(
            study.start, estimator, model, recourse, parameters_of(estimator), approved, study.start.ids[:0]
        )
        arms[key] = _measure(study, repeat, 0, key, state, state, {"retrained": False})
    return RepeatState(repeat, 0, arms)


def advance(study: Study, state: RepeatState, budget: Budget | None = None) -> RepeatState:
    """Return the state one round later. An arm that can't go on is stopped, the others are not."""
    t = state.t + 1
    arms, entered = dict(state.arms), {}

    # people leave and arrive
    for key, before in state.arms.items():
        if not before.stopped:
            with _stopping(arms, key, t):
                entered[key] = _enter(study, state.repeat, t, before)

    # drawn together, all arms draw from the people whom all of them deny
    pools = {key: _pool(arm) for key, arm in entered.items()}
    drawing = [pool for key, pool in pools.items() if key[1] != CONTROL]
    if drawing and study.design.selector.together:
        common = reduce(np.intersect1d, drawing)
        pools = {key: pool if key[1] == CONTROL else common for key, pool in pools.items()}

    # each arm has its round
    for key, arm in entered.items():
        with _stopping(arms, key, t):
            chosen = _drawn(study, state.repeat, t, key, pools[key])
            arms[key] = _round(study, state.repeat, t, key, arm, pools[key], chosen, budget)
    return RepeatState(state.repeat, t, arms)


@contextmanager
def _stopping(arms: dict[Key, ArmState], key: Key, t: int) -> Iterator[None]:
    """Stop an arm, as it was before the round, for what the user's own code raises or this package says in words."""
    try:
        yield
    except Exception as error:
        if not ends_an_arm(error):
            error.add_note(f"This happened in round {t} of the arm {'/'.join(key)}.")
            raise
        arms[key] = replace(arms[key], stopped=f"stopped in round {t}: {type(error).__name__}: {error}")


def _drawn(study: Study, repeat: int, t: int, key: Key, pool: IntArray) -> IntArray:
    """Who gets recourse: drawn with the same seed in every arm, so that equal pools give the same people."""
    if key[1] == CONTROL:
        return pool[:0]
    (seed, *_) = study.seeds(repeat, t, "selection")
    chosen: IntArray = study.design.selector.draw(pool, np.random.default_rng(seed))
    return chosen


def _enter(study: Study, repeat: int, t: int, arm: ArmState) -> ArmState:
    """The arm once people have left and newcomers have arrived: who is answered at once is, the others wait."""
    own = study.seeds(repeat, t, "newcomers")[0]  # the same newcomers in every arm
    people = study.design.flow.pass_round(arm.people, study.start, arm.approved, t, np.random.default_rng(own))
    if people is arm.people:
        return arm
    if not len(people):
        raise InputError("nobody is left; more newcomers are needed.")
    place = pd.Index(arm.people.ids).get_indexer(pd.Index(people.ids))
    new, approved = place < 0, np.zeros(len(people), dtype=bool)
    approved[~new] = arm.approved[place[~new]]
    if study.design.decision.at_once:
        approved[new] = arm.model.approves(study.features(people)[new])
        return replace(arm, people=people, approved=approved)
    return replace(arm, people=people, approved=approved, waiting=people.ids[new])


def _pool(arm: ArmState) -> IntArray:
    """The ids of those who are denied and have no recommendation yet."""
    pool = np.setdiff1d(arm.people.ids[~arm.approved], arm.waiting)
    for plan in arm.plans:
        pool = np.setdiff1d(pool, plan.ids)
    return pool


def _round(
    study: Study,
    repeat: int,
    t: int,
    key: Key,
    before: ArmState,
    pool: IntArray,
    chosen: IntArray,
    budget: Budget | None,
) -> ArmState:
    """One round of one arm."""
    design = study.design
    to_answer, to_act, to_label, to_fit, to_learn, _ = study.seeds(repeat, t, key)
    people, model, recourse = before.people, before.model, before.recourse

    # who was drawn is told where to go
    rows = np.flatnonzero(np.isin(people.ids, chosen))
    today = study.features(people).iloc[rows]
    answers = unmoved(today)
    if len(rows) and recourse is not None:
        answers = recourse.answer(model, study.actions, today, _situation(study, people, to_answer, budget))

    # those who act move when their time has come, and get a label
    plans = (*before.plans, *_plans(study, model, people, rows, answers, t, np.random.default_rng(to_act)))
    people, moved, promised = _move(study, people, [plan for plan in plans if plan.due <= t], t)
    features = study.features(people)
    y = design.labeller.label(people, moved, features, model, study.labels, np.random.default_rng(to_label))
    people = replace(people, y=y)
    log = _log(study, people, rows, answers, moved, len(pool))

    # the model learns, and so does a recourse that learns
    estimator, retrained = before.estimator, design.retrainer.due(t)
    if retrained:
        estimator = design.retrainer.fit(estimator, features, people.y, int(to_fit.generate_state(1)[0]))
        model = study.model(estimator)
        recourse = None if recourse is None else learned(recourse, study.actions, features, t, to_learn)

    # it is decided anew who is approved
    model, approved = study.decide(model, people)
    log["values"] += _kept(study, people, moved, promised, approved)
    log["retrained"] = retrained
    tally = (len(rows), int(answers.valid.sum()), int(answers.converged.sum()), len(moved))
    after = replace(
        before,
        people=people,
        estimator=estimator,
        model=model,
        recourse=recourse,
        parameters=parameters_of(estimator),
        approved=approved,
        waiting=before.waiting[:0],
        plans=tuple(plan for plan in plans if plan.due > t),
        tally=tuple(a + b for a, b in zip(before.tally, tally, strict=True)),  # type: ignore[arg-type]
        empty_since=None if len(pool) or key[1] == CONTROL else before.empty_since or t,
    )
    return _measure(study, repeat, t, key, before, after, log)


def _situation(study: Study, people: People, seed: np.random.SeedSequence, budget: Budget | None) -> Situation:
    """What a recourse may know of the round."""
    then, now = study.start, people
    return Situation(
        start=study.baseline.X,
        targets_then=study.features(then)[then.y == study.labels.desired],
        targets_now=study.features(now)[now.y == study.labels.desired],
        seed=int(seed.generate_state(1, np.uint64)[0] >> 1),
        budget=budget,
    )


def _plans(
    study: Study,
    model: Model,
    people: People,
    rows: IntArray,
    answers: Counterfactuals,
    t: int,
    rng: np.random.Generator,
) -> Iterator[Plan]:
    """What those who act will do, and when."""
    if not len(rows):
        return
    behaviour = study.design.behaviour
    new, acts = behaviour.act(answers.today, answers.X, study.actions, rng)
    goes = acts & ~answers.infeasible & (answers.valid | (study.design.failed == "move"))
    if goes.any():
        due = t + (behaviour.delay if isinstance(behaviour, Delayed) else 0)
        yield Plan(people.ids[rows[goes]], new[goes], model.approves(new[goes]), due)


def _move(study: Study, people: People, plans: list[Plan], t: int) -> tuple[People, IntArray, BoolArray]:
    """Carry plans out: the population afterwards, whose rows changed, and who of them was promised approval."""
    names = study.actions.names
    frames, places, promises = [], [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=bool)]
    for plan in plans:
        place = pd.Index(people.ids).get_indexer(pd.Index(plan.ids))
        frames.append(plan.new[place >= 0])
        places.append(place[place >= 0].astype(np.int64))
        promises.append(plan.promised[place >= 0])
    moved, promised = np.concatenate(places), np.concatenate(promises)
    if not len(moved):
        return people, moved, promised
    new = pd.concat(frames)
    columns = {}
    for name in people.X.columns:
        column = people.X[name]
        if name in names:
            values, old = new[name].to_numpy(), column.to_numpy()
            kind = np.result_type(old.dtype, values.dtype) if old.dtype != values.dtype else old.dtype
            array = old.astype(kind)
            array[moved] = values
            column = pd.Series(array)
        columns[name] = column
    moves, last = people.moves.copy(), people.last.copy()
    moves[moved] += 1
    last[moved] = t
    return replace(people, X=pd.DataFrame(columns), moves=moves, last=last), moved, promised


def _log(
    study: Study,
    people: People,
    rows: IntArray,
    answers: Counterfactuals,
    moved: IntArray,
    pool: int,
) -> dict[str, Any]:
    """What happened in a round: counts for every row of the table, and the measures of the recourse itself."""
    drawn, coordinates = answers.X, study.baseline.coordinates
    way = coordinates.points(drawn) - coordinates.points(answers.today) if len(rows) else np.empty((0, 1))
    values: list[tuple[str, Value]] = []
    everyone = np.ones(len(people), dtype=bool)
    for group, member in [("", everyone), *_members(study, people)]:
        asked = member[rows]
        if asked.any():
            valid = answers.valid & asked
            values.append((group, Value("recourse", "success_rate", float(answers.valid[asked].mean()))))
            if valid.any():
                length = float(np.linalg.norm(way[valid], axis=1).mean())
                kept = redundancy(answers.today[valid].to_numpy(dtype=object), drawn[valid].to_numpy(dtype=object))
                values.append((group, Value("recourse", "distance", length)))
                values.append((group, Value("recourse", "redundancy", kept)))
        acted = member[moved]
        if acted.any():
            favourable = people.y[moved[acted]] == study.labels.desired
            values.append((group, Value("recourse", "favourable_labels", float(favourable.mean()))))
    return {
        "n_drawn": len(rows),
        "n_moved": len(moved),
        "pool": pool,
        "convergence_rate": float(answers.converged.mean()) if len(rows) else None,
        "values": values,
    }


def _kept(
    study: Study, people: People, moved: IntArray, promised: BoolArray, approved: BoolArray
) -> list[tuple[str, Value]]:
    """What became of those who moved in this round, at its end: see `Simulation.to_frame`."""
    values = []
    for group, member in [("", np.ones(len(people), dtype=bool)), *_members(study, people)]:
        mine, got = member[moved], approved[moved]
        if mine.any():
            values.append((group, Value("recourse", "fail_to_recourse", float(1 - got[mine].mean()))))
        if (mine & promised).any():
            values.append((group, Value("recourse", "reliability", float(got[mine & promised].mean()))))
    return values


def _members(study: Study, people: People) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """For each group its name and who is in it."""
    for name, group in study.groups.items():
        yield name, group.members(people)


def _measure(
    study: Study, repeat: int, t: int, key: Key, before: ArmState, after: ArmState, log: dict[str, Any]
) -> ArmState:
    """Add a round's rows to an arm, and its measurements where they are due."""
    values = list(log.get("values", ()))
    history = after.history
    # measurements where they are due; pictures show the first repeat
    if study.measured(t):
        values += _measurements(study, repeat, t, key, before, after)
        if repeat == 0:
            history = {**history, t: (after.people, after.estimator, after.model)}
    # a row for each value; what is true of the whole round is in all of them
    shared = {
        "repeat": repeat,
        "round": t,
        "arm": "/".join(key),
        "model": key[0],
        "generator": key[1],
    }
    counts = {
        "n_drawn": log.get("n_drawn", 0),
        "n_moved": log.get("n_moved", 0),
        "pool": log.get("pool", int((~after.approved).sum())),
        "convergence_rate": log.get("convergence_rate"),
        "retrained": bool(log["retrained"]),
    }
    rows = tuple(
        {
            **shared,
            "group": group,
            "scope": one.scope,
            "name": one.name,
            "value": float(one.value),
            "p_value": one.p_value,
            **counts,
        }
        for group, one in values
    )
    return replace(after, rows=after.rows + rows, history=history)


def _measurements(
    study: Study, repeat: int, t: int, key: Key, before: ArmState, after: ArmState
) -> list[tuple[str, Value]]:
    """All measures, for everybody and by group. Permutations draw from the round's own seed."""
    start = study.start_moments[key[0]]
    now = moment(study, after.people, after.model, after.approved, after.estimator, before.parameters)
    seed = study.seeds(repeat, t, key)[5]
    values: list[tuple[str, Value]] = []
    for measure in study.design.measures:
        function = MEASURES[measure] if isinstance(measure, str) else measure
        values += [("", value) for value in function(start, now, copy.deepcopy(seed))]

    by_group = [measure for measure in study.design.measures if isinstance(measure, str) and measure in BY_GROUP]
    for name, group in study.groups.items():
        then = start.among(group.members(study.start), group.baseline)
        today = now.among(group.members(after.people), group.baseline)
        for measure in by_group:
            values += [(name, value) for value in MEASURES[measure](then, today, copy.deepcopy(seed))]
    return values
