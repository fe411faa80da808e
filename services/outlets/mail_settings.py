"""The file behind WARDWATCH_MAIL (YAML or JSON): who gets mails about which alerts, and by which server."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from schemas.events import Value
from services.outlets.choosing import Choice
from services.outlets.loop import First
from services.outlets.mail import Mail, Server
from services.outlets.webhook_settings import DestinationName, VariableName
from services.runtime.ports import Identity

ADDRESS: Final = re.compile(r"[^\s@<>,;:\"()\\]+@[A-Za-z0-9.-]+")


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text):
        raise ValueError("is not a mail address like ward@hospital.example")
    return text


Address = Annotated[str, Field(max_length=254), AfterValidator(_address)]


class MailSettings(Value):
    """One group of receivers. `hospital`: they are the hospital itself, so its mails name patient and staff."""

    name: DestinationName
    server: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca: Path | None = None
    """Certificates (PEM) to trust instead of the machine's own."""
    user: str = ""
    password: VariableName | None = None
    """Name of the environment variable that holds it."""
    sender: Address = Field(alias="from")
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=50)]
    choose: Choice = Choice(severities=("red",), transitions=("raised", "escalated"))
    hospital: bool = False
    first: First = "latest"
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 10.0


class MailFile(Value):
    """The whole file."""

    version: Literal[1] = 1
    mail: Annotated[tuple[MailSettings, ...], Field(max_length=50)]


def problems(one: MailSettings, environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the shape cannot say: (field, what is wrong)."""
    found = []
    if one.hospital and one.tls == "none":
        found.append(("tls", "mails that name patients are not sent in the clear: starttls or tls"))
    if bool(one.user) != (one.password is not None):
        found.append(("password", "user and password belong together"))
    if one.password is not None and not environment.get(one.password):
        found.append(("password", f"the environment has no {one.password}"))
    if one.password is not None and one.tls == "none":
        found.append(("tls", "a password is not sent in the clear: starttls or tls"))
    if one.ca is not None and not one.ca.is_file():
        found.append(("ca", f"there is no file {one.ca}"))
    if len(set(one.to)) != len(one.to):
        found.append(("to", "an address stands twice"))
    return found


def mail_of(one: MailSettings, environment: Mapping[str, str], console: str, identity: Callable[[], Identity]) -> Mail:
    """The destination; `problems` has found none."""
    server = Server(
        one.server, one.port, one.tls, one.user, environment[one.password] if one.password else "",
        str(one.ca) if one.ca else None, one.timeout_s,
    )  # fmt: skip
    return Mail(
        one.name, server, sender=one.sender, to=one.to, console=console, hospital=one.hospital, identity=identity
    )
