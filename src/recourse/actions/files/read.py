"""Action files: what people can do, written down in TOML or JSON where it can be reviewed and versioned.

Reading checks everything before it gives up: all problems of a file come in one error, each with its line,
feature and setting, what was given and what would work. What is written reads back as an equal action set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.actions.files.columns import FileColumns
from recourse.actions.files.constraint_entries import add_constraints
from recourse.actions.files.feature_settings import apply_settings, said_bounds
from recourse.actions.files.problems import Findings, Place, shown
from recourse.actions.files.schema import VERSION, Defaults, Feature
from recourse.actions.files.syntax import parse
from recourse.errors import nearest
from recourse.tables import Name

SECTIONS = ("version", "defaults", "features", "constraints")
LISTED = 8
"""So many columns that a file is silent about are named in a note."""


class LoadedActions(NamedTuple):
    """What an action file says, applied to a table.

    Attributes
    ----------
    actions : ActionSet
        Of the table's columns, those only for groups left out.
    weights : dict from feature to float
        Factors on prices, for a cost such as ``rs.TotalCost(weights)``.
    group_only : tuple of names
        The columns that are no features and only group people in a report.
    notes : tuple of str
        Sentences about what was left to defaults, and what is in the file but in no row.
    """

    actions: ActionSet
    weights: dict[Name, float]
    group_only: tuple[Name, ...]
    notes: tuple[str, ...]


def read_actions(
    source: str | os.PathLike[str] | Mapping[str, Any], X: Any, *, ignore: Iterable[Name] = ()
) -> LoadedActions:
    """Read an action file and apply it to a table.

    Types, bounds and steps are inferred from `X` as by `ActionSet(X)`; the file overrides them.

    Parameters
    ----------
    source : path or mapping
        A path ending in ``.toml`` or ``.json``, or the content as a mapping.
    X : table of n people
        The population: its columns are the features, and those only for groups.
    ignore : iterable of names
        Columns that the file may speak of although `X` leaves them out on purpose, such as the target.

    Returns
    -------
    LoadedActions
        The action set, and what the file says beside it.

    Raises
    ------
    ActionFileError
        With all problems of the content at once.
    InputError
        For a file that can't be read, or is neither TOML nor JSON.

    Examples
    --------
    >>> import recourse as rs
    >>> X = {"age": [30, 40, 50], "overdue": [0, 3, 1], "sex": ["f", "m", "f"]}
    >>> loaded = read_actions(
    ...     {
    ...         "features": {
    ...             "age": {"actionable": False},
    ...             "overdue": {"direction": "down", "bounds": [0, 3], "weight": 2},
    ...             "sex": {"group_only": True},
    ...         }
    ...     },
    ...     X,
    ... )
    >>> loaded.actions["overdue"]
    FeatureActions('overdue', integer, 0 to 3 in steps of 1, may only shrink)
    >>> loaded.weights, loaded.group_only
    ({'overdue': 2.0}, ('sex',))
    """
    # the file as plain data, and on which line each setting stands
    lines: dict[Place, int] = {}
    if isinstance(source, Mapping):
        name, raw = "the action file", dict(source)
    else:
        name = Path(source).name
        raw, lines = parse(Path(source))
    findings = Findings(name, lines)

    # what it says by itself, and about which columns
    frame = tables.read(X)
    columns = FileColumns.of(frame, ignore)
    _check_sections(raw, columns, findings)
    defaults = findings.checked(Defaults, _table(raw, "defaults", findings), ("defaults",))
    defaults = defaults or Defaults.model_validate({})
    features = _features(raw, columns, findings)
    columns = replace(columns, group_only=_group_only(features, findings))
    if not columns.features:
        if columns.group_only:
            place = ("features", columns.group_only[0])
            findings.report(place, True, "no column is left that could be a feature.")
        raise findings.error()

    # what it means for the table: settings correct what is inferred, and constraints tie features
    actions = _inferred(frame, columns, features, defaults)
    silent = Feature.model_validate({})
    for feature in actions:
        apply_settings(feature, features.get(str(feature.name), silent), defaults, findings)
    add_constraints(actions, raw.get("constraints", []), columns, findings)
    if findings.problems:
        raise findings.error()

    _note_silence(actions, features, findings)
    weights = {
        columns.by_text[name]: float(feature.weight) for name, feature in features.items() if feature.said("weight")
    }
    group_only = tuple(columns.by_text[name] for name in columns.group_only)
    return LoadedActions(actions, weights, group_only, tuple(findings.notes))


def _check_sections(raw: Mapping[str, Any], columns: FileColumns, findings: Findings) -> None:
    """Report unknown sections at the top of a file, and a version that this release doesn't read."""
    for key in raw:
        if key in (*SECTIONS, "$schema"):
            continue
        hint = nearest(key, SECTIONS)
        if key in columns.by_text:
            hint = f"Settings of a column belong under [features.{key}]."
        findings.report((key,), raw[key], f"is no part of an action file. {hint}")

    version = raw.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        message = f"must be {VERSION}, not {shown(version)}: the version of the format that this release reads."
        findings.report(("version",), version, message)


def _table(raw: Mapping[str, Any], section: str, findings: Findings) -> dict[str, Any]:
    """A section of the file that must be a table; an empty one, and a report, if it is something else."""
    content = raw.get(section, {})
    if isinstance(content, dict):
        return content
    findings.report((section,), content, f"must be a table, not {shown(content)}.")
    return {}


def _features(raw: Mapping[str, Any], columns: FileColumns, findings: Findings) -> dict[str, Feature]:
    """What the file says of each column of the table; other names are reported, ignored ones passed over."""
    features: dict[str, Feature] = {}
    for name, entry in _table(raw, "features", findings).items():
        checked = findings.checked(Feature, entry, ("features", name))
        if checked is None or name in columns.ignored:
            continue
        if name in columns.by_text:
            features[name] = checked
        else:
            message = f"the table has no such column. {nearest(name, columns.by_text)}"
            findings.report(("features", name), name, message)
    return features


def _group_only(features: Mapping[str, Feature], findings: Findings) -> tuple[str, ...]:
    """The columns that only group people; other settings of theirs are reported."""
    group_only = tuple(name for name, feature in features.items() if feature.group_only)
    for name in group_only:
        for setting in sorted(features[name].model_fields_set - {"group_only"}):
            message = "has no effect on a column that is group_only: take one of the two away."
            findings.report(("features", name, setting), getattr(features[name], setting), message)
    return group_only


def _inferred(
    frame: pd.DataFrame, columns: FileColumns, features: Mapping[str, Feature], defaults: Defaults
) -> ActionSet:
    """The action set of the features, as inferred from the table with the file's missing codes and defaults."""
    everywhere = defaults.missing if defaults.said("missing") else []
    missing = {}
    for text, name in columns.features.items():
        own = text in features and features[text].said("missing")
        missing[name] = features[text].missing if own else everywhere
    bounds = said_bounds(defaults.bounds) if defaults.said("bounds") else (1, 99, "percentile")
    kept = list(columns.features.values())
    return ActionSet(frame[kept], default_bounds=bounds, grid=defaults.grid, missing=missing)


def _note_silence(actions: ActionSet, features: Mapping[str, Feature], findings: Findings) -> None:
    """Note the features that the file doesn't mention."""
    unsaid = [repr(str(name)) for name in actions.names if str(name) not in features]
    if unsaid:
        more = f" and {len(unsaid) - LISTED} more" if len(unsaid) > LISTED else ""
        findings.notes.append(
            f"{findings.source} says nothing about {', '.join(unsaid[:LISTED])}{more}: what was inferred holds."
        )
