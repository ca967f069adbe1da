"""Model files: honest ones load and predict as the original, and files that lie are refused before they act."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import recourse as rs
from helpers import world
from recourse.cli.main import main
from recourse.models.readers.lightgbm import read_lightgbm
from recourse.models.readers.ubjson import read_ubjson
from recourse.models.readers.xgboost import read_xgboost


class Evil:
    """Writes a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture
def w():
    return world(7)


def people(w):
    rng = np.random.default_rng(0)
    return w.X.sample(500, replace=True, random_state=0) + rng.normal(size=(500, 4))


# -- honest files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_an_xgboost_file_predicts_as_the_library_does(tmp_path, w, ending):
    xgboost = pytest.importorskip("xgboost")
    clf = xgboost.XGBClassifier(n_estimators=8, max_depth=3).fit(w.X, w.y)
    file = tmp_path / f"model.{ending}"
    clf.save_model(file)
    loaded = rs.load_model(file)
    X = people(w)
    np.testing.assert_array_equal(loaded.predict(X), clf.predict(X))
    np.testing.assert_array_equal(loaded.decision_function(X), clf.predict(X, output_margin=True))
    np.testing.assert_allclose(loaded.predict_proba(X), clf.predict_proba(X), atol=1e-6)
    assert list(loaded.feature_names_in_) == list(w.X.columns)
    assert rs.as_model(loaded).name == "XGBoost model of 8 trees"


def test_an_xgboost_file_stops_where_training_stopped_only_if_its_own_classifier_would(tmp_path, w):
    xgboost = pytest.importorskip("xgboost")
    clf = xgboost.XGBClassifier(n_estimators=40, early_stopping_rounds=2, max_depth=4)
    clf.fit(w.X[:50], w.y[:50], eval_set=[(w.X[50:], w.y[50:])], verbose=False)
    clf.save_model(tmp_path / "model.json")
    assert clf.best_iteration + 1 < clf.get_booster().num_boosted_rounds()
    X = people(w)
    loaded = rs.load_model(tmp_path / "model.json")
    np.testing.assert_array_equal(loaded.decision_function(X), clf.predict(X, output_margin=True))


def test_a_lightgbm_file_predicts_as_the_library_does(tmp_path, w):
    lightgbm = pytest.importorskip("lightgbm")
    clf = lightgbm.LGBMClassifier(n_estimators=8, min_child_samples=5, verbose=-1).fit(w.X, w.y)
    file = tmp_path / "model.bin"
    clf.booster_.save_model(file)
    loaded = rs.load_model(file)
    X = people(w)
    np.testing.assert_array_equal(loaded.predict(X), clf.predict(X))
    np.testing.assert_array_equal(loaded.decision_function(X), clf.predict(X, raw_score=True))
    np.testing.assert_allclose(loaded.predict_proba(X), clf.predict_proba(X), rtol=1e-12)


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
    answers = rs.find(model, menus)
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


def test_a_pickle_is_opened_only_by_its_own_hash_and_that_is_recorded(tmp_path, w):
    file = tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps(LogisticRegression().fit(w.X, w.y)))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert rs.load_model(file, trust_pickle=digest.upper()).predict(w.X).shape == (80,)
    with pytest.raises(rs.ModelError, match=f"not the pickle that was trusted: its SHA-256 is {digest}"):
        rs.load_model(file, trust_pickle="0" * 64)
    table = tmp_path / "people.csv"
    w.X.to_csv(table, index=False)
    command = ["audit", str(table), "--model", str(file), "--format", "json"]
    assert CliRunner().invoke(main, command).exit_code == 3
    result = CliRunner().invoke(main, [*command, "--trust-pickle", digest])
    assert result.exit_code == 0, result.output
    assert digest in result.stdout


def test_trusting_what_is_no_pickle_is_a_mistake(tmp_path):
    file = tmp_path / "model.json"
    file.write_text('{"coefficients": {"a": 1}}')
    with pytest.raises(rs.InputError, match="trust_pickle= is for pickle and joblib files"):
        rs.load_model(file, trust_pickle="0" * 64)


# -- files that lie ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("name", ["model.skops", "model.onnx", "model.json", "model.ubj"])
def test_a_pickle_by_any_name_is_refused_unopened(tmp_path, protocol, name):
    mark = tmp_path / "executed"
    (tmp_path / name).write_bytes(pickle.dumps(Evil(mark), protocol=protocol))
    with pytest.raises(rs.ModelError, match="looks like a pickle"):
        rs.load_model(tmp_path / name)
    with pytest.raises(rs.ModelError, match="not the pickle that was trusted"):
        rs.load_model(tmp_path / name, trust_pickle=hashlib.sha256(b"another").hexdigest())
    assert not rs.inspect_model(tmp_path / name).loads
    assert not mark.exists()


@pytest.mark.parametrize("protocol", [0, 1])
def test_a_pickle_of_the_text_age_is_no_model_either(tmp_path, protocol):
    mark = tmp_path / "executed"
    (tmp_path / "model.skops").write_bytes(pickle.dumps(Evil(mark), protocol=protocol))
    with pytest.raises(rs.ModelError):
        rs.load_model(tmp_path / "model.skops")
    assert not mark.exists()


def test_a_pickle_inside_a_zip_is_no_skops_file(tmp_path):
    pytest.importorskip("skops")
    mark = tmp_path / "executed"
    with zipfile.ZipFile(tmp_path / "model.skops", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps(Evil(mark)))
    with pytest.raises(rs.ModelError, match="no readable skops file"):
        rs.load_model(tmp_path / "model.skops")
    assert not mark.exists()


def test_two_gigabytes_are_refused_by_their_size_alone(tmp_path):
    file = tmp_path / "model.json"
    with file.open("wb") as handle:
        handle.write(b"{")
        handle.truncate(2 << 30)
    with pytest.raises(rs.ModelError, match="2.0 GiB; model files above 1 GiB are refused"):
        rs.load_model(file)
    with pytest.raises(rs.ModelError, match="2.0 GiB"):
        rs.inspect_model(file)


def _npy(shape):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return buffer.getvalue() + b"\0" * 64


def test_an_archive_that_says_it_holds_more_than_it_does_is_refused(tmp_path):
    file = tmp_path / "model.skops"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("weights.npy", _npy((2**28,)))  # a header of 2 GB
    with pytest.raises(rs.ModelError, match="weights.npy says that it holds more than it does"):
        rs.load_model(file)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "model.skops"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (3 << 20))
    monkeypatch.setattr("recourse.models.files.skops.SIZE_LIMIT", 1 << 20)
    with pytest.raises(rs.ModelError, match="would unpack to .* GiB"):
        rs.load_model(file)


@pytest.fixture
def xgboost_document(w):
    xgboost = pytest.importorskip("xgboost")
    clf = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(w.X, w.y)
    return json.loads(clf.get_booster().save_raw("json"))


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("form", ["json", "ubj"])
def test_a_document_cut_short_is_refused(tmp_path, w, form, keep):
    xgboost = pytest.importorskip("xgboost")
    raw = bytes(xgboost.XGBClassifier(n_estimators=3).fit(w.X, w.y).get_booster().save_raw(form))
    file = tmp_path / "model"
    file.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(rs.ModelError, match="not valid"):
        rs.load_model(file)


@pytest.mark.parametrize(
    "data",
    [
        b"{L\0\0\0\0\0\0\0\1a[$d#L\0\0\0\1\0\0\0\0}",  # 4 billion numbers
        b"{L\0\0\0\0\0\0\0\1a[#L\0\0\0\1\0\0\0\0Z}",
        b"{L\0\0\0\0\x7f\0\0\0a",
        b"{i\1a" + b"[" * 500,
        b"{i\1a[$",
        b"{i\xff",
        b"{i\1aq}",
        b"{i\1aZ}Z",
    ],
)
def test_ubjson_that_claims_more_than_it_holds_is_refused(tmp_path, data):
    file = tmp_path / "model.ubj"
    file.write_bytes(data)
    with pytest.raises(rs.ModelError, match="UBJSON"):
        rs.load_model(file)


def _set(document, path, value):
    *way, last = path
    for key in way:
        document = document[key]
    document[last] = value


TREE = ("learner", "gradient_booster", "model", "trees", 0)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((*TREE, "left_children", 0), 0, "do not form a tree"),
        ((*TREE, "left_children", 0), 999, "do not form a tree"),
        ((*TREE, "split_indices", 0), 77, "splits on feature 77 of 4"),
        ((*TREE, "split_conditions"), [1.0], "no XGBoost model that can be read|different lengths"),
        ((*TREE, "split_conditions", -1), float("nan"), "not finite"),
        (("learner", "objective", "name"), "reg:squarederror", "does not decide between two labels"),
        (("learner", "gradient_booster", "name"), "gblinear", "no sum of trees"),
        (("learner", "learner_model_param", "base_score"), "2", "no usable base score"),
        (("learner", "learner_model_param", "num_feature"), "x", "no XGBoost model that can be read"),
    ],
)
def test_xgboost_documents_that_make_no_sense_are_refused(xgboost_document, path, value, message):
    _set(xgboost_document, path, value)
    with pytest.raises(rs.ModelError, match=message), np.errstate(all="ignore"):
        read_xgboost(xgboost_document)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("objective=binary", "objective=regression", "does not decide between two labels"),
        ("num_class=1", "num_class=3", "several labels"),
        ("end of trees", "", "cut short"),
        ("is_linear=0", "is_linear=1", "linear trees"),
        ("left_child=", "left_child=0 ", "can't|cannot|could not|different|lengths|no LightGBM model"),
        ("num_leaves=", "num_leaves=9", "fewer leaves"),
        ("max_feature_idx=3", "max_feature_idx=7", "8 features, but 4 names"),
    ],
)
def test_lightgbm_texts_that_make_no_sense_are_refused(w, old, new, message):
    lightgbm = pytest.importorskip("lightgbm")
    clf = lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=5, verbose=-1).fit(w.X, w.y)
    text = clf.booster_.model_to_string()
    assert read_lightgbm(text).trees
    with pytest.raises(rs.ModelError, match=message):
        read_lightgbm(text.replace(old, new))


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


# -- inspect -----------------------------------------------------------------------------------------------


def test_inspect_lists_what_is_inside_without_running_it(tmp_path, w):
    skops = pytest.importorskip("skops.io")
    skops.dump(LogisticRegression().fit(w.X, w.y), tmp_path / "model")
    found = rs.inspect_model(tmp_path / "model")
    assert found.kind == "skops"
    assert found.loads
    assert any("LogisticRegression" in line for line in found.contents)
    mark = tmp_path / "executed"
    (tmp_path / "evil").write_bytes(pickle.dumps(Evil(mark)))
    evil = rs.inspect_model(tmp_path / "evil")
    assert evil.sha256 == hashlib.sha256((tmp_path / "evil").read_bytes()).hexdigest()
    assert any("open" in line for line in evil.contents)
    assert not mark.exists()


def test_the_command_line_inspects_and_says_when_a_file_would_be_refused(tmp_path):
    (tmp_path / "model.csv").write_text("feature,coefficient\nincome,0.5\n")
    result = CliRunner().invoke(main, ["model", "inspect", str(tmp_path / "model.csv")])
    assert result.exit_code == 0
    assert "coefficient of income" in result.stdout
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": 1}))
    result = CliRunner().invoke(main, ["model", "inspect", str(tmp_path / "model.pkl")])
    assert result.exit_code == 3
    assert "trust_pickle" in result.stdout
    assert CliRunner().invoke(main, ["model", "inspect", str(tmp_path / "none")]).exit_code == 3


def test_a_list_in_ubjson_without_a_size_reads_too():
    assert read_ubjson(b"{i\1a[i\5TFZSi\2hi[]]}") == {"a": [5, True, False, None, "hi", []]}


def test_a_table_with_missing_values_and_categories_reaches_native_trees_as_it_reaches_the_library(w):
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=400), "k": pd.Categorical(rng.choice(list("cab"), 400))})
    X.loc[::7, "a"] = np.nan
    X.loc[::11, "k"] = np.nan
    y = (X["a"].fillna(0.3) + (X["k"] == "a") > 0.2).astype(int)
    clf = lightgbm.LGBMClassifier(n_estimators=5, min_data_per_group=5, cat_smooth=1, verbose=-1).fit(X, y)
    native = read_lightgbm(clf.booster_.model_to_string())
    np.testing.assert_array_equal(native.decision_function(X), clf.predict(X, raw_score=True))
    other = X.assign(k=X["k"].astype(object).astype(pd.CategoricalDtype(["b", "x", "a", "c"])))
    np.testing.assert_array_equal(native.decision_function(other), clf.predict(other, raw_score=True))
