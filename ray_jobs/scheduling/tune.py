"""Which cooling is best: candidates from a file, each on the same instances for the same time, one thread a run.

`python -m ray_jobs.scheduling.tune CANDIDATES FOLDER --instances i08,i16 --seconds 30 --table TABLE`. CANDIDATES is a
JSON object from a name to stages `{"share", "nursing", "hot", "cold", "mix"}`; hot and cold are in shares of the price
of leaving a patient out where they end in "p" ("0.02p"), else in units of the weights. A run that stands in TABLE is
not done again. The candidates of docs/benchmarks/scheduling.md are in docs/benchmarks/coolings.json.
"""

import argparse
import csv
import json
import os
import statistics
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from ray_jobs.scheduling.ihtp import read_instance
from ray_jobs.scheduling.solver.cooling import Cooling, Stage
from ray_jobs.scheduling.solver.solve import solve

FIELDS = ("candidate", "instance", "seed", "seconds", "cost", "violations", "gap_percent", "million_steps")
VIOLATION = 1000
"""What a violation counts as in the gap of a comparison."""


def cooling_of(stages: list[dict[str, Any]], price: float) -> Cooling:
    """A candidate at the price of leaving a patient out; raises ValueError or KeyError where it makes no sense."""

    def degrees(given: float | str) -> float:
        return float(given[:-1]) * price if isinstance(given, str) and given.endswith("p") else float(given)

    return tuple(
        Stage(float(s["share"]), int(s["nursing"]), degrees(s["hot"]), degrees(s["cold"]), tuple(s["mix"]))
        for s in stages
    )


def run(folder: Path, candidate: str, stages: list[dict[str, Any]], name: str, seed: int, seconds: float) -> list[str]:
    """One line of the table."""
    instance = read_instance(folder / f"{name}.json")
    price = max(50.0, float(instance.weights.unscheduled_optional))
    found = solve(instance, seconds=seconds, threads=1, seed=seed, cooling=cooling_of(stages, price))
    broken = sum(found.violations.values())
    best = {row["instance"]: int(row["best_known"]) for row in _rows(folder.parent / "best_known.csv")}[name]
    gap = 100 * (found.cost + VIOLATION * broken) / best - 100
    line = (candidate, name, seed, f"{seconds:g}", found.cost, broken, f"{gap:.2f}", f"{found.iterations / 1e6:.1f}")
    return [str(value) for value in line]


def _rows(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Do the runs that are missing, two at a time, and print the mean gap of each candidate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("candidates", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--instances", default="i08,i13,i16,i18,i20,i24,i27,i29")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", type=Path, default=Path("tune.csv"))
    given = parser.parse_args()
    done = {(r["candidate"], r["instance"], r["seed"], r["seconds"]) for r in _rows(given.table)}
    wanted = [
        (given.folder, candidate, stages, name, given.seed, given.seconds)
        for candidate, stages in json.loads(given.candidates.read_text()).items()
        for name in given.instances.split(",")
        if (candidate, name, str(given.seed), f"{given.seconds:g}") not in done
    ]
    with given.table.open("a", newline="", encoding="utf-8") as file, ProcessPoolExecutor(os.cpu_count()) as pool:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(FIELDS)
        for line in pool.map(run, *zip(*wanted, strict=True)) if wanted else ():
            writer.writerow(line)
            file.flush()
            print(*line)  # noqa: T201 - a program
    gaps: dict[str, list[float]] = {}
    for row in _rows(given.table):
        gaps.setdefault(row["candidate"], []).append(float(row["gap_percent"]))
    for candidate, values in sorted(gaps.items(), key=lambda item: statistics.mean(item[1])):
        print(f"{candidate:30} {statistics.mean(values):6.2f} %  over {len(values)}")  # noqa: T201 - a program


if __name__ == "__main__":
    main()
