"""Exactly one report of a study: the stage that gathers findings by patient and speaks when a study has been quiet.

It folds `findings` alone: the imaging job puts one there for each instance, in order. Its own reports come back on
the same topic and are folded too, so that a study is known to be reported however the state was rebuilt. What comes
after the report stands as a finding of its own and changes the report no more: a second one would be two answers.
"""

from datetime import datetime, timedelta
from typing import Final

from pydantic import Field, ValidationError

from schemas.events import Event, ImagingFindingReported, ImagingStudyCompleted, ImagingStudyReported
from schemas.events.base import Value
from schemas.ids import digest
from services.imaging.prior import Earlier
from services.imaging.study import OpenStudy, joined, opened, reported
from services.runtime.stage import Effect, Emit, Given, Ticked

KEPT: Final = timedelta(days=730)
"""An earlier study older than this is compared with no more, and a patient without later ones is forgotten."""
MOST_DONE: Final = 200
"""Studies of a patient that are remembered as reported, the newest."""


class PatientStudies(Value):
    """What is known of one patient's studies: `open` by study, `done` when each was reported, `earlier` by model."""

    open: dict[str, OpenStudy] = Field(default_factory=dict)
    done: dict[str, datetime] = Field(default_factory=dict)
    earlier: dict[str, Earlier] = Field(default_factory=dict)
    left: bool = False


class StudyStage:
    """The core of study reports. `quiet`: how long no instance may have come."""

    service: str = "imaging-studies"
    inputs: tuple[str, ...] = ("findings",)
    memory: str | None = None

    def __init__(self, quiet: timedelta) -> None:
        self._quiet = quiet

    def key(self, event: Event) -> str:
        """Site and patient."""
        return event.key

    def start(self, key: str) -> PatientStudies:
        """A patient without studies."""
        return PatientStudies()

    def step(self, state: PatientStudies, given: Given) -> tuple[PatientStudies, tuple[Effect, ...]]:
        """Fold a finding or a report, or let time pass."""
        if isinstance(given, Ticked):
            return self._elapsed(state, given.at)
        event = given.event
        if isinstance(event, ImagingStudyReported):
            return _done(state, event), ()
        if isinstance(event, ImagingFindingReported) and event.series and event.study not in state.done:
            before = state.open.get(event.study)
            now = opened(event) if before is None else joined(before, event)
            return state.model_copy(update={"open": state.open | {event.study: now}, "left": False}), ()
        return state, ()

    def _elapsed(self, state: PatientStudies, at: datetime) -> tuple[PatientStudies, tuple[Effect, ...]]:
        said: list[Effect] = []
        for _, study in sorted(state.open.items()):
            if at < study.last + self._quiet:
                continue
            earlier = state.earlier.get(study.best.model)
            fits = earlier is not None and study.best.as_of - KEPT <= earlier.as_of < study.best.as_of
            report = reported(study, earlier if fits else None, at)
            said += [Emit(_completed(report)), Emit(report)]
            state = _done(state, report)
        if not said and not state.open and at >= max(state.done.values(), default=at) + KEPT:
            state = state.model_copy(update={"left": True})
        return state, tuple(said)

    def due(self, state: PatientStudies) -> datetime | None:
        """When the first open study will have been quiet long enough, or the patient may be forgotten."""
        if state.left:
            return None
        waits = [study.last + self._quiet for study in state.open.values()]
        if not waits and state.done:
            waits = [max(state.done.values()) + KEPT]
        return min(waits, default=None)

    def spent(self, state: PatientStudies) -> bool:
        """Long after the last report."""
        return state.left

    def pack(self, state: PatientStudies) -> bytes:
        """JSON, keys in order: equal states give equal bytes."""
        ordered = {name: dict(sorted(getattr(state, name).items())) for name in ("open", "done", "earlier")}
        return state.model_copy(update=ordered).model_dump_json(exclude_defaults=True).encode()

    def unpack(self, content: bytes) -> PatientStudies:
        """Raises ValueError when the bytes are of another version."""
        try:
            return PatientStudies.model_validate_json(content)
        except ValidationError as error:
            raise ValueError("not the studies of a patient") from error


def _done(state: PatientStudies, report: ImagingStudyReported) -> PatientStudies:
    """The study was reported; what could be assessed is what later ones are compared with."""
    earlier, done = state.earlier, state.done | {report.study: report.known}
    before = earlier.get(report.model)
    if report.probability is not None and (before is None or before.as_of <= report.as_of):
        one = Earlier(study=report.study, as_of=report.as_of, probability=report.probability)
        earlier = earlier | {report.model: one}
    newest = sorted(done.items(), key=lambda item: (item[1], item[0]))[-MOST_DONE:]
    left = {uid: study for uid, study in state.open.items() if uid != report.study}
    return PatientStudies(open=left, done=dict(newest), earlier=earlier)


def _completed(report: ImagingStudyReported) -> ImagingStudyCompleted:
    """No further instance is expected."""
    return ImagingStudyCompleted(
        id=digest("study-completed", report.site, report.study), site=report.site, patient=report.patient,
        known=report.known, study=report.study, instances=tuple(one.finding for one in report.instances),
    )  # fmt: skip
