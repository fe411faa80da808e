"""The state of operations as one object: the facts that give it again and how far they reach (design rule 6).

First line: offsets and where each site's log begins; then one line a fact. It is read by folding it.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from schemas.envelope import EnvelopeError, decode
from schemas.events import Event
from services.operations.core import Operations
from services.operations.site import Site
from services.runtime.ports import ObjectStore, Partition

NAME = "snapshots/operations/sites.ndjson"


def write(objects: ObjectStore, state: Operations, offsets: Mapping[Partition, int]) -> None:
    """Replace the snapshot; raises StoreUnavailable. `offsets` are the next to read, all committed."""
    head = {
        "offsets": [[*partition, offset] for partition, offset in sorted(offsets.items())],
        "since": {name: site.since.isoformat() for name, site in state.sites.items() if site.since is not None},
    }
    lines = [json.dumps(head).encode()]
    for _, site in sorted(state.sites.items()):
        lines += [type(event).__name__.encode() + b" " + _json(event) for event in site.events()]
    objects.put(NAME, b"\n".join(lines))


def read(objects: ObjectStore) -> tuple[Operations, dict[Partition, int]]:
    """The state and the offsets to go on from; empty when there is none or it is of another version."""
    state = Operations()
    try:
        head, *lines = objects.get(NAME).split(b"\n")
        told = json.loads(head)
        offsets = {Partition(topic, number): offset for topic, number, offset in told["offsets"]}
        for line in lines:
            kind, _, value = line.partition(b" ")
            headers = (("ce_specversion", b"1.0"), ("ce_type", b"wardwatch." + kind + b".v1"))
            state.fold(decode(value, headers).event)
        for name, since in told["since"].items():
            state.sites.setdefault(name, Site(name)).since = datetime.fromisoformat(since)
    except (KeyError, ValueError, EnvelopeError):
        return Operations(), {}
    return state, offsets


def _json(event: Event) -> bytes:
    return event.__pydantic_serializer__.to_json(event)
