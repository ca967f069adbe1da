"""The draft of an action file: what a table shows, for somebody who knows the people in it to correct.

It writes down types, bounds and steps as they were inferred, and declares nothing that data can't tell: who can
change what, and which columns belong together, is left to be said.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.actions.feature import FeatureActions
from recourse.actions.settings import LEVEL_TYPES

HEAD = """\
# What people in this table can change. A draft, inferred from {people}: check every feature.
# The data can't tell what is possible, so every feature starts as actionable, in both directions.
#   actionable = false      nobody can change it
#   direction = "up"        it can only grow ("down": only shrink)
#   weight = 2              its changes count twice in the cost
#   group_only = true       instead of all other settings: no feature, only groups in reports
# Then: recourse check FILE DATA
"""
BLOCK = """\
# The columns below are 0 or 1, share the start of their names, and {often} one of them is on in a row.
# If they stand for one thing, say so by taking away the "# " of these lines:
"""
LISTED = 30


def draft_actions(X: Any) -> str:
    """Return the draft of an action file for a table: commented TOML, one section a column.

    Parameters
    ----------
    X : table of n people
        Its columns become the features, so leave the target out.

    Returns
    -------
    str
        Reading it back with the same table gives the target values of ``ActionSet(X)``. Blocks of columns that look
        like one-hot encodings are mentioned in comments, never declared.

    Examples
    --------
    >>> print(draft_actions({"age": [30, 41, 52], "housing": ["own", "rent", None]}).split("version = 1")[1])
    <BLANKLINE>
    <BLANKLINE>
    [features.age] # 3 values from 30 to 52
    type = "integer"
    actionable = true
    direction = "any"
    bounds = [30, 52] # percentiles 1 and 99
    step = 1
    <BLANKLINE>
    [features.housing] # missing in 1 of 3 rows
    type = "categorical" # or "ordinal": put the levels in order
    actionable = true
    levels = ["own", "rent"]
    <BLANKLINE>
    """
    import tomlkit

    frame = tables.read(X)
    actions = ActionSet(frame)
    document = tomlkit.document()
    for line in HEAD.format(people=f"{len(frame):,} rows").splitlines():
        document.add(tomlkit.comment(line[2:]))
    document["version"] = 1
    features = tomlkit.table(is_super_table=True)
    for feature in actions:
        section = tomlkit.table()
        for setting, (value, comment) in _settings(feature).items():
            item = tomlkit.item(value)
            if comment:
                item.comment(comment)
            section.add(setting, item)
        about = _about(feature, frame[feature.name])
        if about:
            section.comment(about)
        section.add(tomlkit.nl())
        features[str(feature.name)] = section
    document["features"] = features
    return tomlkit.dumps(document).rstrip("\n") + "\n" + _blocks(actions, frame)


def _settings(feature: FeatureActions) -> dict[str, tuple[Any, str]]:
    """The settings of one feature, each with a comment or an empty text."""
    import tomlkit

    if not feature.observed.size:
        return {"actionable": (False, "nothing is known about it")}

    # its kind, and what every feature of the kind has
    kind = feature.variable_type
    said: dict[str, tuple[Any, str]] = {"type": (kind, "")}
    if kind == "categorical":
        said["type"] = (kind, 'or "ordinal": put the levels in order')
    said["actionable"] = (True, "")
    if kind != "categorical":
        said["direction"] = ("any", "")

    # levels are listed where they are few or have an order to be checked
    if kind in LEVEL_TYPES:
        levels = [tables.plain_value(level) for level in feature.levels]
        if len(levels) <= LISTED or kind == "ordinal":
            said["levels"] = (levels, "")
        return said
    if kind == "boolean":
        return said

    # of numbers the range and the step
    low, high = feature.bounds
    if kind == "integer":
        said["bounds"] = ([int(low), int(high)], "percentiles 1 and 99")
        said["step"] = (int(feature.step), "")
    else:
        said["bounds"] = ([float(low), float(high)], "percentiles 1 and 99")
        step = tomlkit.inline_table()
        step["relative"] = 0.01
        said["step"] = (step, f"of the range: {feature.step:.4g}")
    return said


def _about(feature: FeatureActions, column: pd.Series[Any]) -> str:
    """What the table shows of a column, in one comment."""
    values = tables.values_of(column)
    missing = int(tables.is_missing(values).sum())
    seen = feature.stated()["seen"]
    words = []
    if feature.variable_type in ("integer", "real") and seen:
        words.append(f"{len(seen):,} values from {seen[0]:,.10g} to {seen[-1]:,.10g}")
    if feature.variable_type in LEVEL_TYPES and len(seen) > LISTED:
        words.append(f"{len(seen):,} levels")
    codes = [value for value in seen if isinstance(value, str) and not re.search(r"\w", value)]
    if codes:
        words.append(f'if {codes[0]!r} means missing: missing = ["{codes[0]}"], and no level')
    if missing:
        words.append(f"missing in {missing:,} of {len(values):,} rows")
    return "; ".join(words)


def _blocks(actions: ActionSet, frame: pd.DataFrame) -> str:
    """Comments on columns that may be one-hot encodings."""
    import tomlkit

    families: dict[str, list[Any]] = {}
    for feature in actions:
        stem = re.match(r"(.+?)[_:=. -]", str(feature.name))
        if stem and feature.variable_type == "boolean" and feature.observed.size:
            families.setdefault(stem[1], []).append(feature.name)
    text = ""
    for names in families.values():
        on = np.nansum(np.column_stack([frame[name].to_numpy(dtype=np.float64) for name in names]), axis=1)
        if len(names) < 2 or on.max() > 1:
            continue
        always = bool((on == 1).all())
        entry = tomlkit.table()
        entry["kind"] = "one_hot"
        entry["features"] = list(map(str, names))
        if not always:
            entry["at_most"] = True
        lines = ["[[constraints]]", *tomlkit.dumps(entry).splitlines()]
        text += "\n" + BLOCK.format(often="exactly" if always else "at most")
        text += "".join(f"# {line}\n" for line in lines)
    return text
