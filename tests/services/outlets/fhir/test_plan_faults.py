"""Plans at a FHIR server that is away, lies, refuses or hangs, and at a process that is killed."""

from typing import Any

import pytest

from services.outlets.fhir.http_server import HttpFhirServer
from services.outlets.fhir.server import Put, ServerMisconfigured, ServerUnavailable
from tests.fakes.fhir import FakeFhir
from tests.fakes.fhir.server import TOKEN
from tests.fakes.grafana.faults import Fault
from tests.services.outlets.fhir.bench import Bench, fail_at, times
from tests.services.outlets.fhir.faults import FAULTS, named
from tests.services.outlets.fhir.plans import booking, decide, hospital, plan

FIRST = plan("first", booking(1, 6), booking(2, 7, who="p-2"), moves=1)
SECOND = plan("second", booking(1, 8, 13, theatre="OR-2"), booking(2, None, who="p-2"), moves=1)


@pytest.mark.parametrize("error", [ServerUnavailable("down"), ServerMisconfigured("401")])
def test_nothing_is_lost_while_the_server_is_away(error: Exception) -> None:
    """What waits is delivered in order when it is back, each resource once."""
    bench = Bench()
    bench.memory.failing = [error] * 4
    bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
    bench.turns(3, seconds=0.1)
    assert bench.standing("Appointment") == []
    bench.turns(30, seconds=61)
    assert times(bench.standing("Appointment"))[0] == ("booked", "2026-01-08T13:00:00+00:00")
    created = [(kind, id_) for kind, id_, did in bench.memory.puts if did is Put.CREATED]
    assert len(created) == len(set(created))
    assert bench.buried() == []


@pytest.mark.parametrize("calls", range(1, 25))
def test_a_fault_at_any_call(calls: int) -> None:
    """Whichever call fails first, the same stands in the end as without a fault."""
    whole, broken = Bench(), Bench()
    for bench in (whole, broken):
        bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5), decide("second", "undo", minutes=6))
    whole.turns()
    fail_at(broken.memory, calls)
    broken.turns(10, seconds=100)
    assert broken.memory.standing == whole.memory.standing


def test_a_new_process_knows_what_stands() -> None:
    """After a kill the plan beneath is remembered from the log: undo restores it, a repeat changes nothing."""
    bench = Bench()
    bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
    bench.turns()
    before = dict(bench.memory.standing)
    bench.log.offsets = {key: offset - 1 for key, offset in bench.log.offsets.items()}  # the last commit was lost
    bench.start()
    bench.turns()
    assert bench.memory.standing == before
    bench.say(decide("second", "undo", minutes=7))
    bench.turns()
    assert times(bench.standing("Appointment")) == [
        ("booked", "2026-01-06T09:00:00+00:00"), ("booked", "2026-01-07T09:00:00+00:00"),
    ]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_faults_over_http(fault: Fault) -> None:
    """Busy, broken, lying, cut short, hung, answer lost: delivered afterwards, exactly one resource for each key."""
    with FakeFhir() as fake:
        for resource in hospital():
            fake.store.write(resource)
        bench = Bench(HttpFhirServer(fake.url, TOKEN, timeout_s=0.3))
        fake.fail(fault)
        bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
        bench.turns(8, seconds=100)
        assert times(fake.store.all("Appointment")) == [
            ("booked", "2026-01-08T13:00:00+00:00"), ("cancelled", "2026-01-07T09:00:00+00:00"),
        ]  # fmt: skip
        assert len(fake.store.all("Provenance")) == 2
        # Each appointment was written once by each decision that changed it, however often it was tried.
        assert {len(v) for (kind, _), v in fake.store.versions.items() if kind == "Appointment"} == {2}
        assert bench.buried() == []


def test_a_wrong_token_waits_for_an_operator() -> None:
    """Nothing becomes a dead letter because of a token; with the right one everything is delivered."""
    with FakeFhir() as fake:
        bench = Bench(HttpFhirServer(fake.url, "wrong", timeout_s=1))
        bench.say(FIRST, decide("first"))
        bench.turns(3, seconds=100)
        assert (bench.buried(), fake.store.all("Appointment")) == ([], [])
        assert bench.outlet.waiting > 0


def test_a_slow_server_gets_its_time() -> None:
    """An attempt ends after a minute, and the next goes on where it was: nothing is written twice."""
    bench = Bench()
    inner = bench.memory.put

    def slow(kind: str, id_: str, revise: Any) -> Put:  # noqa: ANN401 - passes it on
        bench.time += 40
        return inner(kind, id_, revise)

    bench.memory.put = slow  # type: ignore[method-assign]  # a slow server, at the port
    bench.say(FIRST, decide("first"))
    bench.turns(20, seconds=60)
    assert len(bench.standing("Provenance")) == 1
    assert len(bench.memory.puts) == len({(k, i) for k, i, _ in bench.memory.puts})
