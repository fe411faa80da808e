"""`wardwatch demo --json`: the whole system from one command, and an account of itself that adds up."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]
KEYS = {
    "readings": {"acknowledged", "applied", "quarantined", "lost", "duplicated"},
    "images": {"stored", "reported"},
    "alerts": {"raised", "delivered"},
    "latency_ms": {"p50", "p99"},
}


def test_the_demo_accounts_for_everything(tmp_path: Path) -> None:
    """Twenty seconds of demo: exit 0, the promised keys, nothing lost or repeated, alerts shown, films reported."""
    address = tmp_path / "address.json"
    with subprocess.Popen(
        [sys.executable, "-m", "services.cli.main", "demo", "--for", "20", "--json"],
        env=os.environ | {"WARDWATCH_DEMO_ADDRESS": str(address)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as demo:  # fmt: skip
        try:
            while not address.exists() and demo.poll() is None:
                time.sleep(0.2)
            if address.exists():
                told = json.loads(address.read_text())
                care = {"Authorization": f"Bearer {told['tokens']['care']}"}
                time.sleep(12)
                board = httpx.get(f"{told['console']}/api/board", headers=care, timeout=20).json()
                assert len(board["rows"]) >= 20
                assert all(row["name"] for row in board["rows"])
                assert any(row["alerts"] for row in board["rows"])
            out, err = demo.communicate(timeout=180)
        finally:
            demo.terminate()
    assert demo.returncode == 0, out + err[-3000:]
    summary = json.loads(out)
    for name, keys in KEYS.items():
        assert set(summary[name]) == keys
    assert summary["readings"]["lost"] == summary["readings"]["duplicated"] == 0
    assert summary["readings"]["acknowledged"] == summary["readings"]["applied"] > 0
    assert summary["alerts"]["delivered"] == summary["alerts"]["raised"] > 0
    assert summary["images"]["reported"] == summary["images"]["stored"] > 0
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p99"]
    assert all({"count", "lag"} == set(numbers) for numbers in summary["stages"].values())
    assert {"gateway", "watch", "imaging", "alerting", "operations", "console"} <= set(summary["stages"])
