"""Who may do what: roles as rights, and one rule for every route. The only place that decides it.

A role gives rights; a route asks for one. Rights about patients hold on the viewer's wards only. A route without a
rule does not start (`complete`), and the dependencies of web/session.py ask here before any route runs.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

from services.runtime.auth import Actor

Right = Literal[
    "board", "patients", "names", "alerts", "beds", "schedule", "plans", "reports", "quality", "system", "silent",
    "every ward"
]  # fmt: skip
"""See the board, patients, names; decide about alerts; see beds and schedule; decide about plans; make reports of
studies final; see alarm quality and the system; see silent models; be bound to no ward."""
Role = Literal["ward-screen", "care-team", "radiologist", "bed-manager", "quality", "administrator"]

EVERY_WARD: Final = "*"
"""A value of the wards claim: bound to none."""
ALL: Final[frozenset[Right]] = frozenset(Right.__args__)  # type: ignore[attr-defined]  # typing has no other way
ROLES: Final[Mapping[Role, frozenset[Right]]] = {
    "ward-screen": frozenset({"board"}),
    "care-team": frozenset({"board", "patients", "names", "alerts", "beds", "schedule"}),
    "radiologist": frozenset({"board", "patients", "names", "reports"}),
    "bed-manager": frozenset({"names", "beds", "schedule", "plans"}),
    "quality": frozenset({"quality", "system"}),
    "administrator": ALL,
}
"""What somebody who signed in at the issuer may do (docs/console-signin.md)."""
_SCOPES: Final[Mapping[str, frozenset[Right]]] = {
    "read": frozenset({"board", "patients", "beds", "schedule", "system"}),
    "read:identity": frozenset({"names"}),
    "decide": frozenset({"alerts", "plans"}),
    "report": frozenset({"reports"}),
    "admin": ALL,
}

Rule = Right | Literal["anyone", "signed in", "metrics"]
"""A right; `signed in`: whoever is, and the route looks closer; `metrics`: the scope of runtime/web.py."""
RULES: Final[Mapping[str, Rule]] = {
    "GET /": "board",
    "GET /api/board": "board",
    "POST /api/search": "board",
    "GET /events": "signed in",  # by the page that is followed: `of_page`
    "GET /patients/{key}": "patients",
    "GET /patients/{key}/now": "patients",
    "GET /api/patients/{key}": "patients",
    "POST /api/patients/{key}/explanations": "patients",
    "POST /api/patients/{key}/advice/{item}/decisions": "alerts",
    "POST /api/alerts/{alert}/decisions": "alerts",
    "GET /films/{finding}/{layer}": "patients",
    "POST /api/findings/{finding}/reading": "reports",
    "GET /beds": "beds",
    "GET /beds/now": "beds",
    "GET /api/beds": "beds",
    "POST /api/places": "beds",
    "GET /schedule": "schedule",
    "GET /schedule/now": "schedule",
    "GET /api/schedule": "schedule",
    "POST /api/proposals/{proposal}/evaluate": "schedule",
    "POST /api/proposals/{proposal}/questions": "plans",
    "POST /api/proposals/{proposal}/decisions": "plans",
    "GET /quality": "quality",
    "GET /quality/now": "quality",
    "GET /api/quality": "quality",
    "GET /system": "system",
    "GET /system/now": "system",
    "GET /api/system": "system",
    "GET /login": "anyone",
    "POST /login": "anyone",
    "GET /login/oidc": "anyone",
    "GET /login/oidc/callback": "anyone",
    "POST /logout": "anyone",
    "GET /language": "anyone",
    "GET /health/live": "anyone",
    "GET /health/ready": "anyone",
    "GET /openapi.json": "anyone",
    "GET /static": "anyone",
    "GET /metrics": "metrics",
}
"""Method and path of every route, and what it asks for."""
_PAGES: Final[tuple[tuple[str, Right], ...]] = (
    ("/", "board"), ("/beds", "beds"), ("/schedule", "schedule"), ("/quality", "quality"), ("/system", "system"),
)  # fmt: skip


def of_scopes(actor: Actor) -> frozenset[Right]:
    """What a token's scopes allow: all wards, as long as tokens are given by hand."""
    everywhere: frozenset[Right] = frozenset({"every ward"})
    return everywhere.union(*(_SCOPES.get(scope, frozenset()) for scope in actor.scopes))


def of_roles(roles: Iterable[Role]) -> frozenset[Right]:
    """What somebody with these roles may do: all that any of them may."""
    return frozenset[Right]().union(*(ROLES[role] for role in roles))


def of_page(page: str) -> Right:
    """The right that following a page's events asks for; a page that is none of the others is a patient's key."""
    named: dict[str, Right] = {path.strip("/") or "board": right for path, right in _PAGES}
    return named.get(page, "patients")


def rule(method: str, path: str) -> Rule | None:
    """The rule of a route by its path template; None: there is none, and nobody may."""
    return RULES.get(f"{'GET' if method == 'HEAD' else method} {path}")


def pages(rights: Collection[Right]) -> tuple[str, ...]:
    """The pages of the navigation that somebody may see, the first of them their own."""
    return tuple(path for path, right in _PAGES if right in rights)


def complete(routes: Iterable[tuple[str, str]]) -> None:
    """Raises LookupError unless the routes (method, path) and the rules are the same."""
    found = {f"{method} {path}" for method, path in routes}
    if found != set(RULES):
        raise LookupError(f"no rule says who may: {sorted(found - set(RULES))}; no such route: {set(RULES) - found}")
