"""Action files: what people can do, written down in TOML or JSON where it can be reviewed and versioned.

Reading checks everything before it gives up: all problems of a file come in one error, each with its line,
feature and setting, what was given and what would work. What is written reads back as an equal action set.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd
from pydantic import BaseModel, ValidationError

from recourse import tables
from recourse.actions.action_set import ActionSet
from recourse.actions.feature import FeatureActions
from recourse.actions.files import schema
from recourse.actions.files.problems import ActionFileError, Place, Problem, sentence, shown
from recourse.actions.files.schema import (
    KINDS,
    VERSION,
    Defaults,
    Entry,
    Feature,
    Relative,
)
from recourse.actions.settings import LEVEL_TYPES
from recourse.errors import InputError, nearest
from recourse.tables import Name

M = TypeVar("M", bound=BaseModel)


class LoadedActions(NamedTuple):
    """What an action file says, applied to a table.

    actions : the `ActionSet` of the table's columns, those only for groups left out
    weights : factors on prices by feature, for a cost such as ``rs.TotalCost(weights)``
    group_only : the columns that are no features and only group people in a report
    notes : sentences about what was left to defaults, and what is in the file but in no row
    """

    actions: ActionSet
    weights: dict[Name, float]
    group_only: tuple[Name, ...]
    notes: tuple[str, ...]


def read_actions(
    source: str | os.PathLike[str] | Mapping[str, Any], X: Any, *, ignore: Iterable[Name] = ()
) -> LoadedActions:
    """Read an action file and apply it to a table.

    source : a path ending in ``.toml`` or ``.json``, or the content as a mapping
    X : the population: its columns are the features, and those only for groups
    ignore : columns that the file may speak of although `X` leaves them out on purpose, such as the target

    Types, bounds and steps are inferred from `X` as by `ActionSet(X)`; the file overrides them. Raises
    `ActionFileError` with all problems at once, and then nothing is applied.

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
    if isinstance(source, Mapping):
        name, raw, lines = "the action file", dict(source), {}
    else:
        path = Path(source)
        name = path.name
        raw, text = _parse(path)
        lines = _lines(text) if path.suffix.lower() == ".toml" else {}
    return _Reader(name, raw, lines, tables.read(X), list(ignore)).read()


def _parse(path: Path) -> tuple[dict[str, Any], str]:
    """The content of a file, not yet checked, and its text; problems of syntax end the reading."""
    kind = path.suffix.lower()
    if kind in (".yaml", ".yml"):
        raise InputError(
            f"{path.name}: an action file is TOML or JSON, not YAML, which turns the levels [no, yes] into booleans "
            "and 12:30 into 750. `recourse init` writes a TOML file to start from."
        )
    if kind not in (".toml", ".json"):
        raise InputError(f"{path.name}: the name of an action file must end in .toml or .json.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"can't read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not text in UTF-8: byte {error.start} is {error.object[error.start]:#04x}."
        ) from None
    if not text.strip():
        raise InputError(f"{path.name} is empty; `recourse init` writes an action file to start from.")
    try:
        if kind == ".toml":
            return tomllib.loads(text), text
        raw = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_key_twice)
    except RecursionError:
        raise InputError(f"{path.name} is nested too deeply to be an action file.") from None
    except ValueError as error:
        raise InputError(f"{path.name} is not {kind[1:].upper()}: {str(error).rstrip('.')}.") from None
    if not isinstance(raw, dict):
        raise InputError(f"{path.name} must be a JSON object with features, not {shown(raw)}.")
    return raw, text


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = [key for i, key in enumerate(keys) if key in keys[:i]] if len(set(keys)) < len(keys) else []
    if twice:
        raise ValueError(f"the key {twice[0]!r} occurs twice in one object")
    return dict(pairs)


def _lines(text: str) -> dict[Place, int]:
    """On which line of a valid TOML text each key is first said.

    A statement ends with the first line that makes it parse by itself, so the parser does all the work.
    """
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    start, statement = 1, ""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not statement.strip():
            start, statement = number, ""
        statement += line + "\n"
        if statement.count("\n") > 200:
            break  # a value this long: what follows stays without a line
        try:
            said = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        header = re.match(r"\s*\[", statement) is not None
        keys: list[str] = []
        inner: Any = said
        while isinstance(inner, dict) and len(inner) == 1:
            ((key, inner),) = inner.items()
            keys.append(key)
        if keys:
            place: Place = () if header else table
            for key in keys:
                place = (*place, key)
                if place in counts and not (header and key is keys[-1] and isinstance(inner, list)):
                    place = (*place, counts[place] - 1)
                found.setdefault(place, start)
            if header:
                if isinstance(inner, list):
                    counts[place] = counts.get(place, 0) + 1
                    place = (*place, counts[place] - 1)
                    found[place] = start
                table = place
        statement = ""
    return found


class _Reader:
    """Collects problems while it applies one file to one table."""

    def __init__(
        self, source: str, raw: dict[str, Any], lines: dict[Place, int], frame: pd.DataFrame, ignore: list[Name]
    ) -> None:
        self.source, self.raw, self.lines, self.frame = source, raw, lines, frame
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.columns: dict[str, Name] = {str(name): name for name in frame.columns}
        self.ignored = {str(name) for name in ignore} - set(self.columns)
        if len(self.columns) < len(frame.columns):
            raise InputError("two columns of X have the same name once names are written as text; rename one.")

    def read(self) -> LoadedActions:
        self._sections()
        defaults = self._checked(Defaults, self._table("defaults"), ("defaults",)) or Defaults.model_validate({})
        features = {
            name: checked
            for name, entry in self._table("features").items()
            if (checked := self._checked(Feature, entry, ("features", name))) is not None and self._known(name)
        }
        group_only = [name for name, feature in features.items() if feature.group_only]
        for name in group_only:
            for setting in sorted(features[name].model_fields_set - {"group_only"}):
                self._report(
                    ("features", name, setting), getattr(features[name], setting),
                    "has no effect on a column that is group_only: take one of the two away.",
                )  # fmt: skip
        kept = [name for text, name in self.columns.items() if text not in group_only]
        if not kept and group_only:
            self._report(("features", group_only[0]), True, "no column is left that could be a feature.")
        if not kept:
            raise self._error()
        actions = self._infer(self.frame[kept], features, defaults)
        silent = Feature.model_validate({})
        if actions is not None:
            for feature in actions:
                self._apply(feature, features.get(str(feature.name), silent), defaults)
            self._constrain(actions, group_only)
        if self.problems or actions is None:
            raise self._error()
        weights = {
            self.columns[name]: float(feature.weight) for name, feature in features.items() if feature.said("weight")
        }
        unsaid = [repr(str(name)) for name in actions.names if str(name) not in features]
        if unsaid:
            self.notes.append(
                f"{self.source} says nothing about {', '.join(unsaid[:8])}"
                f"{f' and {len(unsaid) - 8} more' if len(unsaid) > 8 else ''}: what was inferred holds."
            )
        return LoadedActions(actions, weights, tuple(self.columns[name] for name in group_only), tuple(self.notes))

    # -- what the document says ----------------------------------------------------------------------

    def _sections(self) -> None:
        """The top of the document: known sections of the right kind."""
        known = ["version", "defaults", "features", "constraints"]
        for key in [key for key in self.raw if key not in (*known, "$schema")]:
            hint = nearest(key, known)
            if key in self.columns:
                hint = f"Settings of a column belong under [features.{key}]."
            self._report((key,), self.raw[key], f"is no part of an action file. {hint}")
        if "version" in self.raw and (self.raw["version"] != VERSION or isinstance(self.raw["version"], bool)):
            self._report(
                ("version",), self.raw["version"], f"must be {VERSION}, not {shown(self.raw['version'])}: the version "
                "of the format that this release reads."
            )  # fmt: skip

    def _table(self, section: str) -> dict[str, Any]:
        content = self.raw.get(section, {})
        if isinstance(content, dict):
            return content
        self._report((section,), content, f"must be a table, not {shown(content)}.")
        return {}

    def _checked(self, model: type[M], entry: Any, place: Place, *, whole: bool = False) -> M | None:
        """The entry as a model, without its invalid settings (None for all of it if `whole`), each reported."""
        if not isinstance(entry, dict):
            self._report(place, entry, f"must be a table of settings, not {shown(entry)}.")
            return None
        try:
            return model.model_validate(entry)
        except ValidationError as error:
            by_setting: dict[str, list[Any]] = {}
            for detail in error.errors(include_url=False):
                by_setting.setdefault(str(detail["loc"][0]), []).append(detail)
        for setting, details in by_setting.items():
            self._report((*place, setting), entry.get(setting), sentence(model, setting, details, entry.get(setting)))
        if whole:
            return None
        return model.model_validate({key: value for key, value in entry.items() if key not in by_setting})

    def _known(self, name: str) -> bool:
        """Whether the file's name is a column; an unknown one is reported, an ignored one passed over."""
        if name in self.columns:
            return True
        if name not in self.ignored:
            self._report(("features", name), name, f"the table has no such column. {nearest(name, self.columns)}")
        return False

    # -- what it means for the table -----------------------------------------------------------------

    def _infer(self, frame: pd.DataFrame, features: Mapping[str, Feature], defaults: Defaults) -> ActionSet | None:
        everywhere = defaults.missing if defaults.said("missing") else []
        own = {
            name: features[text].missing if text in features and features[text].said("missing") else everywhere
            for text, name in self.columns.items()
            if name in frame.columns
        }
        bounds = _said_bounds(defaults.bounds) if defaults.said("bounds") else (1, 99, "percentile")
        return ActionSet(frame, default_bounds=bounds, grid=defaults.grid, missing=own)

    def _apply(self, feature: FeatureActions, said: Feature, defaults: Defaults) -> None:
        """Set what the file says of one feature, in the order in which settings depend on each other."""
        place: Place = ("features", str(feature.name))
        if any(problem.place in ((*place, "type"), (*place, "levels")) for problem in self.problems):
            return  # without them the rest can't be judged
        if said.said("levels") and said.type not in LEVEL_TYPES:
            self._report(
                (*place, "levels"), said.levels,
                'need type = "ordinal" (levels in this order) or type = "categorical" (without order).',
            )  # fmt: skip
            return
        for setting, attribute in (("levels", "levels"), ("type", "variable_type")):
            if said.said(setting) and not self._set(feature, attribute, getattr(said, setting), (*place, setting)):
                return
        self._unseen(feature, "levels", said.levels or [])
        step, from_defaults = (said.step, False) if said.said("step") else (defaults.step, defaults.said("step"))
        wrong = _contradictions(feature, said)
        for setting, message in wrong.items():
            self._report((*place, setting), getattr(said, setting), message)
        if step is not None and feature.variable_type not in LEVEL_TYPES:
            whole = isinstance(step, Relative) or feature.variable_type == "real" or step == round(step)
            feature.step_type = "relative" if isinstance(step, Relative) else "absolute"
            feature.step_size = step.relative if isinstance(step, Relative) else step
            if from_defaults and not whole:
                self._report(
                    ("defaults", "step"), step,
                    f"{shown(step)} is no whole number, but {feature.name!r} is {feature.variable_type}: give it a "
                    'step of its own, or type = "real".',
                )  # fmt: skip
                wrong["step"] = ""
        if said.said("bounds") and "bounds" not in wrong:
            self._set(feature, "bounds", _said_bounds(said.bounds), (*place, "bounds"))
        if said.said("direction") and "direction" not in wrong:
            feature.step_direction = schema.sign(said.direction)
        feature.actionable = said.actionable if said.said("actionable") else defaults.actionable
        feature.from_missing = said.from_missing if said.said("from_missing") else None
        feature.label, feature.unit = said.label, said.unit
        if not wrong:
            try:
                feature.codes  # noqa: B018 - what only becomes wrong together is refused when it is used
            except InputError as error:
                setting = next((one for one in ("step", "bounds") if said.said(one)), "")
                where: Place = (*place, setting) if setting else ("defaults",)
                self._report(where, None, str(error))

    def _set(self, feature: FeatureActions, attribute: str, value: Any, place: Place) -> bool:
        try:
            setattr(feature, attribute, value)
        except InputError as error:
            message = str(error)
            if attribute == "variable_type" and value == "ordinal":
                message = f"say in which order the levels are: levels = {shown(feature.levels[:4])[:-1]}, …]."
            self._report(place, value, message)
            return False
        return True

    def _unseen(self, feature: FeatureActions, setting: str, values: Iterable[Any]) -> None:
        seen = feature.stated()["seen"]
        for value in values:
            if value not in seen:
                self.notes.append(f"{feature.name!r}, {setting}: {shown(value)} is in no row. {nearest(value, seen)}")

    def _constrain(self, actions: ActionSet, group_only: list[str]) -> None:
        entries = self.raw.get("constraints", [])
        if not isinstance(entries, list):
            self._report(("constraints",), entries, "must be a list: write [[constraints]] above each, with a kind.")
            return
        for i, raw in enumerate(entries):
            place: Place = ("constraints", i)
            kind = raw.get("kind") if isinstance(raw, dict) else None
            if isinstance(raw, dict) and (not isinstance(kind, str) or kind not in KINDS):
                given = "must say its kind" if kind is None else f"{shown(kind)} is no kind of constraint"
                self._report((*place, "kind"), kind, f"{given}. {nearest(kind, KINDS)}")
                continue
            entry = self._checked(KINDS[kind] if kind else Entry, raw, place, whole=True)
            if entry is not None and self._fits(entry, actions, group_only, place):
                try:
                    actions.add_constraint(entry.build(self.columns.__getitem__))
                except InputError as error:
                    self._report(place, raw, str(error))

    def _fits(self, entry: Entry, actions: ActionSet, group_only: list[str], place: Place) -> bool:
        """Whether a constraint is about features, of the types it needs and with values they can have."""
        before = len(self.problems)
        for setting, name in entry.names():
            where = (*place, setting)
            if name in group_only:
                self._report(where, name, f"{name!r} is group_only, so no action changes it.")
            elif name in self.ignored:
                self._report(where, name, f"{name!r} is left out of the features here.")
            elif name not in self.columns:
                features = [text for text in self.columns if text not in group_only]
                self._report(where, name, f"the table has no column {name!r}. {nearest(name, features)}")
            elif not _can_be(entry.entry().needs, actions[self.columns[name]]):
                what = entry.entry().needs
                self._report(where, name, f"{entry.kind} is for {what}, and {name!r} holds others, too.")
        if len(self.problems) > before:
            return False
        for setting, name, operator, value in entry.values():
            feature = actions[self.columns[name]]
            number = _can_be("numbers", feature)
            if operator in schema.ORDER and not (number and not isinstance(value, str)):
                self._report(
                    (*place, setting), value, f"{operator} compares numbers, but {name!r} "
                    f"{f'is compared with {shown(value)}' if number else 'holds words'}; list the values with in.",
                )  # fmt: skip
            elif number and isinstance(value, str):
                self._report((*place, setting), value, f"{name!r} is a number and can't be {shown(value)}.")
            elif feature.variable_type in LEVEL_TYPES:
                self._unseen(feature, f"constraint {int(place[1]) + 1}", [value])
        return len(self.problems) == before

    # -- problems ------------------------------------------------------------------------------------

    def _report(self, place: Place, given: Any, message: str) -> None:
        line = next((self.lines[place[:k]] for k in range(len(place), 0, -1) if place[:k] in self.lines), None)
        if not any(problem.place == place and problem.message == message for problem in self.problems):
            self.problems.append(Problem(line, place, given, message))

    def _error(self) -> ActionFileError:
        return ActionFileError(self.source, sorted(self.problems, key=lambda problem: problem.line or 0))


def _can_be(needs: str, feature: FeatureActions) -> bool:
    """Whether a column holds what a constraint computes with: only 0 and 1, only numbers, or anything."""
    seen = feature.stated()["seen"]
    if needs == "0/1 features":
        return all(value in (0, 1) for value in seen)
    return not (needs and any(isinstance(value, str) for value in seen))


def _contradictions(feature: FeatureActions, said: Feature) -> dict[str, str]:
    """Settings that mean nothing, or something else than they say, for a feature of this type."""
    kind, wrong = feature.variable_type, {}
    bounds = said.bounds if said.said("bounds") else None
    if kind == "categorical":
        for setting in ("bounds", "direction"):
            if said.said(setting) and (setting == "bounds" or schema.sign(said.direction)):
                wrong[setting] = (
                    'a categorical feature has no order. List its levels, with type = "ordinal" if they have one.'
                )
    elif kind == "ordinal" and bounds is not None:
        levels = feature.levels
        strange = [level for level in bounds if level not in levels] if isinstance(bounds, list) else []
        if not isinstance(bounds, list):
            wrong["bounds"] = f"of an ordinal feature are two of its levels, not percentiles. {nearest('', levels)}"
        elif strange:
            wrong["bounds"] = f"{shown(strange[0])} is none of its levels. {nearest(strange[0], levels)}"
        elif levels.index(bounds[0]) > levels.index(bounds[1]):
            wrong["bounds"] = f"are reversed: {shown(bounds[0])} comes after {shown(bounds[1])}."
    elif isinstance(bounds, list):
        words = [bound for bound in bounds if isinstance(bound, str)]
        if words:
            wrong["bounds"] = f"must be numbers, because the feature is {kind}, not {shown(words[0])}."
        elif kind != "real" and any(float(bound) % 1 for bound in bounds):
            wrong["bounds"] = f'must be whole numbers, because the feature is {kind}; type = "real" takes fractions.'
    step = said.step if said.said("step") else None
    if step is not None and kind in LEVEL_TYPES:
        wrong["step"] = f"means nothing here: the feature is {kind} and moves from level to level."
    elif step is not None and not isinstance(step, Relative) and kind != "real" and step != round(step):
        wrong["step"] = f'must be a whole number, because the feature is {kind}; type = "real" takes fractions.'
    return wrong


def _said_bounds(bounds: Any) -> tuple[Any, ...]:
    return (*bounds, "absolute") if isinstance(bounds, list) else (*bounds.percentile, "percentile")
