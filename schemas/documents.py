"""The schemas as documents: JSON Schema of every event and an AsyncAPI 3.0 description of the topics.

`python -m schemas.documents FOLDER` writes FOLDER/schemas/EVENT.json and FOLDER/asyncapi.json; a test holds that the
committed files are what this makes of the code.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX
from schemas.events import EVENTS, Event
from schemas.topics import TOPICS, Topic

VERSION: Final = "1.0.0"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def documents() -> dict[str, str]:
    """File name under `docs/` to content."""
    files = {f"schemas/{name}.json": _text(event_schema(cls)) for name, cls in EVENTS.items()}
    return files | {"asyncapi.json": _text(asyncapi())}


def event_schema(cls: type[Event]) -> dict[str, Any]:
    """JSON Schema (2020-12) of an event's value."""
    schema = cls.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, "$id": f"urn:wardwatch:event:{cls.__name__}:v1", "x-topic": cls.topic} | schema


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0: a channel for each topic, a message for each event, CloudEvents attributes in Kafka headers."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Wardwatch",
            "version": VERSION,
            "description": "Events on the log: CloudEvents 1.0, Kafka binary content mode.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {
            f"read-{topic.name}": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "summary": f"Read by: {', '.join(topic.readers)}",
            }
            for topic in TOPICS.values()
        },
        "components": {"messages": {name: _message(cls) for name, cls in EVENTS.items()}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    configuration = {"cleanup.policy": [topic.cleanup], "retention.ms": topic.retention_ms}
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}.",
        "messages": {cls.__name__: {"$ref": f"#/components/messages/{cls.__name__}"} for cls in topic.events},
        "bindings": {"kafka": {"topicConfiguration": configuration, "bindingVersion": "0.5.0"}},
    }


def _message(cls: type[Event]) -> dict[str, Any]:
    return {
        "name": cls.__name__,
        "summary": (cls.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"],
            "properties": {
                "ce_specversion": {"const": "1.0"},
                "ce_id": {"type": "string", "description": "The event's id: the same fact has the same id"},
                "ce_type": {"const": f"{TYPE_PREFIX}{cls.__name__}{TYPE_SUFFIX}"},
                "ce_source": {"type": "string"},
                "ce_time": {"type": "string", "format": "date-time", "description": "When it became known"},
                "ce_cause": {"type": "string", "description": "The input that made it: topic/partition/offset or tick"},
                "ce_keyid": {"type": "string"},
            },
        },
        "payload": {"$ref": f"schemas/{cls.__name__}.json"},
    }


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def write(folder: Path) -> None:
    """Write all files, and remove schemas of events that are no more."""
    wanted = documents()
    for name, content in wanted.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for stale in (folder / "schemas").glob("*.json"):
        if f"schemas/{stale.name}" not in wanted:
            stale.unlink()


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
