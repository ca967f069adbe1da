"""How an audit is shown: in a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recourse.reports import View
from recourse.reports.layout import table
from recourse.reports.numbers import cost, count, share, value


def _audit(document: Mapping[str, Any]) -> str:
    whole = document["overall"]
    decided = whole["recourse"] + whole["no_recourse"]
    lines = [
        f"Audit of {count(whole['n'])} people",
        f"Model: {document['model']['name']}, approved if {document['model']['approved_if']}",
        f"Cost: {document['cost']['name']}{_limit(document['max_changes'])}",
        "",
        f"denied            {count(whole['denied']):>9}   {share(whole['denied_share'])} of {count(whole['n'])}",
    ]
    if whole["denied"]:
        of = f"{share(whole['feasible'])} of {count(decided)} decided" + _interval(whole)
        lines += [
            f"  with recourse   {count(whole['recourse']):>9}   {of}",
            f"  no recourse     {count(whole['no_recourse']):>9}   proven: no action in the action set works",
            f"  undecided       {count(whole['undecided']):>9}",
        ]
    if whole["unproven"]:
        lines.append(f"{count(whole['unproven'])} of those with recourse may have a cheaper action than the one found.")
    if whole["recourse"]:
        quartiles = " / ".join(cost(whole[q]) for q in ("cost_q25", "cost_median", "cost_q75"))
        lines.append(
            f"cost over the {count(whole['recourse'])} with recourse: mean {cost(whole['cost_mean'])}, "
            f"quartiles {quartiles}, largest {cost(whole['cost_max'])}"
        )
    if document["groups"]:
        lines += ["", _groups(document["groups"])]
    for gap in document["differences"]:
        if not gap["difference"]:
            lines.append(f"{gap['group']}: the share with recourse is the same at every level")
            continue
        lines.append(
            f"{gap['group']}: the share with recourse differs by {100 * gap['difference']:.1f} points "
            f"({share(gap['largest'])} of {count(gap['n_largest'])} denied where {value(gap['level_largest'])}, "
            f"{share(gap['smallest'])} of {count(gap['n_smallest'])} where {value(gap['level_smallest'])})"
        )
    if document["reason"]:
        lines += ["", document["reason"]]
    return "\n".join(lines)


def _groups(groups: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            row["group"],
            value(row["level"]),
            count(row["n"]),
            count(row["denied"]),
            share(row["denied_share"]),
            share(row["feasible"]),
            f"{share(row['feasible_low'])} to {share(row['feasible_high'])}" if row["feasible"] is not None else "–",
            count(row["no_recourse"]),
            count(row["undecided"]),
            cost(row["cost_mean"]),
            cost(row["cost_median"]),
        ]
        for row in groups
    ]
    for i in range(len(rows) - 1, 0, -1):
        if rows[i][0] == rows[i - 1][0]:
            rows[i][0] = ""
    heads = ["group", "level", "people", "denied", "", "with recourse", "95 % interval", "none", "undecided"]
    return table([*heads, "mean cost", "median"], rows, left=2)


def _limit(max_changes: int | None) -> str:
    return "" if max_changes is None else f", at most {max_changes} change{'s' * (max_changes != 1)} at once"


def _interval(whole: Mapping[str, Any]) -> str:
    if whole["feasible"] is None:
        return ""
    return f" (95 % interval {share(whole['feasible_low'])} to {share(whole['feasible_high'])})"


VIEW = View(_audit, package="recourse.audits", template="audit.html")
