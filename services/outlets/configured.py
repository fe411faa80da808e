"""Every destination that the settings ask for, each with what it is told and where it begins; or what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from services.outlets import mail_settings, plugged, webhook_settings
from services.outlets.choosing import Choice, Chosen
from services.outlets.destination import Destination
from services.outlets.grafana import Grafana
from services.outlets.grafana_board import GrafanaBoard
from services.outlets.loop import First
from services.runtime.identity import SqliteIdentity
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.ports import Identity
from services.runtime.settings import Settings
from services.runtime.tls import calling
from services.runtime.yaml_document import Document, DocumentError, read

F = TypeVar("F", bound=BaseModel)
RESERVED = frozenset({"grafana", "fhir", "fhir-alerts", "fhir-forecasts", "fhir-findings", "pacs"})


@dataclass(frozen=True, slots=True)
class Lane:
    """One destination and its consumer group. `kind`: grafana, webhook, mail, or the plug-in's name."""

    kind: str
    destination: Destination
    inner: Destination
    """The destination itself, without what chooses for it."""
    where: str
    """Its server: paths and queries of webhooks may hold secrets."""
    choice: Choice | None = None
    first: First = "earliest"

    @property
    def name(self) -> str:
        """Of the configuration."""
        return self.destination.name


def lanes(
    settings: Settings, environment: Mapping[str, str], identity: Callable[[], Identity] | None = None
) -> tuple[Lane, ...]:
    """All of them; raises DocumentError that names file, line, field and what is wrong."""
    who = identity or cache(lambda: SqliteIdentity(settings.identity_url))
    found: list[Lane] = []
    if settings.grafana_url:
        grafana = Grafana(GrafanaBoard(settings.grafana_url, settings.grafana_token.get_secret_value()))
        found.append(Lane("grafana", grafana, grafana, _server(settings.grafana_url)))
    if settings.pacs:
        found.append(_pacs(settings, who()))
    if settings.webhooks is not None:
        found += webhooks(settings.webhooks, environment)
    if settings.mail is not None:
        found += mails(settings.mail, environment, settings.console_url, who)
    if settings.destinations is not None:
        found += plug_ins(settings.destinations)
    twice = sorted({lane.name for lane in found if [other.name for other in found].count(lane.name) > 1})
    if twice:
        raise DocumentError(f"two destinations are called {twice[0]!r}: a name is a consumer group, give each its own")
    return tuple(found)


def _pacs(settings: Settings, identity: Identity) -> Lane:
    """The PACS; what builds DICOM reports takes memory, so it is loaded only where there is one."""
    from services.outlets.pacs.outlet import PacsReports  # noqa: PLC0415 - see above
    from services.outlets.pacs.sending import pacs_at  # noqa: PLC0415 - see above

    files = settings.tls_certificate, settings.tls_key, settings.tls_authorities
    tls = calling(*files) if settings.pacs.startswith("dicoms:") else None
    pacs = pacs_at(settings.pacs, settings.pacs_token.get_secret_value(), settings.ae_title, tls)
    found = PacsReports(pacs, identity, ObjectStoreByUrl(settings.objects_url))
    return Lane("pacs", found, found, _server(settings.pacs), first="latest")


def webhooks(file: Path, environment: Mapping[str, str]) -> list[Lane]:
    """The webhooks of a file."""
    document, content = _read(file, webhook_settings.WebhooksFile)
    _refuse(document, "webhooks", [(o.name, webhook_settings.problems(o, environment)) for o in content.webhooks])
    made = [(one, webhook_settings.webhook(one, environment)) for one in content.webhooks]
    return [Lane("webhook", Chosen(d, o.choose), d, _server(o.url), o.choose, o.first) for o, d in made]


def mails(file: Path, environment: Mapping[str, str], console: str, who: Callable[[], Identity]) -> list[Lane]:
    """The receivers of mails of a file."""
    document, content = _read(file, mail_settings.MailFile)
    _refuse(document, "mail", [(o.name, mail_settings.problems(o, environment)) for o in content.mail])
    made = [(one, mail_settings.mail_of(one, environment, console, who)) for one in content.mail]
    return [Lane("mail", Chosen(d, o.choose), d, f"{o.server}:{o.port}", o.choose, o.first) for o, d in made]


def plug_ins(file: Path) -> list[Lane]:
    """The destinations of third parties of a file."""
    document, content = _read(file, plugged.PluggedFile)
    _refuse(document, "destinations", [(one.name, []) for one in content.destinations])
    found = []
    for number, one in enumerate(content.destinations):
        try:
            made = plugged.plugged(one)
        except plugged.PluginError as error:
            raise document.error([(("destinations", number, "type"), str(error))]) from error
        found.append(Lane(one.type, Chosen(made, one.choose), made, f"plug-in {one.type}", one.choose, one.first))
    return found


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _read(file: Path, shape: type[F]) -> tuple[Document, F]:
    document = read(file)
    try:
        return document, shape.model_validate(document.content)
    except ValidationError as error:
        raise document.error([(problem["loc"], problem["msg"]) for problem in error.errors()]) from None


def _refuse(document: Document, section: str, problems: Sequence[tuple[str, list[tuple[str, str]]]]) -> None:
    """Raise what is wrong with the entries of a section, each with its line."""
    wrong: list[tuple[tuple[str | int, ...], str]] = []
    for number, (name, listed) in enumerate(problems):
        wrong += [((section, number, field), text) for field, text in listed]
        if name in RESERVED:
            wrong.append(((section, number, "name"), f"{name!r} is the name of another outlet"))
    if wrong:
        raise document.error(wrong)
