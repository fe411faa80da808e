"""The local hours of a policy: until when nobody is called, and who is reached on which shift.

Local times follow the policy's time zone, a time that a change of the clocks skips or repeats included.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ray_jobs.scheduling.staffing import shift_of
from schemas.events.alerts import Role, Severity
from services.alerting.policy import Policy
from services.alerting.rules import Contact, QuietHours


def held_until(policy: Policy, severity: Severity, at: datetime) -> datetime | None:
    """Until when people are not told of what happens at `at`; None: they are told at once.

    Maintenance holds everything (amber only where the policy says so), quiet hours hold amber only. One that begins
    where another ends goes on.
    """
    until = at
    while (later := _end(policy, severity, until)) is not None:
        until = later
    return None if until == at else until.astimezone(UTC)


def _end(policy: Policy, severity: Severity, at: datetime) -> datetime | None:
    maintained = severity == "amber" or policy.maintenance_holds_red
    ends = [m.end for m in policy.maintenance.values() if maintained and m.begin <= at < m.end]
    if severity == "amber" and policy.quiet_hours is not None and _quiet(policy.quiet_hours, at, policy.zone):
        ends.append(_next(policy.quiet_hours.end, at, policy.zone))
    return max(ends, default=None)


def _quiet(hours: QuietHours, at: datetime, zone: ZoneInfo) -> bool:
    now, begin, end = at.astimezone(zone).time(), hours.begin, hours.end
    return begin <= now < end if begin < end else now >= begin or now < end


def _next(clock: time, at: datetime, zone: ZoneInfo) -> datetime:
    """The next instant at which the local clock shows this time."""
    day = at.astimezone(zone).date()
    for on in (day, day + timedelta(days=1)):
        for fold in (0, 1):
            found = datetime.combine(on, clock.replace(fold=fold), zone).astimezone(UTC)
            if found > at:
                return found
    raise AssertionError(f"no {clock} within a day of {at}")


def contact(policy: Policy, role: Role, at: datetime) -> Contact | None:
    """Who has the role at this instant, where the roster says it."""
    shifts = policy.roster.get(role, {})
    _, shift, _ = shift_of(at.astimezone(policy.zone))
    return shifts.get(shift) or shifts.get("any")
