"""Models from files, opened without executing anything that the file brings along.

What a file is gets decided by its first bytes, never by its name. Coefficient tables and scorecards are data; a
skops file is loaded only if every type in it is one that skops itself trusts, or one of `DATA_ONLY`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from recourse.errors import ModelError
from recourse.models.linear import LinearModel
from recourse.models.scorecards import EACH, MISSING, Scorecard
from recourse.tables import Name

SIZE_LIMIT = 1 << 30
DATA_ONLY = frozenset(
    {
        "builtins.object",
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
"""Types that skops asks about and that hold data only: read one by one, none runs anything from the file.

Trees are followed without bounds checks by compiled code, so `_check_trees` checks their nodes after loading.
"""
INTERCEPT_NAMES = ("intercept", "(intercept)", "const")


def load_model(path: str | Path) -> Any:
    """Return the model in a file: a `LinearModel`, a `Scorecard`, or the estimator in a skops file.

    A coefficient table is CSV with the columns ``feature,coefficient`` and a row named ``(intercept)``, or
    JSON such as ``{"intercept": -1.5, "coefficients": {"income": 0.02}}``.

    A scorecard is CSV with the columns ``feature,level,points``, one row a level or interval and the rows
    ``(cutoff)`` and, if there is one, ``(base)``; or JSON such as ``{"cutoff": 30, "base": 0, "points":
    {"age": {"(-inf, 25)": 0, "[25, inf)": 20}}}``. See `Scorecard` for levels. Coefficients per level, with the
    columns ``feature,level,coefficient`` and a row ``(intercept)``, approve scores above 0; a row without a
    level is a weight per unit.

    A skops file needs the extra ``openrecourse[skops]``. Pickle and joblib files are refused: opening one
    runs whatever code it holds.

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
    return _table_json(path, text) if text.lstrip()[:1] == "{" else _table_csv(path, text)


def _skops(path: Path) -> Any:
    try:
        import skops.io
    except ImportError:
        raise ModelError(f"{path} is a skops file; to open it: pip install 'openrecourse[skops]'.") from None
    import zipfile

    try:
        asked = set(skops.io.get_untrusted_types(file=path))
        if untrusted := asked - DATA_ONLY:
            raise ModelError(
                f"{path} holds types that are not trusted: {', '.join(sorted(untrusted)[:5])}. Files are opened whose "
                "parts are linear models, naive Bayes, support vectors, trees, forests, boosted trees or networks of "
                "scikit-learn, with its usual scalers, encoders and imputers, and no functions or classes of your own."
            )
        model = skops.io.load(path, trusted=sorted(asked))
        _check_trees(path, model)
        return model
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


def _check_trees(path: Path, model: Any) -> None:
    """Refuse trees whose nodes point outside the tree, its columns or its sets of categories, or upwards."""
    import numpy as np

    waiting: list[tuple[Any, float]] = [(model, 0)]
    seen: set[int] = set()
    while waiting:
        part, columns = waiting.pop()
        kind = type(part).__name__
        if kind == "Tree":
            if not _sound(part.children_left, part.children_right, part.feature, part.children_left != -1, columns):
                raise ModelError(f"{path} holds a tree whose nodes point outside it; the file is damaged.")
        elif kind == "TreePredictor":
            nodes, inner = part.nodes, part.nodes["is_leaf"] == 0
            sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
            known = min(len(part.raw_left_cat_bitsets), len(part.binned_left_cat_bitsets))
            if not _sound(nodes["left"], nodes["right"], nodes["feature_idx"], inner, columns) or (sets >= known).any():
                raise ModelError(f"{path} holds a tree whose nodes point outside it; the file is damaged.")
        if id(part) in seen or isinstance(part, type):
            continue
        if isinstance(part, np.ndarray):
            inside = part.ravel().tolist() if part.dtype == object else []
        elif isinstance(part, (list, tuple)):
            inside = list(part)
        else:
            inside = list(part.values() if isinstance(part, dict) else getattr(part, "__dict__", {}).values())
        if inside:
            seen.add(id(part))
        own = getattr(part, "n_features_in_", None) if not isinstance(part, dict) else None
        if isinstance(own, int):  # forests ask their trees without checking a table's width again
            columns = min(own, columns) if columns and hasattr(part, "tree_") else own
        waiting += [(one, columns) for one in inside]


def _sound(left: Any, right: Any, feature: Any, inner: Any, columns: float) -> bool:
    """Whether each inner node's children come after it in the tree, and its feature is one of the columns."""
    import numpy as np

    place = np.flatnonzero(inner)
    return all(bool(((child[place] > place) & (child[place] < len(inner))).all()) for child in (left, right)) and bool(
        ((feature[place] >= 0) & (feature[place] < columns)).all()
    )


def _table_json(path: Path, text: str) -> LinearModel | Scorecard:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(f"{path} is not valid JSON: {error}.") from None
    if "points" in document:
        return _scorecard_json(path, document)
    table = document.get("coefficients")
    unknown = set(document) - {"coefficients", "intercept", "margin"}
    if not isinstance(table, dict) or not table or unknown:
        extra = f", not {sorted(unknown)[0]!r}" if unknown else ""
        raise ModelError(
            f"{path} must have 'coefficients' (an object of numbers) and 'intercept', or 'points' and 'cutoff'{extra}."
        )
    numbers = {name: _finite(path, name, value) for name, value in table.items()}
    return LinearModel(
        numbers,
        _finite(path, "intercept", document.get("intercept", 0.0)),
        margin=_finite(path, "margin", document.get("margin", 0.0)),
    )


def _scorecard_json(path: Path, document: dict[str, Any]) -> Scorecard:
    points = document["points"]
    unknown = set(document) - {"points", "cutoff", "base"}
    nested = isinstance(points, dict) and all(isinstance(rows, dict) for rows in points.values())
    if not nested or "cutoff" not in document or unknown:
        extra = f", not {sorted(unknown)[0]!r}" if unknown else ""
        raise ModelError(f"{path} must have 'points' (feature → level → points), 'cutoff' and 'base'{extra}.")
    try:
        return Scorecard(points, document["cutoff"], base=document.get("base", 0.0))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _table_csv(path: Path, text: str) -> LinearModel | Scorecard:
    import csv

    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    if rows[0][:2] == ["feature", "level"] and rows[0][2:] in (["points"], ["coefficient"]):
        return _scorecard_csv(path, rows[1:], by_level=rows[0][2] == "coefficient")
    if rows[0] != ["feature", "coefficient"]:
        raise ModelError(
            f"{path} is no coefficient table: its first line must be 'feature,coefficient', or 'feature,level,points' "
            "for a scorecard."
        )
    return _coefficients_csv(path, rows)


def _scorecard_csv(path: Path, rows: list[list[str]], *, by_level: bool) -> Scorecard:
    points: dict[Name, dict[str, float]] = {}
    alone: dict[str, float] = {}
    for row in rows:
        if len(row) != 3:
            raise ModelError(
                f"{path}: the line {','.join(row)!r} must have three cells; put quotes around a level with a comma, "
                'as in age,"[18, 25)",20.'
            )
        name, level, number = row
        if name.lower() in (*INTERCEPT_NAMES, "(base)", "(cutoff)"):
            place, level = alone, "cutoff" if name.lower() == "(cutoff)" else "base"
        else:
            place, level = points.setdefault(name, {}), level or (EACH if by_level else "")
        if level in place:
            raise ModelError(f"{path}: {name!r} has two rows for {level!r}.")
        if not level:
            raise ModelError(f"{path}: a row of {name!r} has no level; for missing values the level is {MISSING!r}.")
        place[level] = _finite(path, name, number)
    if by_level == ("cutoff" in alone):
        wanted = "no row '(cutoff)': it approves scores above 0" if by_level else "a row '(cutoff)'"
        raise ModelError(f"{path} needs {wanted}.")
    try:
        return Scorecard(points, alone.get("cutoff", 0.0), base=alone.get("base", 0.0), strict=by_level)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _coefficients_csv(path: Path, rows: list[list[str]]) -> LinearModel:
    numbers: dict[str, float] = {}
    for row in rows[1:]:
        if len(row) != 2:
            raise ModelError(f"{path}: the line {','.join(row)!r} must have two cells, feature and coefficient.")
        name = row[0]
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
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise ModelError(f"{path}: the coefficient of {name!r} must be a finite number, not {_short(value)}.")
    return number


def _short(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 1000:
        return "an integer beyond all floats"  # Python refuses to spell out integers of thousands of digits
    return repr(value)
