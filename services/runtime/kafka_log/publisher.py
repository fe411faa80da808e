"""Messages written outside a transaction: the gateway's and the console's way into the log."""

from collections.abc import Sequence
from concurrent.futures import Future

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from services.runtime.errors import LogUnavailable
from services.runtime.kafka_log.client import COMMON, connect, send
from services.runtime.ports import Outgoing


class KafkaPublisher:
    """Idempotent producer, acknowledged by all in-sync replicas. Safe from any thread."""

    def __init__(self, bootstrap: str, *, timeout_s: float = 10.0) -> None:
        self._producer = connect(
            KafkaProducer, bootstrap, acks="all", enable_idempotence=True, linger_ms=5, batch_size=128 << 10,
            delivery_timeout_ms=int(timeout_s * 1000), request_timeout_ms=int(timeout_s * 500),
            max_block_ms=int(timeout_s * 1000), max_request_size=4 << 20, **COMMON,
        )  # fmt: skip

    def publish(self, messages: Sequence[Outgoing]) -> "Future[None]":
        """Write in order; done when all are acknowledged."""
        done: Future[None] = Future()
        left = len(messages)
        if not left:
            done.set_result(None)
            return done

        def acknowledged(_: object) -> None:
            nonlocal left  # callbacks all run on the producer's one sender thread
            left -= 1
            if left == 0 and not done.done():
                done.set_result(None)

        def refused(error: object) -> None:
            if not done.done():
                done.set_exception(LogUnavailable(f"Kafka did not take the message: {error}"))

        try:
            for message in messages:
                sent = send(self._producer, message)
                sent.add_callback(acknowledged)
                sent.add_errback(refused)
        except kafka_errors.KafkaError as error:
            refused(error)
        return done

    def close(self) -> None:
        """Flush and leave."""
        self._producer.close(timeout=5)
