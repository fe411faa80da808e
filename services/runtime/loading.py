"""On assignment: a partition's states from the store, a snapshot or its own topic, folded to the committed offset.

What models answered is not asked for again: it is recalled from the stage's own outputs in the log.
"""

from collections.abc import Callable, Iterator

from schemas.envelope import EnvelopeError, decode
from schemas.events import TurnTaken
from services.runtime import logs
from services.runtime.errors import StoreUnavailable
from services.runtime.holding import Holding
from services.runtime.ports import LogReader, Partition, Record, StateStore, Watermark
from services.runtime.snapshots import Snapshots
from services.runtime.stage import Asking, Received, S, Stage, asking, folded

_log = logs.get(__name__)
CHUNK = 1000
"""Records looked at in one step back through the outputs."""


def load(
    stage: Stage[S],
    number: int,
    committed: int | None,
    *,
    reader: LogReader,
    store: StateStore,
    snapshots: Snapshots,
    poison: set[tuple[str, int, int]],
    beat: Callable[[], None],
) -> Holding[S]:
    """The partition as it stood when the group's offset was committed. Nothing is emitted.

    Raises LogUnavailable, and PoisonError when the core fails on a record (call again with it in `poison`).
    """
    if stage.memory is not None:
        return _from_memory(stage, number, stage.memory, reader)
    source = Partition(folded(stage)[0], number)
    first, last = reader.bounds(source)
    stop = min(committed if committed is not None else first, last)
    for origin, found in _stored(stage, number, stop, store, snapshots):
        holding: Holding[S] = Holding(stage, number)
        if found is not None:
            try:
                holding.restore(*found)
            except ValueError as error:
                _log.warning("states of another version", name=origin, error=str(error))
                continue
            if origin != "store":
                holding.mark = None  # the store holds something else: replace it
        if holding.offset < first and stop > first:
            if found is not None or first > 0:
                _log.error("history is gone: retention is shorter than the look-back", offset=first, partition=number)
            holding.offset = first
        since, turns = holding.offset, _turns(stage, number, reader)
        again = holding.refold(_beating(reader.read(source, since, stop), beat), turns, stop, poison)
        models = asking(stage)
        if models is not None and again:
            _recall(models, holding, Partition(source.topic, number), since, reader, beat)
        _log.info("partition loaded", partition=number, state=origin, offset=holding.offset, count=len(holding.states))
        return holding
    msg = "unreachable: an empty start is always tried"
    raise AssertionError(msg)


def _stored(
    stage: Stage[S], number: int, stop: int, store: StateStore, snapshots: Snapshots
) -> Iterator[tuple[str, tuple[Watermark, dict[str, bytes]] | None]]:
    try:
        found = store.load(stage.service, number)
    except StoreUnavailable as error:
        _log.warning("no state store, rebuilding", error=str(error))
        found = None
    if found is not None and found[0].offset <= stop:
        yield "store", found
    snapshot = snapshots.newest(stage.service, number, stop)
    if snapshot is not None:
        yield "snapshot", snapshot
    yield "log", None


def _from_memory(stage: Stage[S], number: int, memory: str, reader: LogReader) -> Holding[S]:
    holding: Holding[S] = Holding(stage, number)
    where = Partition(memory, number)
    first, last = reader.bounds(where)
    for record in reader.read(where, first, last):
        if record.value is None:
            continue
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError as error:
            _log.error("a standing could not be read", partition=number, offset=record.offset, error=str(error))
            continue
        holding.fold(Received(event, where, record.offset))
    holding.changed.clear()
    return holding


def _recall(
    stage: Asking[S],
    holding: Holding[S],
    source: Partition,
    since: int,
    reader: LogReader,
    beat: Callable[[], None],
) -> None:
    """Give the states what was answered since: outputs are in order of turns, so step back to the first of them."""
    where = Partition(stage.answers, source.number)
    first, stop = reader.bounds(where)
    start = stop if since else first
    while start > first:
        earlier = max(first, start - CHUNK)
        causes = [_place(record, source) for record in reader.read(where, earlier, start)]
        start = earlier
        if any(offset is not None and offset < since for offset in causes):
            break
    for record in _beating(reader.read(where, start, stop), beat):
        if record.key not in holding.states:
            continue
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError as error:  # told by another version: what it said is not compared with
            _log.warning("an output could not be recalled", offset=record.offset, error=str(error))
            continue
        holding.states[record.key] = stage.recall(holding.states[record.key], event)
        holding.changed.add(record.key)


def _place(record: Record, source: Partition) -> int | None:
    """The offset of the fact that caused an output, None where it was something else."""
    head, _, offset = dict(record.headers).get("ce_cause", b"").decode().rpartition("/")
    return int(offset) if head == f"{source.topic}/{source.number}" and offset.isdigit() else None


def _turns(stage: Stage[S], number: int, reader: LogReader) -> list[TurnTaken]:
    where = Partition(TurnTaken.topic, number)
    found: list[TurnTaken] = []
    for record in reader.read(where, *reader.bounds(where)):
        event = decode(record.value, record.headers).event
        if isinstance(event, TurnTaken) and event.service == stage.service:
            found.append(event)
    return found


def _beating(records: Iterator[Record], beat: Callable[[], None]) -> Iterator[Record]:
    for record in records:
        beat()
        yield record
