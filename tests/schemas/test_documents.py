"""The generated documents."""

import json
from pathlib import Path

import pytest

from schemas.documents import asyncapi, documents, event_schema, write
from schemas.events import EVENTS
from schemas.topics import TOPICS

DOCS = Path(__file__).parents[2] / "docs"


def test_docs_are_in_step_with_the_code() -> None:
    """What lies in docs/ is what the code makes; otherwise: make docs."""
    for name, content in documents().items():
        assert (DOCS / name).read_text(encoding="utf-8") == content, f"{name}: run make docs"


def test_no_schema_is_left_over() -> None:
    """docs/schemas holds the schemas of the events there are, and no others."""
    assert {file.stem for file in (DOCS / "schemas").glob("*.json")} == set(EVENTS)


def test_every_topic_and_event_is_described() -> None:
    """Each topic is a channel and each event a message on exactly one of them."""
    described = asyncapi()
    assert set(described["channels"]) == set(TOPICS)
    told = [name for channel in described["channels"].values() for name in channel["messages"]]
    assert sorted(told) == sorted(EVENTS) == sorted(described["components"]["messages"])


@pytest.mark.parametrize("name", EVENTS)
def test_schemas_are_closed(name: str) -> None:
    """An event's schema requires id, site and time, and forbids what it does not name."""
    schema = event_schema(EVENTS[name])
    assert {"id", "site", "known"} <= set(schema["required"])
    assert schema["additionalProperties"] is False


def test_stale_schemas_go(tmp_path: Path) -> None:
    """A schema of an event that is no more is removed."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "Gone.json").write_text("{}")
    write(tmp_path)
    assert not (tmp_path / "schemas" / "Gone.json").exists()
    assert json.loads((tmp_path / "asyncapi.json").read_text())["asyncapi"] == "3.0.0"
