"""What stands in a Grafana and what lacks: only looked at, compared with what an install of this version leaves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException

from services.outlets.alert_rules import RULES, Rule, model
from services.outlets.board import BoardUnavailable
from services.outlets.dashboards import dashboards
from services.outlets.grafana_rights import Held, rights
from services.outlets.install import stands
from services.outlets.install_alerting import CONTACTS, as_wanted, edited, marked
from services.outlets.install_steps import FOLDER, FORBIDDEN, SOURCE, Api, Json, held, known, listed, translated


class State(StrEnum):
    """How a thing in Grafana stands to what this version would install."""

    INSTALLED = "installed"
    DRIFTED = "drifted"
    """Changed, or of another version: an install puts it right."""
    EDITED = "edited"
    """An alert rule that somebody changed: an install leaves it."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    """This token may not look."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that an install leaves."""

    what: str
    name: str
    state: State


@dataclass(frozen=True, slots=True)
class Checked:
    """All that was found. `ready`: the outlets may work; `complete`: nothing of the install is missing or drifted."""

    version: str
    rights: tuple[Held, ...]
    things: tuple[Thing, ...]

    @property
    def ready(self) -> bool:
        """Whether the running outlets may do all they do."""
        return all(one.allowed for one in self.rights if one.right.used_by == "outlets")

    @property
    def complete(self) -> bool:
        """Whether everything that could be looked at is as installed, or an operator's own."""
        return all(one.state not in (State.MISSING, State.DRIFTED) for one in self.things)


def check(url: str, token: str, *, timeout_s: float = 10.0) -> Checked:
    """Look at everything. Raises BoardUnavailable or BoardMisconfigured (token or address)."""
    api: Any = GrafanaApi.from_url(url=url.rstrip("/") + "/", credential=token or None, timeout=timeout_s)
    try:
        version = str(held(api.client.GET("/health"), "database").get("version", "hidden"))
        allowed = rights(url, token, timeout_s=timeout_s)
        return Checked(version, tuple(allowed), tuple(_things(api)))
    except GrafanaException as error:
        raise translated(error) from error
    except (OSError, ValueError) as error:
        msg = f"Grafana did not answer: {type(error).__name__}"
        raise BoardUnavailable(msg) from error


def _things(api: Api) -> Iterator[Thing]:
    yield _seen("folder", FOLDER["title"], partial(_there, partial(api.folder.get_folder, FOLDER["uid"]), "title"))
    source = partial(api.datasource.get_datasource_by_uid, SOURCE)
    yield _seen("data source", "Wardwatch Prometheus", partial(_there, source, "uid"))
    for wanted in dashboards(SOURCE):
        yield _seen("dashboard", str(wanted["title"]), partial(_dashboard, api, wanted))
    yield from _contacts(api)
    stored = _listed(api.alertingprovisioning.get_alertrules_all)
    for rule in RULES:
        yield Thing("alert rule", rule.title, State.UNKNOWN if stored is None else _rule(stored.get(rule.uid), rule))


def _seen(what: str, name: str, look: Callable[[], State]) -> Thing:
    """The thing's state; unknown where the token may not look."""
    try:
        return Thing(what, name, look())
    except GrafanaClientError as error:
        if error.status_code != FORBIDDEN:
            raise
        return Thing(what, name, State.UNKNOWN)


def _there(look: Callable[[], Json], key: str) -> State:
    return State.MISSING if known(look, key) is None else State.INSTALLED


def _dashboard(api: Api, wanted: dict[str, Json]) -> State:
    found = known(lambda: api.dashboard.get_dashboard(wanted["uid"]), "dashboard")
    if found is None:
        return State.MISSING
    return State.INSTALLED if stands(found, wanted) else State.DRIFTED


def _contacts(api: Api) -> Iterator[Thing]:
    """Those that an install has made; that there are none may be meant, where policies route the rules."""
    stored = _listed(api.alertingprovisioning.get_contactpoints)
    for uid in CONTACTS:
        if stored and uid in stored:
            yield Thing("contact point", f"{stored[uid]['name']} ({stored[uid]['type']})", State.INSTALLED)


def _listed(look: Callable[[], Json]) -> dict[str, Json] | None:
    """By uid; None where the token may not look."""
    try:
        return {str(one.get("uid")): one for one in listed(look())}
    except GrafanaClientError as error:
        if error.status_code != FORBIDDEN:
            raise
        return None


def _rule(stored: dict[str, Json] | None, rule: Rule) -> State:
    if stored is None:
        return State.MISSING
    if edited(stored):
        return State.EDITED
    return State.INSTALLED if as_wanted(stored, marked(model(rule, SOURCE, None))) else State.DRIFTED
