"""A real broker that speaks TLS only, asks for a certificate and for a password."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from kafka import KafkaConsumer

from services.embedded.kafka_server import KafkaServer
from services.embedded.processes import free_port
from services.runtime.errors import LogUnavailable
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, KafkaWorker, create_topics
from services.runtime.kafka_log.client import connect
from services.runtime.ports import Outgoing, Partition
from tests.certificates import Authority

pytestmark = pytest.mark.servers
USER, PASSWORD = "ward", "p@ss/word"


class Secured:
    """A broker and the addresses by which it is, and is not, to be reached."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority.new(folder)
        self.port = free_port()
        plain, controller = free_port(), free_port()
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        here = f"127.0.0.1:{self.port}"
        prefix = "listener.name.wards."
        self.server = KafkaServer(
            folder / "kafka",
            port=plain,
            more={
                "listeners": f"PLAINTEXT://127.0.0.1:{plain},WARDS://{here},CONTROLLER://127.0.0.1:{controller}",
                "controller.quorum.voters": f"1@127.0.0.1:{controller}",
                "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},WARDS://{here}",
                "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,WARDS:SASL_SSL",
                f"{prefix}ssl.keystore.type": "PEM", f"{prefix}ssl.keystore.location": self.authority.vouch("broker"),
                f"{prefix}ssl.truststore.type": "PEM", f"{prefix}ssl.truststore.location": self.authority.file,
                f"{prefix}ssl.client.auth": "required",
                f"{prefix}sasl.enabled.mechanisms": "PLAIN",
                f"{prefix}plain.sasl.jaas.config": f'{module} required user_{USER}="{PASSWORD}";',
            },
        )  # fmt: skip
        self.certificate = self.authority.vouch("gateway")

    def address(self, password: str = PASSWORD, certificate: Path | None = None) -> str:
        """As WARDWATCH_KAFKA has it."""
        ours = certificate or self.certificate
        login = f"{USER}:{quote(password, safe='')}"
        files = f"authorities={self.authority.file}&certificate={ours}&key={ours}"
        return f"sasl_ssl://{login}@127.0.0.1:{self.port}?mechanism=PLAIN&{files}"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One for this file."""
    found = Secured(tmp_path_factory.mktemp("secured"))
    with found.server:
        yield found


def test_facts_are_written_and_read_behind_tls_and_a_password(secured: Secured) -> None:
    """Topics, an idempotent publisher, a transactional worker and a reader: all four clients."""
    assert "clinical" in create_topics(secured.address(), 2)
    publisher = KafkaPublisher(secured.address())
    publisher.publish([Outgoing("clinical", "p", b"{}", partition=0)]).result(20)
    publisher.close()
    reader = KafkaReader(secured.address())
    try:
        assert reader.bounds(Partition("clinical", 0))[1] == 1
    finally:
        reader.close()
    worker, got = KafkaWorker(secured.address(), "secured", ["clinical"]), 0
    try:
        until = time.monotonic() + 60
        while not got and time.monotonic() < until:
            got = sum(map(len, worker.poll(0.5).records.values()))
        worker.commit([Outgoing("findings", "p", b"{}", partition=0)], {Partition("clinical", 0): 1})
        assert (got, worker.committed(Partition("clinical", 0))) == (1, 1)
    finally:
        worker.close()


@pytest.mark.parametrize("wrong", ["password", "certificate"])
def test_who_is_not_known_gets_nothing_and_the_password_is_not_told(
    secured: Secured, tmp_path: Path, wrong: str
) -> None:
    """A wrong password, or a certificate of another authority: the log does not answer."""
    other = Authority.new(tmp_path, "other").vouch("gateway") if wrong == "certificate" else None
    address = secured.address(password="wr0ng" if wrong == "password" else PASSWORD, certificate=other)
    with pytest.raises(LogUnavailable) as error:
        connect(KafkaConsumer, address, bootstrap_timeout_ms=2000)
    assert "wr0ng" not in str(error.value)
    assert "p%40ss" not in str(error.value)
