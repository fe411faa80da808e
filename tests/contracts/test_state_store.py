"""One contract for the state store, on the fake and on a real Redis."""

import uuid
from collections.abc import Callable

import pytest
import redis

from services.runtime.errors import StaleWriter
from services.runtime.fakes import FakeStateStore
from services.runtime.ports import StateStore, Watermark
from services.runtime.redis_store import RedisStateStore


@pytest.fixture(params=["fake", pytest.param("redis", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest) -> StateStore:
    """The fake, or the session's Redis."""
    return FakeStateStore() if request.param == "fake" else RedisStateStore(request.getfixturevalue("redis_server").url)


@pytest.fixture
def flush(store: StateStore, request: pytest.FixtureRequest) -> Callable[[], None]:
    """What empties the store."""
    if isinstance(store, FakeStateStore):
        return store.flush
    url = request.getfixturevalue("redis_server").url
    return lambda: redis.Redis.from_url(url).flushall() and None


@pytest.fixture
def service() -> str:
    """A service that no other test uses."""
    return f"contract-{uuid.uuid4().hex[:8]}"


def test_nothing_stored_is_none(store: StateStore, service: str) -> None:
    """A partition never saved has no watermark."""
    assert store.load(service, 0) is None


def test_states_come_back(store: StateStore, service: str) -> None:
    """What was saved is loaded, with its watermark."""
    mark = Watermark(7, "2026-01-01T00:00:00+00:00", 2)
    store.save(service, 0, None, mark, {"a": b"1", "b": b"\x00\xff"})
    assert store.load(service, 0) == (mark, {"a": b"1", "b": b"\x00\xff"})


def test_changes_are_merged_and_deletes_delete(store: StateStore, service: str) -> None:
    """A later save changes only what it names."""
    first, second = Watermark(1, "", 2), Watermark(2, "", 2)
    store.save(service, 0, None, first, {"a": b"1", "b": b"2"})
    store.save(service, 0, first, second, {"a": None, "c": b"3"})
    assert store.load(service, 0) == (second, {"b": b"2", "c": b"3"})


def test_a_stale_writer_is_refused_and_changes_nothing(store: StateStore, service: str) -> None:
    """A paused old worker cannot overwrite a newer one."""
    first, second = Watermark(1, "", 1), Watermark(2, "", 1)
    store.save(service, 0, None, first, {"a": b"1"})
    store.save(service, 0, first, second, {"a": b"2"})
    with pytest.raises(StaleWriter):
        store.save(service, 0, first, Watermark(3, "", 1), {"a": b"ghost"})
    assert store.load(service, 0) == (second, {"a": b"2"})


def test_a_flushed_store_refuses_a_change_and_takes_a_rebuild(
    store: StateStore, service: str, flush: Callable[[], None]
) -> None:
    """After the store was emptied only a whole partition may be written."""
    mark = Watermark(1, "", 1)
    store.save(service, 0, None, mark, {"a": b"1"})
    flush()
    with pytest.raises(StaleWriter):
        store.save(service, 0, mark, Watermark(2, "", 1), {"a": b"2"})
    store.save(service, 0, None, Watermark(2, "", 1), {"a": b"2"})
    assert store.load(service, 0) == (Watermark(2, "", 1), {"a": b"2"})


def test_a_missing_state_counts_as_lost(store: StateStore, service: str) -> None:
    """The watermark carries the number of states; fewer of them is a loss."""
    store.save(service, 0, None, Watermark(1, "", 3), {"a": b"1"})
    assert store.load(service, 0) is None


def test_partitions_and_services_do_not_meet(store: StateStore, service: str) -> None:
    """A name is unique within its partition and service only."""
    store.save(service, 0, None, Watermark(1, "", 1), {"a": b"0"})
    store.save(service, 1, None, Watermark(1, "", 1), {"a": b"1"})
    loaded = store.load(service, 0)
    assert loaded is not None
    assert loaded[1] == {"a": b"0"}
    assert store.load(f"{service}x", 0) is None
