"""Models from files, opened without executing anything that the file brings along.

What a file is gets decided by its first bytes, never by its name. Coefficient tables, scorecards and the
boosting libraries' own formats are data; a skops file is loaded only if every type in it is one that skops
itself trusts, or one of `DATA_ONLY`; ONNX is run only if it is self-contained. Sizes are checked before anything
is allocated.
"""

from __future__ import annotations

import hashlib
import io
import math
import pickletools
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse.errors import InputError, ModelError
from recourse.models.boosted import BoostedClassifier, read_json, read_lightgbm, read_ubjson, read_xgboost
from recourse.models.linear import LinearModel
from recourse.models.onnx_files import OnnxClassifier, looks_like_onnx, read_graph
from recourse.models.scorecards import EACH, MISSING, Scorecard
from recourse.tables import Name

SIZE_LIMIT = 1 << 30
"""Files, and archives once unpacked, may have so many bytes."""

TEXT_LIMIT = 1 << 28
"""Files of text may have so many bytes: they take several times that in memory."""

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
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x04\x22\x4d\x18")


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds, as far as that can be told without loading it.

    kind : in words; sha256 : of the whole file; contents : one line for each type, operator, coefficient …
    loads : whether `load_model` opens it; otherwise why it doesn't
    """

    path: Path
    kind: str
    size: int
    sha256: str
    contents: tuple[str, ...]
    loads: bool
    why: str = ""

    def __str__(self) -> str:
        verdict = "load_model opens it" if self.loads else f"refused: {self.why}"
        lines = [f"{self.path}: {self.kind}, {self.size:,} bytes", f"sha256  {self.sha256}", f"status  {verdict}"]
        return "\n".join([*lines, *(f"        {line}" for line in self.contents)])


def load_model(path: str | Path, *, trust_pickle: str | None = None) -> Any:
    """Return the model in a file: a `LinearModel`, a `Scorecard`, or an estimator.

    A coefficient table is CSV with the columns ``feature,coefficient`` and a row named ``(intercept)``, or
    JSON such as ``{"intercept": -1.5, "coefficients": {"income": 0.02}}``.

    A scorecard is CSV with the columns ``feature,level,points``, one row a level or interval and the rows
    ``(cutoff)`` and, if there is one, ``(base)``; or JSON such as ``{"cutoff": 30, "base": 0, "points":
    {"age": {"(-inf, 25)": 0, "[25, inf)": 20}}}``. See `Scorecard` for levels. Coefficients per level, with the
    columns ``feature,level,coefficient`` and a row ``(intercept)``, approve scores above 0; a row without a
    level is a weight per unit.

    XGBoost's JSON and UBJSON and LightGBM's text are read without those libraries. A skops file needs the extra
    ``openrecourse[skops]``, an ONNX file ``openrecourse[onnx]``. Pickle and joblib files are refused: opening one
    runs whatever code it holds.

    trust_pickle : the SHA-256 of a pickle or joblib file that you trust as you trust a program: this very file
        may be opened, and is run. Any other is refused.

    Raises `ModelError` that says what the file seems to be and what would work.
    """
    path = Path(path)
    data = _read(path)
    kind = _kind(data)
    if trust_pickle is not None and kind != "pickle":
        raise InputError(f"trust_pickle= is for pickle and joblib files; {path} is none. Leave it out.")
    try:
        if kind == "pickle":
            return _trusted_pickle(path, data, trust_pickle)
        if kind == "skops":
            return _skops(path, data)
        if kind == "onnx":
            return OnnxClassifier(data)
        if kind == "xgboost":
            return read_xgboost(read_ubjson(data))
        text = _text(path, data)
        if text.startswith("tree\n"):
            return read_lightgbm(text)
        if text.lstrip()[:1] != "{":
            return _table_csv(path, text)
        document = read_json(text)
        return read_xgboost(document) if "learner" in document else _table_json(path, document)
    except ModelError as error:
        if str(path) in str(error):
            raise
        raise ModelError(f"{path}: {error}") from None


def inspect_model(path: str | Path) -> ModelFile:
    """Say what a model file holds, without loading it or running anything in it.

    Raises `ModelError` only where there is no file to look at.
    """
    path = Path(path)
    data = _read(path)
    contents: list[str] = []
    why = ""
    kind = {"pickle": "pickle or joblib", "skops": "skops", "onnx": "ONNX", "xgboost": "XGBoost (UBJSON)"}.get(
        _kind(data), "text"
    )
    try:
        if kind == "pickle or joblib":
            contents = _pickle_imports(data)
            why = "opening it runs code; if you trust it as a program, give its sha256 as trust_pickle"
        elif kind == "skops":
            _check_archive(path, data)
            contents, untrusted = _skops_types(path, data)
            why = f"types that are not trusted: {', '.join(untrusted[:5])}" if untrusted else ""
        elif kind == "ONNX":
            graph = read_graph(data).graph
            contents = sorted({f"{node.domain or 'ai.onnx'}.{node.op_type}" for node in graph.node})
        else:
            model = load_model(path)
            if isinstance(model, BoostedClassifier):
                kind = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}[model.source]
                names = getattr(model, "feature_names_in_", None)
                contents = [f"{len(model.trees)} trees over {model.n_features_in_} features"]
                contents += [] if names is None else [f"feature {name}" for name in names]
            else:
                kind = "coefficients"
                contents = [f"coefficient of {name}" for name in model.feature_names]
    except ModelError as error:
        why = str(error).removeprefix(f"{path}: ")
    return ModelFile(path, kind, len(data), hashlib.sha256(data).hexdigest(), tuple(contents), not why, why)


def _read(path: Path) -> bytes:
    """The bytes of a file, after a look at its size."""
    try:
        size = path.stat().st_size
        if size > SIZE_LIMIT:
            raise ModelError(f"{path} has {size / 2**30:.1f} GiB; model files above 1 GiB are refused.")
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ModelError(f"can't read the model file {path}: {error.strerror or error}.") from None
    if not data.strip():
        raise ModelError(f"{path} is empty.")
    return data


def _kind(data: bytes) -> str:
    """What a file is, by its first bytes."""
    if data.startswith(b"PK\x03\x04"):
        return "skops"
    if data[:1] == b"\x80" or data.startswith(COMPRESSED):
        return "pickle"
    if data[:1] == b"{" and data[1:2] in (b"i", b"U", b"I", b"l", b"L"):
        return "xgboost"
    return "onnx" if looks_like_onnx(data[:16]) else "text"


def _text(path: Path, data: bytes) -> str:
    if len(data) > TEXT_LIMIT:
        raise ModelError(f"{path} has {len(data) >> 20} MiB of text; above {TEXT_LIMIT >> 20} MiB it is refused.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ModelError(
            f"{path} is neither a model file of a known kind nor text; its first bytes are {data[:8]!r}."
        ) from None


def _trusted_pickle(path: Path, data: bytes, trusted: str | None) -> Any:
    if trusted is None:
        raise ModelError(
            f"{path} looks like a pickle or a compressed pickle. Opening one runs whatever code it holds, so "
            "it is refused; save the model with skops.io.dump, or its coefficients as a table. If you trust this very "
            "file as you trust a program, give its SHA-256 as trust_pickle."
        )
    found = hashlib.sha256(data).hexdigest()
    if trusted.strip().lower() != found:
        raise ModelError(f"{path} is not the pickle that was trusted: its SHA-256 is {found}, not {trusted}.")
    import joblib

    try:
        return joblib.load(io.BytesIO(data))  # these bytes, not the file: it could change in between
    except Exception as error:  # a pickle can raise anything
        raise ModelError(f"{path} is trusted, but can't be opened: {type(error).__name__}: {error}.") from error


def _pickle_imports(data: bytes) -> list[str]:
    """What a pickle would import, read off its instructions without running them."""
    if data.startswith(COMPRESSED):
        return ["compressed: what it would import can't be told without unpacking"]
    found: set[str] = set()
    strings: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL" and isinstance(argument, str):
                found.add(f"imports {argument.replace(' ', '.')}")
            elif opcode.name == "STACK_GLOBAL" and len(strings) > 1:
                found.add(f"imports {strings[-2]}.{strings[-1]}")
            elif isinstance(argument, str):
                strings.append(argument)
    except (ValueError, UnicodeDecodeError, IndexError):
        found.add("its instructions are broken, or go on in another form")
    return sorted(found)


def _check_archive(path: Path, data: bytes) -> None:
    """Refuse an archive that would unpack to too much, or whose arrays say they are larger than they are."""
    import numpy as np

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > SIZE_LIMIT:
                raise ModelError(f"{path} would unpack to {unpacked / 2**30:.1f} GiB; above 1 GiB it is refused.")
            for member in members:
                if not member.filename.endswith(".npy"):
                    continue
                with archive.open(member) as file:
                    version = np.lib.format.read_magic(file)
                    read = (
                        np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
                    )
                    shape, _, dtype = read(file, max_header_size=10_000)
                if math.prod(shape) * dtype.itemsize > member.file_size:
                    raise ModelError(f"{path}: {member.filename} says that it holds more than it does.")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise ModelError(f"{path} is a zip archive but no readable skops file: {error}.") from None


def _skops_types(path: Path, data: bytes) -> tuple[list[str], list[str]]:
    """The types that a skops file names, and those that are not trusted."""
    try:
        import skops.io
    except ImportError:
        raise ModelError(f"{path} is a skops file; to open it: pip install 'openrecourse[skops]'.") from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            schema = read_json(archive.read("schema.json").decode("utf-8"))
        untrusted = sorted(set(skops.io.get_untrusted_types(data=data)) - DATA_ONLY)
    except ModelError:
        raise
    except Exception as error:  # skops raises whatever a broken file leads to
        raise ModelError(f"{path} is a zip archive but no readable skops file: {error}.") from None
    found: set[str] = set()
    stack: list[Any] = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if "__class__" in node and "__module__" in node:
                found.add(f"{node['__module__']}.{node['__class__']}")
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return sorted(found), untrusted


def _skops(path: Path, data: bytes) -> Any:
    _check_archive(path, data)
    _, untrusted = _skops_types(path, data)
    if untrusted:
        raise ModelError(
            f"{path} holds types that are not trusted: {', '.join(untrusted[:5])}. Files are opened whose "
            "parts are linear models, naive Bayes, support vectors, trees, forests, boosted trees or networks of "
            "scikit-learn, with its usual scalers, encoders and imputers, and no functions or classes of your own."
        )
    import skops.io

    try:
        model = skops.io.loads(data, trusted=sorted(DATA_ONLY))
    except Exception as error:  # as above
        raise ModelError(f"{path} is a zip archive but no readable skops file: {error}.") from None
    _check_trees(path, model)
    return model


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


def _table_json(path: Path, document: Any) -> LinearModel | Scorecard:
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
