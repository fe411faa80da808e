"""How often a delivery is tried and what then happens to it: one table, no clock, no I/O."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How one attempt ended."""

    DELIVERED = "delivered"
    SKIPPED = "skipped"
    """It is not for this receiver."""
    UNAVAILABLE = "unavailable"
    MISCONFIGURED = "misconfigured"
    REFUSED = "refused"


class Next(StrEnum):
    """What to do with the message now."""

    FORGET = "forget"
    """It is where it belongs: its offset may be committed."""
    RETRY = "retry"
    """It and everything behind it wait: no offset is committed."""
    BURY = "bury"
    """It goes to the quarantine with the reason, and its offset is committed with that."""


NEXT: dict[Outcome, Next] = {
    Outcome.DELIVERED: Next.FORGET,
    Outcome.SKIPPED: Next.FORGET,
    Outcome.UNAVAILABLE: Next.RETRY,
    Outcome.MISCONFIGURED: Next.RETRY,
    Outcome.REFUSED: Next.BURY,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Waiting times in seconds: doubling from `first` to `longest`; `slow` where an operator has to act.

    A receiver that says when to come back (Retry-After) is believed up to `asked`.
    """

    first: float = 0.5
    longest: float = 30.0
    slow: float = 60.0
    asked: float = 3600.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the destination stands: how it last answered and how many attempts in a row failed."""

    outcome: Outcome = Outcome.DELIVERED
    failures: int = 0


def decide(
    standing: Delivery, outcome: Outcome, policy: Policy, jitter: float, retry_after_s: float = 0.0
) -> tuple[Delivery, Next, float]:
    """The new standing, what to do, and after how many seconds (0 unless it is to be retried).

    `jitter` in [0, 1) takes up to half of the wait away, so that many senders do not come back at once
    ("equal jitter"); never of the time that the receiver asked for.
    """
    then = NEXT[outcome]
    if then is not Next.RETRY:
        return Delivery(outcome), then, 0.0
    failures = standing.failures + 1
    doubled = policy.first * 2.0 ** min(failures - 1, 30)
    wait = policy.slow if outcome is Outcome.MISCONFIGURED else min(doubled, policy.longest)
    return Delivery(outcome, failures), then, max(wait * (1 - jitter / 2), min(retry_after_s, policy.asked))
