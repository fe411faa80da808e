"""The files of encrypted wires: what is right speaks TLS, what is wrong ends the process with the setting's name."""

import ssl
from pathlib import Path

import pytest

from services.cli.main import run
from services.runtime.errors import WrongSettingError
from services.runtime.kafka_log.address import reached, shown
from services.runtime.settings import Settings
from services.runtime.tls import calling, listening
from tests.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Ours."""
    return Authority.new(tmp_path_factory.mktemp("tls"))


def test_without_a_certificate_ports_speak_plain_text() -> None:
    """TLS begins where a certificate is set."""
    assert listening(Settings()) is None


def test_authorities_make_callers_show_a_certificate(authority: Authority) -> None:
    """Without them anyone may call; never below TLS 1.2."""
    ours = authority.vouch("gateway")
    one, both = (
        listening(Settings.model_validate({"tls_certificate": ours} | more))
        for more in ({}, {"tls_authorities": authority.file})
    )
    assert one is not None
    assert both is not None
    assert (one.verify_mode, both.verify_mode) == (ssl.CERT_NONE, ssl.CERT_REQUIRED)
    assert one.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"tls_certificate": "missing.pem"}, "WARDWATCH_TLS_CERTIFICATE"),
        ({"tls_certificate": "text.pem"}, "WARDWATCH_TLS_CERTIFICATE"),
        ({"tls_certificate": "ours.pem", "tls_key": "text.pem"}, "WARDWATCH_TLS_CERTIFICATE"),
        ({"tls_certificate": "ours.pem", "tls_authorities": "text.pem"}, "WARDWATCH_TLS_AUTHORITIES"),
        ({"tls_key": "ours.pem", "tls_authorities": "ours.pem"}, "WARDWATCH_TLS_KEY"),
        ({"tls_key": "ours.pem"}, "WARDWATCH_TLS_KEY"),
        ({"tls_authorities": "ours.pem"}, "WARDWATCH_TLS_AUTHORITIES"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    authority: Authority, tmp_path: Path, files: dict[str, str], named: str
) -> None:
    """The setting, the file and what is wrong; never a port that stays open in plain text."""
    (tmp_path / "text.pem").write_text("no certificate")
    (tmp_path / "ours.pem").write_bytes(authority.vouch("named").read_bytes())
    with pytest.raises(WrongSettingError, match=named):
        listening(Settings.model_validate({name: tmp_path / file for name, file in files.items()}))


@pytest.mark.parametrize(
    ("words", "setting", "value"),
    [
        (["up", "gateway"], "WARDWATCH_TLS_CERTIFICATE", "missing.pem"),
        (["quarantine"], "WARDWATCH_KAFKA", "http://b:1"),
    ],
)
def test_a_wrong_setting_ends_a_command_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], setting: str, value: str
) -> None:
    """Exit 2 and one line with the setting's name, before any port is opened."""
    monkeypatch.setenv(setting, value)
    with pytest.raises(SystemExit) as ended:
        run(words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"wardwatch: {setting}: ")


def test_a_caller_trusts_the_authorities_it_was_given_alone(authority: Authority) -> None:
    """And checks the name of whom it calls."""
    context = calling(None, None, authority.file)
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1


def test_addresses_of_kafka() -> None:
    """Plain, TLS with files, TLS with a user; quoted characters are read."""
    assert reached("a:1,b:2") == {"bootstrap_servers": "a:1,b:2"}
    assert reached("ssl://a:1,b:2?authorities=/ca.pem&certificate=/c.pem&key=/k.pem") == {
        "bootstrap_servers": "a:1,b:2", "security_protocol": "SSL", "ssl_cafile": "/ca.pem", "ssl_certfile": "/c.pem",
        "ssl_keyfile": "/k.pem",
    }  # fmt: skip
    assert reached("sasl_ssl://ward:p%40ss@a:1") == {
        "bootstrap_servers": "a:1", "security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ward", "sasl_plain_password": "p@ss",
    }  # fmt: skip
    assert shown("sasl_ssl://ward:p%40ss@a:1,b:2?mechanism=PLAIN") == "sasl_ssl://a:1,b:2"


@pytest.mark.parametrize(
    "address",
    [
        "https://a:1",
        "ssl://ward:pass@a:1",
        "ssl://a:1?trust=all",
        "sasl_ssl://a:1",
        "sasl_ssl://u:secret@a:1?mechanism=X",
    ],
)
def test_addresses_that_cannot_be_used_are_refused_without_their_password(address: str) -> None:
    """An option that nobody knows is no option: it may have been meant to protect."""
    with pytest.raises(WrongSettingError, match="WARDWATCH_KAFKA") as error:
        reached(address)
    assert "secret" not in str(error.value)
