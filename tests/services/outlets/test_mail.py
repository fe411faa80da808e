"""Mails over a real SMTP conversation: content, STARTTLS, logins, receivers one by one, what each reply means."""

import ssl
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from schemas.events import AlertAcknowledged, AlertEvent, AlertRaised
from services.outlets.configured import lanes
from services.outlets.delivery import Outcome
from services.outlets.mail import Mail, Server
from services.outlets.mail_message import subject, text
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier, Person
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError
from tests.fakes.mail import Break, FakeMailServer
from tests.services.outlets.alerts import PATIENT, STAFF, TYPED, event, life

FROM, TO = "ww@hospital.example", ("nurse@hospital.example", "doctor@hospital.example")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 and its key in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def tls(certificate: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def plain(server: FakeMailServer, to: tuple[str, ...] = TO) -> Mail:
    """Mail without TLS."""
    return Mail("mail", Server("127.0.0.1", server.port, "none", timeout_s=1), sender=FROM, to=to)


def secured(server: FakeMailServer, ca: Path | None, password: str) -> Mail:
    """Mail with STARTTLS and a login."""
    where = Server("localhost", server.port, "starttls", "ww", password, str(ca) if ca else None, timeout_s=2)
    return Mail("mail", where, sender=FROM, to=TO)


def test_a_mail_says_what_where_why_and_nobodys_name() -> None:
    """Kind, severity, ward and bed, reasons, a link; who was meant is a key."""
    with FakeMailServer() as server:
        mail = Mail(
            "mail", Server("127.0.0.1", server.port, "none"), sender=FROM, to=TO, console="https://console.example/"
        )
        assert mail.deliver(life()[0]).outcome is Outcome.DELIVERED
        (taken,) = server.taken
    assert taken.to == TO
    assert taken.message["Subject"] == "[amber] Sepsis raised: ward 5B, bed 5B-3"
    assert taken.message["Auto-Submitted"] == "auto-generated"
    content = taken.message.get_content()
    assert taken.message.get_content_type() == "text/plain"
    for part in ("Where: ward 5B, bed 5B-3", "Sepsis risk 0.71", "- lactate 4.1 mmol/L > 2", "2026-03-01 08:00:00 UTC"):
        assert part in content
    assert f"https://console.example/patients/{PATIENT}" in content


def test_mails_of_an_alert_are_one_thread() -> None:
    """Each transition has a Message-ID of its own, always the same, and all refer to the alert."""
    with FakeMailServer() as server:
        mail = plain(server)
        for one in (*life(), life()[0]):
            mail.deliver(one)
        ids = [taken.message["Message-ID"] for taken in server.taken]
        threads = {taken.message["References"] for taken in server.taken}
    assert ids[4] == ids[0]
    assert (len(set(ids)), len(threads)) == (4, 1)


def test_only_the_hospital_reads_names() -> None:
    """Patient, staff and typed words stand in mails to the hospital, and in no other; never in a subject."""
    person = Person("k", "main", "Muster", "Maria", date(1950, 1, 31), "female", "4711")
    acted = event(AlertAcknowledged, 7)
    inside, outside = (text(acted, console="", person=person if own else None, hospital=own) for own in (True, False))
    assert "Patient: MUSTER, Maria; born 1950-01-31; record 4711" in inside
    assert STAFF in inside
    assert TYPED in inside
    for word in ("MUSTER", "4711", STAFF, TYPED):
        assert word not in outside + subject(acted)


def test_whom_it_asks_is_said() -> None:
    """The role, and to the hospital how it is reached."""
    asked = event(AlertRaised, 1, role="charge_nurse", contact="bleep 4711")
    inside, outside = (text(asked, console="", person=None, hospital=own) for own in (True, False))
    assert "For: charge nurse, bleep 4711\n" in inside
    assert "For: charge nurse\n" in outside


def test_the_name_comes_from_the_identity_store() -> None:
    """Asked at the last step, and only for the hospital."""
    people = FakeIdentity(lambda: PATIENT)
    people.register("main", [Identifier("mrn", "4711")], Person("", "main", "Muster", "Maria"))
    with FakeMailServer() as server:
        for own in (True, False):
            Mail(
                "m", Server("127.0.0.1", server.port, "none"), sender=FROM, to=TO, hospital=own, identity=lambda: people
            ).deliver(life()[0])
        inside, outside = (taken.message.get_content() for taken in server.taken)
    assert "MUSTER, Maria" in inside
    assert "MUSTER" not in outside


def test_starttls_and_login(certificate: Path) -> None:
    """The conversation is encrypted before the password is said, by a certificate that we trust."""
    with FakeMailServer(tls(certificate), ("ww", "right")) as server:
        assert secured(server, certificate, "right").deliver(life()[0]).outcome is Outcome.DELIVERED
        assert [(taken.tls, taken.user) for taken in server.taken] == [(True, "ww")]
        assert secured(server, None, "right").deliver(life()[0]).outcome is Outcome.MISCONFIGURED
        assert secured(server, certificate, "wrong").deliver(life()[0]).outcome is Outcome.MISCONFIGURED
        assert len(server.taken) == 1


def test_no_starttls_no_mail() -> None:
    """A server that does not offer encryption is told nothing."""
    with FakeMailServer() as server:
        where = Server("localhost", server.port, "starttls", timeout_s=1)
        attempt = Mail("m", where, sender=FROM, to=TO).deliver(life()[0])
        assert (attempt.outcome, server.taken) == (Outcome.MISCONFIGURED, [])


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Break("CONNECT", 421), Outcome.UNAVAILABLE),
        (Break("CONNECT", 554), Outcome.UNAVAILABLE),
        (Break("MAIL", 451), Outcome.UNAVAILABLE),
        (Break("MAIL", 550), Outcome.MISCONFIGURED),
        (Break("RCPT", 421), Outcome.UNAVAILABLE),
        (Break("DATA", 451), Outcome.UNAVAILABLE),
        (Break("DATA", 554), Outcome.REFUSED),
        (Break("TAKEN"), Outcome.UNAVAILABLE),
        (Break("DATA", hang_s=3), Outcome.UNAVAILABLE),
    ],
)
def test_what_each_reply_means(fault: Break, outcome: Outcome) -> None:
    """4yz and silence are tried again, 5yz to the mail is final, 5yz to our own name is for an operator."""
    with FakeMailServer() as server:
        server.fail(fault)
        assert plain(server).deliver(life()[0]).outcome is outcome


def got(server: FakeMailServer) -> list[str]:
    """All receivers of all mails."""
    return [to for taken in server.taken for to in taken.to]


def test_a_receiver_who_is_busy_is_tried_alone() -> None:
    """Those who have the mail do not get it again."""
    with FakeMailServer() as server:
        mail, first = plain(server), life()[0]
        server.fail(Break("RCPT", 450, only="doctor"))
        assert mail.deliver(first).outcome is Outcome.UNAVAILABLE
        assert mail.deliver(first).outcome is Outcome.DELIVERED
        assert got(server) == list(TO)


def test_a_receiver_who_is_refused_is_told_in_the_end() -> None:
    """Everybody else has the mail; the dead letter says how many do not, and no address."""
    with FakeMailServer() as server:
        server.fail(Break("RCPT", 550, only="nurse"))
        attempt = plain(server).deliver(life()[0])
        assert (attempt.outcome, got(server)) == (Outcome.REFUSED, [TO[1]])
    assert attempt.words == "1 of 2 receivers refused: 550"


def test_a_server_that_breaks_off_between_receivers_has_nothing() -> None:
    """421 at the second receiver ends the conversation: the first does not have the mail either."""
    with FakeMailServer() as server:
        mail, first = plain(server), life()[0]
        server.fail(Break("RCPT", 421, only="doctor"))
        assert mail.deliver(first).outcome is Outcome.UNAVAILABLE
        assert mail.deliver(first).outcome is Outcome.DELIVERED
        assert got(server) == list(TO)


GOOD = """
mail:
  - name: rapid
    server: smtp.hospital.example
    user: ww
    password: MAIL_PASSWORD
    from: ww@hospital.example
    to: [rapid@hospital.example]
    hospital: true
"""


def test_red_alerts_that_are_raised_are_the_default(tmp_path: Path) -> None:
    """Without a choice a mail is about a red alert that was raised or escalated."""
    file = tmp_path / "mail.yaml"
    file.write_text(GOOD)
    (lane,) = lanes(Settings(mail=file), {"MAIL_PASSWORD": "x"}, FakeIdentity)
    choice = lane.choice
    assert choice is not None

    def takes(one: AlertEvent) -> bool:
        return choice.takes(one)

    assert [takes(one) for one in life()] == [False, True, False, False]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("    hospital: true", "    hospital: true\n    tls: none", "in the clear"),
        ("    password: MAIL_PASSWORD\n", "", "belong together"),
        ("rapid@hospital.example", "rapid at hospital", "line 8.*mail address"),
        ("from: ww@hospital.example", 'from: "ww@hospital.example\\nBcc: x@y.example"', "line 7.*mail address"),
        ("MAIL_PASSWORD", "NOT_THERE", "no NOT_THERE"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, before: str, after: str, told: str) -> None:
    """File, line, field and what is wrong."""
    file = tmp_path / "mail.yaml"
    file.write_text(GOOD.replace(before, after))
    with pytest.raises(DocumentError, match=f"mail.yaml, (.|\n)*{told}"):
        lanes(Settings(mail=file), {"MAIL_PASSWORD": "x"}, FakeIdentity)
