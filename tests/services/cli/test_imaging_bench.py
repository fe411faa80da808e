"""`wardwatch imaging bench` on few films: every figure comes from a report that was really made."""

import json

import pytest
from typer.testing import CliRunner

from services.cli.imaging import app

pytest.importorskip("highdicom", reason="a slim installation makes no SR")


def test_every_figure_is_there() -> None:
    """Eight films on one thread: rates and waits are positive, quantiles in order."""
    result = CliRunner().invoke(app, ["bench", "--films", "8", "--threads", "1", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["films"] == 8
    assert min(found["bare_per_s"], found["whole_per_s"], found["with_sr"]) > 0
    assert 0 < found["idle_p50_s"] <= found["idle_p95_s"]
