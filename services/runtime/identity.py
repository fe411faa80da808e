"""The identity port: who a random patient key is (design rule 10). SQLite with a write-ahead log, and a fake.

A key is random, permanent and never derived from what it stands for. Identifiers of one person all lead to one key;
identifiers that already lead to two are refused, because joining people is a fact of its own (`PatientMerged`).
"""

import secrets
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from services.runtime.errors import BadInputError, StoreUnavailable
from services.runtime.ports import Identifier, Person

CACHE: Final = 200_000
"""Resolved identifiers remembered in the process: a key never changes, so neither can the answer."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS people (
  key TEXT PRIMARY KEY, site TEXT NOT NULL, family TEXT NOT NULL, given TEXT NOT NULL,
  born TEXT, sex TEXT NOT NULL, mrn TEXT NOT NULL, words TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS identifiers (
  site TEXT NOT NULL, authority TEXT NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (site, authority, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS identifiers_of_key ON identifiers (key);
"""


def random_key() -> str:
    """128 random bits, safe in a URL."""
    return secrets.token_urlsafe(16)


class SqliteIdentity:
    """`sqlite:///path`; any number of threads and processes on one machine share the file."""

    def __init__(self, url: str, new_key: Callable[[], str] = random_key) -> None:
        self._path = Path(urlsplit(url).path)
        self._new_key = new_key
        self._local = threading.local()
        self._cache: dict[tuple[str, str, str], str] = {}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection().executescript(_TABLES)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"identity store: {type(error).__name__}") from error

    def resolve(self, site: str, identifier: Identifier) -> str | None:
        """The key, or None."""
        wanted = (site, identifier.authority, identifier.value)
        found = self._cache.get(wanted)
        if found is None:
            rows = self._rows("SELECT key FROM identifiers WHERE site=? AND authority=? AND value=?", wanted)
            found = rows[0][0] if rows else None
            if found is not None:
                if len(self._cache) >= CACHE:
                    self._cache.clear()
                self._cache[wanted] = found
        return found

    def register(self, site: str, identifiers: Sequence[Identifier], person: Person | None = None) -> str:
        """The key of a person with these identifiers."""
        if not identifiers:
            raise BadInputError("a person needs an identifier")
        known = self._as_stored(site, identifiers, person)
        if known is not None:
            return known
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                key = self._register(connection, site, identifiers, person)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreUnavailable(f"identity store: {type(error).__name__}") from error
        return key

    def person(self, key: str) -> Person | None:
        """Who this is."""
        rows = self._rows("SELECT key, site, family, given, born, sex, mrn FROM people WHERE key=?", (key,))
        return self._person(rows[0]) if rows else None

    def search(self, site: str, text: str, limit: int = 50) -> list[Person]:
        """People whose name or number contains the text."""
        pattern = text.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rows = self._rows(
            "SELECT key, site, family, given, born, sex, mrn FROM people"
            " WHERE site=? AND words LIKE ? ESCAPE '\\' ORDER BY family, given, key LIMIT ?",
            (site, f"%{pattern}%", limit),
        )
        return [self._person(row) for row in rows]

    def _as_stored(self, site: str, identifiers: Sequence[Identifier], person: Person | None) -> str | None:
        """The key when there is nothing new to write: a resend costs no transaction."""
        keys = {self.resolve(site, i) for i in identifiers}
        key = keys.pop() if len(keys) == 1 else None
        stored = self.person(key) if key is not None else None
        if stored is None or (person is not None and replace(person, **_place(stored)) != stored):
            return None
        return key

    def _register(
        self, connection: sqlite3.Connection, site: str, identifiers: Sequence[Identifier], person: Person | None
    ) -> str:
        keys = {
            row[0]
            for i in identifiers
            for row in connection.execute(
                "SELECT key FROM identifiers WHERE site=? AND authority=? AND value=?", (site, i.authority, i.value)
            )
        }
        if len(keys) > 1:
            raise BadInputError("these identifiers belong to different people: a merge is a fact of its own")
        key: str = keys.pop() if keys else self._new_key()
        connection.executemany(
            "INSERT OR IGNORE INTO identifiers VALUES (?, ?, ?, ?)",
            [(site, i.authority, i.value, key) for i in identifiers],
        )
        if person is not None or not connection.execute("SELECT 1 FROM people WHERE key=?", (key,)).fetchone():
            shown = person or Person(key, site)
            born = shown.born.isoformat() if shown.born else None
            numbers = connection.execute("SELECT value FROM identifiers WHERE key=?", (key,)).fetchall()
            words = _words(shown, [row[0] for row in numbers])
            connection.execute(
                "INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (key, site, shown.family, shown.given, born, shown.sex, shown.mrn, words),
            )
        return key

    def _person(self, row: tuple[str, ...]) -> Person:
        key, site, family, given, born, sex, mrn = row
        found = self._rows("SELECT authority, value FROM identifiers WHERE key=? ORDER BY 1, 2", (key,))
        return Person(
            key, site, family, given, date.fromisoformat(born) if born else None, sex, mrn,  # type: ignore[arg-type]
            tuple(Identifier(*pair) for pair in found),
        )  # fmt: skip

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[str, ...]]:
        try:
            return self._connection().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"identity store: {type(error).__name__}") from error

    def _connection(self) -> sqlite3.Connection:
        """One connection for each thread; transactions are begun by hand."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # a key on the bus whose owner is forgotten helps nobody
            self._local.connection = connection
        return connection


class FakeIdentity:
    """The same in dicts."""

    def __init__(self, new_key: Callable[[], str] = random_key) -> None:
        self._new_key = new_key
        self._keys: dict[tuple[str, Identifier], str] = {}
        self._people: dict[str, Person] = {}
        self._lock = threading.Lock()

    def resolve(self, site: str, identifier: Identifier) -> str | None:
        """The key, or None."""
        return self._keys.get((site, identifier))

    def register(self, site: str, identifiers: Sequence[Identifier], person: Person | None = None) -> str:
        """The key of a person with these identifiers."""
        if not identifiers:
            raise BadInputError("a person needs an identifier")
        with self._lock:
            return self._register(site, identifiers, person)

    def _register(self, site: str, identifiers: Sequence[Identifier], person: Person | None) -> str:
        keys = {self._keys[site, i] for i in identifiers if (site, i) in self._keys}
        if len(keys) > 1:
            raise BadInputError("these identifiers belong to different people: a merge is a fact of its own")
        key = keys.pop() if keys else self._new_key()
        self._keys.update({(site, i): key for i in identifiers})
        shown = person or self._people.get(key) or Person(key, site)
        mine = sorted((i for (_, i), k in self._keys.items() if k == key), key=lambda i: (i.authority, i.value))
        self._people[key] = Person(key, site, shown.family, shown.given, shown.born, shown.sex, shown.mrn, tuple(mine))
        return key

    def person(self, key: str) -> Person | None:
        """Who this is."""
        return self._people.get(key)

    def search(self, site: str, text: str, limit: int = 50) -> list[Person]:
        """People whose name or number contains the text."""
        found = [
            p for p in self._people.values()
            if p.site == site and text.casefold() in _words(p, [i.value for i in p.identifiers])
        ]  # fmt: skip
        return sorted(found, key=lambda p: (p.family, p.given, p.key))[:limit]


def _place(stored: Person) -> dict[str, Any]:
    return {"key": stored.key, "site": stored.site, "identifiers": stored.identifiers}


def _words(person: Person, numbers: Sequence[str]) -> str:
    return " ".join([person.given, person.family, person.given, person.mrn, *numbers]).casefold()
