"""Effects → resources at the hospital's server, one by one, each of them a put that may be repeated."""

from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.events import Booking, ScheduleDecided
from schemas.fhir import planned
from schemas.fhir.ours import Ref, Resource
from schemas.fhir.planned import Refs
from schemas.fhir.provenance import provenance
from schemas.ids import digest
from services.outlets.fhir.effects import Ask, Book, CallOff, Cancel, Effect
from services.outlets.fhir.people import People, named
from services.outlets.fhir.server import FhirServer


@dataclass(slots=True)
class Writer:
    """Writes what one decision asks for. `targets`: what was written, or stood already."""

    server: FhirServer
    people: People
    decided: ScheduleDecided
    targets: list[Ref] = field(default_factory=list)

    def write(self, effect: Effect) -> None:
        """Write one effect; raises the errors of the port."""
        match effect:
            case Book(booking):
                self._book(booking)
            case Cancel(booking):
                if not self._came(booking):
                    self._cancel(effect)
            case Ask(gone=None):
                self._ask(effect)
            case Ask(gone=Booking() as booking):
                if not self._came(booking):
                    self._ask(effect)
            case CallOff():
                task = self._id("Task", effect.about, effect.request)
                self._put("Task", task, lambda found: planned.called_off(found, effect.reason))

    def vouch(self) -> None:
        """Say who decided, once everything else is written; nothing was written: nothing to vouch for."""
        if self.targets:
            id_ = self._id("Provenance", self.decided.id)
            targets = sorted(self.targets, key=lambda ref: str(ref["reference"]))
            wanted = provenance(id_, self.decided, targets)
            self.server.put("Provenance", id_, lambda found: (found or {}) | wanted)

    def _book(self, booking: Booking) -> None:
        id_ = self._id("Appointment", booking.request)
        request = self.people.request(self.decided.site, booking.patient, booking.request)
        performer = (request or {}).get("performer") or [named("Practitioner", booking.surgeon)]
        refs = Refs(
            patient=self.people.patient(booking.patient),
            surgeon=performer[0],
            theatre=named("Location", booking.theatre) if booking.theatre else None,
            request={"reference": f"ServiceRequest/{request['id']}"} if request else None,
        )
        self._put("Appointment", id_, lambda found: planned.appointment(found, id_, booking, refs))
        self._request(booking, lambda found: planned.planned(found, booking))

    def _cancel(self, effect: Cancel) -> None:
        booking, reason = effect.booking, effect.reason
        id_ = self._id("Appointment", booking.request)
        if effect.begun and (self.server.read("Appointment", id_) or {}).get("status") != "proposed":
            return
        self._put("Appointment", id_, lambda found: planned.cancelled(found, reason))
        self._request(booking, planned.unplanned)

    def _request(self, booking: Booking, revise: Callable[[Resource | None], Resource | None]) -> None:
        request = self.people.request(self.decided.site, booking.patient, booking.request)
        if request is not None:
            self._put("ServiceRequest", str(request["id"]), revise)

    def _ask(self, ask: Ask) -> None:
        id_ = self._id("Task", ask.about, ask.request)
        appointment = {"reference": f"Appointment/{self._id('Appointment', ask.request)}"}
        request = self.people.request(self.decided.site, ask.patient, ask.request)
        based = {"reference": f"ServiceRequest/{request['id']}"} if request else None
        focus = appointment if appointment in self.targets else None
        patient = self.people.patient(ask.patient)
        self._put("Task", id_, lambda found: planned.task(
            found, id_, text=ask.text, proposal=ask.proposal, patient=patient, focus=focus, request=based,
            asked=self.decided.known, by=self.decided.by,
        ))  # fmt: skip

    def _came(self, booking: Booking) -> bool:
        """Whether a booking is in no plan any more because the patient has come in: the request is completed.

        Where the server has no such request, what leaves the plan on its own day is taken to be that.
        """
        request = self.people.request(self.decided.site, booking.patient, booking.request)
        if request is not None:
            return request.get("status") == "completed"
        return self.decided.decision == "approve" and booking.day == self.decided.known.date()

    def _put(self, kind: str, id_: str, revise: Callable[[Resource | None], Resource | None]) -> None:
        stood: list[bool] = []

        def noted(found: Resource | None) -> Resource | None:
            wanted = revise(found)
            stood.append(wanted is not None)
            return wanted

        self.server.put(kind, id_, noted)
        reference = {"reference": f"{kind}/{id_}"}
        if stood[-1] and reference not in self.targets:
            self.targets.append(reference)

    def _id(self, kind: str, *names: str) -> str:
        """Deterministic, so that a repeat is the same resource."""
        return digest(self.decided.site, kind, *names)
