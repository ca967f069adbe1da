"""scikit-learn models saved with skops: opened only if they hold nothing but known types."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from recourse.errors import ModelError
from recourse.models.files.limits import SIZE_LIMIT
from recourse.models.readers.json_text import read_json

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


def check_archive(path: Path, data: bytes) -> None:
    """Refuse an archive that would unpack to too much, or whose arrays say they are larger than they are."""
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


def skops_types(path: Path, data: bytes) -> tuple[list[str], list[str]]:
    """Return the types that a skops file names, and those that are not trusted."""
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

    # the schema names a class and a module wherever an object begins
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


def open_skops(path: Path, data: bytes) -> Any:
    """Return the estimator in a skops file, if every type in it is known to hold nothing but data."""
    check_archive(path, data)
    _, untrusted = skops_types(path, data)
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
    # everything that the model holds, each with the number of columns that its trees may ask about
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

        # what it holds in turn
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
    place = np.flatnonzero(inner)
    return all(bool(((child[place] > place) & (child[place] < len(inner))).all()) for child in (left, right)) and bool(
        ((feature[place] >= 0) & (feature[place] < columns)).all()
    )
