"""Folder, data source, dashboards, contact point and alert rules in a Grafana; a second install changes nothing."""

import re
from functools import partial
from typing import Any

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException

from services.outlets.board import BoardUnavailable
from services.outlets.dashboards import Json, dashboards
from services.outlets.install_alerting import Contact, contact_points, rules
from services.outlets.install_steps import (
    FOLDER,
    SOURCE,
    Api,
    Did,
    NameTakenError,
    Step,
    covers,
    create,
    held,
    known,
    translated,
)
from services.runtime.errors import BadInputError

__all__ = ["Contact", "Did", "NameTakenError", "Step", "install"]

# What 11.0.0 adds to a saved dashboard; the rest comes back as it was sent.
ADDED = ("id", "version")
NOBODY = Contact()
NEWEST = 12
"""What a Grafana is taken for that hides its version."""


def install(
    url: str,
    token: str,
    prometheus_url: str,
    contact: Contact = NOBODY,
    *,
    timeout_s: float = 10.0,
) -> list[Step]:
    """Install everything; may be repeated at will and by several at once.

    `token` is a service account's with role Admin (data sources need it); empty where `url` carries
    user and password. Raises BoardUnavailable, BoardMisconfigured (token, role or address) or NameTakenError.
    """
    api: Any = GrafanaApi.from_url(url=url.rstrip("/") + "/", credential=token or None, timeout=timeout_s)
    try:
        version = major(held(api.client.GET("/health"), "database").get("version", ""))
        steps = [_folder(api), _source(api, prometheus_url)]
        steps += [_dashboard(api, model) for model in dashboards(SOURCE)]
        called, receiver = contact_points(api, contact)
        return [*steps, *called, *rules(api, receiver, version)]
    except GrafanaException as error:
        raise translated(error) from error
    except (OSError, ValueError) as error:
        if isinstance(error, BadInputError):
            raise
        msg = f"Grafana did not answer: {type(error).__name__}"
        raise BoardUnavailable(msg) from error


def major(version: str) -> int:
    """11 of 11.0.0."""
    found = re.match(r"\d+", version)
    return int(found.group()) if found else NEWEST


def stands(found: Json, model: dict[str, Json]) -> bool:
    """Whether the answer for a dashboard holds the model as it is here, in our folder; nothing added by a person."""
    stored = {key: value for key, value in found["dashboard"].items() if key not in ADDED}
    same = len(stored.get("panels", ())) == len(model["panels"]) and covers(stored, model)
    return same and found["meta"].get("folderUid") == FOLDER["uid"]


def _folder(api: Api) -> Step:
    uid, title = FOLDER["uid"], FOLDER["title"]
    look = partial(known, lambda: api.folder.get_folder(uid), "title")
    found, did = look(), Did.UNCHANGED
    if found is None:
        create(lambda: held(api.folder.create_folder(title, uid=uid), "uid"), look, f"folder {title!r}")
        did = Did.CREATED
    elif found["title"] != title:
        held(api.folder.update_folder(uid, title=title, overwrite=True), "uid")
        did = Did.UPDATED
    return Step("folder", title, did)


def _source(api: Api, prometheus_url: str) -> Step:
    wanted: dict[str, Json] = {
        "uid": SOURCE,
        "name": "Wardwatch Prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": prometheus_url,
    }
    look = partial(known, lambda: api.datasource.get_datasource_by_uid(SOURCE), "uid")
    found, did = look(), Did.UNCHANGED
    if found is None:
        called = f"data source {wanted['name']!r}"
        create(lambda: held(api.datasource.create_datasource(wanted), "datasource"), look, called)
        did = Did.CREATED
    elif any(found.get(key) != value for key, value in wanted.items()):
        # An update replaces everything: what an operator set (default, time-outs, headers) goes along.
        kept = {key: found[key] for key in ("isDefault", "jsonData") if key in found}
        held(api.datasource.update_datasource_by_uid(SOURCE, {**kept, **wanted}), "datasource")
        did = Did.UPDATED
    return Step("data source", str(wanted["name"]), did)


def _dashboard(api: Api, model: dict[str, Json]) -> Step:
    found = known(lambda: api.dashboard.get_dashboard(model["uid"]), "dashboard")
    if found is not None and stands(found, model):
        return Step("dashboard", str(model["title"]), Did.UNCHANGED)
    message = "wardwatch grafana install"
    saved = {"dashboard": model, "folderUid": FOLDER["uid"], "overwrite": True, "message": message}
    held(api.dashboard.update_dashboard(saved), "uid")
    return Step("dashboard", str(model["title"]), Did.CREATED if found is None else Did.UPDATED)
