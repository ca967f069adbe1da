"""Classifiers exported to ONNX: opened from bytes, on the CPU, with nothing fetched and nothing foreign run.

An export is an artefact of its own: where it computes in float32 it can decide points near the boundary in
another way than the model it was made from. So its precision is part of its name, and it answers for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recourse.arrays import FloatArray
from recourse.errors import ModelError

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
"""Operators of the standard itself; others would need code from elsewhere."""

REFUSED = frozenset({"Loop", "Scan", "If", "SequenceMap"})
"""Operators that run a graph inside: over and over, for as long as the file says."""

NODE_LIMIT, DEPTH_LIMIT = 10_000, 8
"""A graph may have so many operators, and graphs so deep inside each other."""

MAKERS = frozenset({"ConstantOfShape", "Range", "Expand", "Tile", "EyeLike", "Pad", "Resize", "Upsample",
                     "OneHot", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike",
                     "Multinomial"})  # fmt: skip
"""Operators whose result may be larger than the file and the table together."""

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}
_NEEDS = "to open an ONNX file: pip install 'openrecourse[onnx]'."


def looks_like_onnx(head: bytes) -> bool:
    """Whether a file may be ONNX: a protocol buffer that begins with a small format version."""
    return len(head) > 2 and head[0] == 0x08 and 0 < head[1] < 0x40 and head[2] in (0x12, 0x1A, 0x22, 0x2A, 0x3A, 0x42)


def read_graph(data: bytes) -> Any:
    """Return the checked ONNX document in some bytes, without running it.

    Raises `ModelError` where it is broken, keeps data in other files, brings functions of its own or uses
    operators that are not the standard's.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise ModelError(_NEEDS) from None
    try:
        document = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, RecursionError) as error:
        raise ModelError(f"this is no ONNX model: {error}.") from None

    # nothing but the standard's own operators
    if document.functions or document.training_info:
        raise ModelError("this ONNX model brings functions or training steps of its own; only plain graphs are opened.")
    for opset in document.opset_import:
        if opset.domain not in DOMAINS:
            raise ModelError(
                f"this ONNX model needs the operator domain {opset.domain!r}, which is not the standard's."
            )
    for graph in _graphs(document.graph):
        for node in graph.node:
            if node.domain not in DOMAINS:
                raise ModelError(f"this ONNX model runs {node.domain}.{node.op_type}, which is not the standard's.")
            if node.op_type in REFUSED:
                raise ModelError(f"this ONNX model runs {node.op_type}, which repeats or skips parts; it is refused.")
            if node.op_type in MAKERS:
                raise ModelError(
                    f"this ONNX model runs {node.op_type}, which makes tables of any size; classifiers need none."
                )
        # no data elsewhere, and as much of it as the file says
        for tensor in _tensors(graph):
            if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
                raise ModelError(
                    f"this ONNX model keeps {tensor.name or 'a tensor'!r} in another file; that is not opened."
                )
            _check_size(tensor)

    try:
        onnx.checker.check_model(document)
    except onnx.checker.ValidationError as error:
        raise ModelError(f"this is no valid ONNX model: {str(error).splitlines()[0]}.") from None
    return document


def _graphs(graph: Any, depth: int = 0) -> Iterator[Any]:
    """A graph and all graphs inside its operators."""
    if depth > DEPTH_LIMIT or len(graph.node) > NODE_LIMIT:
        raise ModelError(
            f"this ONNX model has more than {NODE_LIMIT:,} operators, or graphs more than {DEPTH_LIMIT} deep."
        )
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from _graphs(inner, depth + 1)


def _tensors(graph: Any) -> Iterator[Any]:
    """All tensors that a graph brings along, sparse ones as their parts."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for sparse in ([attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []) + list(
                attribute.sparse_tensors
            ):
                yield from (sparse.values, sparse.indices)


def _check_size(tensor: Any) -> None:
    """Refuse a tensor that says it is larger than what the file holds."""
    claimed = 1
    for size in tensor.dims:
        claimed *= int(size)
        if size < 0:
            raise ModelError("this ONNX model holds a tensor of a negative size.")
    held = len(tensor.raw_data) + sum(
        len(getattr(tensor, name))
        for name in ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")
    )
    if claimed > 8 * max(held, 1):
        raise ModelError(f"this ONNX model says that a tensor has {claimed:,} numbers, and holds far fewer.")


class OnnxClassifier:
    """A classifier in an ONNX file; it predicts as scikit-learn's estimators do, in the precision of the file."""

    def __init__(self, data: bytes) -> None:
        document = read_graph(data)
        try:
            import onnxruntime
        except ImportError:
            raise ModelError(_NEEDS) from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no base of their own
            raise ModelError(f"this ONNX model can't be run: {str(error).splitlines()[0]}.") from None

        # what goes in and comes out
        self._inputs = self._session.get_inputs()
        self._outputs = self._session.get_outputs()
        if not self._inputs or not self._outputs:
            raise ModelError("this ONNX model has no inputs or no outputs; it decides about nobody.")
        unknown = [one.type for one in self._inputs if one.type not in (*_TYPES, "tensor(string)")]
        if unknown:
            raise ModelError(f"this ONNX model takes {unknown[0]}; only numbers and strings are supported.")
        self.dtype = np.result_type(*(_TYPES.get(one.type, np.int64) for one in self._inputs)).name
        self.classes_ = _labels(document)

        # one input a column, or all columns in one
        if len(self._inputs) > 1:
            self.feature_names_in_ = np.array([one.name for one in self._inputs], dtype=object)
            self.n_features_in_ = len(self._inputs)
        else:
            width = self._inputs[0].shape[-1] if len(self._inputs[0].shape) == 2 else None
            if not isinstance(width, int):
                raise ModelError("this ONNX model does not say how many columns it takes.")
            self.n_features_in_ = width

    def __repr__(self) -> str:
        return f"OnnxClassifier({self.dtype}: {self.n_features_in_} features, labels {self.classes_.tolist()})"

    @property
    def display_name(self) -> str:
        """What reports call it."""
        return f"ONNX classifier in {self.dtype}"

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the labels."""
        return np.asarray(self._run(0, X)).reshape(-1)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probability of each label."""
        if len(self._outputs) < 2:
            raise ModelError("this ONNX model gives labels only, no probabilities.")
        found = self._run(1, X)
        if isinstance(found, list):  # one dictionary a row
            found = [[row[label] for label in self.classes_.tolist()] for row in found]
        return np.asarray(found, dtype=np.float64)

    def _run(self, output: int, X: Any) -> Any:
        """What the graph gives for some rows; where it breaks, an error in words."""
        feed = self._feed(X)
        try:
            return self._session.run([self._outputs[output].name], feed)[0]
        except Exception as error:  # onnxruntime's errors have no base of their own
            raise ModelError(f"this ONNX model can't judge these rows: {str(error).splitlines()[0]:.200}.") from None

    def _feed(self, X: Any) -> dict[str, Any]:
        """The rows as the graph takes them: a matrix, or one column for each input."""
        if len(self._inputs) == 1:
            one = self._inputs[0]
            return {one.name: np.asarray(X).astype(_TYPES.get(one.type, str))}
        frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=list(self.feature_names_in_))
        feed = {}
        for one in self._inputs:
            column = frame[one.name].to_numpy()
            plain = (
                column.astype(str).astype(object) if one.type == "tensor(string)" else column.astype(_TYPES[one.type])
            )
            feed[one.name] = plain.reshape(-1, 1)
        return feed


def _labels(document: Any) -> npt.NDArray[Any]:
    """The labels that the last classifier in the graph gives."""
    for node in reversed(document.graph.node):
        for attribute in node.attribute:
            if attribute.name in ("classlabels_ints", "classlabels_int64s") and attribute.ints:
                return np.array(list(attribute.ints))
            if attribute.name == "classlabels_strings" and attribute.strings:
                return np.array([text.decode("utf-8", "replace") for text in attribute.strings], dtype=object)
    for tensor in document.graph.initializer:
        if tensor.name in ("classes", "classlabels"):
            import onnx

            return np.asarray(onnx.numpy_helper.to_array(tensor)).ravel()
    raise ModelError("this ONNX model names no labels; recourse needs a classifier, with labels to choose from.")
