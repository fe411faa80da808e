"""A proposal of beds for those who wait, as a job that needs nothing but its values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ray_jobs.scheduling.beds import Bed, InBed, Waiting
from schemas.events import Assignment, ScheduleProposed
from schemas.ids import digest
from services.operations import wards
from services.operations.demand import learnt, remains, ward_facts
from services.operations.site import Site


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


def question(site: Site, as_of: datetime) -> Question:
    """What is asked of the planner now."""
    held, standing = wards.approved(site), site.ledger.proposed
    beds = wards.beds(site, held)
    remain: dict[str, tuple[float, ...]] = {}
    names = sorted({b.ward for b in beds})
    for facts in ward_facts(site, names, as_of, {}):
        stay = learnt(facts)
        for spell in site.census.present():
            if spell.ward == facts.ward:
                remain[spell.encounter] = remains(facts, stay, spell.entered)
    requests = {r.request: r for r in wards.waiting_requests(site)}
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
        names={p.location: p.name for p in site.locations.values()},
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
    )
    assignments = [
        Assignment(request=r, patient=p, bed=bed, ward=ward, reason=f"Approved by {by}; the bed is kept.")
        for r, p, bed, ward, by in asked.held
    ] + [
        Assignment(request=p.request, patient=p.patient, bed=p.bed, ward=p.ward, reason=p.reason[:1000])
        for p in plan.placed
    ]
    identity = digest("proposal", asked.site, asked.as_of.isoformat(), *((a.request, a.bed) for a in assignments))
    return ScheduleProposed(
        id=identity, site=asked.site, known=asked.as_of, as_of=asked.as_of, proposal=identity,
        assignments=tuple(assignments),
    )  # fmt: skip


def differs(new: ScheduleProposed, old: ScheduleProposed | None) -> bool:
    """Whether anyone would get another bed, or another one waits; only then is a proposal worth a person's time."""
    before = {(a.request, a.bed) for a in old.assignments} if old is not None else set()
    return {(a.request, a.bed) for a in new.assignments} != before
