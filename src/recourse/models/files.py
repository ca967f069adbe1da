"""Models from files, opened without executing anything that the file brings along.

What a file is gets decided by its first bytes, never by its name. Coefficient tables are data; a skops
file is loaded only if every type in it is one that skops itself trusts.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from recourse.errors import ModelError
from recourse.models.linear import LinearModel

SIZE_LIMIT = 1 << 30
INTERCEPT_NAMES = ("intercept", "(intercept)", "const")


def load_model(path: str | Path) -> Any:
    """Return the model in a file: a `LinearModel` for coefficients, the estimator for a skops file.

    A coefficient table is CSV with the columns ``feature,coefficient`` and a row named ``(intercept)``, or
    JSON such as ``{"intercept": -1.5, "coefficients": {"income": 0.02}}``. A skops file needs the extra
    ``openrecourse[skops]``. Pickle and joblib files are refused: opening one runs whatever code it holds.

    Raises `ModelError` that says what the file seems to be and what would work.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise ModelError(f"can't read the model file {path}: {error.strerror or error}.") from None
    if size > SIZE_LIMIT:
        raise ModelError(f"{path} has {size / 2**30:.1f} GiB; model files above 1 GiB are refused.")
    if not head.strip():
        raise ModelError(f"{path} is empty.")
    if head.startswith(b"PK\x03\x04"):
        return _skops(path)
    if head[:1] == b"\x80" or head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78\x9c", b"\x04\x22\x4d\x18")):
        raise ModelError(
            f"{path} looks like a pickle or a compressed pickle. Opening one runs whatever code it holds, so "
            "it is refused; save the model with skops.io.dump, or its coefficients as a table."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ModelError(f"{path} is neither a skops file nor text; its first bytes are {head[:8]!r}.") from None
    return _coefficients_json(path, text) if text.lstrip()[:1] == "{" else _coefficients_csv(path, text)


def _skops(path: Path) -> Any:
    try:
        import skops.io
    except ImportError:
        raise ModelError(f"{path} is a skops file; to open it: pip install 'openrecourse[skops]'.") from None
    import zipfile

    try:
        untrusted = skops.io.get_untrusted_types(file=path)
        if untrusted:
            raise ModelError(
                f"{path} holds types that are not trusted: {', '.join(sorted(untrusted)[:5])}. Only files "
                "made of scikit-learn, NumPy and SciPy parts are opened."
            )
        return skops.io.load(path, trusted=[])
    except ModelError:
        raise
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        ImportError,
        OSError,
    ) as error:
        raise ModelError(f"{path} is a zip archive but no readable skops file: {error}.") from None


def _coefficients_json(path: Path, text: str) -> LinearModel:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(f"{path} is not valid JSON: {error}.") from None
    table = document.get("coefficients")
    unknown = set(document) - {"coefficients", "intercept", "margin"}
    if not isinstance(table, dict) or not table or unknown:
        extra = f", not {sorted(unknown)[0]!r}" if unknown else ""
        raise ModelError(f"{path} must have 'coefficients' (an object of numbers) and 'intercept'{extra}.")
    numbers = {name: _finite(path, name, value) for name, value in table.items()}
    return LinearModel(
        numbers,
        _finite(path, "intercept", document.get("intercept", 0.0)),
        margin=_finite(path, "margin", document.get("margin", 0.0)),
    )


def _coefficients_csv(path: Path, text: str) -> LinearModel:
    import csv

    rows = [row for row in csv.reader(text.splitlines()) if row]
    if [cell.strip() for cell in rows[0]] != ["feature", "coefficient"]:
        raise ModelError(f"{path} is no coefficient table: its first line must be 'feature,coefficient'.")
    numbers: dict[str, float] = {}
    for row in rows[1:]:
        if len(row) != 2:
            raise ModelError(f"{path}: the line {','.join(row)!r} must have two cells, feature and coefficient.")
        name = row[0].strip()
        if name in numbers:
            raise ModelError(f"{path}: {name!r} has two coefficients.")
        numbers[name] = _finite(path, name, row[1])
    constants = [numbers.pop(name) for name in list(numbers) if name.lower() in INTERCEPT_NAMES]
    if not numbers or len(constants) > 1:
        raise ModelError(f"{path} needs at least one coefficient and at most one row '(intercept)'.")
    return LinearModel(numbers, constants[0] if constants else 0.0)


def _finite(path: Path, name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise ModelError(f"{path}: the coefficient of {name!r} must be a finite number, not {value!r}.")
    return number
