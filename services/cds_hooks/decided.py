"""Feedback on a card → what a person decided, as an event (CDS Hooks 2.0, "Feedback"; topic `decisions`).

Accepted is `acknowledge`, overridden is `override`: the alert authority acts on both, and both are labels to learn
from. The specification says which client speaks, not which person, so `by` is the client.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from schemas.events import DecisionMade
from schemas.ids import digest
from services.cds_hooks.advise import TAKE, Subject, card_uuid, subjects, suggestion_uuid
from services.cds_hooks.orders import CULTURES, LACTATE, VITAL_SIGNS
from services.cds_hooks.request import Feedback
from services.cds_hooks.standing import Standing

MOST_WORDS: Final = 1000
NAMES: Final = {"take": TAKE} | {order.name: order.label for order in (VITAL_SIGNS, LACTATE, CULTURES)}


def index(standings: Iterable[Standing]) -> dict[str, tuple[str, Subject]]:
    """Every card that could have been shown: its uuid to the site and what it is about."""
    return {
        card_uuid(standing.site, subject): (standing.site, subject)
        for standing in standings
        for subject in subjects(standing)
    }


def decision(feedback: Feedback, site: str, subject: Subject, *, client: str, known: datetime) -> DecisionMade:
    """The event. The same feedback sent again is the same event."""
    return DecisionMade(
        id=digest("cds-hooks", site, feedback.card, feedback.outcome, feedback.outcomeTimestamp.isoformat(), client,
                  *(accepted.id for accepted in feedback.acceptedSuggestions or ())),
        site=site, known=known, patient=subject.patient, subject=subject.id, about=subject.about,
        decision="acknowledge" if feedback.outcome == "accepted" else "override",
        by=f"CDS Hooks: {client}", why=why(feedback), at=feedback.outcomeTimestamp,
    )  # fmt: skip


def why(feedback: Feedback) -> str:
    """What was accepted, or the reason chosen and the words typed."""
    if feedback.outcome == "accepted":
        labels = {suggestion_uuid(feedback.card, name): label for name, label in NAMES.items()}
        accepted = [labels.get(one.id, "another suggestion") for one in feedback.acceptedSuggestions or ()]
        return f"accepted: {', '.join(dict.fromkeys(accepted))}"[:MOST_WORDS]
    given = feedback.overrideReason
    reason = (given.reason.display or given.reason.code) if given is not None and given.reason is not None else ""
    typed = given.userComment if given is not None and given.userComment else ""
    return ". ".join(" ".join(part.split()) for part in (reason, typed) if part.strip())[:MOST_WORDS]
