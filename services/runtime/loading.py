"""On assignment: a partition's states from the store, a snapshot or its own topic, folded to the committed offset."""

from collections.abc import Callable, Iterator

from schemas.envelope import EnvelopeError, decode
from schemas.events import TurnTaken
from services.runtime import logs
from services.runtime.errors import StoreUnavailable
from services.runtime.holding import Holding
from services.runtime.ports import LogReader, Partition, Record, StateStore, Watermark
from services.runtime.snapshots import Snapshots
from services.runtime.stage import Received, S, Stage

_log = logs.get(__name__)


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
    source = Partition(stage.inputs[0], number)
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
        holding.refold(
            _beating(reader.read(source, holding.offset, stop), beat), _turns(stage, number, reader), stop, poison
        )
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
