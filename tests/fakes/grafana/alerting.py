"""Grafana 11's accounts, Live push, contact points and alert rules, as far as they were recorded."""

import json
import re

from tests.fakes.grafana.world import Answer, Caller, Json, Request, World, refused

# Influx line protocol, which Live's push endpoint takes: measurement[,tag=value…] field=value[,…] [nanoseconds]
LINE = re.compile(r"^[^\s,]+(,[^\s,=]+=[^\s,=]+)*\s+[^\s,=]+=[^\s,]+(,[^\s,=]+=[^\s,]+)*(\s+-?\d+)?$")

MASK = "[REDACTED]"
EDITORS_PROVISION = ROUTED_BY_RULE = RECORDED = 11
CONTACT_RIGHTS = "any of alert.provisioning:write, alert.notifications.provisioning:write"
RULE_RIGHTS = (
    "any of alert.provisioning:write, alert.rules.provisioning:write, "
    "all of alert.rules:create, alert.provisioning.provenance:write"
)


def create_account(world: World, request: Request) -> Answer:
    """`POST /api/serviceaccounts`."""
    body = json.loads(request.body)
    number = next(world.account_ids)
    account = {
        "id": number,
        "name": body["name"],
        "login": f"sa-1-{body['name'].lower()}",
        "orgId": 1,
        "isDisabled": False,
        "role": body["role"],
        "tokens": 0,
        "avatarUrl": "",
    }
    world.accounts[number] = account
    return Answer(201, account)


def create_token(world: World, request: Request) -> Answer:
    """`POST /api/serviceaccounts/:id/tokens`: the key is told this once."""
    account = world.accounts[int(request.path.split("/")[3])]
    number = next(world.token_ids)
    key = f"glsa_{account['role'].lower()}_{number}"
    world.tokens[key] = Caller(account["login"], account["role"])
    return Answer(200, {"id": number, "name": json.loads(request.body)["name"], "key": key})


def push(world: World, request: Request) -> Answer:
    """`POST /api/live/push/:stream`: any role may push; a line that does not parse is a 500 without a word."""
    lines = [line for line in request.body.splitlines() if line]
    if not all(LINE.match(line) for line in lines):
        return Answer(500)
    world.pushed += lines
    return Answer(200)


def list_contact_points(world: World, request: Request) -> Answer:
    """`GET /api/v1/provisioning/contact-points`: not recorded; secrets are masked as a creation masks them."""
    if not may_provision(world, request):
        return refused(CONTACT_RIGHTS)
    return Answer(200, [printed(point) for point in world.contact_points.values()])


def create_contact_point(world: World, request: Request) -> Answer:
    """`POST /api/v1/provisioning/contact-points`: a second one of the same uid is a 500."""
    if not may_provision(world, request):
        return refused(CONTACT_RIGHTS)
    body = json.loads(request.body)
    if body["uid"] in world.contact_points:
        message = (
            f"receiver configuration with UID '{body['uid']}' already exist in contact point '{body['name']}'. "
            "Please use unique identifiers for receivers across all contact points"
        )
        return Answer(500, {"message": message, "traceID": ""})
    world.contact_points[body["uid"]] = body
    return Answer(202, printed(body))


def update_contact_point(world: World, request: Request) -> Answer:
    """`PUT /api/v1/provisioning/contact-points/:uid`: not recorded; a secret sent back as its mask stays."""
    if not may_provision(world, request):
        return refused(CONTACT_RIGHTS)
    uid, body = request.path.rsplit("/", 1)[-1], json.loads(request.body)
    stored = world.contact_points.get(uid)
    if stored is None:
        return Answer(404, {"message": "contact point not found", "traceID": ""})
    asked = {k: v for k, v in body["settings"].items() if v != MASK}
    hidden = {k: stored["settings"][k] for k, v in body["settings"].items() if v == MASK and k in stored["settings"]}
    world.contact_points[uid] = {**body, "uid": uid, "settings": {**asked, **hidden}}
    return Answer(202, {"message": "contactpoint updated"})


def printed(point: dict[str, Json]) -> dict[str, Json]:
    """A contact point as the API prints it: of a webhook's secrets only masks."""
    secret = {"authorization_credentials": MASK, "password": MASK} if point["type"] == "webhook" else {}
    return {**point, "settings": {**point["settings"], **secret}, "disableResolveMessage": False}


def may_provision(world: World, request: Request) -> bool:
    """Who may use the provisioning API: editors since 11, before that administrators (grafana/grafana#85022)."""
    return request.caller.at_least("Editor" if world.major >= EDITORS_PROVISION else "Admin")


def list_rules(world: World, request: Request) -> Answer:
    """`GET /api/v1/provisioning/alert-rules`: not recorded; all of the organisation."""
    if not may_provision(world, request):
        return refused(RULE_RIGHTS)
    return Answer(200, list(world.rules.values()))


def create_rule(world: World, request: Request) -> Answer:
    """`POST /api/v1/provisioning/alert-rules`: a title is taken once in a folder."""
    if not may_provision(world, request):
        return refused(RULE_RIGHTS)
    body = json.loads(request.body)
    place = (body["folderUID"], body["title"])
    if any((rule["folderUID"], rule["title"]) == place for rule in world.rules.values()):
        message = (
            f"[alerting.alert-rule.conflict] conflicting alert rule found [rule_uid: '{body['uid']}', "
            f"title: '{body['title']}', namespace_uid: '{body['folderUID']}']: "
            "rule title under the same organisation and folder should be unique"
        )
        return Answer(400, {"message": message, "traceID": ""})
    world.rules[body["uid"]] = rule(next(world.rule_ids), body, world)
    return Answer(201, world.rules[body["uid"]])


def update_rule(world: World, request: Request) -> Answer:
    """`PUT /api/v1/provisioning/alert-rules/:uid`."""
    if not may_provision(world, request):
        return refused(RULE_RIGHTS)
    uid = request.path.rsplit("/", 1)[-1]
    world.rules[uid] = rule(world.rules[uid]["id"], json.loads(request.body), world)
    return Answer(200, world.rules[uid])


def rule(number: int, body: dict[str, Json], world: World) -> dict[str, Json]:
    """A rule as the API prints it, each query with the interval and point count that Grafana adds."""
    added = {"intervalMs": 1000, "maxDataPoints": 43200}
    data = [{**query, "queryType": "", "model": {**query["model"], **added}} for query in body["data"]]
    extra = {"updated": world.stamp(), "isPaused": bool(body.get("isPaused")), "notification_settings": None}
    stored = {**extra, **body, "id": number, "data": data}
    if world.major < ROUTED_BY_RULE:
        del stored["notification_settings"]
    if world.major > RECORDED:
        stored |= {"keep_firing_for": "0s", "record": None}
    return stored
