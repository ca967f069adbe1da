"""The verb: gather the evidence once, then choose the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Never

import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet, as_action_set
from recourse.budget import Budget
from recourse.checks import function_of, instance_of
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.models import Model, as_model, label_of_sign
from recourse.progress import Progress
from recourse.summaries.choice.limits import LIMIT_NAMES, Limits
from recourse.summaries.choice.settings import ChoiceSettings, as_limits, check_cost, plain_subgroups, price_list
from recourse.summaries.evidence.candidate_space import CandidateSpace
from recourse.summaries.evidence.gather import gather
from recourse.summaries.evidence.progress import JobProgress
from recourse.summaries.two_level import TwoLevelRecourseSet
from recourse.tables import Name

_SPACE_NAMES = tuple(one.name for one in fields(CandidateSpace))
_DIRECT_NAMES = ("subgroups", "cost", "limits", "space", "held_out", "desired", "threshold", "budget", "progress")


def summarize(
    model: Any,
    X: Any,
    actions: ActionSet,
    *,
    subgroups: Sequence[Name] | str | None = None,
    cost: str | Cost | Mapping[Any, float] | None = None,
    max_rules: int | None = None,
    min_support: float | None = None,
    min_precision: float | None = None,
    limits: Limits | None = None,
    space: CandidateSpace | None = None,
    held_out: Any = None,
    desired: Any = None,
    threshold: float | None = None,
    time_limit: float | None = None,
    budget: Budget | None = None,
    progress: Progress | None = None,
    **misplaced: Never,
) -> TwoLevelRecourseSet:
    """Summarise the recourse of everybody in `X` who is denied in a few rules: if …, if …, then ….

    The evidence is gathered once, by asking the model what each action does to each denied person. The result can then
    be asked for other rules (`refit`), a few actions for everybody (`global_actions`), a tree of subgroups (`tree`),
    and what can be had for what (`front`), all without asking the model again.

    Parameters
    ----------
    model : classifier, pipeline or Model
        A fitted model; it is asked for nothing but `approves`.
    X : table
        People. Columns that the action set doesn't have can describe subgroups; nobody changes them.
    actions : ActionSet
        What people may do. No rule moves an immutable feature, against a direction, or off its values.
    subgroups : sequence of columns, column or None
        Columns that describe subgroups (none of them actionable); [] for one list of rules for everybody; None to
        discover descriptors among all features.
    cost : mapping, Cost, str or None
        Price of an action, summed over features: a mapping from feature to price, a `FeatureCost` such as
        `BradleyTerryCost`, or any cost that adds up; by default each changed feature costs 1.
    max_rules : int, optional
        At most so many rules; 20 unless `limits` says otherwise.
    min_support : float, optional
        A subgroup, a condition, and both together, are true of at least this share of the *denied*; 0.01 unless
        `space` says otherwise.
    min_precision : float, optional
        Of the denied people who satisfy a rule, at least this share is approved after it; 0 unless `limits` says
        otherwise.
    limits : Limits, optional
        What else may be chosen: subgroups, width, overlap, weights, method … The keywords above come first.
    space : CandidateSpace, optional
        What is tried: bins, operators, moves, widths … `min_support` comes first.
    held_out : table, optional
        Other people, for measures beside those in sample.
    desired : label, optional
        Which label is favourable; by default as the action set's `y_desired` says.
    threshold : float, optional
        From which probability of that label on a person is approved; see `as_model`.
    time_limit : float, optional
        Seconds for the whole job. If they run out while actions are tried, nothing can be chosen yet (`BudgetError`);
        the choice returns the best rules known by then, with a bound. None: as long as the evidence takes, and
        `limits.time_limit` (10 s) for the choice.
    budget : Budget, optional
        Instead of `time_limit`, for a deadline shared with other work, or to cancel from another thread.
    progress : function, optional
        Called with (units done, units known of so far): each action tried is one, and the choice.
    **misplaced : never
        Nothing else is taken; a setting that belongs in `limits` or `space`, or a misspelt one, is told so.

    Returns
    -------
    TwoLevelRecourseSet

    Raises
    ------
    InputError
        For everything that is wrong with the input, before the model is asked about actions.
    BudgetError
        If the time runs out, or the budget is cancelled, before all actions were tried.

    Notes
    -----
    Rawal & Lakkaraju, "Beyond Individualized Recourse", NeurIPS 2020.

    Examples
    --------
    >>> import recourse as rs
    >>> from sklearn.linear_model import LogisticRegression
    >>> people = rs.datasets.lender(500)
    >>> clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    >>> A = rs.ActionSet(people.X)
    >>> A[["gender", "age"]].actionable = False
    >>> rules = rs.summarize(clf, people.X, A, subgroups=["gender"], max_rules=4, min_support=0.05)
    >>> rules.status.label, len(rules) <= 4
    ('optimal', True)
    """
    # the settings, each in its place
    _refuse(misplaced)
    job = Budget.of(budget, time_limit)
    chosen = _with(as_limits(limits), max_rules=max_rules, min_precision=min_precision, time_limit=time_limit)
    tried = _with(_as_space(space), min_support=min_support)
    settings = ChoiceSettings(plain_subgroups(subgroups), price_list(cost), chosen)
    if progress is not None:
        function_of("progress", progress, "It is called with (done, of).")

    # the people, and the model that judges them
    actions = as_action_set(actions).copy()
    frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=actions.names)
    if frame.empty:
        raise InputError("X has no rows: there is nobody to summarise.")
    check_cost(settings.cost, list(frame.columns))
    if desired is None:
        desired = label_of_sign(model, actions.y_desired)
    checked = as_model(model, desired=desired, threshold=threshold)
    if checked.feature_names is None or not set(checked.feature_names) <= set(frame.columns):
        checked = checked.on_columns(actions.names)
    if held_out is not None:
        held_out = _other_people(held_out, frame, actions, checked, settings.subgroups or ())

    # the evidence, and the choice from it
    told = JobProgress(progress)
    evidence = gather(checked, frame, actions, tried, settings.subgroups, budget=job, progress=told)
    rules = TwoLevelRecourseSet(evidence, settings, held_out=held_out, budget=job)
    told.finish()
    return rules


def _with(options: Any, **given: Any) -> Any:
    """An options object with the keywords that were given."""
    return replace(options, **{name: value for name, value in given.items() if value is not None})


def _as_space(space: Any) -> CandidateSpace:
    """A candidate space as it is, None as the default one; raise `InputError` for everything else."""
    if space is None:
        return CandidateSpace()
    return instance_of("space", space, CandidateSpace, "As in space=CandidateSpace(bins=5).")


def _refuse(misplaced: Mapping[str, Any]) -> None:
    """Say where a setting belongs that is no keyword, or which name is nearest."""
    for name in misplaced:
        if name in LIMIT_NAMES:
            raise InputError(f"{name} is one of the limits: pass limits=Limits({name}=…).")
        if name in _SPACE_NAMES:
            raise InputError(f"{name} is a setting of the candidate space: pass space=CandidateSpace({name}=…).")
        known = [*_DIRECT_NAMES, *LIMIT_NAMES, *_SPACE_NAMES]
        raise InputError(f"summarize has no setting {name!r}. {nearest(name, known)}")


def _other_people(
    held_out: Any, frame: pd.DataFrame, actions: ActionSet, model: Model, subgroups: Sequence[Name]
) -> pd.DataFrame:
    """The held-out table with the columns of `frame` that are read, found fit to be judged before the work begins."""
    what = "held_out"
    names = None if tables.has_columns(held_out) else list(frame)
    other = tables.read(held_out, names=names, what=what)
    wanted = {*actions.names, *(model.feature_names or ()), *subgroups}
    other = tables.select(other, [name for name in frame if name in wanted], what=what)
    if other.empty:
        raise InputError("held_out has no rows: there is nobody to measure the rules on.")
    try:
        actions.table(other)
        model.check_rows(other)
    except InputError as error:
        raise InputError(f"held_out: {error}") from None
    return other
