"""Everything that can be said against a FHIR R4 JSON document without a terminology server (FHIR R4, 2.6 JSON).

The structure is the full library's verdict; beside it stand rules of JSON and of Bundle that the library does not hold.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from schemas.fhir.library import problems


class Issue(NamedTuple):
    """One thing that is wrong, and where."""

    severity: Literal["error", "warning"]
    path: str
    text: str


class _TwiceError(ValueError):
    """An object names a property twice."""


def check_json(content: bytes) -> list[Issue]:
    """All issues of one document; none means valid."""
    try:
        root = json.loads(content, object_pairs_hook=_once)
    except _TwiceError as error:
        return [Issue("error", str(error), "the property is there twice")]
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        where = f"line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return [Issue("error", where, "not JSON")]
    if not isinstance(root, dict):
        return [Issue("error", "", "a FHIR document is a JSON object")]
    found = [Issue("error", path, text) for text, path in problems(root)]
    found += [Issue("error", path, text) for path, text in _empty(root, str(root.get("resourceType", "")))]
    if root.get("resourceType") == "Bundle":
        found += _bundle(root)
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    seen = Counter(name for name, _ in pairs)
    twice = [name for name, n in seen.items() if n > 1]
    if twice:
        raise _TwiceError(twice[0][:64])
    return dict(pairs)


def _empty(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Objects, arrays and strings are never empty (2.6.2.2)."""
    if value in ({}, [], ""):
        yield path, "must not be empty"
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _empty(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _empty(inner, f"{path}[{n}]")


def _bundle(root: Mapping[str, object]) -> Iterator[Issue]:
    """FullUrl is unique but for versions (bdl-7); a fullUrl ends with the resource's id unless it is a urn."""
    entries = root.get("entry")
    seen: Counter[tuple[str, str]] = Counter()
    for n, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, dict) or not isinstance(entry.get("fullUrl"), str):
            continue
        resource = entry.get("resource")
        content = resource if isinstance(resource, dict) else {}
        meta = content.get("meta")
        version = str(meta.get("versionId", "")) if isinstance(meta, dict) else ""
        seen[entry["fullUrl"], version] += 1
        if seen[entry["fullUrl"], version] == 2:  # noqa: PLR2004 - the second of the two
            yield Issue("error", f"Bundle.entry[{n}].fullUrl", "the same fullUrl and version is there twice (bdl-7)")
        id_ = content.get("id")
        if entry["fullUrl"].startswith("http") and isinstance(id_, str) and not entry["fullUrl"].endswith(f"/{id_}"):
            yield Issue("error", f"Bundle.entry[{n}].fullUrl", "does not end with the resource's id")
