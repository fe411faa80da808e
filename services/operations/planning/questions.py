"""Answers to "why not this bed, this day, this theatre?": what stands against it, and what forcing it would cost."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ray_jobs.scheduling.edits import Edit
from ray_jobs.scheduling.ihtp import Solution
from ray_jobs.scheduling.occupancy import Where, occupancy
from ray_jobs.scheduling.tasks import Budget, Fixed, PriceTask
from ray_jobs.scheduling.why_not import weigh
from ray_jobs.scheduling.words import Words
from schemas.events import Hindrance, PlanChange, PlanQuestionAnswered, PlanQuestionAsked, ScheduleProposed
from schemas.ids import digest
from services.operations.planning import documents
from services.operations.planning.naming import short
from services.operations.planning.propose import Tools

PRICE_SECONDS = 4.0
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the proposal it is about, if that is still known."""

    question: PlanQuestionAsked
    proposal: ScheduleProposed | None
    as_of: datetime


def answer_all(asked: tuple[Asked, ...], tools: Tools) -> list[PlanQuestionAnswered]:
    """One answer each; raises PlannerUnavailable and StoreUnavailable."""
    return [answer(one, tools) for one in asked]


def answer(asked: Asked, tools: Tools) -> PlanQuestionAnswered:
    """What stands against the edit, then a plan with it forced."""
    question = asked.question
    document = documents.read(tools.objects, asked.proposal.document) if asked.proposal is not None else None
    if document is None:
        return _told(asked, (), None, (), "This plan is no longer known; ask about the newest one.")
    edit = asked.question.edit
    out = edit.day is None and edit.theatre is None and edit.room is None
    wished = Edit(
        short(edit.request), None if edit.day is None else (edit.day - document.begins).days,
        _short(edit.theatre), _short(edit.room), out=out,
    )  # fmt: skip
    try:
        verdict = weigh(document.instance, document.solution, wished, words=document.words)
        used = occupancy(document.instance, verdict.solution)
    except ValueError as error:
        return _told(asked, (), None, (), f"This cannot be asked of this plan: {error}.")
    against = tuple(Hindrance(rule=h.rule, text=h.text[:LONGEST], cost=h.cost) for h in verdict.hindrances)
    where = used.planned.get(wished.patient)
    fixed = Fixed(admitted=False) if where is None else Fixed(day=where.day, room=wished.room, theatre=wished.theatre)
    settings = tools.settings
    try:
        priced = tools.planner.price(
            PriceTask(
                instance=document.instance, solution=document.solution, patient=wished.patient, fixed=fixed,
                budget=Budget(
                    seconds=PRICE_SECONDS, iterations=settings.iterations, threads=settings.threads, seed=settings.seed
                ),
                change_weight=settings.change_weight,
            )
        )  # fmt: skip
    except ValueError as error:  # the request's own rules forbid it, whatever else gives way
        rule = next((h.text for h in verdict.hindrances if h.cost is None), str(error))
        return _told(asked, against, None, (), f"No allowed plan has it: {rule}.")
    if priced.price is None or priced.solution is None:
        text = "No plan was found that has it and keeps every rule."
        return _told(asked, against, None, (), text)
    moved = differences(document, document.solution, priced.solution)
    text = f"Possible for {priced.price} more" if priced.price > 0 else f"Possible for {-priced.price} less"
    others = sum(c.request != question.edit.request for c in moved)
    return _told(asked, against, priced.price, moved, f"{text}, with {others} other bookings moved.")


def differences(document: documents.Document, before: Solution, after: Solution) -> tuple[PlanChange, ...]:
    """Whom one plan puts elsewhere than the other."""
    old, new = (occupancy(document.instance, s).planned for s in (before, after))
    words, found = document.words, []
    for patient in sorted(old.keys() | new.keys()):
        was, now = old.get(patient), new.get(patient)
        if was != now:
            day_before = document.begins + timedelta(days=was.day) if was else None
            day = document.begins + timedelta(days=now.day) if now else None
            found.append(
                PlanChange(
                    request=document.requests.get(patient, patient), text=f"{_said(was, words)} → {_said(now, words)}",
                    day_before=day_before, day=day, theatre_before=was.theatre if was else None,
                    theatre=now.theatre if now else None, room_before=was.room if was else None,
                    room=now.room if now else None,
                )
            )  # fmt: skip
    return tuple(found)


def _said(where: Where | None, words: Words) -> str:
    if where is None:
        return "not planned"
    return f"{words.day(where.day)}, {words.name(where.theatre)}, {words.name(where.room)}"


def _told(
    asked: Asked,
    against: tuple[Hindrance, ...],
    price: int | None,
    moved: tuple[PlanChange, ...],
    text: str,
) -> PlanQuestionAnswered:
    question = asked.question
    return PlanQuestionAnswered(
        id=digest("plan answer", question.site, question.question), site=question.site, known=asked.as_of,
        as_of=asked.as_of, question=question.question, proposal=question.proposal, hindrances=against, price=price,
        changes=moved, text=text[:LONGEST],
    )  # fmt: skip


def _short(name: str | None) -> str | None:
    return None if name is None else short(name)
