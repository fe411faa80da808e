"""The example hospital's wards, rooms and beds, its census and forecasts, and who waits for a bed."""

import io
from datetime import timedelta

from PIL import Image, ImageDraw, ImageFilter

from schemas.events import (
    AdmissionRequested,
    Assignment,
    BedStatusChanged,
    Event,
    LocationDefined,
    ScheduleProposed,
)
from schemas.ids import digest
from tests.browser import example_demand
from tests.browser.example_event import NOW, SITE, event

WARDS = (("5B", "5B Medicine", "medicine", 8), ("ICU", "Intensive care", "critical care", 5))
EMPTY = (("5B-7A", "free"), ("5B-7B", "cleaning"), ("5B-8A", "free"), ("5B-8B", "closed"), ("ICU-5A", "free"))
WAITING = (
    ("female", "medicine", 1, False, "5B-7A", "immediate (priority 1); 5B takes medicine; only women in Room 7."),
    ("male", "medicine", 2, True, "5B-8A", "urgent (priority 2); 5B takes medicine; Room 8 is an isolation room."),
    ("male", "critical care", 2, False, None, "2 beds free on a ward for critical care, but none in a room for men"),
)


def waiting_key(n: int) -> str:
    """The key of the n-th who waits."""
    return digest("waiting", n)


def places() -> list[Event]:
    """Two wards, thirteen rooms, twenty-six beds."""
    at = NOW - timedelta(days=3)
    found: list[Event] = []

    def define(location: str, kind: str, name: str, within: str, **more: object) -> None:
        told = {"location": location, "kind": kind, "name": name, "within": within} | more
        found.append(event(LocationDefined, at, location, **told))

    for ward, name, specialty, rooms in WARDS:
        define(ward, "ward", name, SITE, specialty=specialty)
        for r in range(1, rooms + 1):
            define(f"{ward}-{r}", "room", f"Room {r}", ward)
            for letter in "AB":
                define(f"{ward}-{r}{letter}", "bed", f"{ward}-{r}{letter}", f"{ward}-{r}", isolation=r == rooms)
    return [*found, *(event(BedStatusChanged, at, bed, location=bed, status=status) for bed, status in EMPTY)]


def plans() -> list[Event]:
    """Census and forecasts, nurses, three who wait, and a proposal."""
    found = [*example_demand.counts(), *example_demand.forecasts(), *example_demand.nurses()]
    assignments = []
    for n, (sex, specialty, priority, isolation, bed, reason) in enumerate(WAITING):
        key, at = waiting_key(n), NOW - timedelta(hours=5 - n, minutes=13)
        found.append(
            event(AdmissionRequested, at, key, patient=key, request=f"req-{n}", requested=at, specialty=specialty,
                  priority=priority, isolation=isolation, sex=sex, expected_stay_hours=84)
        )  # fmt: skip
        ward_of = "5B" if bed else None
        assignments.append(Assignment(request=f"req-{n}", patient=key, bed=bed, ward=ward_of, reason=reason))
    proposed = event(ScheduleProposed, NOW, as_of=NOW, proposal="plan-1", assignments=tuple(assignments))
    return [*found, proposed]


def film() -> tuple[bytes, bytes]:
    """A drawing with the shape of a chest film, and a see-through heatmap over the right lower zone; PNG."""
    picture = Image.new("L", (512, 512), 18)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 20, 472, 560), fill=120)
    for lung in ((88, 70, 236, 440), (276, 70, 424, 430)):
        draw.ellipse(lung, fill=36)
    draw.ellipse((220, 250, 360, 450), fill=170)
    draw.rectangle((244, 20, 268, 500), fill=185)
    for i in range(9):
        draw.arc((70, 60 + 42 * i, 250, 140 + 42 * i), 190, 350, fill=105, width=7)
        draw.arc((262, 60 + 42 * i, 442, 140 + 42 * i), 190, 350, fill=105, width=7)
    draw.ellipse((110, 300, 210, 420), fill=112)
    where = Image.new("L", (224, 224), 0)
    ImageDraw.Draw(where).ellipse((40, 120, 96, 192), fill=170)
    heat = Image.new("RGBA", where.size, (255, 70, 0, 0))
    heat.putalpha(where.filter(ImageFilter.GaussianBlur(16)))
    return _png(picture.filter(ImageFilter.GaussianBlur(9))), _png(heat)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
