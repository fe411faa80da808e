"""The state of drift as one object in the object store, with the offsets it reaches to (design rule 6)."""

import json
import zlib
from collections.abc import Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from services.drift.state import State
from services.runtime.ports import ObjectStore, Partition

NAME: Final = "snapshots/drift/sites.json.z"
VERSION: Final = 1
_STATE: Final = TypeAdapter(State)


def pack(state: State) -> bytes:
    """The state as JSON; equal states give equal bytes where they were filled in the same order."""
    return _STATE.dump_json(state)


def write(objects: ObjectStore, state: State, offsets: Mapping[Partition, int]) -> None:
    """Replace the snapshot; raises StoreUnavailable. `offsets` are the next to read, all committed."""
    head = {"version": VERSION, "offsets": [[*partition, offset] for partition, offset in sorted(offsets.items())]}
    objects.put(NAME, zlib.compress(json.dumps(head).encode() + b"\n" + pack(state), 1))


def read(objects: ObjectStore) -> tuple[State, dict[Partition, int]]:
    """The state and the offsets to go on from; empty when there is none or it is of another version."""
    try:
        head, _, content = zlib.decompress(objects.get(NAME)).partition(b"\n")
        told = json.loads(head)
        if told["version"] != VERSION:
            return State(), {}
        offsets = {Partition(topic, number): offset for topic, number, offset in told["offsets"]}
        return _STATE.validate_json(content), offsets
    except (KeyError, ValueError, ValidationError, zlib.error):
        return State(), {}
