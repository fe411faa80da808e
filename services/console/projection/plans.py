"""Proposals of beds and theatres, what people decided about them, and what they asked (topic `plans`).

A proposal, a decision, a question and an answer are rows of their own: what became of a proposal is read from its
decisions in the order in which they were known, so nothing depends on which was folded first.
"""

import json

from schemas.events import PlanQuestionAnswered, PlanQuestionAsked, ScheduleDecided, ScheduleProposed
from services.console.projection.store import micros
from services.console.projection.turn import Turn, as_json


def proposed(turn: Turn, event: ScheduleProposed) -> None:
    """A proposal, told once."""
    if micros(event.as_of) < turn.month:
        return
    turn.db.execute(
        "INSERT OR REPLACE INTO proposals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.proposal,
            event.site,
            event.ward or "",
            event.kind,
            micros(event.as_of),
            micros(event.known),
            as_json(event.assignments),
            as_json(event.bookings),
            as_json(event.costs),
            as_json(event.changes),
            json.dumps(event.conflicts),
            as_json(event.risks),
            event.document,
            event.base,
            event.cause,
            None if event.begins is None else event.begins.isoformat(),
            event.days,
        ),
    )


def decided(turn: Turn, event: ScheduleDecided) -> None:
    """A person's word about a proposal."""
    if micros(event.known) >= turn.month:
        turn.db.execute(
            "INSERT OR REPLACE INTO plan_decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.id,
                event.proposal,
                event.site,
                event.decision,
                event.by,
                event.why,
                micros(event.known),
                as_json(event.edits),
            ),
        )


def asked(turn: Turn, event: PlanQuestionAsked) -> None:
    """Why not, about one booking."""
    if micros(event.known) >= turn.month:
        turn.db.execute(
            "INSERT OR REPLACE INTO plan_questions VALUES (?, ?, ?, ?, ?, ?)",
            (event.question, event.proposal, event.site, event.by, micros(event.known), event.edit.model_dump_json()),
        )


def answered(turn: Turn, event: PlanQuestionAnswered) -> None:
    """What stands against it, and its price."""
    if micros(event.known) >= turn.month:
        turn.db.execute(
            "INSERT OR REPLACE INTO plan_answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.question,
                event.proposal,
                event.site,
                micros(event.known),
                as_json(event.hindrances),
                event.price,
                as_json(event.changes),
                event.text,
            ),
        )
