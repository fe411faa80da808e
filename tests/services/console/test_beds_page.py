"""The beds page: forecasts kept apart, judged by what came, nurses against the roster, and where a patient can go."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from schemas.events import (
    AvailabilityPublished,
    BedDemandForecasted,
    DemandHour,
    Event,
    LocationDefined,
    StaffingForecasted,
    WardOccupancyChanged,
)
from services.console.app import console_app
from services.console.projection.fold import fold
from services.console.projection.store import Store
from services.console.reading.future import future
from services.console.reading.nurses import nurses
from services.console.reading.viewer import Names, Viewer
from services.console.reading.where import Wanted, places
from services.runtime.fake_log import FakeLog
from services.runtime.health import Health
from services.runtime.identity import FakeIdentity
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW, SITE, event
from tests.browser.example_ward import example_ward
from tests.browser.running import made_console

WARD = example_ward(hours=1)
LEVELS = (0.1, 0.5, 0.9)
SISTER, SCREEN = "sister-token", "screen-token"
NOBODY = Viewer("screen", identity=False, decide=False, admin=False)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a console with the example ward folded in."""
    running = made_console(tmp_path_factory.mktemp("console"), WARD)
    running.log.append([outgoing(e, source="test", partitions=4) for e in WARD.events])
    fold(running.parts.store, running.log.records)
    running.parts.clock.told(NOW)
    with TestClient(console_app(running.parts, Health("console")), follow_redirects=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token}"}


def stored(folder: Path, events: list[Event]) -> Store:
    """A store with these folded in."""
    log = FakeLog()
    log.append([outgoing(e, source="test", partitions=4) for e in events])
    store = Store(f"sqlite:///{folder}/console.db")
    fold(store, log.records)
    return store


def forecast(hours_ago: float, mean: float, *, lead: float = 24, **more: object) -> BedDemandForecasted:
    """A forecast of one step, `lead` hours ahead, two beds to either side."""
    at = NOW - timedelta(hours=hours_ago)
    step = DemandHour(hours=lead, mean=mean, quantiles=(mean - 2, mean, mean + 2))
    about: dict[str, object] = {"ward": "5B", "as_of": at, "model": "m", "version": "1", "levels": LEVELS} | more
    return event(BedDemandForecasted, at, hours_ago, lead, str(more), hours=(step,), **about)


def counted(hours_ago: float, occupied: int) -> WardOccupancyChanged:
    """A count of the ward."""
    at = NOW - timedelta(hours=hours_ago)
    return event(WardOccupancyChanged, at, hours_ago, ward="5B", as_of=at, occupied=occupied, beds=15)


def test_daily_and_service_forecasts_do_not_replace_the_hourly_one(tmp_path: Path) -> None:
    """Ward, service and resolution each keep their newest; an older one that comes late changes nothing."""
    store = stored(
        tmp_path,
        [
            forecast(1, 10),
            forecast(0.5, 20, lead=168, resolution="day"),
            forecast(0, 5, ward=None, service="medicine"),
            forecast(2, 99),
        ],
    )
    with store.reading() as db:
        ward = future(db, SITE, "5B", "", 15, NOW)
        service = future(db, SITE, "", "medicine", None, NOW)
        site = future(db, SITE, "", "", 15, NOW)
    assert ward.demand is not None
    assert ward.daily is not None
    assert service.demand is not None
    assert (ward.demand.hours[0].mean, ward.daily.hours[0].mean, service.demand.hours[0].mean) == (10, 20, 5)
    assert (site.demand, service.peak) == (None, None)


def test_past_forecasts_are_held_to_the_counts_that_came(tmp_path: Path) -> None:
    """Of three that came due, off by 1, 0 and 3, two lay in their interval; one that is not due is not judged."""
    store = stored(
        tmp_path,
        [counted(60, 10), forecast(72, 11), forecast(60, 10), forecast(48, 13), forecast(6, 50), forecast(240, 50)],
    )
    with store.reading() as db:
        (found,) = future(db, SITE, "5B", "", 15, NOW).skill
    assert (found.lead, found.count) == ("24 hours", 3)
    assert found.mae == pytest.approx(4 / 3)
    assert found.bias == pytest.approx(4 / 3)
    assert found.covered == pytest.approx(2 / 3)


def test_a_count_holds_until_the_next(tmp_path: Path) -> None:
    """A forecast is judged by the last count before its hour, not by the next one after it."""
    store = stored(tmp_path, [counted(60, 10), counted(10, 14), forecast(36, 10), forecast(30, 14)])
    with store.reading() as db:
        (found,) = future(db, SITE, "5B", "", 15, NOW).skill
    assert (found.count, found.mae) == (2, 0)


def test_only_a_month_of_counts_and_forecasts_is_kept(tmp_path: Path) -> None:
    """What is older than 28 days leaves, and does not come back late."""
    old = [counted(30 * 24, 3), forecast(30 * 24, 3)]
    store = stored(tmp_path, [*old, counted(0, 10), *old])
    with store.reading() as db:
        kept = [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("census_hours", "demand_past")]  # noqa: S608
    assert kept == [1, 0]


def test_the_newest_word_about_a_resource_counts(tmp_path: Path) -> None:
    """A theatre that is closed after it was open is closed; a nurse is kept by shift."""
    about = {"role": "theatre", "day": NOW.date(), "location": "T1"}
    nurse = {"role": "nurse", "day": NOW.date(), "location": "n1", "minutes": 480, "skill": 1, "most_workload": 12}
    store = stored(
        tmp_path,
        [
            event(AvailabilityPublished, NOW, 1, minutes=480, **about),
            event(AvailabilityPublished, NOW, 2, minutes=0, **about),
            event(AvailabilityPublished, NOW, 3, shift="early", **nurse),
            event(AvailabilityPublished, NOW, 4, shift="late", **nurse),
        ],
    )
    with store.reading() as db:
        rows = db.execute("SELECT location, shift, minutes FROM availability ORDER BY location, shift").fetchall()
    assert [tuple(r) for r in rows] == [("T1", "", 0), ("n1", "early", 480), ("n1", "late", 480)]


def test_nurses_are_short_may_be_short_or_enough(tmp_path: Path) -> None:
    """Half a nurse too few is short; a fifth of a chance is a warning; each says so in words."""
    needs = ((4.6, 4, 0.9), (3.9, 4, 0.3), (2.0, 4, 0.01))
    shifts = [
        {"day": NOW.date(), "shift": s, "needed": n, "needed_high": n + 1, "rostered": r, "chance_short": c}
        for s, (n, r, c) in zip(("early", "late", "night"), needs, strict=True)
    ]
    store = stored(tmp_path, [event(StaffingForecasted, NOW, ward="5B", as_of=NOW, shifts=tuple(shifts))])
    with store.reading() as db:
        found = nurses(db, SITE, "5B", NOW)
    assert [(n.shift, n.state, n.text) for n in found] == [
        ("early", "short", "1 short"), ("late", "tight", "may be short"), ("night", "enough", "enough"),
    ]  # fmt: skip


def test_the_page_tells_wards_services_and_the_site(client: TestClient) -> None:
    """Census, outlook with interval, the worst chance of too few beds, drivers whose shares add up, skill by lead."""
    view = client.get("/api/beds", headers=bearer(SISTER)).json()
    assert [w["name"] for w in view["wards"]] == ["Whole site", "5B Medicine", "Intensive care"]
    assert [(s["name"], s["occupied"]) for s in view["services"]] == [("Critical care", 8), ("Medicine", 12)]
    ward = view["wards"][1]["future"]
    assert [o["hours"] for o in ward["outlook"]] == [24, 72]
    assert all(o["low"] <= o["mean"] <= o["high"] for o in ward["outlook"])
    assert ward["peak"]["over"] == max(h["over"] for d in ("demand", "daily") for h in ward[d]["hours"])
    assert sum(d["percent"] for d in ward["demand"]["drivers"]) == pytest.approx(100)
    assert [s["lead"] for s in ward["skill"]] == ["6 hours", "24 hours", "3 days", "7 days"]
    assert (len(ward["demand"]["hours"]), len(ward["daily"]["hours"])) == (72, 28)


def test_where_a_waiting_patient_can_go_now(client: TestClient) -> None:
    """Beds that the rules allow, best first with reasons; who may not read names sees none."""
    found = client.post("/api/places", json={"request": "req-0"}, headers=bearer(SISTER)).json()
    assert found["who"] == "EZE, Ngozi"
    assert (found["choices"][0]["bed"], found["choices"][0]["moves"]) == ("5B-7A", False)
    assert "5B Medicine takes medicine" in found["choices"][0]["reasons"]
    assert client.post("/api/places", json={"request": "req-0"}, headers=bearer(SCREEN)).json()["who"] != "EZE, Ngozi"


def test_where_asks_for_enough_to_answer(client: TestClient) -> None:
    """A request that does not wait is 404, nobody at all 422; an unknown sex is answered with beds of one's own."""
    assert client.post("/api/places", json={"request": "nobody"}, headers=bearer(SISTER)).status_code == 404
    assert client.post("/api/places", json={}, headers=bearer(SISTER)).status_code == 422
    assert client.post("/api/places", json={"sex": "unheard"}, headers=bearer(SISTER)).status_code == 422
    found = client.post("/api/places", json={"specialty": "medicine"}, headers=bearer(SISTER))
    assert found.status_code == 200
    assert found.json()["who"] == "a patient, medicine"


def test_a_thousand_beds_are_answered_within_a_second(tmp_path: Path) -> None:
    """From the store to the answer, with all that the rules must know."""
    at = NOW - timedelta(days=1)
    events: list[Event] = []
    for w in range(40):
        told = {
            "location": f"W{w}",
            "kind": "ward",
            "name": f"Ward {w}",
            "specialty": "medicine" if w % 2 else "surgery",
        }
        events.append(event(LocationDefined, at, w, **told))
        for r in range(5):
            room = f"W{w}-{r}"
            events.append(event(LocationDefined, at, room, location=room, kind="room", name=room, within=f"W{w}"))
            for b in range(5):
                bed = f"{room}-{b}"
                events.append(event(LocationDefined, at, bed, location=bed, kind="bed", name=bed, within=room))
    store = stored(tmp_path, events)
    begun = time.thread_time()
    with store.reading() as db:
        found = places(db, SITE, NOW, Wanted(sex="female", specialty="medicine"), Names(FakeIdentity(), SITE), NOBODY)
    assert time.thread_time() - begun < 1
    assert found is not None
    assert len(found.choices) == 10
