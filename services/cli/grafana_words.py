"""What `wardwatch grafana` prints: a line for each thing, or the same for programs."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.outlets.grafana_check import Checked
    from services.outlets.install_steps import Step


def steps(done: "Iterable[Step]") -> str:
    """A line for each step of an install."""
    return "\n".join(f"{s.did:9} {s.what} {s.name}{f': {s.words}' if s.words else ''}" for s in done)


def steps_json(done: "Iterable[Step]") -> str:
    """The same as a JSON list."""
    return json.dumps([{"what": s.what, "name": s.name, "did": s.did, "words": s.words} for s in done])


def checked(found: "Checked") -> str:
    """The version, a line for each right and each thing, and what follows from them."""
    lines = [f"Grafana {found.version}"]
    for one in found.rights:
        mark, needs = ("may    ", "") if one.allowed else ("may not", f" (role {one.right.role}): {one.words}")
        lines.append(f"{mark}   {one.right.name}, for the {one.right.used_by}{needs}")
    lines += [f"{thing.state:9} {thing.what} {thing.name}" for thing in found.things]
    if not found.ready:
        lines.append("The outlets cannot do all they do with this token: a service account with role Editor can.")
    if not found.complete:
        lines.append("`wardwatch grafana install` with an administrator's token puts what is missing or drifted right.")
    return "\n".join(lines)


def checked_json(found: "Checked") -> str:
    """The same as a JSON object."""
    rights = [
        {"right": r.right.name, "for": r.right.used_by, "role": r.right.role, "allowed": r.allowed, "words": r.words}
        for r in found.rights
    ]
    things = [{"what": t.what, "name": t.name, "state": t.state} for t in found.things]
    outcome = {"ready": found.ready, "complete": found.complete}
    return json.dumps({"version": found.version, **outcome, "rights": rights, "installed": things})
