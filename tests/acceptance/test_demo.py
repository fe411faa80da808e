"""`wardwatch demo --json`: the whole system from one command, and an account of itself that adds up."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(300)]
PATIENTS = 12
"""Half of what the demo shows by itself: its day of history is told sooner on a busy machine."""
KEYS = {
    "readings": {"acknowledged", "applied", "by_hl7v2", "quarantined", "lost", "duplicated"},
    "images": {"stored", "reported"},
    "alerts": {"raised", "delivered"},
    "latency_ms": {"p50", "p99"},
}


def test_the_demo_accounts_for_everything(tmp_path: Path) -> None:
    """Forty seconds of demo: exit 0, the promised keys, nothing lost or repeated, alerts shown, films reported."""
    address = tmp_path / "address.json"
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "services.cli.main", "demo"),
            *("--for", "40", "--patients", str(PATIENTS), "--port", "0", "--json"),
        ],
        env=os.environ | {"WARDWATCH_DEMO_ADDRESS": str(address)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as demo:  # fmt: skip
        try:
            while not address.exists() and demo.poll() is None:
                time.sleep(0.2)
            rows = seen(json.loads(address.read_text())) if address.exists() else []
            out, err = demo.communicate(timeout=240)
        finally:
            demo.terminate()
    assert demo.returncode == 0, out + err[-3000:]
    assert len(rows) >= PATIENTS
    assert all(row["name"] for row in rows)
    summary = json.loads(out)
    for name, keys in KEYS.items():
        assert set(summary[name]) == keys
    assert summary["readings"]["lost"] == summary["readings"]["duplicated"] == 0
    assert summary["readings"]["acknowledged"] == summary["readings"]["applied"] > summary["readings"]["by_hl7v2"] > 0
    assert summary["alerts"]["delivered"] == summary["alerts"]["raised"] > 0
    assert summary["images"]["reported"] == summary["images"]["stored"] > 0
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p99"]
    assert all({"count", "lag"} == set(numbers) for numbers in summary["stages"].values())
    assert {"gateway", "watch", "imaging", "alerting", "operations", "console"} <= set(summary["stages"])


def seen(address: dict[str, Any]) -> list[dict[str, Any]]:
    """The fullest board that the care team had while the demo ran."""
    care = {"Authorization": f"Bearer {address['tokens']['care']}"}
    best: list[dict[str, Any]] = []
    with contextlib.suppress(httpx.HTTPError):  # the demo has ended, and its console with it
        while len(best) < PATIENTS or not any(row["alerts"] for row in best):
            answer = httpx.get(f"{address['console']}/api/board", headers=care, timeout=10)
            best = max(best, answer.json()["rows"], key=len)
            time.sleep(0.5)
    return best
