"""Whether an alert was right by what became of the patient: a rule for each kind, and "nobody knows" where it is so."""

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.codes import SNOMED
from schemas.codes.antibiotics import ATC
from schemas.events import (
    AlertRaised,
    AlertUnreached,
    ConditionRecorded,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    Evidence,
    ImagingFindingReported,
    ImagingReportRead,
    LocationDefined,
    MedicationAdministered,
    Place,
)
from services.console.projection.store import Store, micros
from services.console.reading import outcome
from services.console.reading.quality import quality
from tests.browser.example_event import NOW, SITE, event
from tests.services.console.test_called import folded

KEY = "patient-of-the-test"
DAYS_AGO = NOW - timedelta(days=3)
"""When the alert was raised."""


def after(hours: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=hours)


def stay(ward: str = "5B") -> list[Event]:
    """Two wards, one of them intensive care; a patient who came ten hours before the alert."""
    start = DAYS_AGO - after(10)
    wards = [
        event(LocationDefined, start, name, location=name, kind="ward", name=name, specialty=specialty, active=True)
        for name, specialty in (("5B", "medicine"), ("ICU", "critical care"))
    ]
    begun = event(EncounterStarted, start, KEY, patient=KEY, encounter="e", started=start, place=Place(ward=ward))
    return [*wards, begun]


def ended(hours: float, how: str) -> Event:
    """The stay's end so long after the alert."""
    at = DAYS_AGO + after(hours)
    return event(EncounterEnded, at, KEY, patient=KEY, encounter="e", ended=at, outcome=how)


def moved(hours: float, ward: str) -> Event:
    """To another ward."""
    at = DAYS_AGO + after(hours)
    return event(EncounterTransferred, at, KEY, ward, patient=KEY, encounter="e", moved=at, place=Place(ward=ward))


def sepsis(hours: float, *, active: bool = True, known: float = 60) -> Event:
    """A diagnosis whose onset was so long after the alert."""
    return event(
        ConditionRecorded, DAYS_AGO + after(known), KEY, patient=KEY, condition="c", system=SNOMED, code="91302008",
        onset=DAYS_AGO + after(hours), active=active,
    )  # fmt: skip


def dose(hours: float, code: str = "J01CR05") -> Event:
    """A drug given."""
    at = DAYS_AGO + after(hours)
    return event(
        MedicationAdministered, at, KEY, code, patient=KEY, administration=f"m{hours}", system=ATC, code=code, given=at,
    )  # fmt: skip


def film(decision: str | None = None) -> list[Event]:
    """What the model saw, the alert it raised, and a physician's final word."""
    seen = event(
        ImagingFindingReported, DAYS_AGO, KEY, patient=KEY, study="1.2.3", instance="1.2.3.4", model="chest-pneumonia",
        version="1", mode="live", as_of=DAYS_AGO, outcome="finding", label="pneumonia", probability=0.9, source="x",
    )  # fmt: skip
    raised = event(
        AlertRaised, DAYS_AGO, KEY, patient=KEY, alert="a", kind="imaging", severity="amber", at=DAYS_AGO,
        summary="Film", source=seen.id, evidence=(Evidence(text="Film", source=seen.id),),
    )  # fmt: skip
    read = DAYS_AGO + after(2)
    said = event(
        ImagingReportRead, read, KEY, patient=KEY, study="1.2.3", model="chest-pneumonia", version="1",
        decision=decision, by="Dr. Roe", at=read,
    ) if decision else None  # fmt: skip
    return [seen, raised, *([said] if said else [])]


def judged(store: Store, kind: str) -> bool | None:
    """What the rule says now."""
    with store.reading() as db:
        return outcome.right(db, kind, "a", KEY, micros(DAYS_AGO), micros(NOW))


@pytest.mark.parametrize(
    ("kind", "facts", "right"),
    [
        ("deterioration", [ended(40, "died")], True),
        ("deterioration", [ended(40, "home")], False),
        ("deterioration", [ended(40, "unknown")], None),
        ("deterioration", [], None),
        ("sepsis", [sepsis(5)], True),
        ("sepsis", [sepsis(-4)], True),
        ("sepsis", [sepsis(40)], False),
        ("sepsis", [], None),
        ("sepsis", [ended(30, "home")], False),
        ("sepsis", [ended(60, "home")], None),
        ("sepsis", [sepsis(5), sepsis(5, active=False, known=61), ended(30, "home")], False),
        ("sepsis", [dose(1), ended(30, "home")], False),
        ("news2", [moved(5, "ICU")], True),
        ("news2", [moved(30, "ICU")], False),
        ("news2", [moved(5, "4A")], False),
        ("news2", [moved(-1, "ICU"), moved(5, "5B"), moved(6, "ICU")], False),
        ("news2", [ended(8, "died")], True),
        ("news2", [ended(8, "home")], False),
        ("news2", [ended(8, "transferred")], None),
        ("news2", [], False),
        ("imaging", film("finalise"), True),
        ("imaging", film("override"), False),
        ("imaging", film(), None),
    ],
)
def test_each_kind_has_its_rule(tmp_path: Path, kind: str, facts: list[Event], right: bool | None) -> None:
    """Death in the stay; a coded onset; intensive care or death in a day; a physician's final word. Else: not known."""
    assert judged(folded(tmp_path / "o.db", [*stay(), *facts]), kind) is right


def test_without_a_ward_of_intensive_care_nobody_knows(tmp_path: Path) -> None:
    """A site that names no specialty could not tell of a transfer."""
    assert judged(folded(tmp_path / "o.db", stay()[-1:]), "news2") is None
    assert judged(folded(tmp_path / "d.db", [*stay()[-1:], ended(8, "died")]), "news2") is True


@pytest.mark.parametrize(
    ("doses", "begun"), [([], False), ([dose(3)], True), ([dose(-3), dose(3)], False), ([dose(30)], False),
                         ([dose(3, "N02BE01")], False)],
)  # fmt: skip
def test_antibiotics_that_were_begun_are_counted_apart(tmp_path: Path, doses: list[Event], begun: bool) -> None:
    """After the alert, not before it; what is no antibiotic is none."""
    with folded(tmp_path / "t.db", [*stay(), *doses]).reading() as db:
        assert outcome.treated(db, KEY, micros(DAYS_AGO), micros(NOW)) is begun


def test_quality_counts_what_nobody_knows_and_what_reached_nobody(tmp_path: Path) -> None:
    """The alert of a film that no physician has read: right of none, one untold; and it was unreached."""
    lost = event(
        AlertUnreached, DAYS_AGO + after(0.1), KEY, patient=KEY, alert="a", kind="imaging", severity="amber",
        at=DAYS_AGO + after(0.1), summary="Film", call="x", reason="nobody confirmed",
    )  # fmt: skip
    for facts, counted in (([*film(), lost], (0, 0, 1, 1)), ([*film("finalise")], (1, 1, 0, 0))):
        with folded(tmp_path / f"{counted}.db", [*stay(), *facts]).reading() as db:
            line = quality(db, SITE, NOW, 168).lines[-1]
        assert line.outcome_text == outcome.RULES["imaging"]
        told = line.by_outcome
        assert (told.part, told.whole, line.outcome_untold, line.unreached.part) == counted
