"""Cells in columns, as text."""

from __future__ import annotations

import io
from collections.abc import Sequence


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, right: Sequence[int] | None = None
) -> str:
    """Lay cells out in columns: the first `left` (or all but those in `right`) flush left, the others right.

    >>> print(table(["level", "n"], [["a", "1"], ["bb", "20"]]))
    level   n
    a       1
    bb     20
    """
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
