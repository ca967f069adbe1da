"""The public tables by name, each with the facts and the conversion in a file of its own."""

from __future__ import annotations

from recourse.datasets.adult import ADULT
from recourse.datasets.compas import COMPAS
from recourse.datasets.credit import CREDIT
from recourse.datasets.german import GERMAN, GERMAN_RAW
from recourse.datasets.source import Source

SOURCES: dict[str, Source] = {source.name: source for source in (CREDIT, GERMAN, GERMAN_RAW, COMPAS, ADULT)}
"""The public tables, in the order in which they are listed."""
