"""`wardwatch outlets`: what is configured, a harmless test, and exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.outlets import app
from tests.fakes.grafana.faults import Fault, Reply
from tests.fakes.webhook import FakeReceiver
from tests.services.outlets.test_signing import SECRET


def call(*arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeReceiver:
    """A configured webhook that does not listen yet."""
    fake = FakeReceiver()
    fake.start()
    fake.stop()
    file = tmp_path / "webhooks.json"
    file.write_text(json.dumps({"webhooks": [{"name": "pager", "url": fake.url, "secrets": ["PAGER_SECRET"]}]}))
    monkeypatch.setenv("WARDWATCH_WEBHOOKS", str(file))
    monkeypatch.setenv("PAGER_SECRET", SECRET)
    return fake


@pytest.mark.usefixtures("receiver")
def test_what_is_configured_is_listed() -> None:
    """Name, kind, address, group; no secret."""
    code, output = call("list", "--json")
    (row,) = json.loads(output)
    assert (code, row["name"], row["kind"], row["group"]) == (0, "pager", "webhook", "wardwatch-outlets-pager")
    assert SECRET not in output
    assert call("list")[0] == 0


def test_a_test_says_how_it_went(receiver: FakeReceiver) -> None:
    """0 accepted, 1 refused, 3 nobody there, 2 no such name."""
    assert call("test", "pager")[0] == 3
    with receiver:
        assert call("test", "pager", "--json") == (
            0, '{"name": "pager", "outcome": "delivered", "reason": "the webhook answered 200"}\n',
        )  # fmt: skip
        receiver.fail(Fault(Reply(401, None)))
        assert call("test", "pager") == (1, "pager: refused the webhook answered 401\n")
    code, output = call("test", "pagers")
    assert (code, "there are: pager" in output) == (2, True)


@pytest.mark.usefixtures("receiver")
def test_a_wrong_file_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """With file and line."""
    monkeypatch.delenv("PAGER_SECRET")
    code, output = call("list")
    assert (code, "webhooks.json, line 1" in output, "no PAGER_SECRET" in output) == (2, True, True)


def test_the_fhir_server_is_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each thing written there has a group of its own; no password of an address is shown."""
    monkeypatch.setenv("WARDWATCH_FHIR_SERVER_URL", "https://ward:secret@fhir.example/r4")
    monkeypatch.setenv("WARDWATCH_FHIR_SERVER_WRITES", "alerts findings")
    monkeypatch.setenv("WARDWATCH_IDENTITY_URL", f"sqlite:///{tmp_path}/identity.db")
    code, output = call("list", "--json")
    rows = [(row["name"], row["kind"], row["where"], row["first"]) for row in json.loads(output)]
    assert (code, rows) == (0, [
        ("fhir-alerts", "fhir", "fhir.example/r4", "earliest"), ("fhir-findings", "fhir", "fhir.example/r4", "latest"),
    ])  # fmt: skip
