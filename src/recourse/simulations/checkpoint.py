"""Checkpoints: the tables of finished repeats as JSON, with a hash of the study that they belong to.

People and models are not in it, so nothing that is read is ever executed. A repeat that was interrupted
starts over, with the same seeds and therefore the same numbers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recourse.errors import InputError
from recourse.simulations.arms import Study

DOCUMENT = "openrecourse/simulation-checkpoint"


def write(path: Path, study: Study, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of finished repeats: a whole file or nothing."""
    document = {"document": DOCUMENT, "version": 1, "study": fingerprint(study), "rows": [plain(row) for row in rows]}
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(path)


def fingerprint(study: Study) -> str:
    """Return a hash of everything that a study's numbers depend on, as far as it can be written down."""
    digest = hashlib.sha256()
    for part in (study.start, None):
        table = study.frozen.held_X if part is None else part.X
        labels = study.frozen.held_y if part is None else part.y
        for name in table.columns:
            digest.update(repr(name).encode() + repr(table[name].tolist()).encode())
        digest.update(repr(labels.tolist()).encode())
    settings = [
        (name, written(one), written(getattr(one, "get_params", dict)())) for name, one in sorted(study.models.items())
    ]
    recourse = [(name, written(one)) for name, one in study.recourse.items()]
    rest = (study.rounds, study.design, study.desired, study.threshold, study.group_by, study.entropy)
    digest.update(written((settings, recourse, rest, study.actions)).encode())
    return digest.hexdigest()


def read(path: Path | None, study: Study) -> list[dict[str, Any]]:
    """The rows of finished repeats, if the file is there and belongs to the same study."""
    if path is None or not path.exists():
        return []
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        kind, same, rows = document["document"], document["study"], document["rows"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a checkpoint of a simulation: {error}.") from None
    if kind != DOCUMENT or same != fingerprint(study):
        raise InputError(
            f"{path} belongs to another simulation (other people, models or settings); choose another file."
        )
    return [row for row in rows if row["repeat"] < study.repeats]


def written(part: Any) -> str:
    """Return a part as text that is the same in every process: no addresses of objects."""
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(part))


def plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return plain JSON values: NumPy scalars unpacked, missing as None."""
    values = {str(key): value.item() if isinstance(value, np.generic) else value for key, value in row.items()}
    return {
        key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in values.items()
    }
