"""What happens in the simulated hospital, hour by hour: measurements, laboratory, films, coming and going."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.simulator import resources as fhir
from services.simulator.hospital import Hospital, Inpatient
from services.simulator.physiology import LABS, VITALS

VITALS_EVERY = timedelta(minutes=10)
LABS_EVERY = timedelta(hours=6)
HISTORY = timedelta(hours=24)
HISTORY_EVERY = timedelta(hours=1)
ARRIVALS_PER_HOUR = 1.5
CLEANING = timedelta(minutes=20)
BED_WAIT = timedelta(minutes=12)

Sent = tuple[datetime, list[fhir.Resource]]


class Course:
    """Yields what is to be sent, in hospital time."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self._next_arrival = hospital.start + timedelta(minutes=3)
        self._requests: dict[str, tuple[Inpatient, datetime, fhir.Resource]] = {}
        self._cleaning: dict[str, datetime] = {}

    def opening(self, inpatients: list[Inpatient]) -> Iterator[Sent]:
        """Places and people, then the last day of everyone's measurements, oldest first."""
        start = self.hospital.start
        admitted = sorted(inpatients, key=lambda p: p.admitted or start)
        moment = min((p.admitted or start for p in admitted), default=start)
        yield moment, fhir.locations()
        here: list[Inpatient] = []
        while moment < start:  # in hospital time, because the told clock never goes back
            while admitted and (admitted[0].admitted or start) <= moment:
                who = admitted.pop(0)
                here.append(who)
                yield moment, [fhir.patient(who), fhir.encounter(who), fhir.bed_status(who.bed, "O", moment)]
                who.next_vitals = max(moment, start - HISTORY)
            for who in here:
                if (who.next_vitals or start) <= moment:
                    yield moment, self._measured(who, moment, HISTORY_EVERY)
            moment += timedelta(minutes=30)

    def live(self, now: datetime) -> Iterator[Sent]:
        """Everything due by this instant."""
        for who in list(self.hospital.inpatients.values()):
            if who.discharge is not None and who.discharge <= now:
                yield now, self._leave(who, now)
            elif who.next_vitals is not None and who.next_vitals <= now:
                yield now, self._measured(who, now, VITALS_EVERY)
        yield from self._arrivals(now)
        for bed, until in list(self._cleaning.items()):
            if until <= now:
                del self._cleaning[bed]
                yield now, [fhir.bed_status(bed, "U", now)]

    def _measured(self, who: Inpatient, at: datetime, every: timedelta) -> list[fhir.Resource]:
        hour = self.hospital.hour(at)
        jitter = timedelta(seconds=float(self.hospital.rng.uniform(-60, 60)))
        who.next_vitals = at + every + (jitter if every == VITALS_EVERY else timedelta())
        values = who.body.measure(hour, VITALS)
        found = fhir.observations(who, at, values, "vital-signs")
        found += fhir.assessments(who, at, oxygen=who.body.oxygen(hour), confused=who.body.confused(hour))
        if who.next_labs is not None and who.next_labs <= at:
            who.next_labs = at + LABS_EVERY
            found += fhir.observations(who, at, who.body.measure(hour, LABS), "laboratory")
        return found

    def _leave(self, who: Inpatient, now: datetime) -> list[fhir.Resource]:
        del self.hospital.inpatients[who.mrn]
        self._cleaning[who.bed] = now + CLEANING
        return [fhir.encounter(who, ended=now), fhir.bed_status(who.bed, "K", now)]

    def _arrivals(self, now: datetime) -> Iterator[Sent]:
        rng = self.hospital.rng
        while self._next_arrival <= now:
            self._next_arrival += timedelta(hours=float(rng.exponential(1.0 / ARRIVALS_PER_HOUR)))
            child = bool(rng.random() < 0.2)  # noqa: PLR2004 - one in five
            who = self.hospital.person(child)
            specialty = (
                "paediatrics" if child else str(rng.choice(["general-medicine", "intensive-care"], p=[0.7, 0.3]))
            )
            priority = str(rng.choice(["asap", "urgent", "routine"], p=[0.2, 0.5, 0.3]))
            request = fhir.admission_request(who, now, specialty, priority=priority, hours=float(rng.uniform(12, 96)))
            self._requests[who.mrn] = (who, now, request)
            yield now, [fhir.patient(who), request]
        for mrn, (who, since, request) in list(self._requests.items()):
            place = self.hospital.free_bed(who)
            if now - since >= BED_WAIT and place is not None and place[2] not in self._cleaning:
                del self._requests[mrn]
                self.hospital.admit(who, *place, now)
                who.discharge = now + timedelta(hours=float(rng.exponential(40)) + 2)
                yield now, [fhir.encounter(who), fhir.bed_status(who.bed, "O", now), fhir.fulfilled(request)]
