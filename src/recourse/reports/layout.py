"""Results as text: what `repr` and the command line print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recourse.reports.numbers import SUMMARY_ROWS, cost, count, front_columns, share, spread, value


def render(document: Mapping[str, Any]) -> str:
    """Lay a document out for a terminal."""
    return RENDERERS[document["document"]](document).rstrip()


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


def _flipset(document: Mapping[str, Any]) -> str:
    lines = [
        f"Flipset: {document['model']['name']}, approved if {document['model']['approved_if']}; "
        f"cost {document['cost']}, {document['distinct']} items"
    ]
    rows = []
    for rank, item in enumerate(document["items"], start=1):
        for k, change in enumerate(item["changes"]):
            head = [str(rank), cost(item["cost"]), item["status"]] if k == 0 else ["", "", ""]
            new = f"{value(change['new'])} {change['unit']}".rstrip()
            rows.append([*head, change["label"], value(change["today"]), "→", new])
    if rows:
        lines += [
            "",
            table(["item", "cost", "status", "feature", "today", "", "new"], rows, left=0, right=(0, 1, 4)),
        ]
    if document["reason"]:
        lines += ["", document["reason"]]
    return "\n".join(lines)


def _simulation(document: Mapping[str, Any]) -> str:
    done, asked = document["repeats_done"], document["repeats"]
    lines = [
        f"Simulation of {count(document['people'])} people over {count(document['rounds'])} rounds, "
        f"{asked} repeat{'s' * (asked != 1)}" + ("" if done == asked else f" ({done} complete)"),
        f"Models: {', '.join(f'{name} ({kind})' for name, kind in document['models'].items())}",
    ]
    measured = [name for name in SIMULATION_MEASURES if any(name in arm["measures"] for arm in document["arms"])]
    shown = measured[:4]
    rows = [
        [
            arm["model"],
            arm["recourse"],
            count(arm["drawn"]),
            share(arm["valid_share"]),
            share(arm["converged_share"]),
            count(arm["moved"]),
            share(arm["failed_share"]),
            *(spread(arm["measures"].get(name)) for name in shown),
        ]
        for arm in document["arms"]
    ]
    if rows:
        heads = ["model", "recourse", "drawn", "valid", "converged", "moved", "failed"]
        heads += [SIMULATION_MEASURES[name] for name in shown]
        lines += ["", f"After round {document['last_round']}, mean ± sd over repeats:", table(heads, rows, left=2)]
    return "\n".join([*lines, *("" for _ in document["notes"][:1]), *document["notes"]])


def _summary(document: Mapping[str, Any]) -> str:
    kind, found = document["kind"], document["measures"]
    rules = sum(len(group["rules"]) for group in document["groups"])
    lines = [
        f"{_title(document, rules)} for {count(document['denied'])} denied of {count(document['people'])} people",
        f"Model: {document['model']['name']}, approved if {document['model']['approved_if']}",
        f"Cost: {document['cost']['text']}; actionable: {', '.join(document['actionable'])}; "
        f"immutable: {', '.join(document['immutable']) or 'nothing'}",
    ]
    if kind == "global_actions" and rules:
        lines += ["", "Everybody gets the cheapest of these that works for them:"]
    if kind == "tree":
        by_number = {rule["rule"]: rule for group in document["groups"] for rule in group["rules"]}
        lines += ["", *_branches(document["tree"], by_number, 0)]
    else:
        for group in document["groups"]:
            if kind == "rules":
                lines += ["", "Everyone:" if group["everyone"] else f"If {group['group']}:"]
            for rule in group["rules"]:
                lines += _rule(rule, kind, "  ")
    if not rules:
        lines += ["", f"No {'action' if kind == 'global_actions' else 'rule'} is worth its price within these limits."]
    rows = [[name, *(write(one[key]) for one in found.values())] for name, key, write in SUMMARY_ROWS[kind]]
    proof = document["statuses"][document["status"]]
    lines += [
        "",
        table(["of the denied", *found], rows),
        "",
        f"value {cost(document['value'])}, bound {cost(document['bound'])} (gap {share(document['gap'])}): {proof}",
        f"{_chosen_from(document)}; support {share(document['support']['share'])} of the denied "
        f"({count(document['support']['people'])} people)",
    ]
    if rules and kind != "global_actions":
        lines.append("At least: the lower end of the precision's 95 % interval; with few people it is far below.")
    if kind == "rules" and found["in sample"]["overlap"]:
        best = document["limits"]["tie_break"]
        lines.append(f"Who satisfies several rules is assigned the one with the highest {best}.")
    return "\n".join(lines)


def _title(document: Mapping[str, Any], rules: int) -> str:
    if document["kind"] == "tree":
        leaves = document["candidates"]["leaves"]
        return f"Recourse tree: {leaves} {'leaf' if leaves == 1 else 'leaves'}"
    name = "Global recourse" if document["kind"] == "global_actions" else "Recourse summary"
    one = "action" if document["kind"] == "global_actions" else "rule"
    return f"{name}: {rules} {one}{'s' * (rules != 1)}"


def _chosen_from(document: Mapping[str, Any]) -> str:
    limits, space = document["limits"], document["candidates"]
    if document["kind"] == "tree":
        return (
            f"chosen from trees with {count(space['splits'])} possible splits and {count(space['actions'])} actions; "
            f"depth at most {limits['depth']}; a unit of cost counts as {cost(limits['fcost_weight'])} people"
        )
    if document["kind"] == "global_actions":
        return (
            f"chosen from {count(space['actions'])} actions; at most {limits['max_actions']}; a unit of cost counts as "
            f"{cost(limits['fcost_weight'])} people"
        )
    return (
        f"chosen from {count(space['rules'])} rules with {count(space['actions'])} actions; at most "
        f"{limits['max_rules']} rules, {limits['max_subgroups']} subgroups, {limits['max_width']} predicates"
        f"{f', precision ≥ {share(least)}' if (least := limits['min_precision']) else ''}"
        f"{'' if (most := limits['max_overlap']) is None else f', {share(most)} with several rules'}"
    )


def _rule(rule: Mapping[str, Any], kind: str, indent: str) -> list[str]:
    """A rule, and below it whom it reaches and what it costs them."""
    if kind == "global_actions":
        told = (
            f"open to {count(rule['n'])} · works for {share(rule['precision'])} of them · taken by "
            f"{count(rule['assigned'])} ({share(rule['assigned_share'])}) · at mean cost {cost(rule['assigned_cost'])}"
        )
    else:
        told = (
            f"n {count(rule['n'])} · reach {share(rule['reach'])} · precision {share(rule['precision'])} "
            f"(at least {share(rule['wilson'])}) · cost {cost(rule['cost'])}"
        )
    return [f"{indent}{rule['rule']}. {rule['text']}", f"{indent}   {told}"]


def _branches(part: Mapping[str, Any], rules: Mapping[int, Mapping[str, Any]], depth: int) -> list[str]:
    """A tree as nested conditions."""
    indent = "  " * depth
    if "split" in part:
        return [
            f"{indent}If {part['split']['text']}:",
            *_branches(part["yes"], rules, depth + 1),
            f"{indent}Otherwise:",
            *_branches(part["no"], rules, depth + 1),
        ]
    if part["rule"] is None:
        return [f"{indent}no action is worth its price for these {count(part['people'])}"]
    return _rule(rules[part["rule"]], "tree", indent)


def _front(document: Mapping[str, Any]) -> str:
    columns = front_columns(document)
    rows = [[write(point[key]) for _, key, write in columns] for point in document["points"]]
    points = len(rows)
    return "\n".join(
        [
            f"Front of {points} choice{'s' * (points != 1)}, of {document['tried']} tried, for "
            f"{count(document['denied'])} denied of {count(document['people'])} people",
            f"Model: {document['model']['name']}; cost: {document['cost']['name']}",
            "",
            table([name for name, _, _ in columns], rows, left=0, right=range(len(columns) - 1)),
            "",
            "No choice that was tried is at least as accurate at a lower mean cost of those approved.",
        ]
    )


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, right: Sequence[int] | None = None
) -> str:
    """Lay cells out in columns: the first `left` (or all but those in `right`) flush left, the others right.

    >>> print(table(["level", "n"], [["a", "1"], ["bb", "20"]]))
    level   n
    a       1
    bb     20
    """
    import io

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True, header_style="")
    for i, head in enumerate(heads):
        to_right = i >= left if right is None else i in right
        grid.add_column(Text(head), justify="right" if to_right else "left", no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    out = io.StringIO()
    Console(file=out, width=10_000, color_system=None, force_terminal=False).print(grid)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").splitlines())


def _limit(max_changes: int | None) -> str:
    return "" if max_changes is None else f", at most {max_changes} change{'s' * (max_changes != 1)} at once"


def _interval(whole: Mapping[str, Any]) -> str:
    if whole["feasible"] is None:
        return ""
    return f" (95 % interval {share(whole['feasible_low'])} to {share(whole['feasible_high'])})"


SIMULATION_MEASURES = {
    "mmd": "domain MMD²",
    "mmd_grid": "grid MMD²",
    "disagreement": "disagreement",
    "model_performance": "Δ macro-F1",
    "standard": "standard",
    "threshold": "threshold",
}
"""What the measures of a simulation are called; as many as fit are shown, in this order."""

RENDERERS = {
    "openrecourse/audit": _audit,
    "openrecourse/flipset": _flipset,
    "openrecourse/front": _front,
    "openrecourse/simulation": _simulation,
    "openrecourse/summary": _summary,
}
