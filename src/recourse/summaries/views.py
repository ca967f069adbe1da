"""How a recourse set and a front of several are shown: in a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recourse.reports import View
from recourse.reports.layout import table
from recourse.reports.numbers import cost, count, share, value

_DENIED = ("denied", "denied", count)
_SPENT = ("mean cost of those approved", "fcost", cost)
_BY_RULES = (
    _DENIED,
    ("satisfy a rule (reach)", "reach", share),
    ("approved after the rule assigned", "accuracy", share),
    ("approved after any of their rules", "accuracy_any_rule", share),
    ("satisfy several rules", "overlap", share),
    _SPENT,
)
_BY_LEAVES = (
    _DENIED,
    ("in a leaf with an action (reach)", "reach", share),
    ("approved after the leaf's action", "accuracy", share),
    _SPENT,
)
_BY_ACTIONS = (
    _DENIED,
    ("approved after the cheapest that works", "accuracy", share),
    ("for whom several work", "overlap", share),
    _SPENT,
)
ROWS: dict[str, tuple[tuple[str, str, Callable[[Any], str]], ...]] = {
    "rules": _BY_RULES,
    "tree": _BY_LEAVES,
    "global_actions": _BY_ACTIONS,
}
"""What a recourse set achieves, by its kind: what a measure is called, its name, and how it is written."""


def _summary(document: Mapping[str, Any]) -> str:
    kind, found = document["kind"], document["measures"]
    rules = sum(len(group["rules"]) for group in document["groups"])
    lines = [
        f"{_title(document, rules)} for {count(document['denied'])} denied of {count(document['people'])} people",
        f"Model: {document['model']['name']}, approved if {document['model']['approved_if']}",
        f"Cost: {document['cost']['text']}; actionable: {', '.join(document['actionable'])}; "
        f"immutable: {', '.join(document['immutable']) or 'nothing'}",
    ]

    # the rules: nested in a tree, by subgroup in two levels, one after the other otherwise
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

    # what they achieve, what is proven, and what they were chosen from
    rows = [[name, *(write(one[key]) for one in found.values())] for name, key, write in ROWS[kind]]
    # the proof in a sentence
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


def front_columns(document: Mapping[str, Any]) -> list[tuple[str, str, Callable[[Any], str]]]:
    """The columns of a front: what it is called, its key in a point, and how it is written."""
    columns: list[tuple[str, str, Callable[[Any], str]]] = [("point", "point", count)]
    columns += [(name, name, value) for name in document["varied"]]
    columns += [("rules", "size", count), ("approved", "accuracy", share), ("mean cost", "fcost", cost)]
    return [*columns, ("status", "status", value)]


VIEW = View(_summary, package="recourse.summaries", template="summary.html", names={"summary_rows": ROWS})
FRONT_VIEW = View(_front, package="recourse.summaries", template="front.html", names={"front_columns": front_columns})
