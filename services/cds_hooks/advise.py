"""From what is known of a patient to the cards of one hook: no I/O, no clock.

A card is about an open alert, or about the patient where no alert is open and a score or a live forecast stands out.
Its uuid follows from what it is about, so that feedback finds its way home whichever process showed the card.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple
from uuid import UUID, uuid5

from services.cds_hooks import words
from services.cds_hooks.orders import CULTURES, LACTATE, VITAL_SIGNS, Order, action, drafted
from services.cds_hooks.request import Call, Orders
from services.cds_hooks.response import Action, Card, Coding, Link, Source, Suggestion
from services.cds_hooks.standing import Alert, Standing

NAMESPACE: Final = UUID("6a0d1d52-6a0b-5f0f-9a53-1f0c3c5f8b11")
REASONS: Final = tuple(
    Coding(system="urn:wardwatch:override-reason", code=code, display=display)
    for code, display in (
        ("known", "Known and being treated"),
        ("does-not-fit", "Does not fit this patient"),
        ("wrong-reading", "Based on a wrong reading"),
        ("care-limited", "Against the agreed limits of care"),
        ("seen", "Seen already"),
    )
)
TAKE: Final = "I am looking after this"
HIGH, MEDIUM = 7, 5
"""NEWS2 report (RCP 2017), table 2: emergency and urgent response."""
OLDEST_SCORE: Final = timedelta(hours=12)
"""NEWS2 report, chart 4: the longest interval, for a score of 0."""
QUIET: Final = frozenset({"palliative", "comfort"})
Indicator = Literal["info", "warning", "critical"]


class Subject(NamedTuple):
    """What a card is about: an alert, or the patient."""

    about: Literal["alert", "patient"]
    id: str
    patient: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, what is known of its patient, now, and where the console is ('' for no links)."""

    call: Call
    standing: Standing
    now: datetime
    console: str = ""


@lru_cache(maxsize=100_000)
def card_uuid(site: str, subject: Subject) -> str:
    """The card's uuid: always the same for the same alert or patient. Remembered, since feedback looks through all."""
    return str(uuid5(NAMESPACE, f"{site}/{subject.about}/{subject.id}"))


def suggestion_uuid(card: str, name: str) -> str:
    """The uuid of a card's suggestion."""
    return str(uuid5(UUID(card), name))


def subjects(standing: Standing) -> list[Subject]:
    """Everything of a patient that a card may be about, alerts that are over included."""
    found = [Subject("alert", alert, standing.patient) for alert in standing.alerts]
    return [*found, Subject("patient", standing.patient, standing.patient)]


def cards(asked: Asked) -> tuple[Card, ...]:
    """The cards of the hook that was called."""
    hook = asked.call.hook
    if hook == "patient-view":
        return _viewed(asked)
    return _discharged(asked) if hook == "encounter-discharge" else _ordered(asked)


def _viewed(asked: Asked) -> tuple[Card, ...]:
    """Open alerts that nobody made quiet; else what stands out."""
    alerts = [alert for alert in asked.standing.open_alerts() if alert.phase != "snoozed"]
    if asked.standing.open_alerts():
        return tuple(_alert_card(asked, alert, _orders(alert)) for alert in alerts)
    return _patient_card(asked, _noteworthy(asked.standing))


def _ordered(asked: Asked) -> tuple[Card, ...]:
    """While a sepsis alert is open: what of its first hour is not among the drafts."""
    context = asked.call.context
    drafts = context.orders if isinstance(context, Orders) else []
    missing = tuple(order for order in (LACTATE, CULTURES) if not drafted(order, drafts))
    alerts = [a for a in asked.standing.open_alerts() if a.last.kind == "sepsis" and a.phase != "snoozed"]
    limited = asked.standing.context is not None and asked.standing.context.care_limit in QUIET
    return tuple(_alert_card(asked, alert, missing) for alert in alerts if missing and not limited)


def _discharged(asked: Asked) -> tuple[Card, ...]:
    """Every open alert, quiet or not; else what stands out; else that nobody knows."""
    alerts = asked.standing.open_alerts()
    if alerts:
        return tuple(_alert_card(asked, alert, ()) for alert in alerts)
    found = _patient_card(asked, _noteworthy(asked.standing))
    if found:
        return found
    score = asked.standing.score
    if score is not None and score.not_applicable:
        return ()
    if score is None or score.total is None or asked.now - score.as_of > OLDEST_SCORE:
        hours = OLDEST_SCORE // timedelta(hours=1)
        return _patient_card(asked, ("info", f"No complete NEWS2 in the last {hours} hours"))
    return ()


def _noteworthy(standing: Standing) -> tuple[Indicator, str] | None:
    """A fresh NEWS2 that asks for a response, or a live forecast above its alarm level."""
    found: list[tuple[Indicator, str]] = []
    score = standing.score
    if score is not None and score.fresh and score.not_applicable is None:
        if score.lowest >= HIGH:
            found.append(("critical", f"{words.news2(score)}: emergency response"))
        elif score.lowest >= MEDIUM or score.red:
            red = ", 3 in one parameter" if score.red else ""
            found.append(("warning", f"{words.news2(score)}{red}: urgent response"))
    for forecast in standing.live():
        if forecast.fresh and forecast.probability >= forecast.threshold:
            name = words.KINDS.get(forecast.model, forecast.model)
            found.append(("warning", f"{name} risk {forecast.probability:.0%}, alarm from {forecast.threshold:.0%}"))
    if not found:
        return None
    limited = standing.context is not None and standing.context.care_limit in QUIET
    indicator: Indicator = "info" if limited else min(found, key=lambda one: one[0] != "critical")[0]
    return indicator, words.short("; ".join(text for _, text in found))


def _orders(alert: Alert) -> tuple[Order, ...]:
    return (VITAL_SIGNS,) if alert.phase == "stale" or alert.last.kind in {"news2", "deterioration"} else ()


def _alert_card(asked: Asked, alert: Alert, orders: tuple[Order, ...]) -> Card:
    last = alert.last
    uuid = card_uuid(last.site, Subject("alert", last.alert, last.patient))
    taken = alert.phase == "acknowledged"
    indicator: Indicator = "info" if taken and not orders else "critical" if last.severity == "red" else "warning"
    # Nothing is suggested to somebody who goes home.
    take = () if taken or asked.call.hook == "encounter-discharge" else (
        Suggestion(label=TAKE, uuid=suggestion_uuid(uuid, "take")),
    )  # fmt: skip
    suggested = (*take, *(_suggestion(asked, uuid, order, last.summary) for order in orders))
    topic = Coding(system="urn:wardwatch:alert-kind", code=last.kind, display=words.KINDS.get(last.kind, last.kind))
    return _card(
        asked, uuid, words.about_alert(alert), words.detail(asked.standing, alert, asked.now), indicator, suggested,
        topic,
    )  # fmt: skip


def _patient_card(asked: Asked, said: tuple[Indicator, str] | None) -> tuple[Card, ...]:
    if said is None:
        return ()
    indicator, summary = said
    standing = asked.standing
    uuid = card_uuid(standing.site, Subject("patient", standing.patient, standing.patient))
    suggested = (_suggestion(asked, uuid, VITAL_SIGNS, summary),)
    return (_card(asked, uuid, summary, words.detail(standing, None, asked.now), indicator, suggested, None),)


def _suggestion(asked: Asked, card: str, order: Order, why: str) -> Suggestion:
    context = asked.call.context
    created: Action = action(order, context.patientId, context.encounterId, words.short(why))
    return Suggestion(label=order.label, uuid=suggestion_uuid(card, order.name), actions=(created,))


def _card(
    asked: Asked, uuid: str, summary: str, detail: str, indicator: Indicator, suggestions: tuple[Suggestion, ...],
    topic: Coding | None,
) -> Card:  # fmt: skip
    base = asked.console.rstrip("/")
    page = f"{base}/patients/{asked.standing.patient}"
    links = (Link(label="Patient in Wardwatch", url=page, type="absolute"),) if base else None
    return Card(
        uuid=uuid, summary=words.short(summary), detail=detail or None, indicator=indicator,
        source=Source(label="Wardwatch", url=base or None, topic=topic),
        suggestions=suggestions or None, selectionBehavior="any" if suggestions else None,
        overrideReasons=REASONS, links=links,
    )  # fmt: skip
