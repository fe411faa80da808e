"""A real Redis that speaks TLS and asks for a certificate (redis-py's own address, rediss://)."""

from pathlib import Path

import pytest

from services.embedded.errors import CannotStartError
from services.embedded.processes import free_port
from services.embedded.redis_server import RedisServer
from services.runtime.errors import StoreUnavailable
from services.runtime.ports import Watermark
from services.runtime.redis_store import RedisStateStore
from tests.certificates import Authority

pytestmark = pytest.mark.servers


def test_states_are_kept_behind_tls(tmp_path: Path) -> None:
    """Who has a certificate of the authority reads what was written; who has none does not."""
    authority, port = Authority.new(tmp_path), free_port()
    ours, theirs = authority.vouch("redis"), authority.vouch("watch")
    secured = {"tls-port": port, "tls-cert-file": ours, "tls-key-file": ours, "tls-ca-cert-file": authority.file}
    server = RedisServer(tmp_path / "redis", more=secured)
    try:
        server.start()
    except CannotStartError:
        pytest.skip("this Redis was built without TLS")
    address = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.file}"
    try:
        store, mark = RedisStateStore(f"{address}&ssl_certfile={theirs}&ssl_keyfile={theirs}"), Watermark(1, "", 1)
        store.save("s", 0, None, mark, {"k": b"v"})
        assert store.load("s", 0) == (mark, {"k": b"v"})
        with pytest.raises(StoreUnavailable):
            RedisStateStore(address).load("s", 0)
    finally:
        server.stop()
