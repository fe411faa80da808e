"""Third parties' destinations: found by entry point, walled off, and where a new group begins."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from schemas.events import Event
from services.outlets.configured import lanes
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt, Destination
from services.outlets.loop import First, Outlet
from services.outlets.plugged import GROUP, PluggedSettings, PluginError, found, plugged
from services.outlets.resending import dead_letters, event_of
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from services.runtime.ports import Partition
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError
from tests.services.outlets.alerts import life


class Kept:
    """Keeps what it is told; refuses what `refusing` says; raises where `broken`."""

    topics = ("alerts",)

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.name, self.told = name, list[str]()
        self.broken, self.refusing = bool(options.get("broken")), str(options.get("refusing", ""))
        self.size = int(options.get("size", 1))

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing."""

    def deliver(self, event: Event) -> Attempt:
        """Keep it."""
        if self.broken:
            raise ZeroDivisionError
        if event.id == self.refusing:
            return Attempt(Outcome.REFUSED, "as asked")
        self.told.append(event.id)
        return Attempt(Outcome.DELIVERED)


INSTALLED = {"kept": EntryPoint("kept", f"{__name__}:Kept", GROUP)}


def outlet(log: FakeLog, destination: Destination, first: First = "earliest") -> Outlet:
    """An outlet whose clock stands."""
    worker = log.worker(f"outlets-{destination.name}", destination.topics)
    return Outlet(worker, destination, first=first, monotonic=lambda: 0.0, jitter=lambda: 0.0)


def test_a_plug_in_gets_its_name_and_options() -> None:
    """The entry point is called with both."""
    made = plugged(PluggedSettings(name="ours", type="kept", options={"size": 3}), INSTALLED)
    assert (made.name, made.topics) == ("ours", ("alerts",))


def test_what_is_not_installed_is_named() -> None:
    """And so are those that are."""
    with pytest.raises(PluginError, match="no plug-in 'other' is installed; there are: kept"):
        plugged(PluggedSettings(name="ours", type="other"), INSTALLED)


def test_a_wrong_option_is_told() -> None:
    """In the plug-in's own words."""
    with pytest.raises(PluginError, match="'kept' cannot be made: ValueError: invalid literal"):
        plugged(PluggedSettings(name="ours", type="kept", options={"size": "big"}), INSTALLED)


def test_a_bug_of_theirs_loses_nothing() -> None:
    """A plug-in that raises is tried once a minute, and its message waits."""
    made = plugged(PluggedSettings(name="ours", type="kept", options={"broken": True}), INSTALLED)
    attempt = made.deliver(life()[0])
    assert attempt == Attempt(Outcome.MISCONFIGURED, "the plug-in raised ZeroDivisionError")


def test_a_file_names_line_and_plug_in(tmp_path: Path) -> None:
    """A plug-in that is not installed is a wrong file."""
    file = tmp_path / "destinations.yaml"
    file.write_text("destinations:\n  - name: ours\n    type: nowhere\n")
    with pytest.raises(DocumentError, match=r"destinations.yaml, line 3: .*no plug-in 'nowhere'"):
        lanes(Settings(destinations=file), {})
    assert "nowhere" not in found()


@pytest.mark.parametrize(("first", "expected"), [("latest", 3), ("earliest", 4)])
def test_a_new_group_begins_where_it_is_asked_to(first: First, expected: int) -> None:
    """`latest`: with what comes after it joined, also after a restart before anything came; `earliest`: with all."""
    log, events = FakeLog(2), life()
    log.append([outgoing(events[0], source="x", partitions=2)])
    kept = Kept("k", {})
    outlet(log, kept, first).turn(0.0)
    log.append([outgoing(e, source="x", partitions=2) for e in events[1:]])
    again = outlet(log, kept, first)
    again.turn(0.0)
    again.turn(0.0)
    assert kept.told == [event.id for event in events][-expected:]


def test_a_dead_letter_leads_back_to_its_event() -> None:
    """What was refused can be read again from the log and sent once more, with the same id."""
    log, events = FakeLog(2), life()
    kept = Kept("k", {"refusing": events[1].id})
    log.append([outgoing(e, source="x", partitions=2) for e in events])
    delivering = outlet(log, kept)
    delivering.turn(0.0)
    delivering.turn(0.0)
    (entry,) = dead_letters(log.reader(), "outlets-k")
    assert dead_letters(log.reader(), "outlets-other") == []
    assert event_of(log.reader(), entry) == events[1]
