"""A proposal of beds for those who wait, as a job that needs nothing but its values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from ray_jobs.scheduling.beds import Bed, InBed, Plan, Waiting
from ray_jobs.scheduling.where import places_for
from ray_jobs.scheduling.words import Words
from schemas.events import Assignment, ScheduleProposed
from schemas.ids import digest
from services.operations import wards
from services.operations.demand import learnt, remains, ward_facts
from services.operations.site import Site
from services.operations.staffing import loads_now

MOST_ALTERNATIVES = 100
"""Requests for which other beds are looked for: each costs milliseconds."""


@dataclass(frozen=True, slots=True)
class Question:
    """All that a proposal depends on. `held`: (request, patient, bed, ward, who approved)."""

    site: str
    as_of: datetime
    waiting: tuple[Waiting, ...]
    beds: tuple[Bed, ...]
    in_bed: tuple[InBed, ...]
    previous: Mapping[str, str]
    refused: frozenset[tuple[str, str]]
    held: tuple[tuple[str, str, str, str | None, str], ...]
    names: Mapping[str, str]
    loads: Mapping[str, float]


def question(site: Site, as_of: datetime, zone: tzinfo = UTC) -> Question:
    """What is asked of the planner now; `zone` is where shifts begin."""
    held, standing = wards.approved(site), site.ledger.proposed
    beds = wards.beds(site, held)
    remain: dict[str, tuple[float, ...]] = {}
    names = sorted({b.ward for b in beds})
    for facts in ward_facts(site, names, as_of, {}):
        stay = learnt(facts)
        for spell in site.census.present():
            if spell.ward == facts.ward:
                remain[spell.encounter] = remains(facts, stay, spell.entered)
    requests = {r.request: r for r in wards.for_a_bed_now(site)}
    lying = {p.patient: p for p in wards.in_bed(site, {b.id for b in beds}, remain)}
    for request, promised in held.items():  # counts as lying there: sex and isolation bind the room
        asked = requests[request]
        if promised.bed in {b.id for b in beds}:
            lying.setdefault(asked.patient, InBed(promised.bed, asked.patient, asked.sex, asked.isolation))
    ward_by_bed = {b.id: b.ward for b in beds}
    return Question(
        site=site.name, as_of=as_of, waiting=tuple(wards.queue_of(site, as_of, held)), beds=tuple(beds),
        in_bed=tuple(lying.values()),
        previous={a.request: a.bed for a in standing.assignments if a.bed} if standing is not None else {},
        refused=wards.refused(site),
        held=tuple((r, requests[r].patient, h.bed, ward_by_bed.get(h.bed), h.by) for r, h in sorted(held.items())),
        names={p.location: p.name for p in site.locations.values()}, loads=loads_now(site, as_of, zone),
    )  # fmt: skip


def propose(asked: Question) -> ScheduleProposed:
    """The plan as an event: approved beds first, then every request that waits, each with its reason."""
    from ray_jobs.scheduling.assign import assign  # noqa: PLC0415 - OR-Tools brings pandas: seconds and 100 MB, when first used

    plan = assign(
        asked.waiting,
        asked.beds,
        asked.in_bed,
        previous=asked.previous,
        refused=asked.refused,
        now=asked.as_of,
        names=asked.names,
        loads=asked.loads,
    )
    assignments = [
        Assignment(request=r, patient=p, bed=bed, ward=ward, reason=f"Approved by {by}; the bed is kept.")
        for r, p, bed, ward, by in asked.held
    ] + [
        Assignment(request=p.request, patient=p.patient, bed=p.bed, ward=p.ward, reason=f"{p.reason}{else_}"[:1000])
        for p, else_ in zip(plan.placed, _alternatives(asked, plan), strict=True)
    ]
    identity = digest("proposal", asked.site, asked.as_of.isoformat(), *((a.request, a.bed) for a in assignments))
    return ScheduleProposed(
        id=identity, site=asked.site, known=asked.as_of, as_of=asked.as_of, proposal=identity,
        assignments=tuple(assignments),
    )  # fmt: skip


def _alternatives(asked: Question, plan: Plan) -> list[str]:
    """For those who get a bed, the next best ones that nobody else gets; nothing for the others."""
    given = {p.bed for p in plan.placed if p.bed is not None}
    moved = {b for move in plan.moved for b in (move.bed, move.to)}
    words, told = Words(asked.names), list[str]()
    patients = {w.request: w for w in asked.waiting}
    for placed in plan.placed:
        if placed.bed is None or len(told) >= MOST_ALTERNATIVES:
            told.append("")
            continue
        answer = places_for(patients[placed.request], asked.beds, asked.in_bed, loads=asked.loads, words=words)
        other = [o for o in answer.options if o.bed not in given | moved and not o.moves][:2]
        named = " or ".join(f"{words.name(o.bed)} on {words.name(o.ward)}" for o in other)
        told.append(f" Else {named}." if other else "")
    return told


def differs(new: ScheduleProposed, old: ScheduleProposed | None) -> bool:
    """Whether anyone would get another bed, or another one waits; only then is a proposal worth a person's time."""
    before = {(a.request, a.bed) for a in old.assignments} if old is not None else set()
    return {(a.request, a.bed) for a in new.assignments} != before
