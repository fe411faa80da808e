"""What some topics hold and will hold, without a group: what a view that is never stored is made from."""

from collections.abc import Callable, Sequence

from services.runtime.ports import LogReader, Partition, Record


class Following:
    """Committed records from the first kept on; `caught_up` once all that lay there at the beginning was read.

    With `news` only those that come from now on.
    """

    def __init__(self, open_reader: Callable[[], LogReader], topics: Sequence[str], *, news: bool = False) -> None:
        self._open_reader, self._topics, self._news = open_reader, tuple(topics), news
        self._reader: LogReader | None = None
        self._positions: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}

    @property
    def begun(self) -> bool:
        """Whether anything was asked of the log since the start, or the last `restart`."""
        return bool(self._positions)

    @property
    def caught_up(self) -> bool:
        """Whether what follows is news."""
        return self.begun and not self._ends

    def batch(self, timeout_s: float) -> list[Record]:
        """What came, partition by partition; waits up to the timeout for the first. Raises DependencyError."""
        if self._reader is None:
            self._reader = self._open_reader()
        if not self._positions:
            self._begin(self._reader)
        found = self._reader.follow(self._positions, timeout_s)
        for partition, records in found.items():
            if records:
                self._positions[partition] = records[-1].offset + 1
        # Offsets also count transaction markers, which are never read: an empty batch has caught up.
        any_read = any(found.values())
        self._ends = {p: end for p, end in self._ends.items() if any_read and self._positions[p] < end}
        return [record for records in found.values() for record in records]

    def restart(self) -> None:
        """From the first record again."""
        self.close()
        self._positions = {}

    def close(self) -> None:
        """Leave the log; the next batch goes on where the last ended."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _begin(self, reader: LogReader) -> None:
        bounds = {p: reader.bounds(p) for topic in self._topics for p in reader.partitions(topic)}
        if self._news:
            bounds = {partition: (end, end) for partition, (_, end) in bounds.items()}
        self._positions = {partition: first for partition, (first, _) in bounds.items()}
        self._ends = {partition: end for partition, (first, end) in bounds.items() if end > first}
