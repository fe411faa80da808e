"""`wardwatch schedule check` prints the validator's components and answers by its exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.schedule import app

RUNNER = CliRunner()


@pytest.mark.data
def test_json_is_the_official_verdict(shared_data: Path) -> None:
    """The toy solution is infeasible on purpose: its components as the validator gave them, and exit code 1."""
    folder = shared_data / "ihtc2024" / "checked_solutions"
    expected = json.loads((folder / "expected.json").read_text())["toy.json"]
    result = RUNNER.invoke(app, ["check", str(folder / "toy.json"), str(folder / expected.pop("solution")), "--json"])
    assert json.loads(result.output) == expected
    assert result.exit_code == 1


@pytest.mark.data
def test_a_feasible_timetable_is_exit_0(shared_data: Path) -> None:
    """No violation: exit code 0, a line a component."""
    folder = shared_data / "ihtc2024" / "checked_solutions"
    result = RUNNER.invoke(app, ["check", str(folder / "test01.json"), str(folder / "sol_test01.json")])
    assert result.exit_code == 0
    assert "total_cost" in result.output


def test_what_is_no_instance_is_exit_2(tmp_path: Path) -> None:
    """Bad input is told from a bad timetable."""
    path = tmp_path / "instance.json"
    path.write_text('{"days": -1}')
    result = RUNNER.invoke(app, ["check", str(path), str(path)])
    assert result.exit_code == 2
    assert "cannot check" in result.output
