"""The schedule page: the newest theatre plan as its events and its document tell it, and what people said about it."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from ray_jobs.scheduling.ihtp import Instance
from services.console import plan_words
from services.console.plans.document import LIES_HERE, Opened, identity
from services.console.plans.standing import ALLOWED
from services.console.projection.store import instant
from services.console.reading import board, said
from services.console.reading.schedule_view import (
    Approved,
    Booked,
    Change,
    Lying,
    Named,
    Overflow,
    Plan,
    Risk,
    RoomRow,
    ScheduleView,
    Share,
)
from services.console.reading.viewer import Names, Viewer, full_name

OTHERWISE: Final = " without room for longer stays"
"""How the planner names the same figure for the plan that does not allow for longer stays."""
Labels = Mapping[str, str]
"""What people call an id: patients by request, places, surgeons."""


def newest(db: sqlite3.Connection, site: str) -> sqlite3.Row | None:
    """The row of the newest theatre plan: the only one that can still be decided."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM proposals WHERE site = ? AND kind = 'theatres' ORDER BY known DESC, proposal DESC LIMIT 1",
        (site,),
    ).fetchone()
    return row


def labels(
    db: sqlite3.Connection, site: str, row: sqlite3.Row, opened: Opened | None, names: Names, viewer: Viewer
) -> Labels:
    """Names of places and surgeons; of patients for those who may know, else the beginning of their key.

    A care team's names are those of its own patients; whoever decides about plans sees all.
    """
    mine = None
    if viewer.wards is not None and not viewer.plan:
        mine = {stay["patient"] for stay in board.open_stays(db, site) if viewer.on(stay["ward"])}

    def called(patient: str) -> str:
        name = full_name(names.of(patient, viewer)) if mine is None or patient in mine else None
        return name or f"Patient {patient[:6]}"

    told = {r["location"]: r["name"] for r in db.execute("SELECT * FROM locations WHERE site = ?", (site,)).fetchall()}
    told = (dict(opened.document.names) if opened else {}) | told
    for b in json.loads(row["bookings"]):
        told[b["request"]] = called(b["patient"])
    if opened is not None:
        lying = {o.id for o in opened.document.instance.occupants}
        rows = db.execute("SELECT encounter, patient FROM encounters WHERE site = ? AND ended IS NULL", (site,))
        for r in rows.fetchall():
            known = identity(f"{LIES_HERE}{r['encounter']}")
            if known in lying:
                told[known] = called(r["patient"])
    return told


def schedule(
    db: sqlite3.Connection, site: str, now: datetime, opened: Opened | None, problem: str, names: Names, viewer: Viewer
) -> ScheduleView:
    """The newest plan; `opened` is its document, or `problem` says why there is none."""
    row, approved = newest(db, site), _approved(db, site)
    if row is None:
        return ScheduleView(now=now, plan=None, approved=None, said=())
    told = labels(db, site, row, opened, names, viewer)
    return ScheduleView(
        now=now,
        plan=_plan(db, row, opened, problem, told, viewer),
        approved=approved if approved and approved.id != row["proposal"] else None,
        said=said.decisions(db, site, told),
    )


def _approved(db: sqlite3.Connection, site: str) -> Approved | None:
    found = None
    rows = db.execute(
        "SELECT p.proposal, p.as_of FROM proposals p WHERE p.site = ? AND p.kind = 'theatres' AND EXISTS"
        " (SELECT 1 FROM plan_decisions d WHERE d.proposal = p.proposal AND d.decision = 'approve')",
        (site,),
    ).fetchall()
    for row in rows:
        word = said.stands(db, row["proposal"])
        # What counts is when it was approved: an older plan may be approved after a newer one was taken back.
        if word and word.decision == "approve" and (found is None or word.at > found.at):
            found = Approved(id=row["proposal"], as_of=instant(row["as_of"]), who=word.who, at=word.at, why=word.why)
    return found


def _plan(
    db: sqlite3.Connection, row: sqlite3.Row, opened: Opened | None, problem: str, told: Labels, viewer: Viewer
) -> Plan:
    word = said.stands(db, row["proposal"])
    bookings = json.loads(row["bookings"])
    begins = _begins(row, opened, bookings)
    instance = opened.document.instance if opened else None
    changes, costs = json.loads(row["changes"]), json.loads(row["costs"])
    total = sum(c["cost"] for c in costs)
    may = ALLOWED[word.decision if word else None] if viewer.plan else ()
    return Plan(
        id=row["proposal"],
        as_of=instant(row["as_of"]),
        cause=row["cause"],
        begins=begins,
        days=row["days"] or (instance.days if instance else 14),
        decision=word.decision if word else None,
        who=word.who if word else None,
        why=word.why if word else None,
        decided=word.at if word else None,
        may=tuple(v for v in may if v != "edit" or instance is not None),
        editable=problem,
        tryable=viewer.plan and instance is not None,
        theatres=_theatres(instance, bookings, told),
        surgeons=_surgeons(instance, bookings, told),
        rooms=_rooms(instance, bookings, told),
        bookings=_bookings(bookings, instance, begins, told, {c["request"] for c in changes if c["day_before"]}),
        lying=_lying(instance, told),
        costs=tuple(
            Share(
                name=c["name"], label=plan_words.component(c["name"]), count=c["count"], cost=c["cost"],
                percent=100 * c["cost"] / total if total else 0.0,
            )
            for c in sorted(costs, key=lambda c: -c["cost"])
        ),
        total=total,
        changes=tuple(_change(c, told) for c in changes),
        conflicts=tuple(json.loads(row["conflicts"])),
        risks=_risks(json.loads(row["risks"])),
        overflow=_overflow(json.loads(row["risks"]), told),
        questions=said.questions(db, row["proposal"], told),
    )  # fmt: skip


def _begins(row: sqlite3.Row, opened: Opened | None, bookings: list[dict[str, str | None]]) -> date:
    if row["begins"]:
        return date.fromisoformat(row["begins"])
    days = [date.fromisoformat(b["day"]) for b in bookings if b["day"]]
    return opened.document.begins if opened else min(days, default=instant(row["as_of"]).date())


def _theatres(instance: Instance | None, bookings: list[dict[str, str]], told: Labels) -> tuple[Named, ...]:
    if instance is not None:
        return tuple(
            Named(id=t.id, name=told.get(t.id, t.id), minutes=t.availability[: instance.days])
            for t in instance.operating_theaters
        )
    return tuple(Named(id=t, name=told.get(t, t)) for t in sorted({b["theatre"] for b in bookings if b["theatre"]}))


def _surgeons(instance: Instance | None, bookings: list[dict[str, str]], told: Labels) -> tuple[Named, ...]:
    limits = {s.id: s.max_surgery_time[: instance.days] for s in instance.surgeons} if instance else {}
    names = sorted({b["surgeon"] for b in bookings})
    return tuple(Named(id=s, name=told.get(s, s), minutes=limits.get(identity(s), ())) for s in names)


def _rooms(instance: Instance | None, bookings: list[dict[str, str]], told: Labels) -> tuple[RoomRow, ...]:
    if instance is not None:
        return tuple(RoomRow(id=r.id, name=told.get(r.id, r.id), beds=r.capacity) for r in instance.rooms)
    return tuple(
        RoomRow(id=r, name=told.get(r, r), beds=None) for r in sorted({b["room"] for b in bookings if b["room"]})
    )


def _bookings(
    bookings: list[dict[str, object]], instance: Instance | None, begins: date, told: Labels, moved: set[str]
) -> tuple[Booked, ...]:
    asked = {p.id: p for p in instance.patients} if instance else {}
    found = []
    for b in bookings:
        who, day = asked.get(identity(str(b["request"]))), b["day"]
        found.append(
            Booked.model_validate(b | {
                "key": b["patient"],
                "label": told[str(b["request"])],
                "day": (date.fromisoformat(str(day)) - begins).days if day else None,
                "sex": plan_words.sex(who.gender) if who else "",
                "age_group": who.age_group if who else "",
                "age_tier": plan_words.age_tier(who.age_group) if who else 0,
                "earliest": who.surgery_release_day if who else None,
                "latest": who.surgery_due_day if who else None,
                "not_rooms": who.incompatible_room_ids if who else (),
                "moved": b["request"] in moved,
            })
        )  # fmt: skip
    return tuple(found)


def _lying(instance: Instance | None, told: Labels) -> tuple[Lying, ...]:
    occupants = instance.occupants if instance else ()
    return tuple(
        Lying(
            label=told.get(o.id, "In bed now"), room=o.room_id, nights=o.length_of_stay,
            sex=plan_words.sex(o.gender), age_group=o.age_group,
            age_tier=plan_words.age_tier(o.age_group),
        )
        for o in occupants
    )  # fmt: skip


def _change(c: dict[str, str | None], told: Labels) -> Change:
    def place(suffix: str) -> str | None:
        if c[f"day{suffix}"] is None:
            return None
        where = [told.get(w, w) for w in (c[f"theatre{suffix}"], c[f"room{suffix}"]) if w]
        return ", ".join([plan_words.day(date.fromisoformat(str(c[f"day{suffix}"]))), *where])

    return Change(
        request=str(c["request"]), label=told.get(str(c["request"]), str(c["request"])), text=c["text"] or "",
        before=place("_before"), after=place("") or "not planned",
    )  # fmt: skip


def _risks(told: list[dict[str, Any]]) -> tuple[Risk, ...]:
    """What holds for the whole plan: each line with what it would be without room for longer stays."""
    whole = {
        r["name"]: plan_words.amount(r["value"], "" if r["unit"] in r["name"] else r["unit"])
        for r in told
        if r["day"] is None
    }
    return tuple(
        Risk(name=name.replace("_", " "), text=text, otherwise=whole.get(f"{name}{OTHERWISE}", ""))
        for name, text in whole.items()
        if not name.endswith(OTHERWISE)
    )


def _overflow(told: list[dict[str, Any]], names: Labels) -> tuple[Overflow, ...]:
    """The wards and days with a chance of too few beds, the highest first."""
    found = [
        Overflow(where=names.get(r["ward"], r["ward"]) if r["ward"] else "All wards", day=r["day"], chance=r["value"])
        for r in told
        if r["day"] is not None
    ]
    return tuple(sorted(found, key=lambda o: (-o.chance, o.day, o.where)))
