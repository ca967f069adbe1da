"""Checkpoints: the tables of finished repeats as JSON, with the hash of the simulation that they belong to.

People and models are not in it, so nothing that is read is ever executed. A repeat that was interrupted starts over,
with the same seeds and therefore the same numbers. The format is described in the documentation of simulations.
"""

from __future__ import annotations

import json
import math
import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recourse.errors import InputError
from recourse.identity import digest

DOCUMENT = "openrecourse/simulation-checkpoint"
VERSION = 2

COLUMNS = (
    "repeat", "round", "arm", "model", "generator", "group", "scope", "name", "value", "p_value",
    "n_drawn", "n_moved", "pool", "convergence_rate", "retrained",
)  # fmt: skip
"""The columns of a simulation's table, and the keys of a row in a checkpoint."""


@dataclass(frozen=True)
class FinishedRepeat:
    """A repeat that had all its rounds: its part of the table, and the arms that stopped early.

    stopped : (model, recourse) → why the arm did not go on
    """

    repeat: int
    rows: tuple[Mapping[str, Any], ...]
    stopped: Mapping[tuple[str, str], str]


def add(path: Path, study: str, finished: Sequence[FinishedRepeat]) -> list[FinishedRepeat]:
    """Write finished repeats beside those that a file has, and return all of them.

    Whoever writes holds a lock from reading to replacing, so two processes that run the same simulation lose none of
    each other's repeats, and a reader sees a whole file: the old one or the new one. The first to have finished a
    repeat keeps it; others have the same numbers.

    Raises `InputError` if the file belongs to another simulation or is damaged, or can't be written.
    """
    try:
        with _locked(path):
            there = read(path, study) if path.exists() else []
            known = {one.repeat for one in there}
            together = sorted(
                [*there, *(one for one in finished if one.repeat not in known)], key=lambda one: one.repeat
            )
            _replace(path, _document(study, together))
    except OSError as error:
        raise InputError(f"the checkpoint {path} can't be written: {error.strerror or error}.") from None
    return together


def read(path: Path, study: str) -> list[FinishedRepeat]:
    """Return the finished repeats of a file, or say why it is not a checkpoint of this simulation."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not a checkpoint of a simulation: {error}.") from None
    if not isinstance(document, dict) or document.get("document") != DOCUMENT:
        raise InputError(f"{path} is not a checkpoint of a simulation; choose another file.")

    # the version says how to read the rest
    version = document.get("version")
    if version != VERSION:
        newer = isinstance(version, int) and version > VERSION
        why = "a newer version of this package wrote it; update the package" if newer else "its version is unknown here"
        raise InputError(f"{path} is a checkpoint of version {version!r}, and version {VERSION} is read: {why}.")
    content = {key: value for key, value in document.items() if key != "sha256"}
    if document.get("sha256") != digest(content):
        raise InputError(f"{path} was changed after it was written; choose another file, or delete it to start over.")
    if document.get("study") != study:
        raise InputError(
            f"{path} belongs to another simulation (other people, models or settings); choose another file."
        )
    try:
        return [_finished(entry) for entry in document["repeats"]]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise InputError(f"{path} is not a whole checkpoint: it lacks repeats, rows or their columns.") from None


def plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return plain JSON values: NumPy scalars unpacked, missing as None."""
    values = {str(key): value.item() if isinstance(value, np.generic) else value for key, value in row.items()}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in values.items()
    }


def _document(study: str, finished: Sequence[FinishedRepeat]) -> dict[str, Any]:
    """The content of a file, with the hash over all the rest of it."""
    repeats = [
        {
            "repeat": one.repeat,
            "stopped": [{"arm": list(arm), "why": why} for arm, why in one.stopped.items()],
            "rows": [plain(row) for row in one.rows],
        }
        for one in finished
    ]
    content = {"document": DOCUMENT, "version": VERSION, "study": study, "repeats": repeats}
    return content | {"sha256": digest(content)}


def _finished(entry: Mapping[str, Any]) -> FinishedRepeat:
    """A repeat as a file holds it."""
    rows = tuple({column: row[column] for column in COLUMNS} for row in entry["rows"])
    if any(row["repeat"] != entry["repeat"] for row in rows):
        raise ValueError("rows of another repeat")
    stopped = {(one["arm"][0], one["arm"][1]): str(one["why"]) for one in entry["stopped"]}
    return FinishedRepeat(int(entry["repeat"]), rows, stopped)


def _replace(path: Path, document: Mapping[str, Any]) -> None:
    """Write a file under a name of its own, then give it the right one in a single step."""
    name = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(name, "x", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        name.unlink(missing_ok=True)
        raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a checkpoint, a file beside it that stays; the system gives it up if the process ends."""
    with open(path.with_name(f".{path.name}.lock"), "a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
