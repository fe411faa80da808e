"""One report of a study from the findings of its instances: the most telling one speaks, all are named. Pure."""

from datetime import datetime
from typing import Final

from schemas.events import ImagingFindingReported, ImagingStudyReported, SeenInstance
from schemas.events.base import Value
from schemas.ids import digest
from services.imaging.prior import Earlier, comparison

RANK: Final = {"finding": 3, "refer": 2, "no finding": 1, "cannot assess": 0}
"""What a report would rather speak of: a finding hides behind nothing, and a refusal speaks only where all were."""
MOST_INSTANCES: Final = 2_000
"""Named in one report: with more the report says how many there were."""


class OpenStudy(Value):
    """A study whose instances may still be coming. `count` may pass the instances that are named."""

    best: ImagingFindingReported
    seen: tuple[SeenInstance, ...]
    count: int
    last: datetime


def opened(event: ImagingFindingReported) -> OpenStudy:
    """The study after its first finding."""
    return OpenStudy(best=event, seen=(_seen(event),), count=1, last=event.known)


def joined(study: OpenStudy, event: ImagingFindingReported) -> OpenStudy:
    """The study after one more finding; a repeat changes nothing."""
    if any(one.finding == event.id for one in study.seen):
        return study
    # An instance that was sent again in another encoding is read again: the later reading stands.
    others = tuple(one for one in study.seen if (one.instance, one.model) != (event.instance, event.model))
    room = len(others) < MOST_INSTANCES
    return OpenStudy(
        best=max(study.best, event, key=_telling),
        seen=(*others, _seen(event)) if room else study.seen,
        count=study.count + (len(others) == len(study.seen)),
        last=max(study.last, event.known),
    )


def reported(study: OpenStudy, earlier: Earlier | None, known: datetime) -> ImagingStudyReported:
    """The one report, under an id that the study alone decides."""
    best = study.best
    compared = comparison(earlier, best.probability) if earlier and best.probability is not None else None
    more = study.count - len(study.seen)
    reason = best.reason
    if more > 0:
        reason = f"{reason + '; ' if reason else ''}{more} further instances are not named here"
    return ImagingStudyReported(
        id=report_id(best.site, best.study), site=best.site, patient=best.patient, known=known, study=best.study,
        model=best.model, version=best.version, mode=best.mode, as_of=best.as_of, outcome=best.outcome,
        priority="urgent" if best.outcome == "finding" else "routine", label=best.label,
        probability=best.probability, threshold=best.threshold, classes=best.classes,
        reason=None if reason is None else reason[:1000], shown=best.instance, rows=best.rows, columns=best.columns,
        frames=best.frames, frame=best.frame, box=best.box, picture=best.picture, heatmap=best.heatmap, prior=compared,
        instances=tuple(sorted(study.seen, key=lambda one: (one.series, one.instance))),
    )  # fmt: skip


def report_id(site: str, study: str) -> str:
    """Of the report of a study: there is one."""
    return digest("study-report", site, study)


def _telling(event: ImagingFindingReported) -> tuple[bool, int, float, str]:
    """Live before silent, then by outcome, then by probability; the id decides where all is alike."""
    return event.mode == "live", RANK[event.outcome], event.probability or 0.0, event.id


def _seen(event: ImagingFindingReported) -> SeenInstance:
    return SeenInstance(
        instance=event.instance, series=event.series or "", sop_class=event.sop_class or "",
        modality=event.modality or "", finding=event.id, model=event.model, version=event.version,
        outcome=event.outcome,
    )  # fmt: skip
