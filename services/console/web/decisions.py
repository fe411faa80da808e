"""What people decide here: an alert taken, snoozed or called wrong; a proposal approved, rejected, edited, taken back.

The decision becomes an event and the page shows it as sent; the alert authority answers with a transition.
"""

import json
import sqlite3
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field, model_validator

from schemas.events import DecisionMade, Event, PlanEdit, ScheduleDecided
from schemas.ids import digest
from services.console.parts import Parts
from services.console.plans.standing import ALLOWED
from services.console.reading import said, schedule
from services.console.reading.viewer import Viewer
from services.console.web.session import decider
from services.runtime.errors import LogUnavailable
from services.runtime.outgoing import outgoing

PUBLISH_S = 5.0


class AlertDecision(BaseModel):
    """Taken, quiet for some hours, or wrong; the last two with a reason."""

    decision: Literal["acknowledge", "snooze", "wrong", "resolve"]
    why: Annotated[str, Field(max_length=1000)] = ""
    hours: Annotated[float, Field(gt=0, le=24)] = 1

    @model_validator(mode="after")
    def _reasoned(self) -> "AlertDecision":
        if self.decision != "acknowledge" and not self.why.strip():
            raise ValueError(f"to {self.decision} an alert, say why")
        return self


class ProposalDecision(BaseModel):
    """Approved, rejected with a reason, edited, or an approval taken back."""

    decision: Literal["approve", "reject", "edit", "undo"]
    why: Annotated[str, Field(max_length=1000)] = ""
    edits: Annotated[tuple[PlanEdit, ...], Field(max_length=200)] = ()

    @model_validator(mode="after")
    def _reasoned(self) -> "ProposalDecision":
        if self.decision == "reject" and not self.why.strip():
            raise ValueError("to reject a proposal, say why")
        if bool(self.edits) != (self.decision == "edit"):
            raise ValueError("an edit names what it changes, and nothing else does")
        return self


class Sent(BaseModel):
    """The event that was written."""

    id: str


def publish(parts: Parts, event: Event) -> Sent:
    """Write it and wait until it lies in the log; 503 when it does not."""
    message = outgoing(event, source="console", partitions=parts.settings.partitions)
    try:
        parts.publisher.publish([message]).result(PUBLISH_S)
    except (LogUnavailable, TimeoutError):
        raise HTTPException(503, "not recorded: the event log does not answer. Please try again.") from None
    return Sent(id=event.id)


def router(parts: Parts) -> APIRouter:
    """`/api/alerts/{alert}/decisions` and `/api/proposals/{proposal}/decisions`."""
    routes = APIRouter(tags=["decisions"])

    @routes.post("/api/alerts/{alert}/decisions", status_code=202)
    def on_alert(alert: str, asked: AlertDecision, who: Annotated[Viewer, Depends(decider)]) -> Sent:
        """A person's word about an alert."""
        with parts.store.reading() as db:
            row = db.execute("SELECT patient, site, phase FROM alerts WHERE alert = ?", (alert,)).fetchone()
        if row is None:
            raise HTTPException(404, "there is no such alert")
        if row["phase"] in {"resolved", "merged", "suppressed"}:
            raise HTTPException(409, f"this alert is {row['phase']} already")
        at = parts.clock.now()
        return publish(
            parts,
            DecisionMade(
                id=digest(row["site"], alert, asked.decision, who.name, at.isoformat()),
                site=row["site"],
                known=at,
                patient=row["patient"],
                subject=alert,
                about="alert",
                decision=asked.decision,
                by=who.name,
                why=asked.why.strip(),
                at=at,
                until=at + timedelta(hours=asked.hours) if asked.decision == "snooze" else None,
            ),
        )

    @routes.post("/api/proposals/{proposal}/decisions", status_code=202)
    def on_proposal(proposal: str, asked: ProposalDecision, who: Annotated[Viewer, Depends(decider)]) -> Sent:
        """An administrator's word about a proposal of beds or theatres."""
        with parts.store.reading() as db:
            row = db.execute("SELECT * FROM proposals WHERE proposal = ?", (proposal,)).fetchone()
            if row is None:
                raise HTTPException(404, "there is no such proposal")
            refuse(db, row, asked)
        at = parts.clock.now()
        return publish(
            parts,
            ScheduleDecided(
                id=digest(row["site"], proposal, asked.decision, who.name, at.isoformat()),
                site=row["site"],
                known=at,
                ward=row["ward"] or None,
                as_of=at,
                proposal=proposal,
                decision=asked.decision,
                by=who.name,
                why=asked.why.strip(),
                edits=asked.edits,
            ),
        )

    return routes


def refuse(db: sqlite3.Connection, row: sqlite3.Row, asked: ProposalDecision) -> None:
    """Raises 409 where the word comes too late: decided already, or a newer plan has taken the proposal's place."""
    word = said.stands(db, row["proposal"])
    if asked.decision not in ALLOWED[word.decision if word else None]:
        if word is None:
            raise HTTPException(409, "nobody has approved this proposal, so there is nothing to take back")
        raise HTTPException(409, f"{word.who} has decided already: {word.decision}")
    if row["kind"] == "beds":
        if asked.decision == "edit":
            raise HTTPException(422, "a proposal of beds is approved or rejected; reject it to ask for another")
        return
    newest = schedule.newest(db, row["site"])
    if asked.decision != "undo" and newest is not None and newest["proposal"] != row["proposal"]:
        raise HTTPException(409, "a newer plan has taken this one's place; reload the page")
    known = {b["request"] for b in json.loads(row["bookings"])}
    if unknown := [e.request for e in asked.edits if e.request not in known]:
        raise HTTPException(422, f"{unknown[0]} is not in this plan")
