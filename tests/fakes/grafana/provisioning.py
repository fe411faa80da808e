"""Grafana 11's folders, data sources and dashboards: what a second install is told (412, 409) and who may ask."""

import json

from tests.fakes.grafana.world import Answer, Json, Request, World, refused, slug

RECORDED = 11
CHANGED = {"message": "the folder has been changed by someone else", "status": "version-mismatch"}
NO_SOURCE = Answer(404, {"message": "Data source not found"})


def create_folder(world: World, request: Request) -> Answer:
    """`POST /api/folders`: an existing uid is a version mismatch, an existing title a conflict."""
    if not request.caller.at_least("Editor"):
        return refused("folders:create")
    body = json.loads(request.body)
    if body.get("uid") in world.folders:
        # 412 as recorded; of a newer version nothing was recorded, and 409 must be lived with too.
        return Answer(409 if world.major > RECORDED else 412, CHANGED)
    if any(f["title"] == body["title"] for f in world.folders.values()):
        return Answer(409, {"message": "a folder with the same name already exists in the current location"})
    number = next(world.dashboard_ids)
    uid = body.get("uid") or f"folder{number}"
    folder = {
        "id": number,
        "uid": uid,
        "orgId": 0,
        "title": body["title"],
        "url": f"/dashboards/f/{uid}/{slug(body['title'])}",
        "hasAcl": False,
        "canSave": True,
        "canEdit": True,
        "canAdmin": True,
        "canDelete": True,
        "createdBy": request.caller.login,
        "created": world.stamp(),
        "updatedBy": request.caller.login,
        "updated": world.stamp(),
        "version": 1,
    }
    world.folders[uid] = folder
    return Answer(200, folder)


def get_folder(world: World, request: Request) -> Answer:
    """`GET /api/folders/:uid`: who made it is not told again."""
    folder = world.folders.get(last(request))
    if folder is None:
        return Answer(404, {"message": "folder not found", "status": "not-found"})
    return Answer(200, {**folder, "createdBy": "Anonymous", "updatedBy": "Anonymous"})


def update_folder(world: World, request: Request) -> Answer:
    """`PUT /api/folders/:uid`: the version must be the stored one, or `overwrite` given."""
    folder = world.folders.get(last(request))
    if folder is None:
        return Answer(404, {"message": "folder not found", "status": "not-found"})
    body = json.loads(request.body)
    if not body.get("overwrite") and body.get("version") != folder["version"]:
        return Answer(412, CHANGED)
    folder.update(title=body.get("title", folder["title"]), version=folder["version"] + 1, updated=world.stamp())
    return Answer(200, folder)


def create_source(world: World, request: Request) -> Answer:
    """`POST /api/datasources`: administrators only; the first one is the default; a name is taken once."""
    if not request.caller.at_least("Admin"):
        return refused("datasources:create")
    body = json.loads(request.body)
    if any(s["name"] == body["name"] for s in world.sources.values()):
        return Answer(409, {"message": "data source with the same name already exists", "traceID": ""})
    number = next(world.source_ids)
    uid = body.get("uid") or f"source{number}"
    default = bool(body.get("isDefault")) or not world.sources
    world.sources[uid] = source(number, uid, {**body, "isDefault": default})
    return Answer(200, told(world.sources[uid], "Datasource added"))


def get_source(world: World, request: Request) -> Answer:
    """`GET /api/datasources/uid/:uid`."""
    found = world.sources.get(last(request))
    return NO_SOURCE if found is None else Answer(200, found)


def update_source(world: World, request: Request) -> Answer:
    """`PUT /api/datasources/uid/:uid` replaces all of it, the default flag included."""
    found = world.sources.get(last(request))
    if found is None:
        return NO_SOURCE
    world.sources[found["uid"]] = source(found["id"], found["uid"], json.loads(request.body))
    return Answer(200, told(world.sources[found["uid"]], "Datasource updated"))


def source(number: int, uid: str, body: dict[str, Json]) -> dict[str, Json]:
    """A data source as the API prints it."""
    kind = body["type"]
    return {
        "id": number,
        "uid": uid,
        "orgId": 1,
        "name": body["name"],
        "type": kind,
        "typeLogoUrl": f"public/app/plugins/datasource/{kind}/img/{kind}_logo.svg",
        "access": body["access"],
        "url": body["url"],
        "user": "",
        "database": "",
        "basicAuth": False,
        "basicAuthUser": "",
        "withCredentials": False,
        "isDefault": bool(body.get("isDefault")),
        "jsonData": body.get("jsonData") or {},
        "secureJsonFields": {},
        "version": 1,
        "readOnly": False,
    }


def told(row: dict[str, Json], message: str) -> Json:
    """The answer to a write of a data source."""
    return {"datasource": row, "id": row["id"], "message": message, "name": row["name"]}


def save_dashboard(world: World, request: Request) -> Answer:
    """`POST /api/dashboards/db`: an existing uid needs its version or `overwrite`."""
    if not request.caller.at_least("Editor"):
        return refused("any of dashboards:create, dashboards:write")
    body = json.loads(request.body)
    model = body["dashboard"]
    if not model.get("title"):
        return Answer(400, {"message": "Dashboard title cannot be empty", "status": "empty-name"})
    folder = body.get("folderUid", "")
    if folder and folder not in world.folders:
        return Answer(400, {"message": "folder not found"})
    known = world.dashboards.get(model.get("uid", ""))
    if known and not body.get("overwrite") and model.get("version") != known["version"]:
        return Answer(412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"})
    number = known["id"] if known else next(world.dashboard_ids)
    uid = model.get("uid") or f"dashboard{number}"
    version = known["version"] + 1 if known else 1
    row = {"id": number, "version": version, "folderUid": folder, "by": request.caller.login, "model": model}
    world.dashboards[uid] = {**row, "created": known["created"] if known else world.stamp(), "updated": world.stamp()}
    name = slug(model["title"])
    answer = {"folderUid": folder, "id": number, "slug": name, "status": "success", "uid": uid}
    return Answer(200, {**answer, "url": f"/d/{uid}/{name}", "version": version})


def get_dashboard(world: World, request: Request) -> Answer:
    """`GET /api/dashboards/uid/:uid`: the model beside what Grafana knows about it."""
    row = world.dashboards.get(last(request))
    if row is None:
        return Answer(404, {"message": "Dashboard not found", "traceID": ""})
    folder = world.folders.get(row["folderUid"], {})
    rights = {"canAdd": True, "canEdit": True, "canDelete": True}
    name = slug(row["model"]["title"])
    meta = {
        "type": "db",
        "canSave": True,
        "canEdit": True,
        "canAdmin": True,
        "canStar": True,
        "canDelete": True,
        "slug": name,
        "url": f"/d/{last(request)}/{name}",
        "expires": "0001-01-01T00:00:00Z",
        "created": row["created"],
        "updated": row["updated"],
        "updatedBy": row["by"],
        "createdBy": row["by"],
        "version": row["version"],
        "hasAcl": False,
        "isFolder": False,
        "folderId": folder.get("id", 0),
        "folderUid": row["folderUid"],
        "folderTitle": folder.get("title", "General"),
        "folderUrl": folder.get("url", ""),
        "provisioned": False,
        "provisionedExternalId": "",
        "annotationsPermissions": {"dashboard": rights, "organization": rights},
    }
    if world.major > RECORDED:
        meta["apiVersion"] = "v1beta1"
    return Answer(200, {"meta": meta, "dashboard": {**row["model"], "id": row["id"], "version": row["version"]}})


def last(request: Request) -> str:
    """The last part of the path."""
    return request.path.rsplit("/", 1)[-1]
