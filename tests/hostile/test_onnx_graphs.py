"""ONNX graphs that repeat, swell or decide about nobody are refused."""

from __future__ import annotations

import pytest
from sklearn.linear_model import LogisticRegression

onnx = pytest.importorskip("onnx")
skl2onnx = pytest.importorskip("skl2onnx")
pytest.importorskip("onnxruntime")


def honest():
    kind = skl2onnx.common.data_types.FloatTensorType([None, 2])
    model = LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]], [0, 1, 1])
    return skl2onnx.to_onnx(model, initial_types=[("X", kind)], options={"zipmap": False})


def with_node(kind, *inputs, **attributes):
    document = honest()
    document.graph.node.append(onnx.helper.make_node(kind, list(inputs), ["extra"], **attributes))
    return document


def with_body(kind):
    body = onnx.helper.make_graph([], "body", [], [])
    return with_node(kind, body=body)


def deep():
    graph = onnx.helper.make_graph([], "g", [], [])
    for _ in range(30):
        graph = onnx.helper.make_graph([onnx.helper.make_node("Other", [], [], body=graph)], "g", [], [])
    document = honest()
    document.graph.node.append(onnx.helper.make_node("Other", [], [], body=graph))
    return document


def without(part):
    document = honest()
    del getattr(document.graph, part)[:]
    return document


def wide():
    document = honest()
    document.graph.node.extend(onnx.helper.make_node("Identity", ["X"], [f"x{k}"]) for k in range(10_001))
    return document


HOSTILE = {
    "Loop": (lambda: with_body("Loop"), "runs Loop"),
    "Scan": (lambda: with_body("Scan"), "runs Scan"),
    "If": (lambda: with_node("If", "X"), "runs If"),
    "ConstantOfShape": (lambda: with_node("ConstantOfShape", "X"), "makes tables of any size"),
    "Range": (lambda: with_node("Range", "X", "X", "X"), "makes tables of any size"),
    "Expand": (lambda: with_node("Expand", "X", "X"), "makes tables of any size"),
    "Tile": (lambda: with_node("Tile", "X", "X"), "makes tables of any size"),
    "RandomNormal": (lambda: with_node("RandomNormal", shape=[1 << 20, 1 << 20]), "makes tables of any size"),
    "graphs 30 deep": (deep, "graphs more than 8 deep"),
    "10,001 operators": (wide, "more than 10,000 operators"),
    "no inputs": (lambda: without("input"), "ONNX model"),
    "no outputs": (lambda: without("output"), "ONNX model"),
    "no operators": (lambda: without("node"), "ONNX model"),
    "no labels": (lambda: no_labels(), "ONNX model"),
}


def no_labels():
    document = honest()
    for node in document.graph.node:
        kept = [one for one in node.attribute if not one.name.startswith("classlabels")]
        del node.attribute[:]
        node.attribute.extend(kept)
    return document


def test_an_honest_graph_opens(opened):
    opened(honest().SerializeToString())


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_graph_that_repeats_swells_or_decides_about_nobody_is_refused(kind, refused):
    make, words = HOSTILE[kind]
    refused(make().SerializeToString(), words)
