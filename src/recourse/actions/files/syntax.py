"""The text of an action file: its content as plain data, and the line on which each setting stands."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from recourse.actions.files.problems import Place, shown
from recourse.errors import InputError

LONGEST = 200
"""A statement of TOML may run over so many lines; the lines of what follows a longer one are not told."""


def parse(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """Return the content of a file, not yet checked, and the lines of its settings (none for JSON).

    Raises `InputError` for what is no TOML and no JSON: problems of syntax end the reading.
    """
    kind = path.suffix.lower()
    if kind in (".yaml", ".yml"):
        raise InputError(
            f"{path.name}: an action file is TOML or JSON, not YAML, which turns the levels [no, yes] into booleans "
            "and 12:30 into 750. `recourse init` writes a TOML file to start from."
        )
    if kind not in (".toml", ".json"):
        raise InputError(f"{path.name}: the name of an action file must end in .toml or .json.")

    text = _text(path)
    try:
        raw = tomllib.loads(text) if kind == ".toml" else _json(text)
    except RecursionError:
        raise InputError(f"{path.name} is nested too deeply to be an action file.") from None
    except ValueError as error:
        raise InputError(f"{path.name} is not {kind[1:].upper()}: {str(error).rstrip('.')}.") from None

    if not isinstance(raw, dict):
        raise InputError(f"{path.name} must be a JSON object with features, not {shown(raw)}.")
    return raw, lines_of(text) if kind == ".toml" else {}


def _text(path: Path) -> str:
    """The text of a file that is not empty."""
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
    return text


def _json(text: str) -> Any:
    """The content of a JSON text, where every number is finite and no key occurs twice."""
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_key_twice)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for key, value in pairs:
        if key in known:
            raise ValueError(f"the key {key!r} occurs twice in one object")
        known[key] = value
    return known


def lines_of(text: str) -> dict[Place, int]:
    """Return on which line of a valid TOML text each key is first said.

    A statement ends with the first line that makes it parse by itself, so the parser does all the work.

    >>> lines_of('version = 1\\n[features.age]\\nactionable = false\\n')[("features", "age", "actionable")]
    3
    """
    lines = _StatementLines()
    start, statement = 1, ""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not statement.strip():
            start, statement = number, ""
        statement += line + "\n"
        if statement.count("\n") > LONGEST:
            break
        try:
            said = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a value over several lines is not complete yet

        keys, value = _only_keys(said)
        if keys and re.match(r"\s*\[", statement):
            lines.open_table(keys, isinstance(value, list), start)
        elif keys:
            lines.say(keys, start)
        statement = ""
    return lines.found


def _only_keys(said: dict[str, Any]) -> tuple[list[str], Any]:
    """The keys that lead into a statement, as long as there is one only, and what stands there."""
    keys: list[str] = []
    inner: Any = said
    while isinstance(inner, dict) and len(inner) == 1:
        ((key, inner),) = inner.items()
        keys.append(key)
    return keys, inner


class _StatementLines:
    """The lines of statements, collected in the order of a TOML text.

    found : the first line of every place; table : where the statements after the last header belong
    """

    def __init__(self) -> None:
        self.found: dict[Place, int] = {}
        self.table: Place = ()
        self._entries: dict[Place, int] = {}  # how many tables each list of tables has so far

    def say(self, keys: list[str], line: int) -> None:
        """A statement ``a.b = …`` in the table that is open, with all that leads to it."""
        self._walk(self.table, keys, line)

    def open_table(self, keys: list[str], listed: bool, line: int) -> None:
        """A header: ``[a.b]``, or ``[[a.b]]``, which adds a table to a list."""
        if not listed:
            self.table = self._walk((), keys, line)
            return
        place = (*self._walk((), keys[:-1], line), keys[-1])
        self.found.setdefault(place, line)
        number = self._entries.get(place, 0)
        self._entries[place] = number + 1
        self.table = (*place, number)
        self.found[self.table] = line

    def _walk(self, place: Place, keys: list[str], line: int) -> Place:
        """Follow keys from a place and note the line of each; through a list, into its last table."""
        for key in keys:
            place = (*place, key)
            if place in self._entries:
                place = (*place, self._entries[place] - 1)
            self.found.setdefault(place, line)
        return place
