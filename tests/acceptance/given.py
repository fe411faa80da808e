"""People and measurements that the acceptance tests publish, and waiting for what becomes of them."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import numpy as np

from schemas.envelope import EnvelopeError, decode
from schemas.events import Event, WarningScoreComputed
from services.embedded.system import System
from services.runtime.kafka_log import KafkaReader
from services.simulator import resources as fhir
from services.simulator.hospital import WARDS, Inpatient
from services.simulator.physiology import Body
from services.simulator.recorded import Recorded
from tests import live

WELL = {
    "heart_rate": 74.0, "respiratory_rate": 15.0, "systolic_bp": 124.0, "diastolic_bp": 78.0, "temperature": 36.8,
    "spo2": 97.0,
}  # fmt: skip
"""NEWS2 0 with air and an alert patient (RCP 2017)."""
ILL = {
    "heart_rate": 128.0, "respiratory_rate": 28.0, "systolic_bp": 88.0, "diastolic_bp": 50.0, "temperature": 39.4,
    "spo2": 90.0,
}  # fmt: skip
"""NEWS2 13: breathing 3, saturation 3, systolic 3, heart rate 2, temperature 2."""
BETWEEN = WELL | {"heart_rate": 112.0, "respiratory_rate": 22.0}
"""NEWS2 4: heart rate 2, breathing 2; neither an alert nor recovery."""

SEPSIS = {
    "heart_rate": (80.0, 138.0), "respiratory_rate": (16.0, 34.0), "systolic_bp": (124.0, 82.0),
    "mean_bp": (88.0, 54.0), "diastolic_bp": (70.0, 40.0), "temperature": (36.8, 39.6), "spo2": (97.0, 89.0),
}  # fmt: skip
"""Vital signs before and at the height of sepsis."""
SHOCK_LABS = {
    "lactate": 6.5, "creatinine": 3.1, "bilirubin_total": 4.0, "platelets": 60.0, "wbc": 24.0, "bun": 60.0, "ph": 7.22,
    "bicarbonate": 15.0, "base_excess": -9.0, "potassium": 5.4, "glucose": 210.0, "ptt": 55.0, "hemoglobin": 8.5,
    "fio2": 0.6,
}  # fmt: skip


def inpatient(number: str, admitted: datetime, *, years: float = 60.0) -> Inpatient:
    """Someone in a bed of the intensive care ward."""
    ward = WARDS[0]
    room, bed = ward.beds()[0]
    return Inpatient(
        mrn=number, family="Acceptance", given="Test", sex="female",
        born=(admitted - timedelta(days=years * 365.25)).date(), body=Body(np.random.default_rng(1)),
        encounter=f"enc-{number}", ward=ward, room=room, bed=bed, admitted=admitted,
    )  # fmt: skip


def opening(who: Inpatient) -> list[fhir.Resource]:
    """The person and the stay."""
    return [fhir.patient(who), fhir.encounter(who)]


def chart(who: Inpatient, at: datetime, values: Mapping[str, float]) -> list[fhir.Resource]:
    """Eight readings: six vital signs, breathing air, alert."""
    return [
        *fhir.observations(who, at, values, "vital-signs"),
        *fhir.assessments(who, at, oxygen=False, confused=False),
    ]


def score_at(system: System, number: str, at: datetime) -> Callable[[], bool]:
    """Whether the NEWS2 of a patient for this instant is there."""
    key = live.key_of(system, number)
    return lambda: any(
        isinstance(w.event, WarningScoreComputed) and w.event.as_of == at
        for w in live.by_patient(system, "risk", {key})[key]
    )


def septic_stay(number: str, hours: int = 12, onset: int = 6) -> Recorded:
    """Someone who goes into septic shock at `onset`, measured as an intensive care unit does (Singer et al. 2016)."""
    told = {}
    for hour in range(1, hours + 1):
        ill = min(1.0, max(0.0, (hour - onset + 1) / 4))
        told[hour] = {code: round(well + (bad - well) * ill, 1) for code, (well, bad) in SEPSIS.items()}
        if hour > onset:
            told[hour] |= SHOCK_LABS
    return Recorded(number, told, 66.0, 1.0, 1.0, 0.0, -3.0)


def known_at(system: System, topic: str, instant: datetime) -> list[Event]:
    """Events accepted at a told instant; what another test put on the topic and is no event is passed over."""
    reader = KafkaReader(system.stack.kafka.address)
    found = []
    try:
        for partition in reader.partitions(topic):
            for record in reader.read(partition, *reader.bounds(partition)):
                with contextlib.suppress(EnvelopeError):
                    event = decode(record.value, record.headers).event
                    found += [event] if event.known == instant else []
    finally:
        reader.close()
    return found


def good_bundle_flows(system: System, epochs: live.Epochs, number: str) -> None:
    """A new patient's readings get a NEWS2 of 0: the stream goes on."""
    at = epochs.next()
    who = inpatient(number, at)
    sender = live.publisher(system)
    assert sender.send(opening(who), at)
    assert sender.send(chart(who, at, WELL), at)
    assert live.eventually(score_at(system, number, at), 20)
