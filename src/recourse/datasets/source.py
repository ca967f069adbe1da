"""What must be known of a public table: where it comes from, which bytes it is, and what is wrong with it.

Each table has a file of its own with these facts and with the conversion of the public file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
CC_BY = "CC BY 4.0 (UCI Machine Learning Repository)"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The facts of one public table, stored as NAME.csv.

    Parameters
    ----------
    name : str
        What `load` and `fetch` call it.
    rows : int
        How many people are in the table.
    sha256 : str
        Of the table.
    url, url_sha256 : str
        Of the public file that it is made of.
    convert : function
        From the bytes of the public file to those of the table; plain, so that a checksum can say whether the result
        is the table that everyone's figures are about.
    target : str
        The column of the label.
    desired : int or str
        The label that is good for the person.
    left_out : tuple of str
        Columns of the table that are no features.
    complete : tuple of str
        People without a value in one of these are not in `Dataset.X`.
    description, licence, citation : str
        As shown to users.
    known_harms : tuple of str
        What the table gets wrong, in sentences.
    """

    name: str
    rows: int
    sha256: str
    url: str
    url_sha256: str
    convert: Callable[[bytes], bytes]
    target: str
    desired: int | str
    left_out: tuple[str, ...]
    complete: tuple[str, ...]
    description: str
    licence: str
    citation: str
    known_harms: tuple[str, ...]
