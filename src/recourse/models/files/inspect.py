"""What a model file holds, said without loading it: its kind, its size, and the types or features inside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recourse.errors import ModelError
from recourse.models.files.kinds import Kind, kind_of_file
from recourse.models.files.load import load_model, read_bytes
from recourse.models.files.onnx import read_graph
from recourse.models.files.pickles import pickle_imports
from recourse.models.files.skops import check_archive, skops_types
from recourse.models.readers.tree_classifier import BoostedClassifier


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds, as far as that can be told without running anything in it.

    Attributes
    ----------
    path : Path
        The file.
    kind : str
        Its format, in words.
    size : int
        In bytes.
    sha256 : str
        Of the whole file, as `load_model` takes it for ``trust_pickle``.
    contents : tuple of str
        One line for each type, operator, feature or coefficient.
    loads : bool
        Whether `load_model` opens it.
    why : str
        Why not, if it doesn't.
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


def inspect_model(path: str | Path) -> ModelFile:
    """Say what a model file holds, without running anything in it.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    ModelFile
        Format, size, SHA-256, what is inside, and whether `load_model` opens it.

    Raises
    ------
    ModelError
        Only where there is no file to look at.
    """
    path = Path(path)
    data = read_bytes(path)
    kind, why = kind_of_file(data), ""
    words, contents = kind.value, list[str]()
    try:
        if kind in (Kind.TEXT, Kind.UBJSON):
            # these hold nothing that runs, so they are simply read
            words, contents = _data_contents(load_model(path))
        else:
            contents, why = _CONTENTS[kind](path, data)
    except ModelError as error:
        why = str(error).removeprefix(f"{path}: ")
    return ModelFile(path, words, len(data), hashlib.sha256(data).hexdigest(), tuple(contents), not why, why)


def _pickle_contents(path: Path, data: bytes) -> tuple[list[str], str]:
    """What a pickle imports, and why it isn't opened."""
    return pickle_imports(data), "opening it runs code; if you trust it as a program, give its sha256 as trust_pickle"


def _skops_contents(path: Path, data: bytes) -> tuple[list[str], str]:
    """The types in a skops file, and which of them keep it from being opened."""
    check_archive(path, data)
    contents, untrusted = skops_types(path, data)
    return contents, f"types that are not trusted: {', '.join(untrusted[:5])}" if untrusted else ""


def _onnx_contents(path: Path, data: bytes) -> tuple[list[str], str]:
    """The operators in an ONNX file."""
    graph = read_graph(data).graph
    return sorted({f"{node.domain or 'ai.onnx'}.{node.op_type}" for node in graph.node}), ""


def _data_contents(model: Any) -> tuple[str, list[str]]:
    """What a file of nothing but data turned out to be, and what is in it."""
    if not isinstance(model, BoostedClassifier):
        return "coefficients", [f"coefficient of {name}" for name in model.feature_names]
    kind = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}[model.source]
    names = getattr(model, "feature_names_in_", ())
    trees = f"{len(model.trees)} trees over {model.n_features_in_} features"
    return kind, [trees, *(f"feature {name}" for name in names)]


_CONTENTS = {
    Kind.PICKLE: _pickle_contents,
    Kind.SKOPS: _skops_contents,
    Kind.ONNX: _onnx_contents,
}
