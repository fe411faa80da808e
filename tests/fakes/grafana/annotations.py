"""Grafana 11's annotation calls (`pkg/api/annotations.go`), as recorded: a missing row is a 500, but deletes well."""

import json
from collections import Counter

from tests.fakes.grafana.world import Annotation, Answer, Json, Request, World

BAD_DATA = Answer(400, {"message": "bad request data", "traceID": ""})
RECORDED = 11
DENIED = Answer(403, {"message": "Access denied to save the annotation"})
UNSAVED = Answer(400, {"message": "Failed to save annotation", "traceID": ""})


def missing(world: World) -> Answer:
    """No such row: a 500 as recorded; of a newer version nothing was recorded, a 404 there must be lived with too."""
    status = 404 if world.major > RECORDED else 500
    return Answer(status, {"message": "Failed to find annotation", "traceID": ""})


def shown(row: Annotation) -> Json:
    """A row as the API prints it."""
    return {
        "id": row.id,
        "alertId": 0,
        "alertName": "",
        "dashboardId": 0,
        "dashboardUID": row.dashboard_uid,
        "panelId": row.panel_id,
        "userId": 0,
        "newState": "",
        "prevState": "",
        "created": row.created,
        "updated": row.updated,
        "time": row.time,
        "timeEnd": row.time_end,
        "text": row.text,
        "tags": row.tags,
        "login": row.login,
        "email": row.login,
        "avatarUrl": "/public/img/user_profile.png",
        "data": {},
    }


def command(request: Request) -> dict[str, Json] | None:
    """The body as the server's Go structure would take it; `None` where the decoder would refuse it."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    kinds = {"time": int, "timeEnd": int, "text": str, "tags": list, "panelId": int, "dashboardUID": str}
    given = {key: value for key, value in body.items() if value is not None}
    return given if all(isinstance(given.get(key, kind()), kind) for key, kind in kinds.items()) else None


def find(world: World, request: Request) -> Answer:
    """`GET /api/annotations`: all tags unless `matchAny`, newest end first, 100 unless told."""
    tags = set(request.all("tags"))
    some = request.one("matchAny") == "true"
    rows = [r for r in world.annotations.values() if not tags or (tags & set(r.tags) if some else tags <= set(r.tags))]
    if request.one("from"):
        rows = [r for r in rows if r.time_end >= int(request.one("from"))]
    if request.one("to"):
        rows = [r for r in rows if r.time <= int(request.one("to"))]
    rows.sort(key=lambda r: (-r.time_end, -r.time, r.id))
    return Answer(200, [shown(r) for r in rows[: int(request.one("limit", "100"))]])


def count_tags(world: World, request: Request) -> Answer:
    """`GET /api/annotations/tags`: tags that contain the word, and how many rows carry each."""
    word = request.one("tag")
    counts = Counter(tag for row in world.annotations.values() for tag in row.tags if word in tag)
    return Answer(200, {"result": {"tags": [{"tag": tag, "count": n} for tag, n in sorted(counts.items())]}})


def create(world: World, request: Request) -> Answer:
    """`POST /api/annotations`: a dashboard that does not exist is no error, an empty text is."""
    body = command(request)
    if body is None:
        return BAD_DATA
    if not request.caller.at_least("Editor"):
        return DENIED
    if not body.get("text"):
        return UNSAVED
    return added(world, request, body, "Annotation added")


def create_graphite(world: World, request: Request) -> Answer:
    """`POST /api/annotations/graphite`: `when` in seconds, `what` becomes the text."""
    body = json.loads(request.body)
    given = {"time": int(body["when"]) * 1000, "text": body["what"], "tags": body.get("tags") or []}
    return added(world, request, given, "Graphite annotation added")


def added(world: World, request: Request, body: dict[str, Json], message: str) -> Answer:
    """Insert a row and say so."""
    now = world.milliseconds()
    start = body.get("time") or now
    row = Annotation(
        id=next(world.annotation_ids),
        time=start,
        time_end=body.get("timeEnd") or start,
        text=body["text"],
        tags=list(body.get("tags") or []),
        login=request.caller.login,
        created=now,
        updated=now,
        panel_id=0 if body.get("dashboardUID") is None else body.get("panelId") or 0,
    )
    world.annotations[row.id] = row
    return Answer(200, {"message": message, "id": row.id})


def one(world: World, request: Request) -> Answer:
    """`GET /api/annotations/:id`."""
    row = world.annotations.get(number(request))
    return missing(world) if row is None else Answer(200, shown(row))


def change(world: World, request: Request) -> Answer:
    """`PUT` replaces text and tags and keeps a time that is absent; `PATCH` keeps whatever is absent."""
    body = command(request)
    if body is None:
        return BAD_DATA
    row = world.annotations.get(number(request))
    if row is None:
        return missing(world)
    if not request.caller.at_least("Editor"):
        return DENIED
    whole = request.method == "PUT"
    row.text = body.get("text", "" if whole else row.text) or ("" if whole else row.text)
    row.tags = list(body["tags"]) if body.get("tags") or (whole and "tags" in body) else row.tags
    row.time = body.get("time") or row.time
    row.time_end = body.get("timeEnd") or row.time_end
    row.updated = world.milliseconds()
    return Answer(200, {"message": "Annotation updated" if whole else "Annotation patched"})


def delete(world: World, request: Request) -> Answer:
    """`DELETE /api/annotations/:id`: a missing row is deleted just as well."""
    if not request.caller.at_least("Editor"):
        return DENIED
    world.annotations.pop(number(request), None)
    return Answer(200, {"message": "Annotation deleted"})


def number(request: Request) -> int:
    """The row's id from the path; -1, which no row has, for what is not a number."""
    last = request.path.rsplit("/", 1)[-1]
    return int(last) if last.isdigit() else -1
