"""`wardwatch publish` and `wardwatch validate` against a gateway that answers over HTTP."""

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import typer
from pydicom import dcmread
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

from schemas.fhir.patient import MRN_AUTHORITY
from services.cli.convert import app as convert
from services.cli.publish import publish
from services.cli.validate import validate
from services.gateway.dicom import DicomServer
from services.gateway.dicom_store import ImageDoor
from services.gateway.gateway import Gateway
from services.gateway.main import make_app
from services.runtime import web
from services.runtime.clock import ToldClock
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier
from services.runtime.settings import Settings
from tests.schemas.fhir.documents import KNOWN, bundle, observation, patient, vitals
from tests.schemas.hl7v2.messages import ADMIT, RESULTS, message

PUBLISH, VALIDATE = typer.Typer(), typer.Typer()
PUBLISH.command()(publish)
VALIDATE.command()(validate)
PORTS: dict[str, int] = {}


@pytest.fixture(scope="module")
def log() -> FakeLog:
    """The log behind the gateway."""
    return FakeLog()


@pytest.fixture(scope="module")
def url(log: FakeLog) -> Iterator[str]:
    """A gateway on fakes, over real HTTP."""
    gateway = Gateway(
        site="main", partitions=4, identity=FakeIdentity(), publisher=log.publisher(), objects=FakeObjectStore(),
        clock=ToldClock(KNOWN),
    )  # fmt: skip
    settings = Settings.model_validate({"open": True, "max_body_bytes": 100_000})
    listener, messages = web.bind("127.0.0.1", 0), web.bind("127.0.0.1", 0)
    stop = web.serve_in_thread(make_app(gateway, settings, Health("gateway"), messages), listener)
    PORTS["mllp"] = messages.getsockname()[1]
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a bundle, a single resource, NDJSON, an archive, a truncated file and something else."""
    (tmp_path / "1.json").write_bytes(orjson.dumps(bundle(patient(), *vitals(), {"resourceType": "Claim"})))
    (tmp_path / "2.json").write_bytes(orjson.dumps(observation(id_="single")))
    lines = [observation(id_=f"line-{n}") for n in range(3)] + [observation(value=-1, id_="bad")]
    (tmp_path / "3.ndjson").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    content = orjson.dumps(bundle(*vitals()))
    with tarfile.open(tmp_path / "4.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("folder/inner.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    (tmp_path / "5.json").write_bytes(b'{"resourceType": "Bun')
    return tmp_path


def run(url: str, *paths: Path) -> tuple[int, dict[str, object]]:
    """Exit code and the JSON that was said."""
    result = CliRunner().invoke(PUBLISH, [*map(str, paths), "--to", url, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_every_entry_is_accounted_for(url: str, files: Path) -> None:
    """Applied, ignored and quarantined sum to what was sent."""
    code, said = run(url, files)
    assert code == 0
    assert said["accounted"] is True
    assert (said["documents"], said["sent"], said["applied"], said["ignored"], said["quarantined"]) == (5, 24, 21, 1, 2)
    assert said["readings"] == 20
    assert said["ignored_by_type"] == {"Claim": 1}
    reasons = said["quarantined_by_reason"]
    assert isinstance(reasons, dict)
    assert any("heart_rate" in reason for reason in reasons)
    assert any("not JSON" in reason for reason in reasons)


def test_a_repeat_is_harmless(url: str, files: Path, log: FakeLog) -> None:
    """Sent again, the same ids are written."""
    run(url, files)
    ids = {dict(r.headers)["ce_id"] for records in log.records.values() for r in records}
    run(url, files)
    assert {dict(r.headers)["ce_id"] for records in log.records.values() for r in records} == ids


def test_refused_is_not_done(url: str, tmp_path: Path) -> None:
    """What is too large or of no known format is refused, and the exit code says so."""
    (tmp_path / "large.json").write_bytes(b"{" + b" " * 200_000)
    (tmp_path / "notes.txt").write_text("hello")
    code, said = run(url, tmp_path)
    assert code == 1
    assert (said["refused"], said["accounted"]) == (2, True)


def test_busy_is_waited_for(url: str, files: Path, log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 is answered by waiting as long as Retry-After says, then by sending again."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        log.down = False

    monkeypatch.setattr("services.cli.sending.time.sleep", sleep)
    log.down = True
    code, said = run(url, files / "1.json")
    assert (code, said["applied"]) == (0, 9)
    assert waits == [2.0]


def test_nobody_there(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a gateway the exit code is 3 and the message says what to do."""
    monkeypatch.setattr("services.cli.sending.time.sleep", lambda _: None)
    result = CliRunner().invoke(PUBLISH, [str(files), "--to", "http://127.0.0.1:9"])
    assert result.exit_code == 3
    assert "is it running" in result.output


def test_no_such_path(url: str) -> None:
    """A path that is not there is wrong usage."""
    assert CliRunner().invoke(PUBLISH, ["/no/such/path", "--to", url]).exit_code == 2
    assert CliRunner().invoke(VALIDATE, ["/no/such/path"]).exit_code == 2


def test_the_table(url: str, files: Path) -> None:
    """Without --json a table says what became of it all."""
    result = CliRunner().invoke(PUBLISH, [str(files), "--to", url])
    assert "The sums agree." in result.output
    assert "Claim" in result.output


def test_validate_says_what_is_wrong(files: Path) -> None:
    """A line for each file: valid or not, and where."""
    (files / "6.json").write_text('{"resourceType": "Patient", "gender": [1]}')
    (files / "7.json").write_text('{"resourceType": "Patient", "id": "1", "id": "2"}')
    (files / "8.json").write_text('{"resourceType": "Patient", "name": []}')
    result = CliRunner().invoke(VALIDATE, [str(files), "--json"])
    assert result.exit_code == 1
    said = {Path(line["file"]).name: line for line in map(json.loads, result.stdout.splitlines())}
    valid = {name for name, line in said.items() if line["valid"]}
    assert valid == {"2.json", "3.ndjson", "inner.json"}  # the bundle of 1.json holds a Claim that says nothing
    assert said["5.json"]["issues"][0]["text"] == "not JSON"
    assert said["6.json"]["issues"][0]["path"] == "Patient.gender"
    assert said["7.json"]["issues"][0]["text"] == "the property is there twice"
    assert said["8.json"]["issues"][0] == {"severity": "error", "path": "Patient.name", "text": "must not be empty"}


def test_validate_a_valid_file(files: Path) -> None:
    """All valid is exit code 0."""
    assert CliRunner().invoke(VALIDATE, [str(files / "2.json")]).exit_code == 0


@pytest.mark.servers
def test_films_are_stored(tmp_path: Path) -> None:
    """DICOM objects go by C-STORE: a stranger's is quarantined with the reason, a registered patient's applied."""
    source = get_testdata_file("CT_small.dcm")
    assert isinstance(source, str)
    film = tmp_path / "film.dcm"
    shutil.copy(source, film)
    identity = FakeIdentity()
    server = DicomServer(ImageDoor(identity, FakeObjectStore(), FakeLog().publisher(), ToldClock(KNOWN), "main", 4))
    server.start()
    try:
        for known, fate in ((False, "quarantined"), (True, "applied")):
            if known:
                identity.register("main", [Identifier(MRN_AUTHORITY, str(dcmread(film).PatientID))])
            arguments = [str(film), "--to", "http://127.0.0.1:9", "--dicom", f"127.0.0.1:{server.port}", "--json"]
            result = CliRunner().invoke(PUBLISH, arguments)
            assert result.exit_code == 0
            assert json.loads(result.stdout)[fate] == 1
    finally:
        server.stop()


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    """Four messages: an admission, results of which one is bad, one about nobody, and one of no use."""
    for name, content in (
        ("1-admit", ADMIT.replace("20260301", "20260101").encode()),
        ("2-results", RESULTS.replace("20260301", "20260101").replace("||3.1|", "||high|").encode()),
        ("3-nobody", message("ADT^A01", "PV1|1|I")),
        ("4-charge", message("DFT^P03", "PID|1||1")),
    ):
        (tmp_path / f"{name}.hl7").write_bytes(content.replace(b"\r", b"\n"))
    return tmp_path


def test_messages_are_published_and_counted(url: str, messages: Path) -> None:
    """Over MLLP: applied, quarantined in part and in whole, ignored; every one accounted for, exit 0."""
    result = CliRunner().invoke(PUBLISH, [str(messages), "--to", url, "--mllp", f"127.0.0.1:{PORTS['mllp']}", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.splitlines()[-1])
    assert (told["sent"], told["applied"], told["quarantined"], told["ignored"]) == (4, 1, 2, 1)
    assert told["accounted"]


def test_the_port_of_messages_may_be_where_to_publish(url: str, messages: Path) -> None:
    """`--to mllp://HOST:PORT` says the same; no gateway's address is needed for messages."""
    assert url  # the gateway is there
    result = CliRunner().invoke(PUBLISH, [str(messages), "--to", f"mllp://127.0.0.1:{PORTS['mllp']}", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["sent"] == 4


def test_messages_are_validated_where_they_lie(messages: Path) -> None:
    """A line for each file, with the segment and field that is wrong."""
    result = CliRunner().invoke(VALIDATE, [str(messages), "--json"])
    assert result.exit_code == 1
    told = {Path(line["file"]).stem: line for line in map(json.loads, result.stdout.splitlines())}
    assert told["1-admit"]["valid"]
    assert told["2-results"]["issues"][0]["path"] == "OBX-5"
    assert told["3-nobody"]["issues"][0]["path"] == "PID"
    assert told["4-charge"]["valid"]
    assert told["4-charge"]["issues"][0]["severity"] == "warning"


@pytest.mark.parametrize(("name", "code"), [("1-admit", 0), ("2-results", 1), ("3-nobody", 2), ("none", 2)])
def test_a_message_is_converted_to_the_bundle_that_is_read(messages: Path, name: str, code: int) -> None:
    """0 with a Bundle; 1 with a Bundle of what can be used; 2 without one; what is wrong on standard error."""
    result = CliRunner().invoke(convert, ["hl7v2", str(messages / f"{name}.hl7")])
    assert result.exit_code == code
    if code < 2:
        assert json.loads(result.stdout)["resourceType"] == "Bundle"
    assert bool(result.stderr) == bool(code)
