"""The file behind WARDWATCH_WEBHOOKS (YAML or JSON): which webhooks there are, read once, checked whole.

Secrets do not stand in it: each is named by the environment variable that holds it.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from schemas.events import Value
from services.outlets.choosing import Choice
from services.outlets.loop import First
from services.outlets.signing import key_of
from services.outlets.webhook import Webhook

HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
DestinationName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
"""Part of the consumer group's name: a renamed destination is a new one."""
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("must be https://HOST/…")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("holds a user, a password or a fragment: the signature says who is calling")
    return url


class WebhookSettings(Value):
    """One webhook. `hospital`: the receiver is the hospital itself, so names of staff and typed words are sent too."""

    name: DestinationName
    url: Annotated[str, Field(max_length=2000), AfterValidator(_address)]
    secrets: Annotated[tuple[VariableName, ...], Field(min_length=1, max_length=4)]
    """Names of environment variables, the newest secret first."""
    choose: Choice = Choice()
    hospital: bool = False
    insecure: bool = False
    """Allow http:// to another machine."""
    first: First = "latest"
    """Where it begins when it is new: with what comes now, or with all that the log still holds."""
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 10.0


class WebhooksFile(Value):
    """The whole file."""

    version: Literal[1] = 1
    webhooks: Annotated[tuple[WebhookSettings, ...], Field(max_length=50)]


def problems(one: WebhookSettings, environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the shape cannot say: (field, what is wrong)."""
    found = []
    parts = urlsplit(one.url)
    if parts.scheme == "http" and parts.hostname not in HERE and not one.insecure:
        found.append(("url", "http:// to another machine is read by everyone between: use https://, or insecure: true"))
    for variable in one.secrets:
        secret = environment.get(variable)
        if not secret:
            found.append(("secrets", f"the environment has no {variable}"))
            continue
        try:
            key_of(secret)
        except ValueError as error:
            found.append(("secrets", f"{variable} {error}"))
    return found


def webhook(one: WebhookSettings, environment: Mapping[str, str]) -> Webhook:
    """The destination; `problems` has found none."""
    keys = [key_of(environment[variable]) for variable in one.secrets]
    return Webhook(one.name, one.url, keys, hospital=one.hospital, timeout_s=one.timeout_s)
