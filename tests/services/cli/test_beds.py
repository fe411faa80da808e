"""`wardwatch beds` writes what the design says, and says what was wrong with bad input."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ray_jobs.beds.levels import LEVELS
from services.cli import beds
from services.cli.beds import app

RUNNER = CliRunner()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """120 days of two wards."""
    path = tmp_path / "history.csv"
    first = date(2025, 1, 1)
    rows = [f"{first + timedelta(days=n)},{w},{b + n % 7}" for n in range(120) for w, b in (("A", 20), ("B", 200))]
    path.write_text("\n".join(("date,location,occupied", *rows)))
    return path


def test_every_origin_location_day_and_level_is_there(history: Path, tmp_path: Path) -> None:
    """Two origins, two wards, five days, the mean and 23 quantiles: no more, no less, after the origin only."""
    out = tmp_path / "out.csv"
    arguments = ["forecast", str(history), str(out), "--horizon", "5", "--origins", "2025-04-01,2025-04-20"]
    assert RUNNER.invoke(app, arguments).exit_code == 0
    rows = list(csv.DictReader(out.open()))
    assert list(rows[0]) == ["origin", "date", "location", "level", "value"]
    assert len(rows) == 2 * 2 * 5 * 24
    assert {r["level"] for r in rows} == {"mean", *map(str, LEVELS)}
    ahead = {(date.fromisoformat(r["date"]) - date.fromisoformat(r["origin"])).days for r in rows}
    assert ahead == {1, 2, 3, 4, 5}


def test_the_last_day_is_the_default_origin(history: Path, tmp_path: Path) -> None:
    """Without --origins the forecast starts after the history, 28 days."""
    out = tmp_path / "out.csv"
    assert RUNNER.invoke(app, ["forecast", str(history), str(out)]).exit_code == 0
    rows = list(csv.DictReader(out.open()))
    assert {r["origin"] for r in rows} == {"2025-04-30"}
    assert max(r["date"] for r in rows) == "2025-05-28"


@pytest.mark.parametrize(
    ("line", "origins", "said"),
    [
        ("2025-06-01,A,-1", "", "cannot be occupied"),
        ("", "2031-01-01", "outside the history"),
        ("", "soon", "Invalid isoformat"),
    ],
)
def test_bad_input_is_exit_2_and_says_where(history: Path, tmp_path: Path, line: str, origins: str, said: str) -> None:
    """Negative beds, an origin outside the history and no date at all: exit code 2, one sentence, no file."""
    history.write_text(history.read_text() + ("\n" + line if line else ""))
    out = tmp_path / "out.csv"
    result = RUNNER.invoke(app, ["forecast", str(history), str(out), "--origins", origins])
    assert result.exit_code == 2
    assert said in result.output
    assert not out.exists()


def test_evaluate_compares_with_naive(history: Path) -> None:
    """A table of both methods at each horizon."""
    result = RUNNER.invoke(app, ["evaluate", str(history), "--count", "1", "--no-ets"])
    assert result.exit_code == 0
    assert result.output.count("wardwatch") == result.output.count("naive") == 3


@pytest.mark.servers
@pytest.mark.slow
def test_tasks_on_ray_give_what_one_process_gives(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block of wards is a task of a real Ray: the file is the same to the byte."""
    monkeypatch.setattr(beds, "TOGETHER", 1)
    one, many = tmp_path / "one.csv", tmp_path / "many.csv"
    assert RUNNER.invoke(app, ["forecast", str(history), str(one), "--horizon", "3"]).exit_code == 0
    assert RUNNER.invoke(app, ["forecast", str(history), str(many), "--horizon", "3", "--ray", "local"]).exit_code == 0
    assert one.read_bytes() == many.read_bytes()
