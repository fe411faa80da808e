"""Structured logs whose fields are an allow-list: nothing about a person leaves by accident (rule 10)."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "module", "service", "slot", "topic", "partition", "offset", "count", "seconds",
        "error", "reason", "model", "version", "status", "method", "route", "type", "attempt", "state", "port",
        "address", "ready", "lag", "name", "pid", "code", "ae", "retry_in_s", "dropped", "kind", "exception",
    }
)  # fmt: skip
"""Fields that may be logged. Patient keys, identifiers, values and document text are not among them."""


def _only_allowed(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = sorted(set(fields) - ALLOWED)
    for name in dropped:
        del fields[name]
    if dropped:
        fields["dropped"] = ",".join(dropped)
    return fields


def configure(service: str, level: str = "INFO", fmt: str = "json") -> None:
    """Log to standard error; called once in `main.py`."""
    processors: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _only_allowed,
        structlog.processors.JSONRenderer() if fmt == "json" else structlog.dev.ConsoleRenderer(colors=False),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger of one module."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger
