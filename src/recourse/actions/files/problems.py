"""What can be wrong with an action file, in sentences: where it is, what was given, what would work.

A file is reported on as a whole: `ActionFileError` carries every `Problem`, in the order of its lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import BaseModel

from recourse.actions.files.schema import Entry, Feature
from recourse.errors import InputError, nearest

Place = tuple[str | int, ...]
OTHER_WORDS = {
    "mutable": "actionable",
    "immutable": "actionable",
    "variable_type": "type",
    "dtype": "type",
    "step_direction": "direction",
    "step_size": "step",
    "step_type": "step",
    "lb": "bounds",
    "ub": "bounds",
    "min": "bounds",
    "max": "bounds",
    "cost": "weight",
    "values": "levels",
    "categories": "levels",
    "units": "unit",
    "name": "label",
}
"""What people may call a setting of a feature, and what it is called in a file."""


class Problem(NamedTuple):
    """One thing that is wrong with an action file.

    line : where in the file, or None where that is not known (in JSON, in a mapping)
    place : the keys that lead there, such as ``("features", "age", "bounds")``; constraints count from 0
    given : the value that was given
    message : what is wrong with it and what would work
    """

    line: int | None
    place: Place
    given: Any
    message: str

    @property
    def feature(self) -> str:
        """The feature it is about, or an empty text."""
        return str(self.place[1]) if len(self.place) > 1 and self.place[0] == "features" else ""

    @property
    def setting(self) -> str:
        """The setting it is about, or an empty text."""
        depth = 2 if self.place[:1] in (("features",), ("constraints",)) else 1
        return str(self.place[depth]) if len(self.place) > depth else ""

    def __str__(self) -> str:
        section, *rest = self.place or ("",)
        where = str(section)
        if rest and where in ("features", "constraints"):
            where, first = where.removesuffix("s"), rest.pop(0)
            where = f"{where} {first + 1 if isinstance(first, int) else repr(first)}"
        where = ", ".join(filter(None, [f"line {self.line}" if self.line else "", where, *map(str, rest)]))
        return f"{where}: {self.message}" if where else self.message


class ActionFileError(InputError):
    """Everything that is wrong with an action file: `problems`, a list of `Problem`."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source, self.problems = source, list(problems)
        if len(self.problems) == 1:
            super().__init__(f"{source}: {self.problems[0]}")
        else:
            lines = "".join(f"\n  {problem}" for problem in self.problems)
            super().__init__(f"{source} has {len(self.problems)} problems:{lines}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source, self.problems)


def sentence(model: type[BaseModel], setting: str, details: list[Any], given: Any) -> str:
    """Say in words what pydantic found wrong with one setting, and what would work."""
    settings = {field.alias or name: field for name, field in model.model_fields.items()}
    kinds = {detail["type"] for detail in details}
    if setting not in settings:
        if model is Feature and setting in OTHER_WORDS:
            return f"is no setting of a feature; in an action file it is called {OTHER_WORDS[setting]!r}."
        known = [name for name in settings if name != "kind"]
        return f"is no setting of {_what(model)}. {nearest(setting, known)}"
    works = str(settings[setting].description).split(". ")[0].removesuffix(".")
    if "missing" in kinds:
        return f"is missing; it must be {works}."
    refused = [detail["msg"] for detail in details if detail["type"] == "refused"]
    if refused:
        return f"{refused[0]}."
    hint = ""
    if "literal_error" in kinds and isinstance(given, str):
        options = re.findall(r'"(\w+)"', works)
        close = nearest(given, options)
        hint = f" {close}" if close.startswith("Did") else ""
    return f"must be {works}, not {shown(given)}.{hint}"


def _what(model: type[BaseModel]) -> str:
    if issubclass(model, Entry):
        return f"a {model.entry().kind} constraint"
    return "a feature" if model is Feature else "the defaults"


def shown(value: Any) -> str:
    """A value as a file would have it, shortened."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
