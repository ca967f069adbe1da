"""What can be wrong with an action file, in sentences: where it is, what was given, what would work.

A file is reported on as a whole: `ActionFileError` carries every `Problem`, in the order of its lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from recourse.actions.files.schema import Entry, Feature
from recourse.errors import InputError, nearest

M = TypeVar("M", bound=BaseModel)
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
    """Everything that is wrong with an action file, in one error.

    Parameters
    ----------
    source : str
        The name of the file, as the message has it.
    problems : iterable of Problem
        What is wrong; kept as the list `problems`.
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source, self.problems = source, list(problems)
        if len(self.problems) == 1:
            super().__init__(f"{source}: {self.problems[0]}")
        else:
            lines = "".join(f"\n  {problem}" for problem in self.problems)
            super().__init__(f"{source} has {len(self.problems)} problems:{lines}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source, self.problems)


class Findings:
    """What comes to light while one file is applied to one table: its problems, and notes for a careful reader.

    source : the name of the file; problems : `Problem`s in the order in which they are found; notes : sentences
    """

    def __init__(self, source: str, lines: Mapping[Place, int]) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._lines = lines

    def about(self, place: Place) -> bool:
        """Whether there is a problem with just this setting."""
        return any(problem.place == place for problem in self.problems)

    def report(self, place: Place, given: Any, message: str) -> None:
        """Add a problem, once, with the line of the setting or of the nearest thing around it."""
        around = [place[:k] for k in range(len(place), 0, -1)]
        line = next((self._lines[one] for one in around if one in self._lines), None)
        if not any(problem.place == place and problem.message == message for problem in self.problems):
            self.problems.append(Problem(line, place, given, message))

    def checked(self, model: type[M], entry: Any, place: Place, *, whole: bool = False) -> M | None:
        """Return an entry as a model, without its invalid settings, each reported.

        None for what is no table; with `whole`, for every entry with an invalid setting.
        """
        if not isinstance(entry, dict):
            self.report(place, entry, f"must be a table of settings, not {shown(entry)}.")
            return None
        try:
            return model.model_validate(entry)
        except ValidationError as error:
            by_setting: dict[str, list[Any]] = {}
            for detail in error.errors(include_url=False):
                by_setting.setdefault(str(detail["loc"][0]), []).append(detail)
        for setting, details in by_setting.items():
            given = entry.get(setting)
            self.report((*place, setting), given, sentence(model, setting, details, given))
        if whole:
            return None
        return model.model_validate({key: value for key, value in entry.items() if key not in by_setting})

    def error(self) -> ActionFileError:
        """Return all problems as one error, in the order of their lines."""
        return ActionFileError(self.source, sorted(self.problems, key=lambda problem: problem.line or 0))


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
