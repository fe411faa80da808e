"""Step 4 of a turn: changed states to the store and, now and then, a snapshot. The log has what they lack."""

import time
from collections.abc import Iterable, Mapping
from typing import Generic

from services.runtime import logs
from services.runtime.errors import StoreUnavailable
from services.runtime.holding import Holding
from services.runtime.snapshots import Snapshots
from services.runtime.stage import S, Stage
from services.runtime.turn import Parts

_log = logs.get(__name__)
SAVE_S = 0.25
"""How old the store may be while turn follows turn (then until a poll brings nothing); a crash folds so much again."""
SNAPSHOT_S = 300.0


class Saving(Generic[S]):
    """What of the holdings is committed and not yet in the store."""

    def __init__(self, stage: Stage[S], parts: Parts, holdings: Mapping[int, Holding[S]]) -> None:
        self._stage, self._parts, self._holdings = stage, parts, holdings
        self._snapshots = Snapshots(parts.objects)
        self._waiting: set[int] = set()
        self._saved_at, self._snapshot_at = 0.0, time.monotonic()

    @property
    def snapshots(self) -> Snapshots:
        """Where a partition is rebuilt from."""
        return self._snapshots

    def committed(self, partitions: Iterable[int], *, more: bool) -> None:
        """A turn that changed these partitions is committed; `more`: it had records, so that others may follow."""
        self._waiting.update(partitions)
        if not more or time.monotonic() - self._saved_at >= SAVE_S:
            self.flush()
        if time.monotonic() - self._snapshot_at >= SNAPSHOT_S:
            self.snapshot()

    def flush(self) -> None:
        """Save all that is committed. Never after a turn that failed: what it folded is in the states already."""
        if not self._waiting:
            return
        for number in sorted(self._waiting & self._holdings.keys()):
            self._save(self._holdings[number])
        self._waiting.clear()
        self._saved_at = time.monotonic()

    def forget(self) -> None:
        """The holdings are dropped: nothing of them waits."""
        self._waiting.clear()

    def snapshot(self) -> None:
        """Write every partition of which all is committed and saved to the object store."""
        self.flush()
        self._snapshot_at = time.monotonic()
        for holding in self._holdings.values():
            if holding.mark is None or holding.changed:
                continue  # only what is committed and saved may be told to others
            packed = {key: self._stage.pack(state) for key, state in holding.states.items()}
            try:
                self._snapshots.write(self._stage.service, holding.number, holding.watermark(), packed)
            except StoreUnavailable as error:
                _log.warning("no snapshot", partition=holding.number, error=str(error))

    def _save(self, holding: Holding[S]) -> None:
        new, health = holding.watermark(), self._parts.health
        try:
            self._parts.store.save(self._stage.service, holding.number, holding.mark, new, holding.packed_changes())
        except StoreUnavailable as error:
            health.set("state store", str(error))  # the log has it all: go on, save later
            return
        holding.mark = new
        holding.changed.clear()
        health.set("state store")
