"""A merge of patients: where an alert of the losing record stands goes on under the surviving one (design rule 13).

Who has taken it, until when it is quiet, who was asked last and since when: none of that begins anew because two
records were one person. Of two alerts of one kind the more severe one leads; a person's word about the one counts for
both unless the other is more severe. An unmerge is not modelled: nothing on the bus tells one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from schemas.events import AlertHandedOver, Evidence, PatientContextChanged
from schemas.ids import digest
from services.alerting.case import Case, restored, standing
from services.alerting.policy import Policy
from services.alerting.said import MAX_REASON, Happening
from services.alerting.table import STANDING, Input
from services.alerting.withheld import forbidden
from services.alerting.words import cut

TAKEN = frozenset({"acknowledged", "snoozed"})


def handed_over(case: Case, event: PatientContextChanged, cause: str) -> AlertHandedOver | None:
    """What the survivor's cases must know of this one; None where nothing stands and no silence holds."""
    silent = case.silent_until is not None and case.silent_until > event.as_of
    if event.merged_into is None or not (case.phase in STANDING or silent):
        return None
    id_ = digest("AlertHandedOver", event.site, event.patient, case.kind, cause)
    bare = replace(case, seen=(), because="", explained=None)
    return AlertHandedOver(
        id=id_, site=event.site, patient=event.merged_into, known=event.known, origin=event.patient, at=event.as_of,
        standing=standing(bare, id_=id_, site=event.site, patient=event.patient, known=event.known),
        taken_by=case.by or None if case.phase in TAKEN else None, why=case.why,
    )  # fmt: skip


def received(mine: Case, event: AlertHandedOver) -> Case:
    """The survivor's case before anything happens to it: its silences and waits are never shorter for the merge."""
    theirs = restored(event.standing)
    silent = [at for at in (mine.silent_until, theirs.silent_until) if at is not None]
    if mine.phase == "resolved":
        return replace(mine, silent_until=max(silent, default=None))
    if mine.phase in TAKEN and theirs.phase in TAKEN:
        return replace(mine, severity="red" if "red" in {mine.severity, theirs.severity} else "amber")
    if mine.phase == theirs.phase == "raised" and mine.level == theirs.level:
        asked = [at for at in (mine.addressed, theirs.addressed) if at is not None]
        return replace(mine, addressed=min(asked, default=None))
    return mine


def happenings(mine: Case, event: AlertHandedOver, policy: Policy, cause: str) -> Iterator[Happening]:
    """What the other record's alert means for this one, in order."""
    theirs = restored(event.standing)
    if theirs.phase not in STANDING or mine.phase == "suppressed" or mine.whereabouts == "left":
        return
    at = max(event.at, event.known)
    text = cut(f"from the record that was merged into this one: {theirs.summary}")
    what = Happening(
        "adopted", at, cause, severity=theirs.severity, source=theirs.alert or "", summary=theirs.summary,
        evidence=(Evidence(text=text, source=theirs.alert),), reason=text, told=at, carried=theirs,
    )  # fmt: skip
    if mine.phase == "resolved":
        reason = forbidden(mine, policy, theirs.severity, at)
        yield replace(what, given="withheld", reason=reason, carried=None) if reason else what
        if not reason:
            yield from _taken(theirs, event, at, cause, policy)
        return
    theirs_lead = theirs.severity == "red" and mine.severity == "amber"
    mine_leads = mine.severity == "red" and theirs.severity == "amber"
    if theirs.phase in TAKEN and not mine_leads:
        if mine.phase != "acknowledged" or theirs_lead:
            yield from _taken(theirs, event, at, cause, policy)
    elif theirs_lead or (mine.phase == theirs.phase == "raised" and theirs.level > mine.level and not mine_leads):
        yield replace(what, given="worse")


def _taken(theirs: Case, event: AlertHandedOver, at: datetime, cause: str, policy: Policy) -> Iterator[Happening]:
    """The word of the person who had acknowledged or snoozed it."""
    if theirs.phase not in TAKEN:
        return
    given: Input = "acknowledge" if theirs.phase == "acknowledged" else "snooze"
    yield Happening(
        given, at, cause, by=event.taken_by or "unknown", severity=theirs.severity,
        reason=f"carried over with the merged record: {event.why}"[:MAX_REASON],
        until=theirs.until or at + policy.snooze,
    )  # fmt: skip
