"""The one question: the cheapest action that the model approves, or a proof that there is none.

A search proposes, the user's own model decides. `SEARCHES` lists the searches; which one runs follows from what the
model states of itself over the menus, and from the conditions that the menus carry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.actions.action_set import ActionSet, as_action_set
from recourse.arrays import IntArray
from recourse.budget import Budget
from recourse.checks import function_of, whole_number
from recourse.costs.by_name import as_cost
from recourse.costs.cost import Cost
from recourse.errors import ModelError
from recourse.menus.menus import Menus
from recourse.models.as_model import as_model
from recourse.models.labels import label_of_sign
from recourse.models.model import Model
from recourse.models.statements.statement import Statement
from recourse.progress import Advance, Progress, counting
from recourse.search import any_model, boundary, networks, small_menus, trees
from recourse.search.exclusions import Exclusions, exclusions_of
from recourse.search.protocol import Search
from recourse.search.questions import Questions
from recourse.search.solutions import Solutions
from recourse.tables import has_columns, read_row

SEARCHES: tuple[Search, ...] = (boundary, trees, networks, any_model)
"""All searches, in order of preference: the first one that accepts statement, menus and exclusions runs."""

REPEATED = 256
"""Of so many people a model of which nothing is known is asked about the final answer once more."""


def find(
    model: Any,
    X: Any,
    actions: ActionSet,
    *,
    cost: str | Cost | Callable[..., Any] = "total",
    max_changes: int | None = None,
    desired: Any = None,
    threshold: float | None = None,
    time_limit: float | None = None,
    max_questions: int | None = None,
    budget: Budget | None = None,
    progress: Progress | None = None,
) -> Solutions:
    """Find everybody's cheapest approved action, with what was proven: for those who build on it.

    `flipset` and `audit` ask the same question and add tables, groups and reports.

    Parameters
    ----------
    model : fitted classifier, pipeline or Model
        Whose approval is wanted.
    X : table, or one person
        The people; one of them may be a row of a DataFrame, a mapping, or values in the action set's order.
        Whoever is approved today is left as they are: an action without changes that costs 0, and is OPTIMAL.
    actions : ActionSet
        What people can do.
    cost : str, Cost or callable
        What an action costs: "total", "local", "max", "l1", a `Cost`, or ``function(feature, x, values)``.
    max_changes : int, optional
        At most so many features change at once.
    desired, threshold : label, float, optional
        Which label is favourable (by default as the action set's `y_desired` says), and from which probability on;
        see `as_model`.
    time_limit : float, optional
        Seconds for all people together. Whoever is not reached is UNKNOWN.
    max_questions : int, optional
        How many rows may be put to the model for one person while an action is looked for; it is asked once more,
        about the people as they are. A person whose questions run out is FEASIBLE with a gap, or UNKNOWN. Without a
        limit a model of which nothing is known is asked again about what was found, to see that it is deterministic.
    budget : Budget, optional
        Instead of `time_limit` and `max_questions`: one that can be cancelled from another thread.
    progress : callable, optional
        Called with the number of people done and the number of people to do.

    Returns
    -------
    Solutions
        One answer a person, in the order of `X`: `status(i)`, `cost`, `bound`; `rows()` are the raw rows after the
        actions and `changes()` what is to change.

    Raises
    ------
    InputError
        If arguments are swapped, misspelt or don't fit together.
    ModelError
        If the model returns what is none of its labels, or contradicts itself about the same rows.

    Examples
    --------
    >>> import recourse as rs
    >>> people = rs.datasets.lender(200)
    >>> from sklearn.linear_model import LogisticRegression
    >>> clf = LogisticRegression(max_iter=5000).fit(people.X, people.y)
    >>> found = rs.find(clf, people.X, rs.ActionSet(people.X))
    >>> bool((clf.predict(found.rows()) == 1).all())
    True
    """
    as_action_set(actions)
    whole_number("max_changes", max_changes, or_none=True)
    price = as_cost(cost)
    if progress is not None:
        function_of("progress", progress, "It is called with (people done, people to do).")
    budget = Budget.of(budget, time_limit, max_questions)

    # The model, with the label and threshold that count.
    if desired is None:
        desired = label_of_sign(model, actions.y_desired)
    decider = as_model(model, desired=desired, threshold=threshold)

    # The people, and what each of them can do at which price.
    person = read_row(X, actions.names, actions.dtypes, what="X") if _is_one_person(X) else X
    decider = decider.on_columns(actions.names)
    people = actions.table(person)
    decider.check_rows(people, actions)
    menus = actions.menus(people, price, max_changes=max_changes)

    # Whoever is approved today needs no search.
    approved = decider.approves(people)
    denied = np.flatnonzero(~approved)
    out = Solutions.unknown(len(menus), len(menus.blocks))
    out.menus, out.people = menus, np.arange(len(menus))
    out.cost[approved] = out.total[approved] = 0.0
    out.prove(np.flatnonzero(approved))

    found = solve(decider, menus, denied, budget=budget, advance=counting(progress, len(denied)))
    out.put(denied, found)
    out.interrupted = found.interrupted
    return out


def solve(
    model: Model,
    menus: Menus,
    people: npt.ArrayLike | None = None,
    *,
    exclusions: Sequence[Exclusions] | None = None,
    budget: Budget | None = None,
    advance: Advance | None = None,
) -> Solutions:
    """Return the cheapest approved action of each of `people`, with what was proven.

    Every action returned is on the person's menus and approved by the model. OPTIMAL: nothing on the menus costs
    less (by more than 1e-9, relative). INFEASIBLE: every action on the menus is denied. Ctrl-C ends the search and
    keeps what is done; `Solutions.interrupted` says so.

    Parameters
    ----------
    model : Model
        Who approves.
    menus : Menus
        What people can do, and what it costs: `ActionSet.menus`.
    people : int[n], optional
        Positions in the menus, by default everybody; all of them denied today.
    exclusions : sequence of Exclusions, optional
        One for each of `people`: what their actions may not be.
    budget : Budget, optional
        Seconds for all of them together and rows that may be asked about for each; whoever is not reached is
        UNKNOWN. `Budget.cancel`, from another thread, ends the search between two steps.
    advance : callable, optional
        Called with a number of people, as they are done.

    Returns
    -------
    Solutions
        One answer for each of `people`.
    """
    chosen = np.arange(len(menus)) if people is None else np.asarray(people, dtype=np.int64)
    out = Solutions.unknown(0, len(menus.blocks))
    if len(chosen):
        given = exclusions_of(exclusions, chosen)
        out = solve_stated(model, menus, chosen, given, model.states(menus), Budget.of(budget), advance)
    out.menus, out.people = menus, chosen
    return out


def solve_stated(
    model: Model,
    menus: Menus,
    people: npt.NDArray[np.int64],
    exclusions: Sequence[Exclusions],
    statement: Statement | None,
    budget: Budget,
    advance: Advance | None,
) -> Solutions:
    """Run the first search that accepts the question, given what the model states of itself over these menus.

    Where no kernel fits, whoever has few actions is answered by trying them.
    """
    search = next(one for one in SEARCHES if one.accepts(statement, menus, exclusions))
    few = np.zeros(len(people), dtype=bool)
    if small_menus.accepts(statement, menus, exclusions):
        few = small_menus.are_few(Questions(model, menus, people, exclusions, budget), np.arange(len(people)))
    out = Solutions.unknown(len(people), len(menus.blocks))
    for one, which in ((small_menus, np.flatnonzero(few)), (search, np.flatnonzero(~few))):
        if len(which):
            theirs = [exclusions[i] for i in which.tolist()]
            found = one.solve(model, menus, people[which], theirs, statement=statement, budget=budget, advance=advance)
            out.put(which, found)
            out.interrupted |= found.interrupted
    if statement is None and budget.max_questions is None and not budget.exhausted:
        _ask_again(model, menus, people, out)
    return out


def _ask_again(model: Model, menus: Menus, people: IntArray, out: Solutions) -> None:
    """Raise `ModelError` if a model that states nothing of itself contradicts itself about final answers.

    It approved them all. If it denies some now, it is asked the same again: a model may judge a row differently in
    another batch, by rounding, but not in the same one.
    """
    found = np.flatnonzero(out.found & np.any(out.picks != 0, axis=1))[:REPEATED]
    rows = menus.points(people[found], out.picks[found])
    first = np.asarray(model.approves(rows), dtype=bool) if len(found) else np.ones(0, dtype=bool)
    if first.all():
        return
    differs = int((first != np.asarray(model.approves(rows), dtype=bool)).sum())
    if differs:
        raise ModelError(
            f"{model.name} is not deterministic: asked twice about the same {len(found)} rows, it changed its mind "
            f"about {differs} of them, so nothing can be proven. Fix its seed, or switch off what is random in it, "
            "such as dropout."
        )


def _is_one_person(X: Any) -> bool:
    """Whether X is a row: a Series, a mapping to single values, or a flat sequence."""
    if isinstance(X, pd.Series):
        return True
    if isinstance(X, Mapping):
        return all(np.ndim(value) == 0 for value in X.values())
    return not has_columns(X) and np.ndim(X) == 1
