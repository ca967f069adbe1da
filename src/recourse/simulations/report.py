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


def _simulation(document: Mapping[str, Any]) -> str:
    done, asked = document["repeats_done"], document["repeats"]
    lines = [
        f"Simulation of {count(document['people'])} people over {count(document['rounds'])} rounds, "
        f"{asked} repeat{'s' * (asked != 1)}" + ("" if done == asked else f" ({done} complete)"),
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


VIEW = View(_simulation, package="recourse.simulations", template="simulation.html", names={"measures": MEASURES})
