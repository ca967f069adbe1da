"""The old library's printed report of an audit, by outcome and group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse.checks import known_names
from recourse.errors import InputError


def print_recourse_audit_report(X: Any, audit_df: pd.DataFrame, y: Any, group_by: Sequence[Any] = ("y",)) -> None:
    """Print how many people are approved, have recourse and have none, and what it costs, by outcome and group.

    Means and medians are over the people with recourse, whose number is printed; those without are counted.

    Parameters
    ----------
    X : table of n people
        The table that was audited.
    audit_df : DataFrame
        What `RecourseAuditor.audit` returned for it.
    y : n labels
        The true outcomes, row by row.
    group_by : sequence of str, optional
        "y" and columns of `X`, each split by y.

    Raises
    ------
    InputError
        If the three don't go row by row, or `X` has no such column.

    Examples
    --------
    >>> X = pd.DataFrame({"owns": [0, 0, 1, 1]})
    >>> audited = pd.DataFrame({"feasible": [np.nan, True, False, True], "cost": [np.nan, 0.25, np.inf, 0.75]})
    >>> print_recourse_audit_report(X, audited, [1, 1, 0, 1])
    Recourse audit of 4 people: 1 approved already, 2 with recourse, 1 with none
    <BLANKLINE>
           people  approved  with recourse  no recourse  mean cost  median cost
    y = 0       1         0              0            1          –            –
    y = 1       3         1              2            0        0.5          0.5
    """
    # the three go row by row, whatever their indexes
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X)
    outcome = pd.Series(y).reset_index(drop=True)
    if not len(frame) == len(audit_df) == len(outcome):
        raise InputError(f"X has {len(frame)} rows, audit_df {len(audit_df)} and y {len(outcome)}; they go row by row.")
    if isinstance(X, pd.DataFrame) and not X.index.equals(audit_df.index):
        raise InputError("X and audit_df have different indexes; audit_df must be the audit of this X.")
    if isinstance(y, pd.Series) and not y.index.equals(audit_df.index):
        raise InputError("y and audit_df have different indexes; y must be the outcomes of these rows.")
    people = pd.DataFrame({"feasible": audit_df["feasible"].to_numpy(), "cost": audit_df["cost"].to_numpy()})
    names = [group_by] if isinstance(group_by, str) else list(group_by)
    known_names("group_by", names, ["y", *frame.columns], of="a column of X")

    # everybody, in one line
    whole = _count(people)
    more = f", {whole['undecided']:,} undecided" if whole["undecided"] else ""
    print(
        f"Recourse audit of {len(people):,} people: {whole['approved']:,} approved already, "
        f"{whole['with recourse']:,} with recourse, {whole['no recourse']:,} with none{more}"
    )

    # one table a grouping
    for name in names:
        keys = [outcome] if name == "y" else [frame[name].reset_index(drop=True), outcome]
        rows = {}
        for levels, group in people.groupby([key.rename(str(k)) for k, key in enumerate(keys)]):
            label = " · ".join(f"{n} = {level}" for n, level in zip(dict.fromkeys((name, "y")), levels, strict=True))
            rows[label] = _count(group)
        table = pd.DataFrame.from_dict(rows, orient="index")
        if not table["undecided"].any():
            table = table.drop(columns="undecided")
        print()
        print(table.to_string(float_format="{:.4g}".format, na_rep="–"))


def _count(people: pd.DataFrame) -> dict[str, Any]:
    """Who is approved, has recourse, has none; and the costs of those who have."""
    feasible = people["feasible"]
    found = (feasible == True).to_numpy()  # noqa: E712 — object columns hold True, False and NaN
    costs = people["cost"].to_numpy(dtype=np.float64)
    undecided = feasible.isna().to_numpy() & ~np.isnan(costs)
    return {
        "people": len(people),
        "approved": int((feasible.isna().to_numpy() & ~undecided).sum()),
        "with recourse": int(found.sum()),
        "no recourse": int((feasible == False).sum()),  # noqa: E712
        "undecided": int(undecided.sum()),
        "mean cost": costs[found].mean() if found.any() else np.nan,
        "median cost": np.median(costs[found]) if found.any() else np.nan,
    }
