"""`wardwatch schedule simulate` says what a timetable meets, as a table or as JSON."""

import json
from pathlib import Path

from typer.testing import CliRunner

from services.cli.schedule import app
from tests.ray_jobs.scheduling.small import instance, patient, timetable


def files(folder: Path) -> list[str]:
    """An instance whose four long operations fill two lists, and its plan."""
    problem = instance(*(patient(f"p{i}", surgery_duration=120, surgeon_id=f"s{1 + i % 2}") for i in range(4)))
    plan = timetable(problem, *((f"p{i}", 0, f"r{1 + i // 2}", f"t{1 + i // 2}") for i in range(4)))
    (folder / "i.json").write_text(problem.model_dump_json())
    (folder / "s.json").write_text(plan.model_dump_json())
    return [str(folder / "i.json"), str(folder / "s.json")]


def test_a_plan_is_simulated(tmp_path: Path) -> None:
    """The same seed gives the same figures; the table has a line for each."""
    named = ["simulate", *files(tmp_path), "--runs", "50", "--seed", "3"]
    first, second = (CliRunner().invoke(app, [*named, "--json"]) for _ in range(2))
    assert first.exit_code == 0
    told = json.loads(first.stdout)
    assert told == json.loads(second.stdout)
    assert told["operations planned"] == {"plan": 4.0}
    assert "operations cancelled" in CliRunner().invoke(app, named).stdout


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A solution of another instance: exit code 2, and which file it was."""
    named = files(tmp_path)
    (tmp_path / "s.json").write_text('{"patients": [{"id": "x", "admission_day": "none"}], "nurses": []}')
    found = CliRunner().invoke(app, ["simulate", *named])
    assert found.exit_code == 2
    assert "cannot simulate s.json of i.json" in found.output
