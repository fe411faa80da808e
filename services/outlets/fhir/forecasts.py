"""Forecasts at the hospital's FHIR server: a RiskAssessment for a patient, model and hour, and where it comes from."""

from collections.abc import Callable, Sequence
from datetime import datetime

from schemas.events import Event, ForecastExplained, RiskForecasted
from schemas.fhir.model_provenance import features, model_provenance
from schemas.fhir.ours import Ref, Resource
from schemas.fhir.risk_assessment import band, level, reading, risk_assessment
from schemas.ids import digest
from services.outlets.delivery import NEXT, Next, Outcome
from services.outlets.destination import Attempt
from services.outlets.fhir.batch import Audit, Batch, Desk
from services.outlets.fhir.observations import observations
from services.outlets.fhir.people import People
from services.outlets.fhir.server import FhirServer
from services.outlets.fhir.thinning import Thinning, hour
from services.runtime.ports import Identity, Partition


def assessment_id(site: str, patient: str, model: str, at: datetime) -> str:
    """The id of the RiskAssessment of the hour in which a forecast was made."""
    return digest(site, "RiskAssessment", patient, model, hour(at))


class ForecastRecords:
    """A FHIR server as a destination of forecasts. `remember` gives what was said before an offset of a partition."""

    name = "fhir-forecasts"
    topics: tuple[str, ...] = ("risk",)

    def __init__(
        self, server: FhirServer, identity: Identity, audit: Audit, remember: Callable[[Thinning, Partition, int], None]
    ) -> None:
        self._server, self._remember, self._desk = server, remember, Desk(server, identity, audit)
        self._heard = Thinning()

    def begin(self, partition: Partition, offset: int) -> None:
        """Know the reasons told just before, and who is not to be assessed; raises DependencyError."""
        self._remember(self._heard, partition, offset)

    def deliver(self, event: Event) -> Attempt:
        """Write a forecast that is worth it; anything else is only remembered."""
        wanted = self._heard.wanted(event) if isinstance(event, RiskForecasted) else None
        if not isinstance(event, RiskForecasted) or wanted is None:
            self._heard.fold(event)
            return Attempt(Outcome.DELIVERED)
        attempt = self._desk.attempt(event, lambda batch: self._write(batch, event, changed=wanted == "changed"))
        if NEXT[attempt.outcome] is not Next.RETRY:
            self._heard.fold(event)
        return attempt

    def _write(self, batch: Batch, event: RiskForecasted, *, changed: bool) -> None:
        people, id_ = batch.people, assessment_id(event.site, event.patient, event.model, event.as_of)
        if not changed and not batch.done and self._stands(id_, event):
            return
        patient = people.patient(event.patient)
        encounter = people.encounter(event.site, event.patient, event.encounter) if event.encounter else None
        explained = self._heard.explained.get(event.id)
        basis = self._basis(people, event, explained)
        written = batch.put("RiskAssessment", id_, lambda found: risk_assessment(
            found, event, id_=id_, patient=patient, encounter=encounter, basis=basis, explained=explained,
        ))  # fmt: skip
        if written is not None:
            vouched = batch.id("Provenance", id_)
            batch.put("Provenance", vouched, lambda found: model_provenance(
                found, id_=vouched, targets=[written], name=event.model, version=event.version, at=event.as_of,
                recorded=event.known, sources=[*basis, features(event.features)],
            ))  # fmt: skip

    def _stands(self, id_: str, event: RiskForecasted) -> bool:
        """Whether the hour has its assessment already, of the same band: a new process does not know what it wrote."""
        found: Resource | None = self._server.read("RiskAssessment", id_)
        return found is not None and band(found) == level(event)

    def _basis(self, people: People, event: RiskForecasted, explained: ForecastExplained | None) -> Sequence[Ref]:
        """The readings behind the forecast: as the server names them, else by what was measured and when."""
        factors = explained.factors if explained is not None else ()
        named = observations(people, event.site, event.patient, factors)
        found = [named.get(factor.feature) or reading(factor) for factor in factors]
        # A panel is one Observation for several readings.
        return [ref for n, ref in enumerate(found) if ref is not None and ref not in found[:n]]
