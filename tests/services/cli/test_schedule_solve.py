"""`wardwatch schedule solve` writes better and better plans, says how it went, and tells nonsense from a bad plan."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ray_jobs.scheduling.check import check_timetable
from ray_jobs.scheduling.ihtp import Instance, read_instance, read_solution
from services.cli.schedule import app
from services.cli.schedule_bench import markdown, read_table
from tests.ray_jobs.scheduling.test_solver import made_up

RUNNER = CliRunner()
pytestmark = pytest.mark.timeout(600)
"""Compiling the search takes half a minute where nothing is cached, and more on a crowded machine."""


def written(folder: Path, instance: Instance, name: str = "problem") -> Path:
    """The instance as a file."""
    path = folder / f"{name}.json"
    path.write_text(instance.model_dump_json(exclude_none=True))
    return path


def told(lines: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The better and better plans, and the end; after it only what stands against a plan that keeps every rule."""
    events = [json.loads(line) for line in lines.splitlines()]
    names = [event["event"] for event in events]
    end = names.index("solved")
    assert names == ["better"] * end + ["solved"] + ["conflict"] * (len(names) - end - 1)
    return events[:end], events[end]


def test_plans_are_streamed_and_the_last_is_written(tmp_path: Path) -> None:
    """Each event is dearer than the next; the file holds the plan of the last one, at the cost that it says."""
    problem, out = written(tmp_path, made_up(3, people=30)), tmp_path / "plan.json"
    limits = ["--seconds", "300", "--iterations", "50000"]
    result = RUNNER.invoke(app, ["solve", str(problem), str(out), *limits, "--json"])
    better, solved = told(result.stdout)
    costs = [(e["violations"], e["cost"]) for e in better]
    assert costs == sorted(costs, reverse=True)
    report = check_timetable(read_instance(problem), read_solution(out))
    assert report["total_cost"] == solved["cost"] == better[-1]["cost"]
    assert result.exit_code == (1 if report["total_violations"] else 0)
    assert not list(tmp_path.glob(".*"))


def test_what_cannot_be_is_exit_1_and_named(tmp_path: Path) -> None:
    """No nurse: the least violating plan is written, and the broken rule is told."""
    problem, out = written(tmp_path, made_up(6).model_copy(update={"nurses": ()})), tmp_path / "plan.json"
    result = RUNNER.invoke(app, ["solve", str(problem), str(out), "--seconds", "300", "--iterations", "1000"])
    assert result.exit_code == 1
    assert "UncoveredRoom" in result.stderr
    assert out.exists()


def test_who_cannot_be_planned_is_named(tmp_path: Path) -> None:
    """A patient whose surgeon never works is told by name, with the reason."""
    easy = made_up(3)
    idle = [s.model_copy(update={"max_surgery_time": (0,) * easy.days}) for s in easy.surgeons]
    due = easy.patients[0].model_copy(update={"mandatory": True, "surgery_due_day": easy.days - 1})
    problem = written(tmp_path, easy.model_copy(update={"surgeons": tuple(idle), "patients": (due,)}))
    result = RUNNER.invoke(
        app, ["solve", str(problem), str(tmp_path / "plan.json"), "--seconds", "300", "--iterations", "1000", "--json"]
    )
    assert result.exit_code == 1
    told = [e for line in result.stdout.splitlines() if (e := json.loads(line))["event"] == "conflict"]
    assert [e["patients"] for e in told] == [[due.id]]
    assert due.surgeon_id in told[0]["text"]


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("rooms", 0, "capacity"), -1, "rooms.0.capacity"),
        (("patients", 0, "surgeon_id"), "nobody", "nobody"),
        (("occupants", 0, "room_id"), "attic", "attic"),
        (("patients", 0, "surgery_duration"), 10**30, "surgery_duration"),
        (("patients", 0), {"id": "p0"}, "patients.0"),
        (("days",), 100_000, "days"),
    ],
)
def test_nonsense_is_exit_2(tmp_path: Path, place: tuple[str | int, ...], value: object, told: str) -> None:
    """Negative capacity, unknown names and absurd numbers are refused by name, and no plan is written."""
    problem, out = written(tmp_path, made_up(3)), tmp_path / "plan.json"
    document = json.loads(problem.read_text())
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    problem.write_text(json.dumps(document))
    result = RUNNER.invoke(app, ["solve", str(problem), str(out), "--seconds", "1"])
    assert result.exit_code == 2
    assert told in result.stderr
    assert not out.exists()


def test_due_before_release_is_contradictory(tmp_path: Path) -> None:
    """A mandatory patient who is due before being released is named, not planned."""
    problem = written(tmp_path, made_up(3))
    document = json.loads(problem.read_text())
    document["patients"][0] |= {"mandatory": True, "surgery_release_day": 3, "surgery_due_day": 1}
    problem.write_text(json.dumps(document))
    result = RUNNER.invoke(app, ["solve", str(problem), str(tmp_path / "plan.json"), "--seconds", "1"])
    assert result.exit_code == 2
    assert "p0" in result.stderr


def test_ctrl_c_keeps_the_best(tmp_path: Path) -> None:
    """An interrupt ends the search early: the plan is there and the exit code is the plan's."""
    problem, out = written(tmp_path, made_up(3, people=30)), tmp_path / "plan.json"
    command = [sys.executable, "-m", "services.cli.main", "schedule", "solve", str(problem), str(out)]
    with subprocess.Popen([*command, "--seconds", "500"], stderr=subprocess.PIPE, env=os.environ) as running:
        began = time.monotonic()
        while not out.exists() and time.monotonic() - began < 400:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert running.returncode in (0, 1)
    assert read_solution(out).patients


def test_a_bench_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A run that stands in the table is not done again; the report has a line for it."""
    folder, table = tmp_path / "instances", tmp_path / "table.csv"
    folder.mkdir()
    for name, seed in (("a", 3), ("b", 4)):
        written(folder, made_up(seed), name)
    (tmp_path / "best_known.csv").write_text("instance,best_known\na,100\nb,100\n")
    run = ["bench", str(folder), str(table), "--seconds", "1", "--threads", "1"]
    assert RUNNER.invoke(app, [*run, "--instances", "a"]).exit_code == 0
    first = read_table(table)
    assert RUNNER.invoke(app, run).exit_code == 0
    assert read_table(table)[: len(first)] == first
    assert [row["instance"] for row in read_table(table)] == ["a", "b"]
    assert "| a | 1 | 1 |" in markdown(read_table(table))


@pytest.mark.servers
@pytest.mark.slow
def test_searches_on_ray_answer_with_the_best_of_all(tmp_path: Path) -> None:
    """Two actors of a real Ray: the plan written is at the cost that was told last, and none told was better."""
    problem, out = written(tmp_path, made_up(3, people=30)), tmp_path / "plan.json"
    limits = ["--seconds", "300", "--iterations", "5000", "--threads", "1"]
    result = RUNNER.invoke(app, ["solve", str(problem), str(out), *limits, "--ray", "local", "--actors", "2", "--json"])
    better, solved = told(result.stdout)
    assert solved["cost"] == better[-1]["cost"]
    assert sum(solved["violations"].values()) == min(e["violations"] for e in better)
    assert check_timetable(read_instance(problem), read_solution(out))["total_cost"] == solved["cost"]


def test_a_cluster_that_is_not_there_is_exit_3(tmp_path: Path) -> None:
    """The address is named, and no plan is written."""
    problem, out = written(tmp_path, made_up(3)), tmp_path / "plan.json"
    result = RUNNER.invoke(app, ["solve", str(problem), str(out), "--seconds", "5", "--ray", "127.0.0.1:1"])
    assert result.exit_code == 3
    assert "127.0.0.1:1" in result.stderr
    assert not out.exists()
