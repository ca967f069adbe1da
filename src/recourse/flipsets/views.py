"""How one person's flipset is shown: in a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recourse.reports import View
from recourse.reports.layout import table
from recourse.reports.numbers import cost, value


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


VIEW = View(_flipset, package="recourse.flipsets", template="flipset.html")
