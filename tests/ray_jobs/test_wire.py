"""The wire: what is sent is what arrives, and bytes of any kind are a message or a WireError."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ray_jobs import wire

TENSORS = st.dictionaries(
    st.text(st.sampled_from("abcXYZ_"), min_size=1, max_size=8),
    st.one_of(
        arrays(np.float64, array_shapes(max_dims=2, min_side=0, max_side=5)),
        arrays(np.uint8, array_shapes(max_dims=3, max_side=4)),
        arrays(np.float32, array_shapes(max_dims=1)),
    ),
    max_size=4,
)


@given(TENSORS, st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=4))
def test_what_is_sent_arrives(tensors: wire.Tensors, metadata: dict[str, str]) -> None:
    """Names, types, shapes, bits and metadata are the same on both ends."""
    message = wire.decode(wire.encode(tensors, metadata))
    assert message.metadata == metadata
    assert message.tensors.keys() == tensors.keys()
    for name, array in tensors.items():
        assert (message.tensors[name].dtype, message.tensors[name].shape) == (array.dtype, array.shape)
        assert message.tensors[name].tobytes() == array.tobytes()


def test_an_array_in_another_layout_is_sent_as_it_reads() -> None:
    """A transposed or sliced array arrives with its values in the order they are read."""
    array = np.arange(12, dtype=np.float64).reshape(3, 4)
    message = wire.decode(wire.encode({"t": array.T, "s": array[:, ::2]}))
    assert message.tensors["t"].tolist() == array.T.tolist()
    assert message.tensors["s"].tolist() == array[:, ::2].tolist()


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_wire_error(body: bytes) -> None:
    """Nothing that arrives raises anything else."""
    try:
        wire.decode(body)
    except wire.WireError:
        return


@given(st.data())
def test_a_message_cut_off_is_refused(data: st.DataObject) -> None:
    """A message without its last bytes is not a message."""
    body = wire.encode({"rows": np.ones((3, 5))}, {"model": "sepsis"})
    with pytest.raises(wire.WireError):
        wire.decode(body[: data.draw(st.integers(0, len(body) - 1))])


@pytest.mark.parametrize("header", [b"[]", b"nul", b'{"__metadata__": 3}', b'{"__metadata__": {"a": 1}}', b"{" * 20])
def test_a_header_of_another_kind_is_refused(header: bytes) -> None:
    """A header that is no object, or whose metadata are no strings, is refused."""
    with pytest.raises(wire.WireError):
        wire.decode(struct.pack("<Q", len(header)) + header)


def test_a_message_too_large_is_refused_before_it_is_read() -> None:
    """Size is checked first, and the text says what to do."""
    with pytest.raises(wire.WireError, match="fewer rows"):
        wire.decode(wire.encode({"rows": np.ones(100)}), max_bytes=100)


def test_an_array_is_checked_against_type_and_shape() -> None:
    """`tensor` names what is missing, and what differs."""
    message = wire.Message({"rows": np.ones((2, 3))}, {})
    assert wire.tensor(message, "rows", np.float64, (None, 3)).shape == (2, 3)
    with pytest.raises(wire.WireError, match="'pixels' is missing; there are: rows"):
        wire.tensor(message, "pixels", np.uint8, (None,))
    for dtype, shape in ((np.float32, (None, 3)), (np.float64, (None, 4)), (np.float64, (None,))):
        with pytest.raises(wire.WireError, match="wanted"):
            wire.tensor(message, "rows", dtype, shape)
