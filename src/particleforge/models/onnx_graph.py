"""Write ONNX models: the few messages of its protocol-buffer format that a network needs.

Field numbers are those of ``onnx.proto`` (Open Neural Network Exchange). Written directly, a model takes milliseconds
and no further package; the exporter of torch takes seconds and two.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

OPSET = 18
IR_VERSION = 8
FLOAT, INT64 = 1, 7
"""Types of tensors."""
Attribute: TypeAlias = int | str | Sequence[int]
Shape: TypeAlias = Sequence[int | str]
"""Sizes of a tensor; names stand for sizes that may change."""
_DTYPES: Mapping[np.dtype[np.generic], int] = {np.dtype(np.float32): FLOAT, np.dtype(np.int64): INT64}


class Graph:
    """A network that is put together node by node.

    Parameters
    ----------
    name
        Its name in the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, shape: Shape) -> str:
        """Add an input of type float32 and return its name."""
        self._inputs.append(_value(name, shape))
        return name

    def constant(self, values: npt.ArrayLike) -> str:
        """Add a tensor of float32 or int64 numbers and return its name."""
        array = np.ascontiguousarray(values)
        name = f"constant_{len(self._constants)}"
        kind = _DTYPES[array.dtype]
        dims = [_field(1, size) for size in array.shape]
        raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self._constants.append(b"".join([*dims, _field(2, kind), _field(8, name), _field(9, raw)]))
        return name

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """Add a node and return the name of its output.

        Parameters
        ----------
        operator
            Operator of the standard set `OPSET`.
        *inputs
            Names of its inputs; empty: not given.
        output
            Name of its output; empty: a new one.
        **attributes
            Its attributes.
        """
        output = output or f"value_{len(self._nodes)}"
        parts = [*(_field(1, name) for name in inputs), _field(2, output), _field(4, operator)]
        parts += [_field(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append(b"".join(parts))
        return output

    def output(self, name: str, shape: Shape) -> None:
        """Make a value of type float32 an output."""
        self._outputs.append(_value(name, shape))

    def to_bytes(self) -> bytes:
        """Contents of an ONNX file."""
        graph = [_field(1, node) for node in self._nodes]
        graph.append(_field(2, self.name))
        graph += [_field(5, constant) for constant in self._constants]
        graph += [_field(11, value) for value in self._inputs]
        graph += [_field(12, value) for value in self._outputs]
        operators = _field(1, "") + _field(2, OPSET)
        model = [_field(1, IR_VERSION), _field(2, "particleforge"), _field(7, b"".join(graph)), _field(8, operators)]
        return b"".join(model)


def _value(name: str, shape: Shape) -> bytes:
    """Name, type and shape of an input or output."""
    sizes = [_field(1, _field(2 if isinstance(size, str) else 1, size)) for size in shape]
    tensor = _field(1, FLOAT) + _field(2, b"".join(sizes))
    return _field(1, name) + _field(2, _field(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    """Encode an attribute of a node: its name, its value in the field of its type, and the number of this type."""
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    if isinstance(value, str):
        return _field(1, name) + _field(4, value) + _field(20, 3)
    return b"".join([_field(1, name), *(_field(8, number) for number in value), _field(20, 7)])


def _field(number: int, value: int | str | bytes) -> bytes:
    """Encode a field of a message: an integer, or text, bytes or a message with its length."""
    if isinstance(value, int):
        return _key(number, 0) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _key(number, 2) + _varint(len(content)) + content


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Encode an integer of at most 64 bits in groups of seven, the lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
