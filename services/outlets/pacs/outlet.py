"""The PACS outlet: each study's report as DICOM objects in the hospital's archive, one however often it is sent.

A Structured Report and, where there is a heatmap, a Secondary Capture. Their UIDs come from the report's id, so that
a repeat after a kill is the same object. What a silent model saw stays with us.
"""

from collections.abc import Sequence

from pydicom import Dataset

from schemas.events import Event, ImagingStudyReported
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.pacs.naming import Whose, whose
from services.outlets.pacs.overlay import secondary_capture
from services.outlets.pacs.sending import Pacs
from services.outlets.pacs.structured_report import structured_report
from services.runtime.errors import StoreUnavailable
from services.runtime.ports import Identity, ObjectStore, Partition


class PacsReports:
    """A PACS as a destination of study reports."""

    name = "pacs"
    topics: tuple[str, ...] = ("findings",)

    def __init__(self, pacs: Pacs, identity: Identity, objects: ObjectStore) -> None:
        self._pacs, self._identity, self._objects = pacs, identity, objects

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing that was said before is needed."""

    def deliver(self, event: Event) -> Attempt:
        """Send the report of a study."""
        if not isinstance(event, ImagingStudyReported) or event.mode != "live":
            return Attempt(Outcome.SKIPPED)
        try:
            person = self._identity.person(event.patient)
            who = None if person is None else whose(event, person)
            if who is None:
                return Attempt(Outcome.REFUSED, "the patient has no record number that a PACS could know")
            return self._pacs.store(self._objects_of(event, who))
        except StoreUnavailable as error:
            return Attempt(Outcome.UNAVAILABLE, str(error))
        except ValueError as error:
            return Attempt(Outcome.REFUSED, str(error))

    def _objects_of(self, report: ImagingStudyReported, who: Whose) -> Sequence[Dataset]:
        made = [structured_report(report, who)]
        if report.picture is not None and report.heatmap is not None:
            try:
                film, heat = self._objects.get(report.picture), self._objects.get(report.heatmap)
            except KeyError:
                return made  # pictures may be cleaned away; the report stands without
            made.append(secondary_capture(film, heat, report, who))
        return made
