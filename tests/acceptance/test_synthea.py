"""The 60 real bundles of Synthea: everything sent is applied, deliberately ignored or quarantined with a reason."""

import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from schemas.events import (
    EncounterStarted,
    ObservationsRecorded,
    PatientContextChanged,
    PatientRegistered,
    Quarantined,
)
from services.embedded.system import System
from tests import live
from tests.acceptance.given import inpatient, known_at, opening

pytestmark = [pytest.mark.servers, pytest.mark.data, pytest.mark.timeout(240)]


def test_sixty_bundles_are_accounted_for_to_the_last_entry(
    system: System, epochs: live.Epochs, shared_data: Path
) -> None:
    """Applied + ignored + quarantined equal an independent count of the entries, by type, and the events in the log."""
    archive = shared_data / "fhir_synthea" / "bundles.tar.xz"
    sent: Counter[str] = Counter()
    with tarfile.open(archive) as files:
        bundles = [files.extractfile(member) for member in files if member.isfile()]
        documents = [json.load(stream) for stream in bundles if stream is not None]
    for document in documents:
        sent.update(entry["resource"]["resourceType"] for entry in document["entry"])
    now = epochs.next()  # everything that the gateway accepts from here on is known at this told instant
    assert live.publisher(system).send(opening(inpatient("acc-synthea", now)), now)
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "publish", str(archive), "--json", "--to", system.url("gateway"),
         "--token", system.tokens["simulator"]],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert (told["documents"], told["sent"], told["refused"]) == (60, sent.total(), 0)
    assert told["applied"] + told["ignored"] + told["quarantined"] == sent.total()
    for kind, count in (Counter(told["applied_by_type"]) + Counter(told["ignored_by_type"])).items():
        assert count <= sent[kind], kind
    assert sum(told["quarantined_by_reason"].values()) == told["quarantined"]
    assert all(told["quarantined_by_reason"])

    mine = [*known_at(system, "clinical", now), *known_at(system, "quarantine", now)]
    assert sum(isinstance(e, Quarantined) for e in mine) == told["quarantined"]
    assert sum(isinstance(e, PatientRegistered) for e in mine) == told["applied_by_type"]["Patient"] + 1
    assert sum(isinstance(e, EncounterStarted) for e in mine) == told["applied_by_type"]["Encounter"] + 1
    readings = [r.id for e in mine if isinstance(e, ObservationsRecorded) for r in e.readings]
    assert len(readings) == len(set(readings)) == told["readings"]

    registered = {e.patient for e in mine if isinstance(e, PatientRegistered)}

    def folded() -> set[str]:
        """Patients of whom watch told where they are, the last thing a history comes to."""
        return {e.patient for e in known_at(system, "risk", now) if isinstance(e, PatientContextChanged)}

    assert live.eventually(lambda: registered <= folded(), 60), len(registered - folded())
    assert not [e for e in known_at(system, "quarantine", now) if isinstance(e, Quarantined) and e.origin == "watch"]
