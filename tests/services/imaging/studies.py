"""Findings and reports of studies for tests."""

from datetime import UTC, datetime, timedelta

from schemas.events import Box, Event, ImagingFindingReported, ImagingStudyReported
from services.imaging.stage import PatientStudies, StudyStage
from services.runtime.ports import Partition
from services.runtime.stage import Emit, Received, Ticked

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUIET = timedelta(seconds=60)
CR = "1.2.840.10008.5.1.4.1.1.1"


def finding(number: int = 1, *, study: str = "1.2.3", at: datetime = T0, **changes: object) -> ImagingFindingReported:
    """What the model said of instance `number`."""
    found = ImagingFindingReported(
        id=f"finding-{study}-{number}", site="main", patient="patient-key", known=at, study=study,
        series=f"{study}.1", instance=f"{study}.1.{number}", sop_class=CR, modality="CR", rows=2000, columns=1600,
        model="chest-pneumonia", version="1", mode="live", as_of=at, outcome="finding", label="pneumonia",
        probability=0.9, threshold=0.5, source=f"image-{number}", box=Box(left=0.25, top=0.5, right=0.5, bottom=0.75),
        picture="reports/main/x/film.png", heatmap="reports/main/x/heatmap.png",
    )  # fmt: skip
    return found.model_copy(update=changes)


def after(stage: StudyStage, *facts: Event | datetime) -> tuple[PatientStudies, list[Event]]:
    """The state and what was said after facts and ticks in order; what is said comes back in, as in the log."""
    state, said = stage.start("main/patient-key"), list[Event]()
    for offset, fact in enumerate(facts):
        given = Ticked(fact) if isinstance(fact, datetime) else Received(fact, Partition("findings", 0), offset)
        state, effects = stage.step(state, given)
        events = [effect.event for effect in effects if isinstance(effect, Emit)]
        said += events
        for event in events:
            state, _ = stage.step(state, Received(event, Partition("findings", 0), offset))
    return state, said


def report_of(*facts: ImagingFindingReported) -> ImagingStudyReported:
    """The report of studies after their quiet time: the last one."""
    _, said = after(StudyStage(QUIET), *facts, max(fact.known for fact in facts) + QUIET)
    return [event for event in said if isinstance(event, ImagingStudyReported)][-1]
