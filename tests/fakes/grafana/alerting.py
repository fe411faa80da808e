"""Grafana 11's accounts, Live push, contact points and alert rules, as far as they were recorded."""

import json
import re

from tests.fakes.grafana.world import Answer, Caller, Json, Request, World, refused

# Influx line protocol, which Live's push endpoint takes: measurement[,tag=value…] field=value[,…] [nanoseconds]
LINE = re.compile(r"^[^\s,]+(,[^\s,=]+=[^\s,=]+)*\s+[^\s,=]+=[^\s,]+(,[^\s,=]+=[^\s,]+)*(\s+-?\d+)?$")

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


def create_contact_point(world: World, request: Request) -> Answer:
    """`POST /api/v1/provisioning/contact-points`: a second one of the same uid is a 500."""
    body = json.loads(request.body)
    if body["uid"] in world.contact_points:
        message = (
            f"receiver configuration with UID '{body['uid']}' already exist in contact point '{body['name']}'. "
            "Please use unique identifiers for receivers across all contact points"
        )
        return Answer(500, {"message": message, "traceID": ""})
    secret = {"authorization_credentials": "[REDACTED]", "password": "[REDACTED]"}
    world.contact_points[body["uid"]] = body
    return Answer(202, {**body, "settings": {**body["settings"], **secret}, "disableResolveMessage": False})


def create_rule(world: World, request: Request) -> Answer:
    """`POST /api/v1/provisioning/alert-rules`: a title is taken once in a folder."""
    if not request.caller.at_least("Editor"):
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
    uid = request.path.rsplit("/", 1)[-1]
    world.rules[uid] = rule(world.rules[uid]["id"], json.loads(request.body), world)
    return Answer(200, world.rules[uid])


def rule(number: int, body: dict[str, Json], world: World) -> dict[str, Json]:
    """A rule as the API prints it, each query with the interval and point count that Grafana adds."""
    added = {"intervalMs": 1000, "maxDataPoints": 43200}
    data = [{**query, "queryType": "", "model": {**query["model"], **added}} for query in body["data"]]
    extra = {"updated": world.stamp(), "isPaused": False, "notification_settings": None}
    return {**body, "id": number, "data": data, **extra}
