"""The list of data sets: what there is, under which licence, and where it was found on this machine."""

from __future__ import annotations

import os

import pandas as pd

from recourse.datasets.registry import SOURCES
from recourse.datasets.store import folders_of, sha256_of


def available(*, data_home: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """List every data set, and where it was found. Looks where `load` looks and verifies what it finds.

    Parameters
    ----------
    data_home : path, optional
        A folder to look in first.

    Returns
    -------
    DataFrame
        One row a data set: name, rows, licence, and where ("built in", a path, or "not here"). A file with other bytes
        is marked "(wrong checksum)".

    Raises
    ------
    InputError
        If `data_home` is not a folder.

    Examples
    --------
    >>> available().loc[0, ["name", "where"]].tolist()
    ['lender', 'built in']
    """
    rows: list[tuple[str, str, str, str]] = [("lender", "any", "generated; no personal data", "built in")]
    folders = folders_of(data_home)
    for name, source in SOURCES.items():
        where = "not here"
        found = next((path for folder in folders if (path := folder / f"{name}.csv").is_file()), None)
        if found is not None:
            good = sha256_of(found.read_bytes()) == source.sha256
            where = str(found) if good else f"{found} (wrong checksum)"
        rows.append((name, f"{source.rows:,}", source.licence, where))
    return pd.DataFrame(rows, columns=["name", "rows", "licence", "where"])
