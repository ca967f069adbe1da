"""The verb: gather the evidence once, then choose the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from recourse import tables
from recourse.costs.cost import Cost
from recourse.errors import InputError, nearest
from recourse.models import as_model, label_of_sign
from recourse.summaries.choice.limits import Limits, check_cost, limits_from, plain_settings, price_list
from recourse.summaries.evidence.candidate_space import Space
from recourse.summaries.evidence.effects import BATCH, Progress
from recourse.summaries.evidence.gather import gather
from recourse.summaries.evidence.moves import MOVES
from recourse.summaries.evidence.predicates import OPERATORS
from recourse.summaries.two_level import TwoLevelRecourseSet
from recourse.tables import Name

if TYPE_CHECKING:
    from recourse.actions import ActionSet
    from recourse.models import Model


_SPELLING = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}


def summarize(
    model: Any,
    X: Any,
    actions: ActionSet,
    *,
    subgroups: Sequence[Name] | str | None = None,
    cost: str | Cost | Mapping[Any, float] | None = None,
    max_rules: int = 20,
    max_width: int = 7,
    max_subgroups: int = 10,
    apart: bool = False,
    min_support: float = 0.01,
    min_precision: float = 0.0,
    max_overlap: float | None = None,
    cost_weight: float = 1.0,
    weights: Mapping[str, float] | None = None,
    tie_break: str = "precision",
    method: str = "exact",
    time_limit: float = 10.0,
    max_descriptor: int = 2,
    max_condition: int = 3,
    max_changes: int = 3,
    operators: Sequence[str] = ("=",),
    moves: Sequence[str] = ("to",),
    bins: int = 10,
    binning: str = "width",
    targets: str = "approved",
    beam: int = 200,
    held_out: Any = None,
    desired: Any = None,
    threshold: float | None = None,
    max_candidates: int = 50_000_000,
    max_rows: int = 20_000_000,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> TwoLevelRecourseSet:
    """Summarise the recourse of everybody in `X` who is denied in a few rules: if …, if …, then ….

    model : a fitted classifier or pipeline, or a `Model`; it is asked for nothing but `approves`
    X : table of people. Columns that the action set doesn't have can describe subgroups; nobody changes them
    actions : what people may do. No rule moves an immutable feature, against a direction, or off its values
    subgroups : columns that describe subgroups (none of them actionable); [] for one list of rules for
    everybody; None to discover descriptors among all features
    cost : price of an action, summed over features: a mapping from feature to price, a `FeatureCost` such as
    `BradleyTerryCost`, or any cost that adds up; by default each changed feature costs 1

    What a good set is:

    max_rules, max_subgroups : at most so many rules, and different subgroups
    max_width : predicates of subgroup and condition together (with `apart`, each)
    min_precision : of the denied people who satisfy a rule, at least this share is approved after it
    max_overlap : at most this share of denied people satisfies several rules; 0 for an exclusive cover
    cost_weight : how many people a rule must help more for each unit of its cost
    weights : instead of these, the paper's λ by the names in its Table 1: incorrect_recourse, cover,
    feature_cost, feature_change
    tie_break : who satisfies several rules gets the one with the highest "precision", or the highest lower
    end of its "wilson" interval, which distrusts rules with few people (and then `min_precision` does too)
    method : "exact" within `time_limit` seconds (a result that is not proven by then depends on the machine's
    speed), "local" (the paper's approximate search), or "greedy"

    Which rules there are to choose from:

    min_support : a subgroup, a condition, and both together, are true of at least this share of the *denied*
    max_descriptor, max_condition, max_changes : predicates of a subgroup and of a condition; features changed
    operators : of conditions and descriptors: "=" (a value, or a bin), "≠" (!=), "≤" (<=), "≥" (>=)
    moves : ("to",) as in the paper: the condition pins what is changed, and the action sets it to a value or
    bin. Any of "to", "at_least", "at_most", "shift" otherwise: then conditions need not mention it
    beam : with such moves, so many actions of each width are tried with one more move (up to `max_changes`)
    bins, binning : numbers with more values than `bins` are binned by equal "width" or "quantile", on `X` only
    targets : an action's targets are, together, frequent among the "approved" (which spares dead ends), the
    "denied" (as in the paper) or "all"

    held_out : other people, for measures beside those in sample
    desired, threshold : which label is favourable (by default as the action set's `y_desired` says), and from
    which probability on; see `as_model`
    max_candidates, max_rows : refuse a larger space before the work begins; batch : rows held at once
    progress : called with (actions tried, of how many)

    Raises `InputError` for everything that is wrong with the input, before the model is asked about actions. The
    result can be asked for other rules (`refit`), a few actions for everybody (`global_actions`), a tree of subgroups
    (`tree`), and what can be had for what (`front`), all without asking the model again.

    >>> import recourse as rs
    >>> from sklearn.linear_model import LogisticRegression
    >>> people = rs.datasets.lender(500)
    >>> clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    >>> A = rs.ActionSet(people.X)
    >>> A[["gender", "age"]].actionable = False
    >>> rules = rs.summarize(clf, people.X, A, subgroups=["gender"], max_rules=4, min_support=0.05)
    >>> rules.status.label, len(rules) <= 4
    ('optimal', True)

    Rawal & Lakkaraju, "Beyond Individualized Recourse", NeurIPS 2020.
    """
    frame = tables.read(X) if tables.has_columns(X) else tables.read(X, names=[f.name for f in actions])
    if frame.empty:
        raise InputError("X has no rows: there is nobody to summarise.")
    if desired is None:
        desired = label_of_sign(model, actions.y_desired)
    checked, actions = as_model(model, desired=desired, threshold=threshold), actions.copy()
    named = plain_settings({"subgroups": subgroups})["subgroups"]
    space = Space(
        min_support=min_support, max_descriptor=max_descriptor, max_condition=max_condition, max_changes=max_changes,
        operators=_chosen("operators", [_SPELLING.get(one, one) for one in operators], OPERATORS),
        moves=_chosen("moves", moves, MOVES), bins=bins, binning=binning, targets=targets, beam=beam,
        max_candidates=max_candidates, max_rows=max_rows,
    )  # fmt: skip
    limits = Limits(
        named, price_list(cost), max_rules=max_rules, max_width=max_width, max_subgroups=max_subgroups, apart=apart,
        min_precision=min_precision, max_overlap=max_overlap, cost_weight=cost_weight, weights=weights,
        tie_break=tie_break, method=method, time_limit=time_limit,
    )  # fmt: skip
    check_cost(limits.cost, list(frame.columns))
    if held_out is not None:
        held_out = _other_people(held_out, frame, actions, checked, named or ())
    evidence = gather(checked, frame, actions, space, named, batch=batch, progress=progress)
    return TwoLevelRecourseSet(evidence, limits_from(evidence, limits), held_out=held_out)


def _other_people(held_out: Any, frame: pd.DataFrame, actions: ActionSet, model: Model, named: Any) -> pd.DataFrame:
    """The held-out table with the columns of `frame` that are read, found fit to be judged before the work begins."""
    what = "held_out"
    names = None if tables.has_columns(held_out) else list(frame)
    other = tables.read(held_out, names=names, what=what)
    wanted = {*actions.names, *(model.feature_names or ()), *named}
    other = tables.select(other, [name for name in frame if name in wanted], what=what)
    if other.empty:
        raise InputError("held_out has no rows: there is nobody to measure the rules on.")
    try:
        actions.table(other)
        model.check_rows(other)
    except InputError as error:
        raise InputError(f"held_out: {error}") from None
    return other


def _chosen(what: str, given: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
    """Options in their own order, each at most once."""
    given = [given] if isinstance(given, str) else list(given)
    for one in given:
        if one not in options:
            raise InputError(f"{what}: {one!r} is unknown. {nearest(one, options)}")
    if not given:
        raise InputError(f"{what} must name at least one of {', '.join(map(repr, options))}.")
    return tuple(one for one in options if one in given)
