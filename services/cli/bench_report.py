"""What the bench found, as a table on the screen and as a page of docs/benchmarks."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

CARRIED = 0.98
"""A rate is carried when this share of it is."""
_PAGE = """# First figures

`wardwatch bench`, {day}, {machine}. Kafka, Redis, Ray Serve, every service and the load generator share the machine.
One run: an order of magnitude, not a record.

| | here | sketch |
|---|---|---|
| readings/s carried in bundles of 8 | {bundles} | 8,976 |
| readings/s carried singly | {single} | 937 |
| reading → forecast at 1,000 readings/s, p50 / p99 | {forecast} | – |
| acknowledgement → alert, idle, p50 / p99 | {idle} | 14 / 55 ms |
| acknowledgement → alert at 1,000 readings/s, p50 / p99 | {thousand} | 42 / 58 ms |
| memory of all processes (proportional set size) | {memory} | – |

The sketch was a throw-away program of the same path on two cores, measured before this was written: a thin page of
code each for gateway, watch and alerting; no console, operations, imaging or outlets. Its figures at 1,000 readings/s
are those with Ray Serve over HTTP, the others those with the trees in the process.

## Every step

{columns}
{rows}

✗: not carried.

Left late: how long requests waited for a free connection of the generator (64 of them).

## Memory and processor time

Processor time is that of one chart of 8 readings at 1,000 readings/s, idle costs included.

| process | MB | ms a chart |
|---|---|---|
{processes}

## How it is measured

Open loop: every request has its moment, whether or not earlier ones were answered; bodies are prepared before. A
reading is carried when the gateway acknowledged it, it lies in `clinical`, and its NEWS2 lies in `risk` no later than
a second after the window: counted from the log, not assumed. A rate is carried when 98 % of what was offered is, and
nothing was refused. Acknowledgement → alert is the difference of two Kafka record times: the fact's in `clinical`,
written before the gateway answers, and the AlertRaised's in `alerts`; the alerts are those of patients whose first
chart is NEWS2 13. Reading → forecast is the same difference for every forecast in `risk`, its transaction's end not
counted. Forecast in time: share of the forecasts that Ray Serve answered within their second.

Again: `make bench`, or `wardwatch bench --write docs/benchmarks/first.md`.
"""


@dataclass(frozen=True)
class Step:
    """One offered rate, in readings a second, and what became of it. Latencies are p50 and p99 in milliseconds."""

    name: str
    offered: float
    carried: float
    acknowledged_ms: tuple[float, float]
    forecast_ms: tuple[float, float] | None
    alert_ms: tuple[float, float] | None
    alerts: int
    forecasts: float
    """Share of the forecasts asked for that were made within the call's deadline."""
    late_ms: float
    """How late requests left (p99), because every connection was still waiting for an answer."""
    refused: int
    unanswered: int

    @property
    def held(self) -> bool:
        """Whether the offered rate was carried."""
        return self.carried >= CARRIED * self.offered and not self.unanswered and not self.refused


@dataclass(frozen=True)
class Findings:
    """Everything that was measured."""

    steps: Sequence[Step]
    memory_mb: dict[str, float] = field(default_factory=dict)
    cpu_ms: dict[str, float] = field(default_factory=dict)
    """Processor milliseconds for one chart of 8 readings, by process, at 1,000 readings/s."""
    seconds: float = 0.0

    def best(self, name: str) -> float:
        """The most readings a second that were carried in steps of this name."""
        return max((s.carried for s in self.steps if s.name == name), default=0.0)

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {
            "readings_per_second": {"bundles": round(self.best("bundles")), "single": round(self.best("single"))},
            "forecast_ms": {s.name: _pair(s.forecast_ms) for s in self.steps if s.forecast_ms is not None},
            "alert_ms": {s.name: _pair(s.alert_ms) for s in self.steps if s.alert_ms is not None},
            "memory_mb": {"total": round(sum(self.memory_mb.values())), **self.memory_mb},
            "cpu_ms_per_chart": {name: round(ms, 2) for name, ms in self.cpu_ms.items()},
            "steps": [asdict(s) | {"held": s.held} for s in self.steps],
            "machine": machine(),
            "seconds": round(self.seconds),
        }


def machine() -> dict[str, str | int]:
    """Where this was measured."""
    cpu = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x.partition(":")[2].strip() for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        cpu = names[0] if names else ""
    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "cpu": cpu or platform.processor(),
        "python": platform.python_version(),
    }


def rows(found: Findings) -> list[tuple[str, ...]]:
    """One line for each step."""
    return [
        (
            step.name, f"{step.offered:,.0f}", f"{step.carried:,.0f}" + ("" if step.held else " ✗"),
            _shown(step.acknowledged_ms), _shown(step.forecast_ms), _shown(step.alert_ms), str(step.alerts),
            f"{step.forecasts:.1%}", f"{step.late_ms:.0f}",
        )
        for step in found.steps
    ]  # fmt: skip


COLUMNS = (
    "load", "readings/s offered", "carried", "acknowledged p50/p99 ms", "forecast p50/p99 ms", "alert p50/p99 ms",
    "alerts", "forecast in time", "left late p99 ms",
)  # fmt: skip


def table(found: Findings) -> Table:
    """For the screen."""
    shown = Table(*COLUMNS, title=headline(found), title_justify="left", box=None)
    for row in rows(found):
        shown.add_row(*row)
    return shown


def headline(found: Findings) -> str:
    """The figures in a sentence."""
    return (
        f"{found.best('bundles'):,.0f} readings/s in bundles of 8, {found.best('single'):,.0f} singly; "
        f"memory {sum(found.memory_mb.values()):,.0f} MB"
    )


def page(found: Findings) -> str:
    """docs/benchmarks/first.md."""
    alerts = {s.name: _shown(s.alert_ms) + " ms" for s in found.steps if s.alert_ms is not None}
    forecasts = {s.name: _shown(s.forecast_ms) + " ms" for s in found.steps if s.forecast_ms is not None}
    told = machine()
    return _PAGE.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{told['cpus']} cores ({told['cpu']}), Python {told['python']}",
        bundles=f"{found.best('bundles'):,.0f}",
        single=f"{found.best('single'):,.0f}",
        idle=alerts.get("idle", "–"),
        forecast=forecasts.get("1000", "–"),
        thousand=alerts.get("1000", "–"),
        memory=f"{sum(found.memory_mb.values()):,.0f} MB",
        columns=f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}",
        rows="\n".join(f"| {' | '.join(row)} |" for row in rows(found)),
        processes="\n".join(
            f"| {name} | {mb:,.0f} | {found.cpu_ms.get(name, 0.0):.2f} |" for name, mb in found.memory_mb.items()
        ),
    )


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    """p50 and p99, nearest rank; of nothing (0, 0)."""
    ordered = sorted(values)
    if not ordered:
        return 0.0, 0.0
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def _pair(pair: tuple[float, float] | None) -> dict[str, float] | None:
    return None if pair is None else {"p50": pair[0], "p99": pair[1]}


def _shown(pair: tuple[float, float] | None) -> str:
    return "–" if pair is None else f"{pair[0]:.0f} / {pair[1]:.0f}"
