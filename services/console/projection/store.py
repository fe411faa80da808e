"""The query store: one SQLite file, one writer, readers that never wait for it (write-ahead log).

It is a copy of the log, so it may be thrown away: a file of another version is deleted and folded anew.
"""

import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.console.projection.past import VIEWS
from services.console.projection.schema import TABLES, VERSION

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """Whole microseconds since 1970: how instants lie in the store."""
    return (instant - _EPOCH) // _MICROSECOND


def micros_or_none(instant: datetime | None) -> int | None:
    """The same where there may be no instant."""
    return None if instant is None else micros(instant)


def instant(value: int) -> datetime:
    """The opposite of micros."""
    return _EPOCH + value * _MICROSECOND


def instant_or_none(value: int | None) -> datetime | None:
    """The same where there may be no instant."""
    return None if value is None else instant(value)


def path_of(url: str) -> Path:
    """The file behind `sqlite:///path`; ValueError for any other URL."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or len(url) == len(prefix):
        raise ValueError(f"WARDWATCH_CONSOLE_DB_URL must be sqlite:///PATH, not {url.partition(':')[0]!r}")
    return Path(url.removeprefix(prefix))


class Store:
    """A file, its writer's connection and a pool of readers'. `emptied` says that it starts from nothing."""

    def __init__(self, url: str) -> None:
        self.path = path_of(url)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._past: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._lock = threading.Lock()
        self.emptied = False
        self._writer = self._opened()

    def _opened(self) -> sqlite3.Connection:
        db = self._connect()
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            db.close()
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            db = self._connect()
            db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
            self.emptied = True
        return db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        # A crash of the machine may lose the last transactions, rows and offsets together: the log has them.
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, undone by any exception."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the store, from any thread."""
        try:
            db = self._idle.get_nowait()
        except queue.Empty:
            db = self._connect()
        db.execute("BEGIN")
        try:
            yield db
        finally:
            db.execute("COMMIT")
            self._idle.put(db)

    @contextmanager
    def as_known(self, at: datetime) -> Iterator[sqlite3.Connection]:
        """One consistent view of what was known at an instant: the same tables, without what came later."""
        try:
            db = self._past.get_nowait()
        except queue.Empty:
            db = self._connect()
            db.executescript(VIEWS)
        db.execute("UPDATE moment SET at = ?", (micros(at),))
        db.execute("BEGIN")
        try:
            yield db
        finally:
            db.execute("COMMIT")
            self._past.put(db)

    def forget(self) -> None:
        """Empty every table: the log is not the one this store was folded from."""
        with self.writing() as db:
            names = [row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                db.execute(f'DELETE FROM "{name}"')  # noqa: S608 - our own table names

    def close(self) -> None:
        """Close what is open; readers in use close when they are done."""
        self._writer.close()
        for pool in (self._idle, self._past):
            while not pool.empty():
                pool.get_nowait().close()
