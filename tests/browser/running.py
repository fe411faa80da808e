"""The real console on a free port: its projection follows a log in memory that a test writes to."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.envelope import decode
from schemas.events import Event
from services.console.advice.load import load
from services.console.app import console_app
from services.console.live import Hub
from services.console.parts import Parts
from services.console.projection.follower import Follower
from services.console.projection.store import Store
from services.console.reading.system import Model
from services.console.reading.viewer import Names
from services.console.signin.flow import SignIn
from services.console.signin.sessions import Sessions
from services.console.signin.settings import key_of, site_of
from services.console.units import chosen
from services.runtime import web
from services.runtime.clock import ToldClock
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.identity import FakeIdentity
from services.runtime.outgoing import outgoing
from services.runtime.settings import Settings
from tests.browser.example_event import SITE
from tests.browser.example_risk import BANDS, CERTAINTY
from tests.browser.example_ward import ExampleWard

TOKENS = """{
  "sister-token": {"name": "Sr. Hughes", "scopes": ["read", "read:identity", "decide"]},
  "screen-token": {"name": "Ward screen", "scopes": ["read"]},
  "admin-token": {"name": "Dana Admin", "scopes": ["admin"]}
}"""
MODELS = (
    Model(
        name="sepsis",
        version="1.0.0",
        task="risk",
        kind="trees",
        intended_use="Sepsis within 6 hours, for adults in intensive care",
        population="18 to 120 years",
        modes=(("*", "silent"), ("5B", "live")),
        bands=BANDS["sepsis"],
        certainty=CERTAINTY["sepsis"],
    ),
    Model(
        name="deterioration",
        version="1.0.0",
        task="risk",
        kind="blend",
        intended_use="Death in the hospital stay, from the first two days in intensive care",
        population="16 to 100 years",
        modes=(("*", "silent"), ("5B", "live")),
        bands=BANDS["deterioration"],
        certainty=CERTAINTY["deterioration"],
    ),
    Model(
        name="chest-pneumonia",
        version="1.0.0",
        task="imaging",
        kind="network",
        intended_use="Pneumonia in frontal chest films of small children",
        population="1 to 5 years",
        modes=(("*", "live"),),
    ),
)


@dataclass
class Running:
    """The console, and the log it reads."""

    url: str
    log: FakeLog
    parts: Parts
    follower: Follower
    stop: threading.Event

    def write(self, events: Sequence[Event]) -> None:
        """Append to the log and wait until the pages could show it."""
        self.log.append([outgoing(e, source="test", partitions=4) for e in events])
        wanted = self.follower.standing.folded + len(events)
        deadline = time.monotonic() + 20
        while self.follower.standing.folded < wanted and time.monotonic() < deadline:
            time.sleep(0.01)


def written(log: FakeLog, topic: str) -> list[Event]:
    """What lies in a topic, decoded."""
    return [decode(r.value, r.headers).event for p, records in log.records.items() if p.topic == topic for r in records]


def made_console(folder: Path, ward: ExampleWard, **told: object) -> Running:
    """The console's parts on fakes, with more settings as told; nothing runs yet and the log is empty."""
    given = {"site": SITE, "clock": "told", "tokens": TOKENS, "console_db_url": f"sqlite:///{folder}/console.db"}
    settings = Settings.model_validate(given | told)
    oidc, key = site_of(settings), key_of(settings)
    log, hub, clock, stop = FakeLog(), Hub(), ToldClock(), threading.Event()
    store = Store(settings.console_db_url)
    keys = iter([person.key for _, person in ward.people])
    identity, objects = FakeIdentity(new_key=keys.__next__), FakeObjectStore()
    for identifier, person in ward.people:
        identity.register(SITE, [identifier], person)
    for name, content in ward.objects.items():
        objects.put(name, content)
    follower = Follower(log.reader, store, clock, hub.told)
    parts = Parts(
        settings=settings,
        store=store,
        hub=hub,
        names=Names(identity, SITE),
        objects=objects,
        publisher=log.publisher(),
        clock=clock,
        standing=lambda: follower.standing,
        models=lambda: MODELS,
        advice=load(),
        sessions=Sessions(key),
        units=chosen(settings.units),
        signin=None if oidc is None else SignIn(oidc, key),
        stopping=stop,
    )
    return Running("", log, parts, follower, stop)


@contextmanager
def running_console(folder: Path, ward: ExampleWard, port: int = 0, **told: object) -> Iterator[Running]:
    """The console with a ward in it, served on a free port."""
    running = made_console(folder, ward, **told)
    thread = threading.Thread(target=running.follower.run, args=(running.stop,), daemon=True)
    listener = web.bind("127.0.0.1", port)
    running.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop_web = web.serve_in_thread(console_app(running.parts, Health("console")), listener)
    thread.start()
    running.write(ward.events)
    try:
        yield running
    finally:
        running.stop.set()
        stop_web()
        thread.join(timeout=5)
        running.parts.store.close()
