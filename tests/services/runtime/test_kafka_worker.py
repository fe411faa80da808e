"""What only the real adapter of the log can get wrong."""

import pytest

from services.embedded.kafka_server import KafkaServer
from services.runtime.errors import LogUnavailable
from services.runtime.kafka_log import KafkaWorker, create_topics, worker


@pytest.mark.servers
def test_a_slot_that_its_group_forgets_asks_anew(kafka_server: KafkaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given nothing in time, the log counts as unavailable, so that the loop joins again; a spare slot waits."""
    create_topics(kafka_server.address, 4)
    monkeypatch.setattr(worker, "JOIN_S", -1.0)
    monkeypatch.setattr(worker._Listener, "on_partitions_assigned", lambda _self, _assigned: None)
    forgotten = KafkaWorker(kafka_server.address, "forgotten", ["alerts"], slot=3)
    with pytest.raises(LogUnavailable, match="gave no partition"):
        forgotten.poll(0.0)
    forgotten.close()
    spare = KafkaWorker(kafka_server.address, "spare", ["alerts"], slot=4)
    assert spare.poll(0.0).records == {}
    spare.close()
