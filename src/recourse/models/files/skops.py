"""scikit-learn models saved with skops: opened only if they hold nothing but known types."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from recourse.errors import ModelError
from recourse.models.files.json_text import read_json
from recourse.models.files.limits import OBJECT_LIMIT, SCHEMA_LIMIT, SIZE_LIMIT
from recourse.models.files.skops_parts import make_harmless

DATA_ONLY = frozenset(
    {
        "builtins.object",
        "functools.partial",
        "numpy.dtype",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines.BSpline",
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
        "sklearn.utils.validation.check_array",
    }
)
"""Types that skops asks about and that hold data only: read one by one, none runs anything from the file.

What compiled code follows without bounds checks, such as the nodes of trees, is checked by `make_harmless` after
loading; so is that a `functools.partial` does no more than check a table, as histogram boosting uses it.
"""


def check_archive(path: Path, data: bytes) -> None:
    """Refuse an archive that would unpack to too much, or whose arrays say they are larger than they are."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(path, archive, SIZE_LIMIT)
            _check_schema(path, archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error) as error:
        raise ModelError(f"{path} is a zip archive but no readable skops file: {error}.") from None
    except (ValueError, OSError, NotImplementedError, EOFError, KeyError, RuntimeError, SyntaxError) as error:
        raise ModelError(f"{path} is a zip archive but no readable skops file: {error}.") from None


def _check_members(path: Path, archive: zipfile.ZipFile, most: int, *, nested: bool = False) -> int:
    """Check what each member of an archive takes once unpacked, archives of sparse matrices included."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ModelError(f"{path} holds two members of the same name; the file is damaged.")
    unpacked = sum(member.file_size for member in members)
    for member in members:
        if unpacked > most:
            break
        if member.filename.endswith(".npz") and not nested:
            with zipfile.ZipFile(io.BytesIO(archive.read(member))) as inner:
                unpacked += _check_members(path, inner, most - unpacked, nested=True)
        elif member.filename.endswith(".npy"):
            _check_array(path, archive, member)
    if unpacked > most:
        size, limit = unpacked / 2**30, SIZE_LIMIT / 2**30
        raise ModelError(f"{path} would unpack to {size:.1f} GiB; above {limit:g} GiB it is refused.")
    return unpacked


def _check_array(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file, max_header_size=10_000)
    if math.prod(shape) * max(dtype.itemsize, 1) > member.file_size:
        raise ModelError(f"{path}: {member.filename} says that it holds more than it does.")


def _check_schema(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a schema that describes more than a model has: each of its objects takes kilobytes once read."""
    size = archive.getinfo("schema.json").file_size
    if size > SCHEMA_LIMIT:
        raise ModelError(f"{path} has a schema of {size >> 20} MiB; above {SCHEMA_LIMIT >> 20} MiB it is refused.")
    text = archive.read("schema.json")
    objects = text.count(b"{") + text.count(b"[")
    if objects > OBJECT_LIMIT:
        raise ModelError(f"{path} describes {objects:,} objects; above {OBJECT_LIMIT:,} it is refused.")


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
    try:
        make_harmless(path, model)
    except ModelError:
        raise
    except Exception as error:  # a part without the attributes that its type promises
        raise ModelError(f"{path} holds parts that are not what they say: {type(error).__name__}: {error}.") from None
    return model
