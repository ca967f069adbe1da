"""Models from files, opened without executing anything that the file brings along.

What a file is gets decided by its first bytes, never by its name. Coefficient tables, scorecards and the
boosting libraries' own formats are data; a skops file is loaded only if every type in it is one that skops
itself trusts, or one of `DATA_ONLY`; ONNX is run only if it is self-contained. Sizes are checked before anything
is allocated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recourse.errors import InputError, ModelError
from recourse.models.files.coefficient_tables import read_table_csv, read_table_json
from recourse.models.files.json_text import read_json
from recourse.models.files.kinds import Kind, kind_of_file
from recourse.models.files.limits import SIZE_LIMIT, TEXT_LIMIT
from recourse.models.files.onnx import OnnxClassifier
from recourse.models.files.pickles import open_trusted_pickle
from recourse.models.files.skops import open_skops
from recourse.models.readers.lightgbm import read_lightgbm
from recourse.models.readers.ubjson import read_ubjson
from recourse.models.readers.xgboost import read_xgboost


def load_model(path: str | Path, *, trust_pickle: str | None = None) -> Any:
    """Return the model in a file: a `LinearModel`, a `Scorecard`, or an estimator.

    Parameters
    ----------
    path : str or Path
        The file. Its first bytes say what it is, not its name.
    trust_pickle : str, optional
        The SHA-256 of a pickle or joblib file that you trust as you trust a program: this very file may be opened,
        and is run. Any other is refused.

    Returns
    -------
    LinearModel, Scorecard or estimator
        Estimators are for `as_model`.

    Raises
    ------
    ModelError
        For a file that is refused, in words that say what it seems to be and what would work.
    InputError
        For ``trust_pickle`` with a file that is none.

    Notes
    -----
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
    """
    path = Path(path)
    data = read_bytes(path)
    kind = kind_of_file(data)
    if trust_pickle is not None and kind is not Kind.PICKLE:
        raise InputError(f"trust_pickle= is for pickle and joblib files; {path} is none. Leave it out.")
    try:
        if kind is Kind.PICKLE:
            return open_trusted_pickle(path, data, trust_pickle)
        if kind is Kind.SKOPS:
            return open_skops(path, data)
        if kind is Kind.ONNX:
            return OnnxClassifier(data)
        if kind is Kind.UBJSON:
            return read_xgboost(read_ubjson(data))
        return from_text(path, text_of(path, data))
    except ModelError as error:
        if str(path) in str(error):
            raise
        raise ModelError(f"{path}: {error}") from None


def from_text(path: Path, text: str) -> Any:
    """The model in a file of text, by how it begins."""
    if text.startswith("tree\n"):
        return read_lightgbm(text)
    if text.lstrip()[:1] != "{":
        return read_table_csv(path, text)
    document = read_json(text)
    return read_xgboost(document) if "learner" in document else read_table_json(path, document)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, after a look at its size."""
    try:
        size = path.stat().st_size
        if size > SIZE_LIMIT:
            raise ModelError(f"{path} has {size / 2**30:.1f} GiB; model files above 1 GiB are refused.")
        # piece by piece: a pipe says no size, and a file may have grown
        pieces, read = list[bytes](), 0
        with path.open("rb") as file:
            while read <= SIZE_LIMIT and (piece := file.read(1 << 20)):
                pieces.append(piece)
                read += len(piece)
    except OSError as error:
        raise ModelError(f"can't read the model file {path}: {error.strerror or error}.") from None
    if read > SIZE_LIMIT:
        raise ModelError(f"{path} goes on after 1 GiB; model files above that are refused.")
    data = b"".join(pieces)
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise ModelError(f"{path} is empty.")
    return data


def text_of(path: Path, data: bytes) -> str:
    """The text of a file, or an error that quotes its first bytes."""
    if len(data) > TEXT_LIMIT:
        raise ModelError(f"{path} has {len(data) >> 20} MiB of text; above {TEXT_LIMIT >> 20} MiB it is refused.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ModelError(
            f"{path} is neither a model file of a known kind nor text; its first bytes are {data[:8]!r}."
        ) from None
