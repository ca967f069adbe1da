"""Nothing in a skops file runs, prints or crashes compiled code, and honest files are opened."""

from __future__ import annotations

import functools
import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_array

import recourse as rs

skops = pytest.importorskip("skops.io")

rng = np.random.default_rng(0)
X = pd.DataFrame({"a": rng.normal(size=80), "b": rng.integers(0, 5, 80).astype(float)})
Y = (X["a"] + (X["b"] > 2) > 0.5).astype(int).to_numpy()


def spline():
    return make_pipeline(SplineTransformer(n_knots=3), LogisticRegression()).fit(X, Y)


def with_categories():
    return HistGradientBoostingClassifier(max_iter=3, categorical_features=[1], min_samples_leaf=5).fit(X, X["b"] > 2)


def svc(**settings):
    return SVC(**settings).fit(X, Y)


@pytest.mark.parametrize("make", [spline, with_categories, svc])
def test_honest_files_of_splines_categories_and_vectors_open_and_judge_as_before(make, tmp_path):
    model = make()
    skops.dump(model, tmp_path / "model")
    np.testing.assert_array_equal(rs.load_model(tmp_path / "model").predict(X), model.predict(X))


def test_words_as_categories_open_and_judge_as_before(tmp_path):
    words = X.assign(c=pd.Categorical(np.where(X["b"] > 2, "u", "v")))
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype").fit(words, Y)
    skops.dump(model, tmp_path / "model")
    np.testing.assert_array_equal(rs.load_model(tmp_path / "model").predict(words), model.predict(words))


def test_a_file_has_no_say_in_caches_processes_and_printing(tmp_path):
    inner = make_pipeline(
        StandardScaler(), RandomForestClassifier(2, n_jobs=50, verbose=3), memory=str(tmp_path / "in")
    )
    model = make_pipeline(inner, memory=str(tmp_path / "out"), verbose=True).fit(X, Y)
    skops.dump(model, tmp_path / "model")
    loaded = rs.load_model(tmp_path / "model")
    inner = loaded[0]
    assert (loaded.memory, loaded.verbose, inner.memory) == (None, False, None)
    assert (inner[1].n_jobs, inner[1].verbose) == (None, False)
    assert all(tree.__dict__.get("n_jobs") is None for tree in inner[1].estimators_)

    # nothing is written when it is fitted again
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    loaded.fit(X, Y)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def boosted(change):
    model = GradientBoostingClassifier(n_estimators=2, max_depth=2).fit(X, Y)
    change(model)
    return model


def changed(model, **attributes):
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def two_columns_of_trees():
    model = GradientBoostingClassifier(n_estimators=2, max_depth=2).fit(X, Y)
    return changed(model, estimators_=np.concatenate([model.estimators_] * 2, axis=1))


def without_nodes():
    model = DecisionTreeClassifier(max_depth=2).fit(X, Y)
    state = model.tree_.__getstate__()
    state |= {"node_count": 0, "nodes": state["nodes"][:0], "values": state["values"][:0]}
    model.tree_.__setstate__(state)
    return model


def predictor(change):
    model = with_categories()
    change(model._predictors[0][0])
    return model


def mapper(change):
    model = with_categories()
    change(model._bin_mapper)
    return model


def encoded(change):
    words = X.assign(c=pd.Categorical(np.where(X["b"] > 2, "u", "v")))
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype").fit(words, Y)
    change(model)
    return model


def without_a_column(model):
    del model._preprocessor.transformers_[1]


def of_two_categories(model):
    model._preprocessor.transformers_[0][1].categories_ *= 2


def spread(model):
    model._preprocessor = SplineTransformer(n_knots=4).fit(X.assign(c=0.0))


def outside(matrix):
    matrix.indices[0] = 10_000
    return matrix


def sparse_coefficients():
    model = LogisticRegression().fit(X, Y).sparsify()
    outside(model.coef_)
    return model


def spline_with(**attributes):
    model = spline()
    for name, value in attributes.items():
        setattr(model[0].bsplines_[0], name, value)
    return model


def in_a_set(what):
    return changed(LogisticRegression().fit(X, Y), extra={what})


def partial_of(function, *given, **named):
    return make_pipeline(FunctionTransformer(functools.partial(function, *given, **named)), LogisticRegression()).fit(
        X, Y
    )


HOSTILE = {
    "a tree without nodes": (without_nodes, "a tree without nodes"),
    "a tree in a set": (lambda: in_a_set(DecisionTreeClassifier().fit(X, Y)), "a set of objects"),
    "an estimator in a set": (lambda: in_a_set(LogisticRegression()), "a set of objects"),
    "boosted trees for other labels": (two_columns_of_trees, "another number of labels"),
    "boosting for three scores": (lambda: boosted(lambda m: changed(m, n_trees_per_iteration_=3)), "number of labels"),
    "histograms for three scores": (
        lambda: changed(with_categories(), n_trees_per_iteration_=3),
        "another number of labels",
    ),
    "predictors without nodes": (lambda: predictor(lambda p: changed(p, nodes=p.nodes[:0])), "a tree without nodes"),
    "narrow bitsets": (
        lambda: predictor(lambda p: changed(p, raw_left_cat_bitsets=p.raw_left_cat_bitsets[:, :2].copy())),
        "another shape",
    ),
    "no bitsets": (
        lambda: predictor(lambda p: changed(p, raw_left_cat_bitsets=np.zeros((0, 8), np.uint32))),
        "point outside it",
    ),
    "categories of a number": (lambda: mapper(lambda m: changed(m, is_categorical_=np.zeros(2, np.uint8))), "a number"),
    "bins for one column": (lambda: mapper(lambda m: changed(m, is_categorical_=np.ones(1, np.uint8))), "features"),
    "category 300": (lambda: mapper(lambda m: m.bin_thresholds_.__setitem__(0, np.array([300.0]))), "beyond 255"),
    "a column left out": (lambda: encoded(without_a_column), "another number of columns"),
    "a column twice": (lambda: encoded(of_two_categories), "another number of columns"),
    "another table for boosting": (lambda: encoded(spread), "not what they say"),
    "sparse weights outside": (sparse_coefficients, "types that are not trusted"),
    "counts of vectors": (lambda: changed(svc(), _n_support=np.array([10_000, 5], np.int32)), "does not add up"),
    "negative counts": (lambda: negative(svc()), "does not add up"),
    "three counts": (lambda: changed(svc(), _n_support=np.array([1, 2, 3], np.int32)), "_n_support of the support"),
    "weights of vectors": (lambda: changed(svc(), _dual_coef_=np.ones((1, 2))), "_dual_coef_ of the support vectors"),
    "no intercept": (lambda: changed(svc(), _intercept_=np.ones(0)), "_intercept_ of the support vectors"),
    "probabilities of others": (lambda: changed(svc(), _probA=np.ones(9)), "_probA of the support vectors"),
    "few vectors": (lambda: changed(svc(), support_vectors_=np.ones((1, 2))), "support_vectors_ of the support"),
    "narrow vectors": (lambda: narrow(svc()), "support_vectors_ of the support"),
    "precomputed": (lambda: changed(svc(), kernel="precomputed"), "precomputed kernel"),
    "labels of neighbours": (lambda: neighbours(np.full(80, 10_000)), "neighbours without labels"),
    "few labels of neighbours": (lambda: neighbours(np.zeros(3, int)), "neighbours without labels"),
    "few coefficients": (lambda: spline_with(_c=np.ones((1, 4))), "knots and coefficients"),
    "knots out of order": (lambda: spline_with(_t=np.linspace(1, 0, 9)), "knots and coefficients"),
    "knots that are no numbers": (lambda: spline_with(_t=np.full(9, np.nan)), "knots and coefficients"),
    "no knots": (lambda: spline_with(_t=np.zeros(0)), "knots and coefficients"),
    "a negative degree": (lambda: spline_with(k=-5), "knots and coefficients"),
    "a huge degree": (lambda: spline_with(k=2**40), "knots and coefficients"),
    "another axis": (lambda: spline_with(axis=7), "knots and coefficients"),
    "a partial with a name": (lambda: partial_of(check_array, input_name="x"), "arguments filled in"),
    "a partial with a value": (lambda: changed_partial(), "arguments filled in"),
}


def negative(model):
    total = model._n_support.sum()
    return changed(model, _n_support=np.array([-5, total + 5], np.int32))


def narrow(model):
    return changed(model, support_vectors_=model.support_vectors_[:, :1].copy())


def neighbours(labels):
    return changed(KNeighborsClassifier(algorithm="brute").fit(X, Y), _y=labels)


def changed_partial():
    model = partial_of(check_array)
    model[0].func = functools.partial(check_array, X.to_numpy())
    return model


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_would_run_or_crash_compiled_code_is_refused(kind, refused):
    make, words = HOSTILE[kind]
    refused(skops.dumps(make()), words)


def archive(*members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def schema_of(model):
    with zipfile.ZipFile(io.BytesIO(skops.dumps(model))) as file:
        return file.read("schema.json")


def sparse_bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file, file.open("data.npy", "w") as member:
        for _ in range(1100):
            member.write(bytes(1 << 20))
    return archive(("schema.json", "{}"), ("weights.npz", buffer.getvalue()))


NUMBER = {"__class__": "int", "__module__": "builtins", "__loader__": "JsonNode", "content": "1", "is_json": True}
BOMBS = {
    "a schema of 60 MiB": (lambda: archive(("schema.json", b" " * (60 << 20))), "a schema of 60 MiB; above 32 MiB"),
    "a schema of a million objects": (
        lambda: archive(("schema.json", b'{"content": [' + b"{}," * 10**6 + b"{}]}")),
        "objects; above 400,000",
    ),
    "a sparse matrix of 1.1 GiB": (sparse_bomb, "would unpack to 1.1 GiB"),
    "a list 100,000 deep": (
        lambda: archive(("schema.json", b'{"content": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
        "nested too deeply",
    ),
    "no schema": (lambda: archive(("other", "x")), "no readable skops file"),
    "a schema that is a list": (lambda: archive(("schema.json", "[]")), "no readable skops file"),
    "a schema that is a number": (lambda: archive(("schema.json", "7")), "no readable skops file"),
    "a schema that is no text": (lambda: archive(("schema.json", b"\xff\xfe")), "no readable skops file"),
    "a schema twice": (lambda: twice(), "two members of the same name"),
    "an array of no format": (lambda: archive(("schema.json", "{}"), ("a.npy", b"hello")), "no readable skops file"),
    "an archive cut short": (lambda: skops.dumps(svc())[:-300], "no readable skops file"),
    "an archive cut to its head": (lambda: skops.dumps(svc())[:40], "no readable skops file"),
    "a sparse matrix that is none": (
        lambda: archive(("schema.json", "{}"), ("a.npz", b"hello")),
        "no readable skops file",
    ),
    "an unknown loader": (
        lambda: archive(("schema.json", json.dumps({**NUMBER, "__loader__": "NoNode", "protocol": 2}))),
        "no readable skops file",
    ),
    "a number alone": (lambda: skops.dumps(5), ""),
    "words alone": (lambda: skops.dumps("hello"), ""),
}


def twice():
    with pytest.warns(UserWarning, match="Duplicate name"):
        return archive(("schema.json", "{}"), ("schema.json", "{}"))


@pytest.mark.parametrize("kind", BOMBS)
def test_an_archive_that_is_large_damaged_or_something_else_is_refused(kind, refused):
    make, words = BOMBS[kind]
    refused(make(), words)


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_archive_is_refused_or_opened_and_crashes_nothing(seed, child, people, tmp_path):
    damage = np.random.default_rng(seed)
    data = bytearray(skops.dumps([svc, spline, with_categories, without_nodes][seed % 4]()))
    for place in damage.integers(0, len(data), 5):
        data[place] = damage.integers(0, 256)
    (tmp_path / "model").write_bytes(bytes(data))
    done = child.run("audit", people, "--model", tmp_path / "model", "--desired", "1", "--time-limit", 2)
    assert done.returncode in (0, 2, 3, 4), (done.returncode, done.stderr[-2000:])
