"""A damaged XGBoost or LightGBM model is refused, and never read as another model."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest

import recourse as rs

xgboost = pytest.importorskip("xgboost")
lightgbm = pytest.importorskip("lightgbm")

rng = np.random.default_rng(0)
X = pd.DataFrame({"a": rng.normal(size=80), "b": rng.integers(0, 5, 80).astype(float)})
Y = (X["a"] + (X["b"] > 2) > 0.5).astype(int)


def dart():
    model = xgboost.XGBClassifier(
        n_estimators=3, max_depth=2, booster="dart", rate_drop=0.5, early_stopping_rounds=2, n_jobs=1
    )
    model.fit(X, Y, eval_set=[(X, Y)], verbose=False)
    booster = model.get_booster()
    booster.set_attr(scikit_learn="{}")
    return json.loads(booster.save_raw("json"))


def parts(document):
    """The booster of a document, its trees' model, and its first tree."""
    booster = document["learner"]["gradient_booster"]
    model = booster["gbtree"]["model"]
    return document["learner"], booster, model, model["trees"][0]


def test_an_honest_model_opens(opened):
    opened(json.dumps(dart()))


def put(of, name, value):
    def change(*given):
        given[of][name] = value

    return change


LEARNER, BOOSTER, MODEL, TREE = range(4)
tree_lists = ("left_children", "right_children", "split_indices", "split_conditions", "default_left", "split_type")
XGBOOST = {
    "few weights": (put(BOOSTER, "weight_drop", [1.0]), "3 trees, but 1 weights"),
    "no weights": (put(BOOSTER, "weight_drop", []), "3 trees, but 0 weights"),
    "a weight that is no number": (put(BOOSTER, "weight_drop", [float("nan")] * 3), "not finite"),
    "an endless weight": (put(BOOSTER, "weight_drop", [1e300] * 3), "not finite"),
    "weights in words": (put(BOOSTER, "weight_drop", ["x", "y", "z"]), "no XGBoost model that can be read"),
    "fewer trees": (
        lambda learner, booster, model, tree: (model["trees"].pop(), booster["weight_drop"].pop()),
        "trees",
    ),
    "another count": (put(MODEL, "gbtree_model_param", {"num_trees": "2"}), "another number of trees than it says"),
    "a count with a line": (put(MODEL, "gbtree_model_param", {"num_trees": "0_3"}), "num_trees must be a whole number"),
    "no count": (put(MODEL, "gbtree_model_param", {}), "no XGBoost model that can be read"),
    "a feature below 0": (put(TREE, "split_indices", [-1, 0, 0, 0, 0]), "splits on feature -1"),
    "a feature beyond": (put(TREE, "split_indices", [9, 0, 0, 0, 0]), "feature 9 of 2"),
    "a feature between": (put(TREE, "split_indices", [0.5, 0, 0, 0, 0]), "split_indices of an XGBoost model"),
    "a feature in words": (put(TREE, "split_indices", ["0"] * 5), "split_indices of an XGBoost model"),
    "features in lists": (put(TREE, "split_indices", [[0]] * 5), "split_indices of an XGBoost model"),
    "children in halves": (put(TREE, "left_children", [1.9, 3, -1, -1, -1]), "left_children of an XGBoost model"),
    "one child": (put(TREE, "right_children", [2, -1, -1, -1, -1]), "nodes with one child"),
    "a circle": (put(TREE, "left_children", [1, 0, -1, -1, -1]), "do not form a tree"),
    "a child twice": (put(TREE, "left_children", [2, 3, -1, -1, -1]), "do not form a tree"),
    "a child outside": (put(TREE, "left_children", [100, 3, -1, -1, -1]), "do not form a tree"),
    "no nodes": (
        lambda *given: given[TREE].update(
            {name: [] for name in tree_lists},
            tree_param={},
        ),
        "different lengths",
    ),
    "other nodes than it says": (put(TREE, "tree_param", {"num_nodes": "7"}), "another number of nodes"),
    "several values a leaf": (put(TREE, "tree_param", {"size_leaf_vector": "3"}), "several values a leaf"),
    "a leaf that is no number": (put(TREE, "split_conditions", [0, 0, float("nan"), 0, 0]), "not finite"),
    "directions in halves": (put(TREE, "default_left", [0.5] * 5), "default_left of an XGBoost model"),
    "categories that no node asks for": (put(TREE, "categories_nodes", [0]), "other sets of categories"),
    "a node without its categories": (put(TREE, "split_type", [1, 0, 0, 0, 0]), "other sets of categories"),
    "rounds that don't add up": (put(MODEL, "iteration_indptr", [0, 1, 2, 9]), "don't add up"),
    "rounds backwards": (put(MODEL, "iteration_indptr", [0, 2, 1, 3]), "don't add up"),
    "no rounds": (put(MODEL, "iteration_indptr", []), "don't add up"),
    "rounds in halves": (put(MODEL, "iteration_indptr", [0, 1.5, 2, 3]), "iteration_indptr of an XGBoost model"),
    "a round beyond": (lambda *given: given[0]["attributes"].update(best_iteration="7"), "has 3 rounds"),
    "a round below 0": (lambda *given: given[0]["attributes"].update(best_iteration="-2"), "best_iteration must be"),
    "a round with a line": (
        lambda *given: given[0]["attributes"].update(best_iteration="0_1"),
        "best_iteration must be",
    ),
    "two targets": (lambda *given: given[0]["learner_model_param"].update(num_target="2"), "several targets"),
    "three classes": (
        lambda *given: given[0]["learner_model_param"].update(num_class="3"),
        "several targets or classes",
    ),
    "a huge number of features": (
        lambda *given: given[0]["learner_model_param"].update(num_feature="9" * 30),
        "num_feat",
    ),
    "other names than features": (put(LEARNER, "feature_names", ["a"]), "feature names"),
    "no base score": (lambda *given: given[0]["learner_model_param"].update(base_score="0"), "base score"),
    "a base score of words": (lambda *given: given[0]["learner_model_param"].update(base_score="[x]"), "XGBoost model"),
    "another objective": (
        put(LEARNER, "objective", {"name": "reg:squarederror"}),
        "does not decide between two labels",
    ),
}


@pytest.mark.parametrize("kind", XGBOOST)
def test_an_xgboost_model_that_contradicts_itself_is_refused(kind, refused):
    change, words = XGBOOST[kind]
    document = dart()
    change(*parts(document))
    refused(json.dumps(document), words)


def test_small_files_of_categories_stay_small(refused):
    document = dart()
    tree = parts(document)[TREE]
    inner, leaves = 300, 301
    tree |= {
        "left_children": [2 * k + 1 for k in range(inner)] + [-1] * leaves,
        "right_children": [2 * k + 2 for k in range(inner)] + [-1] * leaves,
        "split_indices": [0] * (inner + leaves),
        "split_conditions": [0.0] * (inner + leaves),
        "default_left": [0] * (inner + leaves),
        "split_type": [1] * inner + [0] * leaves,
        "categories": [1 << 24] * inner,
        "categories_segments": list(range(inner)),
        "categories_sizes": [1] * inner,
        "categories_nodes": list(range(inner)),
        "tree_param": {},
    }
    refused(json.dumps(document), "sets of more than 67,108,864 categories")
    tree["categories_segments"], tree["categories_sizes"] = [0] * inner, [inner] * inner
    refused(json.dumps(document), "sets of categories that overlap")
    tree["categories_segments"], tree["categories_sizes"] = [-1] * inner, [1] * inner
    refused(json.dumps(document), "outside its list of categories")
    tree["categories"] = [1 << 40] * inner
    tree["categories_segments"] = list(range(inner))
    refused(json.dumps(document), "no small whole numbers")


def grown():
    model = lightgbm.LGBMClassifier(n_estimators=2, num_leaves=4, min_child_samples=2, verbose=-1, n_jobs=1)
    return model.fit(X, Y).booster_.model_to_string()


def resized(text):
    """The text with the sizes of its trees put right."""
    starts = [text.index(f"\nTree={k}\n") + 1 for k in range(2)] + [text.index("\nend of trees") + 1]
    sizes = " ".join(str(b - a) for a, b in itertools.pairwise(starts))
    head, _, rest = text.partition("tree_sizes=")
    return f"{head}tree_sizes={sizes}\n{rest.partition(chr(10))[2]}"


def line(name, values):
    """Replace the first line of this name."""

    def change(text):
        before, _, rest = text.partition(f"\n{name}=")
        return f"{before}\n{name}={values}\n{rest.partition(chr(10))[2]}"

    return change


def without_a_tree(text):
    start, end = text.index("\nTree=1\n"), text.index("\nend of trees")
    return text[:start] + text[end:]


LIGHTGBM = {
    "a tree is missing": (without_a_tree, "lists 2 trees, but its trees are not these", False),
    "sizes of other trees": (line("tree_sizes", "7 9"), "bytes, not 7 as it says", False),
    "one size": (line("tree_sizes", "552"), "lists 1 trees", False),
    "no sizes": (line("tree_sizes", ""), "lists 0 trees", False),
    "sizes in words": (line("tree_sizes", "many more"), "tree_sizes must be a whole number", False),
    "a tree changed": (lambda text: text.replace("threshold=", "threshold=1", 1), "as it says", False),
    "trees swapped": (lambda text: text.replace("Tree=1", "Tree=7"), "its trees are not these", False),
    "a feature below 0": (line("split_feature", "-1 0 1"), "splits on feature -1", True),
    "a feature beyond": (line("split_feature", "0 0 7"), "feature 7 of 2", True),
    "a feature with a line": (line("split_feature", "0_0 0 1"), "split_feature of a LightGBM tree", True),
    "few features": (line("split_feature", "0"), "", True),
    "a leaf as a node": (line("left_child", "5 -1 -3"), "do not form a tree", True),
    "a leaf beyond": (line("left_child", "1 -1 -9"), "do not form a tree", True),
    "a circle": (line("left_child", "0 -1 -3"), "do not form a tree", True),
    "a strange decision": (line("decision_type", "2 2 99"), "decides in a way that is not known", True),
    "zeros for missing": (line("decision_type", "4 4 4"), "zeros for missing values", True),
    "categories that are not there": (line("decision_type", "1 1 1"), "other sets of categories", True),
    "a leaf that is no number": (line("leaf_value", "nan 1 2 3"), "not finite", True),
    "an endless leaf": (line("leaf_value", "1e999 1 2 3"), "not finite", True),
    "a threshold that is no number": (line("threshold", "nan 1 2"), "not finite", True),
    "no sigmoid": (line("objective", "binary sigmoid:0"), "sigmoid must be", True),
    "a negative sigmoid": (line("objective", "binary sigmoid:-1"), "sigmoid must be", True),
    "a sigmoid that is no number": (line("objective", "binary sigmoid:nan"), "sigmoid must be", True),
    "an endless sigmoid": (line("objective", "binary sigmoid:inf"), "sigmoid must be", True),
    "a sigmoid with a line": (line("objective", "binary sigmoid:1_0"), "sigmoid must be", True),
    "no leaves": (line("num_leaves", "0"), "fewer leaves than it says", True),
    "leaves with a line": (line("num_leaves", "0_4"), "num_leaves must be a whole number", True),
    "a line twice": (
        lambda text: text.replace("\nnum_class=1", "\nnum_class=1\nnum_class=1"), "'num_class' twice", True
    ),
    "a list twice": (lambda text: text.replace("\nthreshold=", "\nthreshold=1 2 3\nthreshold=", 1), "twice", True),
    "features below 0": (line("max_feature_idx", "-1"), "max_feature_idx must be a whole number", True),
    "features with a line": (line("max_feature_idx", "0_1"), "max_feature_idx must be a whole number", True),
    "a huge number of features": (line("max_feature_idx", "9" * 30), "max_feature_idx must be a whole number", True),
    "cut short": (lambda text: text[:900], "cut short", False),
    "categories of a table that are no JSON": (
        lambda text: text.replace("\npandas_categorical:", "\npandas_categorical:["), "not valid JSON", True
    ),
}  # fmt: skip


def test_an_honest_text_opens(opened):
    opened(grown())


@pytest.mark.parametrize("kind", LIGHTGBM)
def test_a_lightgbm_model_that_contradicts_itself_is_refused(kind, refused):
    change, words, put_right = LIGHTGBM[kind]
    text = change(grown())
    refused(resized(text) if put_right else text, words)


def test_sets_of_categories_are_read_as_the_library_reads_them(tmp_path):
    words = X.assign(b=pd.Categorical(X["b"].astype(int)))
    model = lightgbm.LGBMClassifier(n_estimators=4, min_child_samples=2, min_data_per_group=2, cat_smooth=0, verbose=-1)
    model.fit(words, X["b"].isin([1, 3]))
    model.booster_.save_model(tmp_path / "model")
    loaded = rs.load_model(tmp_path / "model")
    assert any(tree.sets for tree in loaded.trees)
    np.testing.assert_allclose(loaded.predict_proba(words), model.predict_proba(words), rtol=1e-12)


TABLES = {
    "a coefficient twice": ('{"coefficients": {"a": 1, "a": 2}}', "names 'a' twice"),
    "an intercept twice": ('{"coefficients": {"a": 1}, "intercept": 1, "intercept": 2}', "names 'intercept' twice"),
    "points twice": ('{"cutoff": 1, "points": {"a": {"1": 1, "1": 2}}}', "names '1' twice"),
    "a number with a line": ("feature,coefficient\na,1_0\n", "must be a finite number, not '1_0'"),
    "words for a number": ('{"coefficients": {"a": "1"}}', "must be a finite number, not '1'"),
    "a number in other digits": ("feature,coefficient\na,١\n", "must be a finite number"),
    "NaN": ('{"coefficients": {"a": NaN}}', "must be a finite number"),
    "an endless intercept": ('{"coefficients": {"a": 1}, "intercept": Infinity}', "must be a finite number"),
    "points without end": ('{"cutoff": 1, "points": {"a": {"1": 1%s}}}' % ("0" * 400), "integer beyond all floats"),
    "a cutoff without end": ('{"cutoff": 1%s, "points": {"a": {"1": 1}}}' % ("0" * 400), "integer beyond all floats"),
    "points that are NaN": ('{"cutoff": 1, "points": {"a": {"1": NaN}}}', "must be a finite number"),
    "points in words": ('{"cutoff": 1, "points": {"a": {"1": "5"}}}', "must be a finite number"),
    "5,000 digits": ('{"coefficients": {"a": %s}}' % ("7" * 5000), "an integer of thousands of digits"),
    "5,000 digits in a table": ("feature,coefficient\na,%s\n" % ("7" * 5000), "must be a finite number"),
    "a scorecard's line": ("feature,level,points\na,1,1_0\n(cutoff),,5\n", "must be a finite number, not '1_0'"),
    "lists without end": ('{"coefficients": ' + "[" * 100_000, "nested too deeply"),
    "a million lists": ('{"coefficients": [' + "[]," * 4_500_000 + "[]]}", "above 4,000,000 it is refused"),
    "a BOM alone": ("\ufeff", "is empty"),
    "a BOM and spaces": ("\ufeff  \n ", "is empty"),
    "a quote that never ends": ('feature,coefficient\n"a,1\n', ""),
    "a cell of a megabyte": ("feature,coefficient\n" + "a" * (1 << 20) + ",1\n", "field larger than"),
    "a byte that is none": ("feature,coefficient\na\0,x\n", ""),
    "a list": ("[]", ""),
    "words": ('"coefficients"', ""),
    "coefficients that are a list": ('{"coefficients": [1]}', "must have 'coefficients'"),
    "an empty object": ("{}", "must have 'coefficients'"),
    "a learner that is a list": ('{"learner": []}', "no XGBoost model that can be read"),
    "a learner that is nothing": ('{"learner": null}', "no XGBoost model that can be read"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_that_contradicts_itself_is_refused(kind, refused):
    refused(*TABLES[kind])


UBJSON = {
    "cut short": b"{i\x07",
    "a size below 0": b"{i\xff",
    "lists 100 deep": b"{i\x01a" + b"[" * 100,
    "a list that says it holds a GiB": b"{i\x01a[$d#l\x40\x00\x00\x00",
    "an unknown marker": b"{i\x01aQ",
    "something after the end": b"{i\x01aZ}}",
    "a name twice": b"{i\x01aZi\x01aZ}",
    "an object of a stated size": b"{i\x01a{#i\x01",
    "a name that is no text": b"{i\x01\xffZ}",
}


@pytest.mark.parametrize("kind", UBJSON)
def test_damaged_ubjson_is_refused(kind, refused):
    refused(UBJSON[kind], "UBJSON")


def test_ubjson_of_millions_of_lists_is_refused(refused):
    refused(b"{i\x01a[" + b"[]" * 1_500_000 + b"]}", "above 1,000,000 it is refused")
