"""Latency of calls over HTTP, and how fast the log is folded: `python -m tests.services.cds_hooks.bench_cds_hooks`.

Arguments: patients (5000), calls (2000), clients at once (8). Each patient has a red sepsis alert, a NEWS2 of 7 and an
explained forecast, so every call gives a card. Server and clients share the machine.
"""

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from schemas.events import PatientEvent
from services.cds_hooks.decided import index
from services.cds_hooks.follower import Follower
from services.cds_hooks.standing import Patients
from services.runtime.clock import ToldClock
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from services.runtime.ports import Identifier
from services.runtime.web import bind, serve_in_thread
from tests.services.cds_hooks.given import Bench, call, context, explained, forecast, raised, score


def events(patient: str) -> list[PatientEvent]:
    """What is known of one of them."""
    known = [context(), raised(alert=f"a-{patient}"), score(7), forecast(0.31), explained()]
    return [event.model_copy(update={"patient": patient}) for event in known]


def main(patients: int = 5000, calls: int = 2000, clients: int = 8) -> None:
    """Fold, then call."""
    log, held = FakeLog(4), Patients()
    for n in range(patients):
        log.append([outgoing(event, source="x", partitions=4) for event in events(f"patientkey-{n}")])
    follower = Follower(log.reader, held, ToldClock())
    began = time.process_time()
    while not follower.current:
        follower.turn(0.0)
    rate = patients * 5 / (time.process_time() - began)
    print(f"folded {patients * 5} events of {patients} patients: {rate:.0f} a second of processor time")
    for which in ("first", "next"):
        began = time.process_time()
        index(held.all())
        print(
            f"finding the card of the {which} feedback: {(time.process_time() - began) * 1e3:.0f} ms of processor time"
        )

    bench = Bench()
    keys = iter(range(patients))
    bench.identity._new_key = lambda: f"patientkey-{next(keys)}"
    for n in range(patients):
        bench.identity.register("main", [Identifier("fhir", f"f-{n}")])
    bench.patients._held = held._held
    listener = bind("127.0.0.1", 0)
    stop = serve_in_thread(bench.client.app, listener)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/cds-services/wardwatch-patient-view"

    def one(http: httpx.Client, n: int) -> float:
        before = time.perf_counter()
        answer = http.post(address, json=call(context={"patientId": f"f-{n % patients}"}))
        took = time.perf_counter() - before
        assert len(answer.json()["cards"]) == 1, answer.text
        return took

    def many(client: int) -> list[float]:
        with httpx.Client() as http:
            return [one(http, client + clients * n) for n in range(calls // clients)]

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        took = sorted(t for some in pool.map(many, range(clients)) for t in some)
    seconds = time.perf_counter() - began
    stop()
    p99 = took[int(len(took) * 0.99)]
    print(
        f"{len(took)} calls, {clients} at once: p50 {statistics.median(took) * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms,"
        f" longest {took[-1] * 1e3:.0f} ms, {len(took) / seconds:.0f} a second"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
