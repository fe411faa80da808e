"""The files of encrypted wires: what is right speaks TLS, what is wrong ends the process with the setting's name."""

import os
import ssl
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import command
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


def test_a_service_with_wrong_files_ends_and_says_why(tmp_path: Path) -> None:
    """`wardwatch up gateway`: exit 2 and one line, before any port is opened."""
    missing = tmp_path / "missing.pem"
    said = CliRunner().invoke(command("up"), ["gateway"], env=os.environ | {"WARDWATCH_TLS_CERTIFICATE": str(missing)})
    assert said.exit_code == 2
    assert f"WARDWATCH_TLS_CERTIFICATE: {missing}" in said.output


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
