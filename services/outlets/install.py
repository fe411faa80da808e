"""Folder, data source and dashboards in a Grafana: created or updated, so that a second install changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException

from services.outlets.board import BoardMisconfigured, BoardUnavailable, Put
from services.outlets.dashboards import Json, dashboards
from services.runtime.errors import BadInputError

FOLDER = {"uid": "wardwatch", "title": "Wardwatch"}
SOURCE = "wardwatch-prometheus"
# What 11.0.0 adds to a saved dashboard; the rest comes back as it was sent.
ADDED = ("id", "version")

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, MISMATCH = 401, 403, 404, 409, 412


class NameTakenError(BadInputError):
    """Something else in this Grafana already has the name; a person has to decide."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was installed and what that took."""

    what: str
    name: str
    did: Put


def install(url: str, token: str, prometheus_url: str, *, timeout_s: float = 10.0) -> list[Step]:
    """Install everything; may be repeated at will and by several at once.

    `token` is a service account's with role Admin (data sources need it); empty where `url` carries
    user and password. Raises BoardUnavailable, BoardMisconfigured (token, role or address) or NameTakenError.
    """
    api: Any = GrafanaApi.from_url(url=url.rstrip("/") + "/", credential=token or None, timeout=timeout_s)
    try:
        return [
            _folder(api),
            _source(api, prometheus_url),
            *(_dashboard(api, model) for model in dashboards(SOURCE)),
        ]
    except GrafanaException as error:
        raise _translated(error) from error
    except (OSError, ValueError) as error:
        if isinstance(error, BadInputError):
            raise
        msg = f"Grafana did not answer: {type(error).__name__}"
        raise BoardUnavailable(msg) from error


def _folder(api: Any) -> Step:  # noqa: ANN401 - grafana-client ships without types
    uid, title = FOLDER["uid"], FOLDER["title"]
    found = _known(lambda: api.folder.get_folder(uid), "title")
    did = Put.UNCHANGED
    if found is None:
        _create(lambda: _held(api.folder.create_folder(title, uid=uid), "uid"), f"folder {title!r}")
        did = Put.CREATED
    elif found["title"] != title:
        _held(api.folder.update_folder(uid, title=title, overwrite=True), "uid")
        did = Put.UPDATED
    return Step("folder", title, did)


def _source(api: Any, prometheus_url: str) -> Step:  # noqa: ANN401 - grafana-client ships without types
    wanted: dict[str, Json] = {
        "uid": SOURCE,
        "name": "Wardwatch Prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": prometheus_url,
    }
    found = _known(lambda: api.datasource.get_datasource_by_uid(SOURCE), "uid")
    did = Put.UNCHANGED
    if found is None:
        _create(
            lambda: _held(api.datasource.create_datasource(wanted), "datasource"), f"data source {wanted['name']!r}"
        )
        did = Put.CREATED
    elif any(found.get(key) != value for key, value in wanted.items()):
        # An update replaces everything: what an operator set (default, time-outs, headers) goes along.
        kept = {key: found[key] for key in ("isDefault", "jsonData") if key in found}
        _held(api.datasource.update_datasource_by_uid(SOURCE, {**kept, **wanted}), "datasource")
        did = Put.UPDATED
    return Step("data source", str(wanted["name"]), did)


def _dashboard(api: Any, model: dict[str, Json]) -> Step:  # noqa: ANN401 - grafana-client ships without types
    found = _known(lambda: api.dashboard.get_dashboard(model["uid"]), "dashboard")
    did = Put.CREATED if found is None else Put.UPDATED
    if found is not None:
        stored = {key: value for key, value in found["dashboard"].items() if key not in ADDED}
        if stored == model and found["meta"].get("folderUid") == FOLDER["uid"]:
            return Step("dashboard", str(model["title"]), Put.UNCHANGED)
    message = "wardwatch grafana install"
    saved = {"dashboard": model, "folderUid": FOLDER["uid"], "overwrite": True, "message": message}
    _held(api.dashboard.update_dashboard(saved), "uid")
    return Step("dashboard", str(model["title"]), did)


def _held(answer: Json, key: str) -> Json:
    """The answer, which must hold that key: a proxy's login page with status 200 does not."""
    if isinstance(answer, dict) and key in answer:
        return answer
    msg = "what answered is not Grafana's API"
    raise BoardUnavailable(msg)


def _known(call: Callable[[], Json], key: str) -> Json | None:
    """The answer, or None where Grafana says that there is no such thing."""
    try:
        return _held(call(), key)
    except GrafanaClientError as error:
        # "Not found" alone, or a page, is the answer of a wrong address, not of a missing folder.
        said = error.response.get("message", "") if isinstance(error.response, dict) else ""
        if error.status_code == NOT_FOUND and said not in ("", "Not found"):
            return None
        raise


def _create(call: Callable[[], object], what: str) -> None:
    """Create; that someone else created the same one just now is no failure, that its name is taken is one."""
    try:
        call()
    except GrafanaClientError as error:
        if error.status_code == MISMATCH:
            return
        if error.status_code == CONFLICT:
            msg = f"{what} already exists in this Grafana under another uid: rename or delete it, then install again"
            raise NameTakenError(msg, status=CONFLICT) from error
        raise


def _translated(error: GrafanaException) -> BoardUnavailable | BoardMisconfigured | BadInputError:
    status = int(error.status_code or 0)
    words = f"Grafana answered {status}: {str(error.message)[:300]}"
    if status in (UNAUTHORIZED, FORBIDDEN, NOT_FOUND):
        return BoardMisconfigured(words)
    if status in range(400, 500) and status not in (408, 429):
        return BadInputError(words, status=status)
    return BoardUnavailable(words)
