"""The simulated laboratory speaks HL7 v2, as most do: ORU^R01 messages of what the course says as FHIR Observations."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from schemas.hl7v2.delimiters import Delimiters
from services.simulator.resources import Resource

MARKS: Final = Delimiters()
MOST_LABEL: Final = 40


def is_laboratory(resource: Resource) -> bool:
    """Whether the laboratory tells this, and not the ward's monitors."""
    return resource["resourceType"] == "Observation" and any(
        coding["code"] == "laboratory" for concept in resource["category"] for coding in concept["coding"]
    )


def by_patient(resources: Iterable[Resource]) -> list[list[Resource]]:
    """One list for each message."""
    return [list(group) for _, group in groupby(resources, key=_number)]


def results(resources: Sequence[Resource], now: datetime) -> bytes:
    """An ORU^R01 of one patient's results; OBX-21 is what the laboratory calls each."""
    number = _number(resources[0])
    segments = [
        f"MSH|^~\\&|LAB|SIM|WARDWATCH|SIM|{_dtm(now)}||ORU^R01^ORU_R01|{number}.{now:%Y%m%d%H%M%S}|P|2.5.1",
        f"PID|1||{MARKS.escaped(number)}^^^^MR",
        "OBR|1||||||||||||||||||||||||LAB",
    ]
    segments += [_obx(n, resource) for n, resource in enumerate(resources, start=1)]
    return "".join(f"{segment}\r" for segment in segments).encode()


def named(reading: tuple[str, str, str, float]) -> tuple[str, str, str, float]:
    """A reading as the gateway calls it when it came by v2: OBX-21 is an identifier, not FHIR's logical id."""
    return f"|{reading[0]}", *reading[1:]


def _obx(n: int, resource: Resource) -> str:
    coding, quantity = resource["code"]["coding"][0], resource["valueQuantity"]
    fields = [
        "OBX", str(n), "NM", f"{coding['code']}^{MARKS.escaped(resource['code']['text'])[:MOST_LABEL]}^LN", "",
        repr(float(quantity["value"])), f"{MARKS.escaped(quantity['code'])}^^UCUM", "", "", "", "", "F", "", "",
        _dtm(datetime.fromisoformat(resource["effectiveDateTime"])), "", "", "", "", "", "", resource["id"],
    ]  # fmt: skip
    return "|".join(fields)


def _number(resource: Resource) -> str:
    return str(resource["subject"]["reference"]).removeprefix("Patient/pat-")


def _dtm(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S.") + f"{at.microsecond // 1000:03d}" + at.strftime("%z")
