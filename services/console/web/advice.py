"""What people decide about what a guideline asks: done, or not appropriate and why. The decision becomes an event."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field, model_validator

from schemas.events import DecisionMade
from schemas.ids import digest
from services.console.parts import Parts
from services.console.reading.advised import DECISIONS, SUBJECT
from services.console.reading.viewer import Viewer
from services.console.web.decisions import Sent, publish
from services.console.web.session import decider


class AdviceDecision(BaseModel):
    """Done, not appropriate and why, or one of them taken back."""

    decision: Literal["done", "not appropriate", "taken back"]
    why: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _reasoned(self) -> "AdviceDecision":
        if self.decision == "not appropriate" and not self.why.strip():
            raise ValueError("say why the advice is not appropriate")
        return self


def router(parts: Parts) -> APIRouter:
    """`/api/patients/{key}/advice/{item}/decisions`."""
    routes = APIRouter(tags=["decisions"])

    @routes.post("/api/patients/{key}/advice/{item}/decisions", status_code=202)
    def on_advice(key: str, item: str, told: AdviceDecision, who: Annotated[Viewer, Depends(decider)]) -> Sent:
        """A person's word about what the guideline asks."""
        if parts.advice.item(item) is None:
            raise HTTPException(404, "the guidelines here ask no such thing")
        with parts.store.reading() as db:
            row = db.execute("SELECT site FROM patients WHERE patient = ?", (key,)).fetchone()
        if row is None:
            raise HTTPException(404, "there is no such patient")
        at, decision = parts.clock.now(), DECISIONS[told.decision]
        return publish(
            parts,
            DecisionMade(
                id=digest(row["site"], key, item, decision, who.name, at.isoformat()),
                site=row["site"],
                known=at,
                patient=key,
                subject=f"{SUBJECT}{item}",
                about="patient",
                decision=decision,
                by=who.name,
                why=told.why.strip(),
                at=at,
            ),
        )

    return routes
