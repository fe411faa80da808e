"""The alert state machine as one table: (phase, input) to (phase, event). Nothing else decides a transition.

Its picture is drawn from it (`python -m services.alerting.diagram`, docs/alerts.md). A pair that is not in the table
changes nothing. In `resolved` no alert stands; in `suppressed` one would stand, but a care limit says
no, or sepsis is known already.
"""

from types import MappingProxyType
from typing import Final, Literal, get_args

Phase = Literal["resolved", "raised", "acknowledged", "snoozed", "stale", "suppressed"]
Input = Literal[
    "over",  # measured above the level that raises, often enough, and no alert stands
    "withheld",  # the same, but a care limit or known sepsis forbids the alert
    "worse",  # more severe than the alert is
    "still",  # measured, and not recovered
    "well",  # measured recovery, often enough
    "acknowledge", "snooze", "dismiss",  # a person's word
    "wake",  # the snooze is over
    "unanswered",  # the role that is addressed did not take it in time
    "delivered",  # a receiver that counts has the call
    "unreached",  # none confirmed it in time
    "notify",  # quiet hours or maintenance are over, and nobody was called yet
    "moved",  # the patient lies on another ward
    "silent",  # nothing was heard for too long
    "left",  # discharged or died
    "limited", "released",  # a care limit was set; or lifted, or sepsis has been known for long
    "merged",  # the patient is someone else now
    "adopted",  # an alert of a patient who was merged into this one goes on here
]  # fmt: skip
Transition = Literal[
    "AlertRaised", "AlertEscalated", "AlertAcknowledged", "AlertSnoozed", "AlertWentStale", "AlertSuppressed",
    "AlertMerged", "AlertResolved", "AlertNotified", "AlertUnreached",
]  # fmt: skip

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
INPUTS: Final[tuple[Input, ...]] = get_args(Input)
STANDING: Final[frozenset[Phase]] = frozenset({"raised", "acknowledged", "snoozed", "stale"})

_ENDS: Final[dict[Input, tuple[Phase, Transition]]] = {
    "well": ("resolved", "AlertResolved"),
    "dismiss": ("resolved", "AlertResolved"),
    "left": ("resolved", "AlertResolved"),
    "merged": ("resolved", "AlertMerged"),
    "limited": ("suppressed", "AlertSuppressed"),
}

TABLE: Final = MappingProxyType[tuple[Phase, Input], tuple[Phase, Transition | None]](
    {
        ("resolved", "over"): ("raised", "AlertRaised"),
        ("resolved", "adopted"): ("raised", "AlertRaised"),
        ("resolved", "withheld"): ("suppressed", "AlertSuppressed"),
        ("suppressed", "over"): ("raised", "AlertRaised"),
        ("suppressed", "well"): ("resolved", None),
        ("suppressed", "left"): ("resolved", None),
        ("suppressed", "merged"): ("resolved", None),
        ("suppressed", "released"): ("resolved", None),
        **{(phase, given): end for phase in sorted(STANDING) for given, end in _ENDS.items()},
        **{(phase, "delivered"): (phase, "AlertNotified") for phase in sorted(STANDING)},
        ("raised", "unreached"): ("raised", "AlertUnreached"),
        ("raised", "worse"): ("raised", "AlertEscalated"),
        ("raised", "unanswered"): ("raised", "AlertEscalated"),
        ("raised", "notify"): ("raised", "AlertEscalated"),
        ("raised", "moved"): ("raised", "AlertEscalated"),
        ("raised", "acknowledge"): ("acknowledged", "AlertAcknowledged"),
        ("raised", "snooze"): ("snoozed", "AlertSnoozed"),
        ("raised", "silent"): ("stale", "AlertWentStale"),
        ("acknowledged", "worse"): ("raised", "AlertEscalated"),
        ("acknowledged", "moved"): ("raised", "AlertEscalated"),
        ("acknowledged", "snooze"): ("snoozed", "AlertSnoozed"),
        ("acknowledged", "silent"): ("stale", "AlertWentStale"),
        ("snoozed", "worse"): ("raised", "AlertEscalated"),
        ("snoozed", "moved"): ("raised", "AlertEscalated"),
        ("snoozed", "wake"): ("raised", "AlertEscalated"),
        ("snoozed", "acknowledge"): ("acknowledged", "AlertAcknowledged"),
        ("snoozed", "snooze"): ("snoozed", "AlertSnoozed"),
        ("snoozed", "silent"): ("stale", "AlertWentStale"),
        ("stale", "still"): ("raised", "AlertEscalated"),
        ("stale", "worse"): ("raised", "AlertEscalated"),
        ("stale", "notify"): ("raised", "AlertEscalated"),
        ("stale", "moved"): ("raised", "AlertEscalated"),
        ("stale", "acknowledge"): ("acknowledged", "AlertAcknowledged"),
        ("stale", "snooze"): ("snoozed", "AlertSnoozed"),
    }
)
