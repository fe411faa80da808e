"""What travels between services and models: named arrays and string metadata as safetensors bytes.

Format: https://huggingface.co/docs/safetensors (8 bytes of header length, JSON header, data); no code can travel in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import numpy as safetensors_numpy

Tensors = dict[str, NDArray[np.generic]]

CONTENT_TYPE: Final = "application/vnd.safetensors"
# 256 pictures of 224x224 are 13 MB, 10,000 rows of 241 features 19 MB.
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_HEADER_BYTES: Final = 64 * 1024
_LENGTH: Final = 8
TOGETHER: Final = "together"
"""The page that takes requests to several models in one: a call costs more than what is computed in it."""
SILENT: Final = "did not answer in time"


class WireError(ValueError):
    """Bytes that are no message of ours; the text says what was wrong with them."""


class Message(NamedTuple):
    """Named arrays and metadata."""

    tensors: Tensors
    metadata: dict[str, str]


def encode(tensors: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str] | None = None) -> bytes:
    """Bytes of the arrays (any layout, native types) and metadata."""
    dense = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    # Without entries there must be no dictionary either: an empty one gives a broken header.
    return safetensors_numpy.save(dense, dict(metadata) if metadata else None)


def decode(body: bytes, *, max_bytes: int = MAX_BYTES) -> Message:
    """Arrays and metadata of a message of at most `max_bytes`; raises WireError."""
    if len(body) > max_bytes:
        raise WireError(f"{len(body)} bytes are more than the {max_bytes} allowed: send fewer rows a call")
    size = int.from_bytes(body[:_LENGTH], "little")
    if size > min(MAX_HEADER_BYTES, len(body) - _LENGTH):
        raise WireError("not a safetensors message: its header is cut off or too long")
    try:
        header = json.loads(body[_LENGTH : _LENGTH + size])
        tensors: Tensors = safetensors_numpy.load(body)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise WireError(f"not a safetensors message: {error}") from error
    return Message(tensors, dict(header.get("__metadata__") or {}))


def together(parts: Mapping[str, bytes], metadata: Mapping[str, str] | None = None) -> bytes:
    """Messages to (or from) several models as one, each an array of bytes under the model's name."""
    return encode({name: np.frombuffer(part, dtype=np.uint8) for name, part in parts.items()}, metadata)


def apart(message: Message) -> dict[str, bytes]:
    """What `together` put together; raises WireError."""
    return {name: tensor(message, name, np.uint8, (None,)).tobytes() for name in message.tensors}


def tensor(message: Message, name: str, dtype: type[np.generic], shape: tuple[int | None, ...]) -> NDArray[np.generic]:
    """The array `name`, checked against a type and a shape (None: any length); raises WireError."""
    found = message.tensors.get(name)
    if found is None:
        raise WireError(f"array {name!r} is missing; there are: {', '.join(sorted(message.tensors)) or 'none'}")
    fits = found.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, found.shape, strict=True))
    if found.dtype != dtype or not fits:
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise WireError(f"array {name!r} is {found.dtype} {found.shape}, wanted {np.dtype(dtype)} [{wanted}]")
    return found
