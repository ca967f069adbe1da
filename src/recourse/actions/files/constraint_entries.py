"""Add the constraints of an action file to an action set, and report those that don't fit the table."""

from __future__ import annotations

from typing import Any

from recourse.actions.action_set import ActionSet
from recourse.actions.feature import FeatureActions
from recourse.actions.files import schema
from recourse.actions.files.columns import FileColumns
from recourse.actions.files.feature_settings import note_unseen
from recourse.actions.files.problems import Findings, Place, shown
from recourse.actions.files.schema import KINDS, Entry
from recourse.actions.variable_types import LEVEL_TYPES
from recourse.errors import InputError, nearest


def add_constraints(actions: ActionSet, entries: Any, columns: FileColumns, findings: Findings) -> None:
    """Add every constraint that is listed in a file; those that can't be are reported, and left out."""
    if not isinstance(entries, list):
        message = "must be a list: write [[constraints]] above each, with a kind."
        findings.report(("constraints",), entries, message)
        return
    for i, raw in enumerate(entries):
        place: Place = ("constraints", i)
        entry = _checked(raw, place, findings)
        if entry is None or not _fits(entry, actions, columns, place, findings):
            continue
        try:
            actions.add_constraint(entry.build(columns.by_text.__getitem__))
        except InputError as error:
            findings.report(place, raw, str(error))


def _checked(raw: Any, place: Place, findings: Findings) -> Entry | None:
    """One entry as the model of its kind; None, and a report, for anything else."""
    if not isinstance(raw, dict):
        return findings.checked(Entry, raw, place, whole=True)
    kind = raw.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return findings.checked(KINDS[kind], raw, place, whole=True)
    given = "must say its kind" if kind is None else f"{shown(kind)} is no kind of constraint"
    findings.report((*place, "kind"), kind, f"{given}. {nearest(kind, KINDS)}")
    return None


def _fits(entry: Entry, actions: ActionSet, columns: FileColumns, place: Place, findings: Findings) -> bool:
    """Whether a constraint is about features, of the types it needs and with values they can have."""
    before = len(findings.problems)
    for setting, name in entry.names():
        message = _wrong_name(entry, name, actions, columns)
        if message:
            findings.report((*place, setting), name, message)
    if len(findings.problems) > before:
        return False  # of unknown features the values can't be judged

    for setting, name, operator, value in entry.values():
        feature = actions[columns.by_text[name]]
        message = _wrong_value(feature, name, operator, value)
        if message:
            findings.report((*place, setting), value, message)
        elif feature.variable_type in LEVEL_TYPES:
            note_unseen(feature, f"constraint {int(place[1]) + 1}", [value], findings)
    return len(findings.problems) == before


def _wrong_name(entry: Entry, name: str, actions: ActionSet, columns: FileColumns) -> str:
    """Why a constraint can't be about a column of this name; nothing if it can."""
    if name in columns.group_only:
        return f"{name!r} is group_only, so no action changes it."
    if name in columns.ignored:
        return f"{name!r} is left out of the features here."
    if name not in columns.by_text:
        return f"the table has no column {name!r}. {nearest(name, columns.features)}"
    needs = entry.entry().needs
    if not can_be(needs, actions[columns.by_text[name]]):
        return f"{entry.kind} is for {needs}, and {name!r} holds others, too."
    return ""


def _wrong_value(feature: FeatureActions, name: str, operator: str, value: Any) -> str:
    """Why a feature can't be compared with a value; nothing if it can."""
    number = can_be("numbers", feature)
    if operator in schema.ORDER and not number:
        return f"{operator} compares numbers, but {name!r} holds words; list the values with in."
    if operator in schema.ORDER and isinstance(value, str):
        return f"{operator} compares numbers, but {name!r} is compared with {shown(value)}; list the values with in."
    if number and isinstance(value, str):
        return f"{name!r} is a number and can't be {shown(value)}."
    return ""


def can_be(needs: str, feature: FeatureActions) -> bool:
    """Whether a column holds what a constraint computes with: only 0 and 1, only numbers, or anything."""
    seen = feature.stated()["seen"]
    if needs == "0/1 features":
        return all(value in (0, 1) for value in seen)
    return not needs or not any(isinstance(value, str) for value in seen)
