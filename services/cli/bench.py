"""`wardwatch bench`: throughput, latency and memory of the whole system on this machine, counted from its log."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli import bench_counting as counting
from services.cli.bench_load import BUNDLE, Load, Outcome, inpatient
from services.cli.bench_report import Findings, Step, page, quantiles, table
from services.embedded.errors import CannotStartError
from services.embedded.system import System, SystemOptions
from services.runtime.errors import DependencyError
from services.runtime.kafka_log import KafkaReader

NO_DEPENDENCY = 3
PATIENTS, TOGETHER = 240, 20
ALARMS_A_SECOND = 5.0
IN_BUNDLES = (2000.0, 4000.0, 6000.0, 8000.0, 12000.0)
SINGLY = (250.0, 500.0, 750.0, 1000.0, 1500.0)
DRAIN_S = 30.0
MARK = "WARDWATCH_BENCH"


def bench(
    *,
    seconds: Annotated[float, typer.Option(min=2, help="Length of one step.")] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    write: Annotated[Path | None, typer.Option(help="Also write the page, e.g. docs/benchmarks/first.md.")] = None,
) -> None:
    """Measure readings/s in bundles and singly, acknowledgement → alert, and memory. Takes about four minutes."""
    console = Console(stderr=True)
    began = time.monotonic()
    mark = secrets.token_hex(8)
    os.environ[MARK] = mark  # every process of the system inherits it: that is how its memory is found
    options = SystemOptions(told=False, modes={"sepsis": {"*": "live"}, "chest-pneumonia": {"*": "live"}})
    try:
        with System(options, console) as system, contextlib.closing(Bench(system, console, mark)) as running:
            steps = list(running.steps(seconds))
            memory = counting.memory_mb(mark)
    except (CannotStartError, DependencyError) as error:
        console.print(f"[red]cannot run:[/red] {error}", highlight=False)
        raise typer.Exit(NO_DEPENDENCY) from error
    found = Findings(steps, memory, running.cpu_ms, time.monotonic() - began)
    if write is not None:
        write.parent.mkdir(parents=True, exist_ok=True)
        write.write_text(page(found), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        Console().print(table(found))


@dataclass
class Bench:
    """The running system, its patients, and a reader of its log."""

    system: System
    console: Console
    mark: str
    cpu_ms: dict[str, float] = field(default_factory=dict)
    reader: KafkaReader = field(init=False)
    _numbers: Iterator[str] = field(init=False)
    _steps: int = 0

    def __post_init__(self) -> None:
        """Connect to the log."""
        self.reader = KafkaReader(self.system.stack.kafka.address)
        self._numbers = (f"bench-{n}" for n in range(1_000_000))

    def close(self) -> None:
        """Leave the log."""
        self.reader.close()

    def steps(self, seconds: float) -> Iterator[Step]:
        """Warm up, then latency idle and at 1,000 readings/s, then rates until one is not carried."""
        patients = self.admit(PATIENTS)
        long = 2 * seconds
        self.step("warm-up", patients, 1000, long, alarms=int(seconds))  # Kafka's Java compiles while it runs
        yield self.step("idle", patients, 0, long, alarms=int(long * ALARMS_A_SECOND))
        before = counting.cpu_s(self.mark)
        thousand = self.step("1000", patients, 1000, long, alarms=int(long * ALARMS_A_SECOND))
        charts = thousand.offered / BUNDLE * long
        after = counting.cpu_s(self.mark)
        self.cpu_ms = {name: (s - before.get(name, 0.0)) * 1000 / charts for name, s in after.items()}
        yield thousand
        for name, rates in (("bundles", IN_BUNDLES), ("single", SINGLY)):
            for rate in rates:
                step = self.step(name, patients, rate, seconds, single=name == "single")
                yield step
                if not step.held:
                    break

    def admit(self, count: int) -> list[str]:
        """Register people and open their stays; returns their numbers."""
        from services.simulator import resources as fhir
        from services.simulator.publishing import Publisher

        publisher = Publisher(self.system.url("gateway"), self.system.tokens["simulator"], ("127.0.0.1", 0), told=False)
        now = datetime.now(UTC)
        numbers = list(islice(self._numbers, count))
        for n in range(0, count, TOGETHER):
            people = [inpatient(number, now - timedelta(hours=3)) for number in numbers[n : n + TOGETHER]]
            if not publisher.send([r for who in people for r in (fhir.patient(who), fhir.encounter(who))], now):
                raise DependencyError("the gateway did not take the patients")
        return numbers

    def step(
        self, name: str, patients: list[str], rate: float, seconds: float, *, alarms: int = 0, single: bool = False
    ) -> Step:
        """Offer `rate` readings a second, with alarms spread among them, and count what became of it."""
        ill = self.admit(alarms)
        self._settle()
        per_request = 1 if single else BUNDLE
        # Idle: nothing but the alarms, each of a patient of its own.
        requests = rate / per_request + (0 if rate and not alarms else alarms / seconds)
        since = counting.marks(self.reader)
        self._steps += 1
        outcome = self._offer(
            Load(
                int(self.system.address("gateway")["port"]), self.system.tokens["simulator"],
                f"run{self._steps}-{secrets.token_hex(3)}", patients, ill, requests, seconds, single,
            )
        )  # fmt: skip
        self._settle()
        window = counting.window(self.reader, since, outcome.began * 1000 + seconds * 1000)
        told, missed = window.forecasts["RiskForecasted"], window.forecasts["ForecastMissed"]
        found = Step(
            name=name, offered=requests * per_request, carried=window.carried / seconds,
            acknowledged_ms=quantiles(outcome.acknowledged_ms),
            forecast_ms=quantiles(window.forecast_ms) if window.forecast_ms else None,
            alert_ms=quantiles(window.alert_ms) if window.alert_ms else None, alerts=len(window.alert_ms),
            forecasts=told / max(1, told + missed),
            late_ms=quantiles(outcome.late_ms)[1],
            refused=sum(n for status, n in outcome.statuses.items() if not status.startswith("2")),
            unanswered=window.unanswered,
        )  # fmt: skip
        self.console.print(
            f"{name}: {found.offered:,.0f} readings/s offered, {found.carried:,.0f} carried", highlight=False
        )
        return found

    def _offer(self, load: Load) -> Outcome:
        environment = {k: v for k, v in os.environ.items() if k != MARK}  # the generator is not part of the system
        done = subprocess.run(
            [sys.executable, "-m", "services.cli.bench_load"], input=json.dumps(asdict(load)), capture_output=True,
            text=True, env=environment, timeout=load.seconds * 3 + 60, check=False,
        )  # fmt: skip
        if done.returncode:
            raise DependencyError(f"the load generator failed: {done.stderr[-500:]}")
        return Outcome(**json.loads(done.stdout))

    def _settle(self) -> None:
        """Wait until the log has stopped growing."""
        deadline, before = time.monotonic() + DRAIN_S, None
        while time.monotonic() < deadline:
            now = counting.marks(self.reader)
            if now == before:
                return
            before = now
            time.sleep(0.5)
