"""A flipset as a table in LaTeX."""

from __future__ import annotations

from typing import Any

import pandas as pd

HEADS = ("item", r"\textsc{Feature Subset}", r"\textsc{Current Values}", "", r"\textsc{Required Values}")

SPECIAL = {
    **{letter: "\\" + letter for letter in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
}
"""Letters that mean something to LaTeX, and how they are written as text."""


def latex_table(changes: pd.DataFrame, name_formatter: str | None, nothing: str) -> str:
    """Return a table (it needs the package booktabs) of one line for each action and changed feature.

    Parameters
    ----------
    changes : DataFrame
        Indexed by item, with the feature, today's value and the new one, in this order.
    name_formatter : str or None
        The LaTeX command that features' names are wrapped in, such as ``\\textit``.
    nothing : str
        The one line of a table without actions.
    """
    lines = []
    before = None
    for item, name, today, new in changes.reset_index().itertuples(index=False):
        number = "" if item == before else str(item + 1)
        label = f"{name_formatter}{{{as_tex(name)}}}" if name_formatter else as_tex(name)
        cells = (number, label, as_tex(today), r"$\longrightarrow$", as_tex(new))
        lines.append(" & ".join(cells) + r" \\")
        before = item
    if not lines:
        lines = [rf"\multicolumn{{5}}{{c}}{{{as_tex(nothing)}}} \\"]
    top = [r"\begin{tabular}{rlccc}", r"\toprule", " & ".join(HEADS) + r" \\", r"\midrule"]
    return "\n".join([*top, *lines, r"\bottomrule", r"\end{tabular}"])


def as_tex(value: Any) -> str:
    """Write a value as LaTeX text.

    >>> print(as_tex("50 % of_it"))
    50 \\% of\\_it
    """
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return "".join(SPECIAL.get(letter, letter) for letter in text)
