"""Writing ONNX models without the package onnx, read back with it."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from particleforge.models.onnx_graph import IR_VERSION, OPSET, Graph

tensors = st.one_of(
    arrays(np.float32, array_shapes(max_dims=4, max_side=5), elements=st.floats(width=32)),
    arrays(np.int64, array_shapes(max_dims=2, max_side=5)),
)


def read(graph: Graph) -> onnx.ModelProto:
    model = onnx.load_from_string(graph.to_bytes())
    onnx.checker.check_model(model, full_check=True)
    return model


def test_the_header_is_read_back():
    graph = Graph("näme")
    graph.node("Relu", graph.input("x", (1, "height", 300)), output="y")
    graph.output("y", (1, "height", 300))
    model = read(graph)
    assert (model.ir_version, model.opset_import[0].version, model.graph.name) == (IR_VERSION, OPSET, "näme")
    for value in (model.graph.input[0], model.graph.output[0]):
        dims = value.type.tensor_type.shape.dim
        assert [dim.dim_param or dim.dim_value for dim in dims] == [1, "height", 300]


@given(tensors)
def test_constants_are_read_back(values):
    graph = Graph("constants")
    name = graph.constant(values)
    stored = next(one for one in onnx.load_from_string(graph.to_bytes()).graph.initializer if one.name == name)
    assert np.array_equal(numpy_helper.to_array(stored), values, equal_nan=values.dtype.kind == "f")


def test_doubles_are_refused():
    with pytest.raises(KeyError):
        Graph("doubles").constant(np.zeros(3))


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(0, 2**40), min_size=1, max_size=4), st.text(max_size=200))
def test_attributes_are_read_back(number, numbers, text):
    graph = Graph("attributes")
    graph.node("Any", "a", "", "b", number=number, numbers=numbers, text=text)
    node = onnx.load_from_string(graph.to_bytes()).graph.node[0]
    assert list(node.input) == ["a", "", "b"] and node.op_type == "Any"
    found = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    assert found == {"number": number, "numbers": numbers, "text": text.encode()}


def test_what_it_computes_is_what_the_reference_computes():
    graph = Graph("sum")
    x = graph.input("x", ("rows", 2))
    graph.node("Add", graph.node("Transpose", x, perm=(1, 0)), graph.constant(np.float32([[1], [10]])), output="y")
    graph.output("y", (2, "rows"))
    rows = np.float32([[1, 2], [3, 4], [5, 6]])
    result = ReferenceEvaluator(read(graph)).run(None, {"x": rows})[0]
    assert result.tolist() == [[2, 4, 6], [12, 14, 16]]
