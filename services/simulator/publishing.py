"""How the simulated hospital sends: FHIR over HTTP, HL7 v2 by MLLP, DICOM C-STORE; what was acknowledged is counted."""

import io
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import orjson
from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.sop_class import DigitalXRayImageStorageForPresentation  # type: ignore[attr-defined]  # made at run time

from services.runtime import logs
from services.runtime.mllp_client import MllpClient
from services.simulator import laboratory
from services.simulator.resources import Resource, bundle, instant, readings

_log = logs.get(__name__)
SUCCESS = 0x0000
RETRIES = 30


@dataclass(slots=True)
class Account:
    """What the simulator knows to have been acknowledged."""

    readings: set[tuple[str, str, str, float]] = field(default_factory=set)
    quarantined: int = 0
    images: int = 0
    resources: Counter[str] = field(default_factory=Counter)
    bundles: int = 0
    messages: int = 0
    refused: int = 0


class Publisher:
    """One sender. Retries what a busy or restarting gateway asks to retry; a repeat is harmless."""

    def __init__(
        self, gateway: str, token: str, dicom: tuple[str, int], mllp: tuple[str, int] | None = None, *, told: bool
    ) -> None:
        """Laboratory results go by HL7 v2 where `mllp` says where to, else as FHIR like all else."""
        self._http = httpx.Client(base_url=gateway, headers={"Authorization": f"Bearer {token}"}, timeout=15.0)
        self._dicom, self._told = dicom, told
        self._messages = MllpClient(mllp) if mllp else None
        self.account = Account()

    def send(self, resources: list[Resource], now: datetime) -> bool:
        """Send what happened at once; True when all of it was acknowledged."""
        told = [r for r in resources if laboratory.is_laboratory(r)] if self._messages else []
        rest = [r for r in resources if not any(r is one for one in told)]
        sent = [self._post(rest, now)] if rest else []
        return all([*sent, *(self._tell(results, now) for results in laboratory.by_patient(told))])

    def _tell(self, resources: list[Resource], now: datetime) -> bool:
        """One patient's results as an HL7 v2 message."""
        assert self._messages is not None, "only what is sent by v2 comes here"  # noqa: S101 - narrows the type
        for _ in range(RETRIES):
            try:
                code, text, wrong = self._messages.ask(laboratory.results(resources, now))
            except OSError:
                time.sleep(0.5)
                continue
            if code == "AR":
                time.sleep(1.0)
                continue
            break
        else:
            self.account.refused += 1
            return False
        if code != "AA" or wrong:
            _log.warning("the gateway refused results", code=code, error=wrong or text)
            self.account.quarantined += len(resources)
            return False
        self.account.messages += 1
        self.account.resources["Observation"] += len(resources)
        self.account.readings.update(laboratory.named(one) for r in resources for one in readings(r))
        return True

    def _post(self, resources: list[Resource], now: datetime) -> bool:
        headers = {"Content-Type": "application/fhir+json"} | ({"X-Wardwatch-Now": instant(now)} if self._told else {})
        body = orjson.dumps(bundle(resources))
        for _ in range(RETRIES):
            try:
                answer = self._http.post("/fhir", content=body, headers=headers)
            except httpx.TransportError:
                time.sleep(0.5)
                continue
            if answer.status_code in {429, 503}:
                time.sleep(min(float(answer.headers.get("Retry-After", "1")), 5.0))
                continue
            break
        else:
            self.account.refused += 1
            return False
        if answer.status_code != httpx.codes.OK:
            _log.warning("the gateway refused a bundle", status=answer.status_code)
            self.account.refused += 1
            return False
        self._count(resources, answer.json().get("entry", []))
        return True

    def _count(self, resources: list[Resource], entries: list[Resource]) -> None:
        self.account.bundles += 1
        for resource, entry in zip(resources, entries, strict=True):
            if not str(entry["response"]["status"]).startswith("2"):
                self.account.quarantined += 1
                continue
            self.account.resources[resource["resourceType"]] += 1
            if resource["resourceType"] == "Observation":
                self.account.readings.update(readings(resource))

    def store(self, content: bytes) -> bool:
        """C-STORE one film; True when it was acknowledged."""
        ae = AE(ae_title="SIMULATOR")
        ae.add_requested_context(DigitalXRayImageStorageForPresentation)
        for _ in range(3):
            association = ae.associate(*self._dicom, ae_title="WARDWATCH")
            if association.is_established:
                try:
                    answer = association.send_c_store(dcmread(io.BytesIO(content)))
                finally:
                    association.release()
                if "Status" in answer and answer.Status == SUCCESS:
                    self.account.images += 1
                    return True
                _log.warning("the gateway refused a film", code=int(answer.get("Status", -1)))
                return False
            time.sleep(0.5)
        return False
