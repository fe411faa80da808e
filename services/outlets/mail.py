"""Mail as a destination (SMTP, RFC 5321; STARTTLS, RFC 3207): one mail for each transition that is chosen.

A reply 4yz is tried again, a reply 5yz to the mail or to a receiver is final (RFC 5321, 4.2.1). Where a server takes a
mail for some receivers only, the others are tried alone, so that nobody gets it twice.
"""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Literal

from schemas.events import AlertEvent, Event
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.mail_message import mail
from services.runtime.errors import DependencyError
from services.runtime.ports import Identity, Partition, Person

PERMANENT: Final = 500


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in. `ca`: certificates to trust instead of the machine's own."""

    host: str
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""
    ca: str | None = None
    timeout_s: float = 10.0


class Mail:
    """Receivers of alerts by mail. `identity` None: the mails name no patient."""

    topics = ("alerts",)

    def __init__(
        self,
        name: str,
        server: Server,
        *,
        sender: str,
        to: tuple[str, ...],
        console: str = "",
        hospital: bool = False,
        identity: Callable[[], Identity] | None = None,
    ) -> None:
        self.name, self._server, self._sender, self._to = name, server, sender, to
        self._console, self._hospital, self._identity = console, hospital, identity
        self._partly: tuple[str, frozenset[str], dict[str, int]] = ("", frozenset(), {})

    def begin(self, partition: Partition, offset: int) -> None:
        """Nothing to remember."""

    def deliver(self, event: Event) -> Attempt:
        """Hand it in once, for those who do not have it yet."""
        if not isinstance(event, AlertEvent):
            return Attempt(Outcome.REFUSED, f"{type(event).__name__} is not a transition of an alert")
        try:
            person = self._person(event.patient)
        except DependencyError:
            return Attempt(Outcome.UNAVAILABLE, "the identity store does not answer")
        message = mail(
            event, sender=self._sender, to=self._to, console=self._console, hospital=self._hospital, person=person
        )
        return self.send(event.id, message)

    def test(self) -> Attempt:
        """A mail that nobody takes for an alert."""
        message = EmailMessage()
        message["From"], message["To"] = self._sender, ", ".join(self._to)
        message["Subject"], message["Auto-Submitted"] = "Wardwatch: test, no alert", "auto-generated"
        message.set_content("Wardwatch was asked to test this address. There is no alert.\n")
        return self.send("", message)

    def send(self, key: str, message: EmailMessage) -> Attempt:
        """One attempt for all who neither have the mail of this key nor are refused it for good."""
        known, had, refused = self._partly
        if known != key or not key:
            had, refused = frozenset(), {}
        left = [to for to in self._to if to not in had and to not in refused]
        try:
            answers = self._hand_in(message, left) if left else {}
            had |= {to for to in left if to not in answers}
        except smtplib.SMTPRecipientsRefused as error:  # nobody was handed it
            answers = {to: code for to, (code, _) in error.recipients.items()}
        except (smtplib.SMTPException, OSError) as error:
            return failed(error)
        refused = refused | {to: code for to, code in answers.items() if code >= PERMANENT}
        self._partly = (key, had, refused)
        if later := [code for code in answers.values() if code < PERMANENT]:
            return Attempt(Outcome.UNAVAILABLE, f"the mail server answered {later[0]} for {len(later)} receivers")
        if set(self._to) - had - set(refused):
            return Attempt(Outcome.UNAVAILABLE, "the mail server broke off")
        if refused:
            codes = ", ".join(map(str, sorted(set(refused.values()))))
            return Attempt(Outcome.REFUSED, f"{len(refused)} of {len(self._to)} receivers refused: {codes}")
        return Attempt(Outcome.DELIVERED)

    def _hand_in(self, message: EmailMessage, to: list[str]) -> dict[str, int]:
        """Receivers that were refused, with the code. A server that breaks off after it took the mail has it."""
        client = self._connect()
        try:
            return {who: code for who, (code, _) in client.send_message(message, self._sender, to).items()}
        finally:
            with suppress(smtplib.SMTPException, OSError):
                client.quit()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        context = None if server.tls == "none" else ssl.create_default_context(cafile=server.ca)
        client: smtplib.SMTP
        if server.tls == "tls":
            client = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
        try:
            if server.tls == "starttls":
                client.starttls(context=context)
            if server.user:
                client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        return client

    def _person(self, patient: str) -> Person | None:
        return self._identity().person(patient) if self._hospital and self._identity is not None else None


def failed(error: smtplib.SMTPException | OSError) -> Attempt:
    """What a failure of the whole conversation means. The server's words are not kept: they may name a receiver."""
    match error:
        case ssl.SSLCertVerificationError():
            return Attempt(Outcome.MISCONFIGURED, "the mail server's certificate is not one that we trust")
        case smtplib.SMTPNotSupportedError():
            return Attempt(Outcome.MISCONFIGURED, "the mail server offers no STARTTLS, or no login")
        case smtplib.SMTPAuthenticationError(smtp_code=code) | smtplib.SMTPSenderRefused(smtp_code=code):
            words = f"the mail server answered {code} to our name"
            return Attempt(Outcome.MISCONFIGURED if code >= PERMANENT else Outcome.UNAVAILABLE, words)
        case smtplib.SMTPDataError(smtp_code=code) if code >= PERMANENT:
            return Attempt(Outcome.REFUSED, f"the mail server answered {code} to the mail")
        case smtplib.SMTPResponseException(smtp_code=code):
            return Attempt(Outcome.UNAVAILABLE, f"the mail server answered {code}")
        case _:
            return Attempt(Outcome.UNAVAILABLE, f"the mail server did not answer: {type(error).__name__}")
