"""Contact point and alert rules through Grafana's provisioning API; what an operator changed there stays theirs.

Written with `X-Disable-Provenance`, so that they can be edited in Grafana. A rule carries a mark of what was installed:
one whose content no longer fits its mark was edited by a person, and is kept. A pause and whom a rule calls are always
the operator's.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from services.outlets.alert_rules import RULES, model
from services.outlets.install_steps import SOURCE, Api, Did, Json, Step, covers, held, listed

NAME: Final = "Wardwatch"
CONTACTS: Final = ("wardwatch-webhook", "wardwatch-email")
"""Uids of the contact point's integrations."""
MARK: Final = "wardwatch_installed"
ROUTES_BY_RULE: Final = 11
"""Since this version a rule names its contact point itself by default; before, only the one tree of policies does."""
CONTENT: Final = ("title", "condition", "for", "noDataState", "execErrState", "labels", "annotations", "data")
QUERY: Final = ("refId", "relativeTimeRange", "datasourceUid", "model")
ADDED_TO_MODEL: Final = ("intervalMs", "maxDataPoints")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the rules call: a webhook's URL, mail addresses, both, or neither (what is there is left as it is)."""

    webhook: str = ""
    mail: str = ""

    def wanted(self) -> list[dict[str, Json]]:
        """The integrations of the contact point, as the provisioning API takes them."""
        asked = [
            ("webhook", {"url": self.webhook, "httpMethod": "POST"} if self.webhook else None),
            ("email", {"addresses": self.mail, "singleEmail": True} if self.mail else None),
        ]
        return [
            {"uid": f"wardwatch-{kind}", "name": NAME, "type": kind, "settings": settings}
            for kind, settings in asked
            if settings is not None
        ]


def contact_points(api: Api, contact: Contact) -> tuple[list[Step], str | None]:
    """Create or update ours; also the contact point's name for the rules, None where there is none of ours.

    A second creation is a 500 in 11.0.0, so they are looked for first.
    """
    found = {one.get("uid"): one for one in listed(api.alertingprovisioning.get_contactpoints())}
    steps = []
    for wanted in contact.wanted():
        stored = found.get(wanted["uid"])
        did = Did.UNCHANGED
        if stored is None:
            held(api.alertingprovisioning.create_contactpoint(wanted, disable_provenance=True), "uid")
            did = Did.CREATED
        elif not covers(stored.get("settings"), wanted["settings"]):
            # What else was set there goes along; of a secret Grafana shows, and takes back, only its mask.
            body = {**stored, "settings": {**stored.get("settings", {}), **wanted["settings"]}}
            body.pop("provenance", None)
            held(api.alertingprovisioning.update_contactpoint(wanted["uid"], body, disable_provenance=True), "message")
            did = Did.UPDATED
        steps.append(Step("contact point", f"{NAME} ({wanted['type']})", did))
    ours = [one for uid, one in found.items() if uid in CONTACTS]
    return steps, ours[0]["name"] if ours else NAME if steps else None


def rules(api: Api, receiver: str | None, version: int) -> list[Step]:
    """Create or update all rules, routed to `receiver` where this Grafana's `version` can."""
    found = {one.get("uid"): one for one in listed(api.alertingprovisioning.get_alertrules_all())}
    routed = receiver if version >= ROUTES_BY_RULE else None
    steps = [_rule(api, marked(model(rule, SOURCE, routed)), found.get(rule.uid)) for rule in RULES]
    if routed is None:
        to = f"the contact point {receiver!r}" if receiver else "a contact point of yours"
        words = f"in the notification policies send product=wardwatch to {to}; until then the default policy has them"
        steps.append(Step("route", "alert rules", Did.BY_HAND, words))
    return steps


def _rule(api: Api, wanted: dict[str, Json], stored: dict[str, Json] | None) -> Step:
    title = str(wanted["title"])
    if stored is None:
        held(api.alertingprovisioning.create_alertrule(wanted, disable_provenance=True), "uid")
        return Step("alert rule", title, Did.CREATED)
    if edited(stored):
        return Step("alert rule", title, Did.KEPT, "somebody changed it in Grafana; delete it there to get ours again")
    if stored.get("notification_settings"):
        wanted = {**wanted, "notification_settings": stored["notification_settings"]}
    if as_wanted(stored, wanted):
        return Step("alert rule", title, Did.UNCHANGED)
    body = {**wanted, "isPaused": bool(stored.get("isPaused"))}
    held(api.alertingprovisioning.update_alertrule(wanted["uid"], body, disable_provenance=True), "uid")
    return Step("alert rule", title, Did.UPDATED)


def marked(wanted: dict[str, Json]) -> dict[str, Json]:
    """The rule with the mark of its own content."""
    return {**wanted, "annotations": {**wanted["annotations"], MARK: mark(wanted)}}


def as_wanted(stored: dict[str, Json], wanted: dict[str, Json]) -> bool:
    """Whether all that is wanted stands there; the organisation is the token's, whatever the body says."""
    return covers(stored, {key: value for key, value in wanted.items() if key != "orgID"})


def edited(stored: dict[str, Json]) -> bool:
    """Whether the content no longer is what was installed; one without our mark is a person's own."""
    return (stored.get("annotations") or {}).get(MARK) != mark(stored)


def mark(rule: dict[str, Json]) -> str:
    """A digest of the content, what Grafana adds to a query left out."""
    content = {key: rule.get(key) for key in CONTENT}
    content["annotations"] = {k: v for k, v in (content["annotations"] or {}).items() if k != MARK}
    content["data"] = [_plain(query) for query in content["data"] or []]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _plain(query: dict[str, Json]) -> dict[str, Json]:
    plain = {key: query.get(key) for key in QUERY}
    plain["model"] = {k: v for k, v in (plain["model"] or {}).items() if k not in ADDED_TO_MODEL}
    return plain
