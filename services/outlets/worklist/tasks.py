"""Which studies wait for a person to read them: a view of the log, made anew at each start."""

import threading
from collections.abc import Callable
from typing import Final

from schemas.envelope import EnvelopeError, decode
from schemas.events import Event, ImagingReportRead, ImagingStudyReported
from services.runtime import logs
from services.runtime.errors import DependencyError
from services.runtime.following import Following
from services.runtime.ports import LogReader

TOPICS: Final = ("findings", "decisions")
WAIT_S: Final = 1.0
AGAIN_S: Final = 1.0
MOST_READ: Final = 100_000
"""Studies remembered as read before their report came; the oldest are forgotten first."""
_log = logs.get(__name__)


class ReadingTasks:
    """Reports of live models that nobody has read. Folded by one thread, asked by many."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._waiting: dict[str, ImagingStudyReported] = {}
        self._read: dict[str, None] = {}
        self._lock = threading.Lock()
        self._whole = False

    @property
    def whole(self) -> bool:
        """Whether all that the log held was folded: half a list would hide studies."""
        return self._whole

    def fold(self, event: Event) -> None:
        """A report begins a task, whoever reads the study ends it; the two come in any order."""
        if event.site != self._site:
            return
        with self._lock:
            if isinstance(event, ImagingReportRead):
                self._waiting.pop(event.study, None)
                self._read[event.study] = None
                if len(self._read) > MOST_READ:
                    del self._read[next(iter(self._read))]
            elif isinstance(event, ImagingStudyReported) and event.mode == "live" and event.study not in self._read:
                self._waiting[event.study] = event

    def waiting(self) -> tuple[ImagingStudyReported, ...]:
        """Urgent ones first, then who has waited longest."""
        with self._lock:
            found = tuple(self._waiting.values())
        return tuple(sorted(found, key=lambda one: (one.priority != "urgent", one.known, one.study)))

    def caught_up(self, *, whole: bool) -> None:
        """How far the folding is."""
        self._whole = whole


def follow(
    tasks: ReadingTasks,
    open_reader: Callable[[], LogReader],
    stop: threading.Event,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Fold what the log holds and what comes, until told to stop; `told` hears what is wrong, '' when nothing is."""
    log = Following(open_reader, TOPICS)
    while not stop.is_set():
        try:
            for record in log.batch(WAIT_S):
                try:
                    tasks.fold(decode(record.value, record.headers).event)
                except EnvelopeError as error:
                    _log.warning("an event is passed over", topic=record.partition.topic, error=str(error))
            tasks.caught_up(whole=log.caught_up)
            told("" if tasks.whole else "reading what the log holds")
        except DependencyError as error:  # what is known still holds; it is only not the newest
            told(str(error))
            log.close()
            stop.wait(AGAIN_S)
    log.close()
