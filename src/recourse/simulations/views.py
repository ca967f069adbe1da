"""How a simulation is shown: in a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recourse.reports import View
from recourse.reports.layout import table
from recourse.reports.numbers import count, share, spread

MEASURES = {
    "mmd": "domain MMD²",
    "mmd_grid": "grid MMD²",
    "disagreement": "disagreement",
    "model_performance": "Δ macro-F1",
    "standard": "standard",
    "threshold": "threshold",
}
"""What the measures of a simulation are called; as many as fit are shown, in this order."""


def headline(document: Mapping[str, Any]) -> str:
    """How large the simulation is, and how much of it is done."""
    done, asked = document["repeats_done"], document["repeats"]
    return (
        f"Simulation of {count(document['people'])} people over {count(document['rounds'])} rounds, "
        f"{asked} repeat{'s' * (asked != 1)}" + ("" if done == asked else f" ({done} complete)")
    )


def headline_stopped(document: Mapping[str, Any]) -> str:
    """Which arms stopped early, and why the first of them did; empty if none did."""
    stopped = document["stopped"]
    if not stopped:
        return ""
    names = list(dict.fromkeys(f"{one['model']}/{one['recourse']}" for one in stopped))
    n = len(document["arms"])
    said = f"all {n} arms" if len(names) == n else f"{len(names)} of {n} arms"
    return f" – {said} STOPPED EARLY: {names[0]} {stopped[0]['why']}"


def _simulation(document: Mapping[str, Any]) -> str:
    lines = [
        f"{headline(document)}{headline_stopped(document)}",
        f"Models: {', '.join(f'{name} ({kind})' for name, kind in document['models'].items())}",
    ]
    measured = [name for name in MEASURES if any(name in arm["measures"] for arm in document["arms"])]
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
        heads += [MEASURES[name] for name in shown]
        lines += ["", f"After round {document['last_round']}, mean ± sd over repeats:", table(heads, rows, left=2)]
    return "\n".join([*lines, *("" for _ in document["notes"][:1]), *document["notes"]])


VIEW = View(
    _simulation,
    package="recourse.simulations",
    template="simulation.html",
    names={"measures": MEASURES, "headline": headline, "headline_stopped": headline_stopped},
)
