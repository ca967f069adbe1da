"""How an audit is shown: in a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recourse.reports import View
from recourse.reports.layout import table
from recourse.reports.numbers import cost, count, share, value

HEADS = (
    "group",
    "level",
    "people",
    "denied",
    "",
    "with recourse",
    "95 % interval",
    "none",
    "undecided",
    "mean cost",
    "median",
)


def _audit(document: Mapping[str, Any]) -> str:
    """An audit as text: everybody, then the groups, then the gaps between them."""
    lines = [*_everybody(document)]
    if document["groups"]:
        lines += ["", _groups(document["groups"])]
    lines += [_gap(gap) for gap in document["differences"]]
    if document["reason"]:
        lines += ["", document["reason"]]
    return "\n".join(lines)


def _everybody(document: Mapping[str, Any]) -> list[str]:
    """Who is denied, who of them has recourse, and what it costs."""
    whole, limit = document["overall"], document["max_changes"]
    at_once = "" if limit is None else f", at most {limit} change{'s' * (limit != 1)} at once"
    lines = [
        f"Audit of {count(whole['n'])} people",
        f"Model: {document['model']['name']}, approved if {document['model']['approved_if']}",
        f"Cost: {document['cost']['name']}{at_once}",
        "",
        f"denied            {count(whole['denied']):>9}   {share(whole['denied_share'])} of {count(whole['n'])}",
    ]

    # who of the denied has recourse, and how sure that share is
    if whole["denied"]:
        decided = whole["recourse"] + whole["no_recourse"]
        of = f"{share(whole['feasible'])} of {count(decided)} decided"
        if whole["feasible"] is not None:
            of += f" (95 % interval {_interval(whole)})"
        lines += [
            f"  with recourse   {count(whole['recourse']):>9}   {of}",
            f"  no recourse     {count(whole['no_recourse']):>9}   proven: no action in the action set works",
            f"  undecided       {count(whole['undecided']):>9}",
        ]

    # what it costs those who have it
    if whole["unproven"]:
        lines.append(f"{count(whole['unproven'])} of those with recourse may have a cheaper action than the one found.")
    if whole["recourse"]:
        quartiles = " / ".join(cost(whole[q]) for q in ("cost_q25", "cost_median", "cost_q75"))
        lines.append(
            f"cost over the {count(whole['recourse'])} with recourse: mean {cost(whole['cost_mean'])}, "
            f"quartiles {quartiles}, largest {cost(whole['cost_max'])}"
        )
    return lines


def _groups(groups: Sequence[Mapping[str, Any]]) -> str:
    """A table with one row for each group and level; a group's name stands in its first row only."""
    rows = []
    before = None
    for row in groups:
        rows.append(
            [
                row["group"] if row["group"] != before else "",
                value(row["level"]),
                count(row["n"]),
                count(row["denied"]),
                share(row["denied_share"]),
                share(row["feasible"]),
                _interval(row) if row["feasible"] is not None else "–",
                count(row["no_recourse"]),
                count(row["undecided"]),
                cost(row["cost_mean"]),
                cost(row["cost_median"]),
            ]
        )
        before = row["group"]
    return table(HEADS, rows, left=2)


def _gap(gap: Mapping[str, Any]) -> str:
    """The gap between a grouping's levels in one line, with the numbers of people that it rests on."""
    if not gap["difference"]:
        return f"{gap['group']}: the share with recourse is the same at every level"
    return (
        f"{gap['group']}: the share with recourse differs by {100 * gap['difference']:.1f} points "
        f"({share(gap['largest'])} of {count(gap['n_largest'])} denied where {value(gap['level_largest'])}, "
        f"{share(gap['smallest'])} of {count(gap['n_smallest'])} where {value(gap['level_smallest'])})"
    )


def _interval(row: Mapping[str, Any]) -> str:
    """The 95 % interval of the share with recourse."""
    return f"{share(row['feasible_low'])} to {share(row['feasible_high'])}"


VIEW = View(_audit, package="recourse.audits", template="audit.html")
