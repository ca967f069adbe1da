"""ONNX files answer for themselves; those that bring foreign code or lie about sizes are refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import recourse as rs


def test_an_onnx_file_answers_for_itself_and_names_its_precision(tmp_path, w):
    skl2onnx = pytest.importorskip("skl2onnx")
    pytest.importorskip("onnxruntime")
    clf = RandomForestClassifier(5, max_depth=4, random_state=0).fit(w.X, w.y)
    kind = skl2onnx.common.data_types.FloatTensorType([None, 4])
    file = tmp_path / "model.json"
    file.write_bytes(skl2onnx.to_onnx(clf, initial_types=[("X", kind)]).SerializeToString())
    loaded = rs.load_model(file)
    np.testing.assert_array_equal(loaded.predict(w.X.to_numpy()), clf.predict(w.X))
    np.testing.assert_allclose(loaded.predict_proba(w.X.to_numpy()), clf.predict_proba(w.X), atol=1e-6)
    model = rs.as_model(loaded)
    assert model.name == "ONNX classifier in float32"
    menus = w.actions.menus(w.X[~model.approves(w.X)].iloc[:3])
    answers = rs.search.solve(model, menus)
    found = np.flatnonzero(answers.found)
    assert model.approves(menus.points(found, answers.picks[found])).all()


def test_an_onnx_file_with_a_column_for_each_feature_keeps_their_names(tmp_path, w):
    skl2onnx = pytest.importorskip("skl2onnx")
    types = skl2onnx.common.data_types
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline

    clf = make_pipeline(make_column_transformer(("passthrough", list(w.X.columns))), LogisticRegression()).fit(w.X, w.y)
    initial = [(name, types.FloatTensorType([None, 1])) for name in w.X.columns]
    file = tmp_path / "model.onnx"
    file.write_bytes(skl2onnx.to_onnx(clf, initial_types=initial).SerializeToString())
    loaded = rs.load_model(file)
    assert list(loaded.feature_names_in_) == list(w.X.columns)
    np.testing.assert_array_equal(loaded.predict(w.X), clf.predict(w.X))


@pytest.fixture
def onnx_document(w):
    skl2onnx = pytest.importorskip("skl2onnx")
    kind = skl2onnx.common.data_types.FloatTensorType([None, 4])
    return skl2onnx.to_onnx(LogisticRegression().fit(w.X, w.y), initial_types=[("X", kind)])


def test_onnx_with_data_in_another_file_is_refused(tmp_path, onnx_document):
    import onnx

    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 64)
    tensor = onnx_document.graph.initializer.add()
    tensor.name, tensor.data_type, tensor.data_location = "stolen", onnx.TensorProto.FLOAT, onnx.TensorProto.EXTERNAL
    tensor.dims.append(16)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "secret.bin"
    file = tmp_path / "model.onnx"
    file.write_bytes(onnx_document.SerializeToString())
    with pytest.raises(rs.ModelError, match="keeps 'stolen' in another file"):
        rs.load_model(file)
    assert "another file" in rs.inspect_model(file).why


def test_onnx_with_foreign_operators_is_refused(tmp_path, onnx_document):
    onnx_document.graph.node[0].domain = "com.example"
    file = tmp_path / "model.onnx"
    file.write_bytes(onnx_document.SerializeToString())
    with pytest.raises(rs.ModelError, match="com.example"):
        rs.load_model(file)
    onnx_document.graph.node[0].domain = ""
    onnx_document.opset_import.add().domain = "org.elsewhere"
    file.write_bytes(onnx_document.SerializeToString())
    with pytest.raises(rs.ModelError, match="operator domain 'org.elsewhere'"):
        rs.load_model(file)


def test_onnx_that_claims_a_huge_tensor_or_is_cut_short_is_refused(tmp_path, onnx_document):
    import onnx

    file = tmp_path / "model.onnx"
    raw = onnx_document.SerializeToString()
    file.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(rs.ModelError):
        rs.load_model(file)
    tensor = onnx_document.graph.initializer.add()
    tensor.name, tensor.data_type = "huge", onnx.TensorProto.FLOAT
    tensor.dims.append(2**40)
    file.write_bytes(onnx_document.SerializeToString())
    with pytest.raises(rs.ModelError, match="holds far fewer"):
        rs.load_model(file)
