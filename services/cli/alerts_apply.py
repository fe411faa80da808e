"""Writes levels into a policy file and leaves the rest of it, comments included, as it is.

Only text at the place of a field changes; the result is read and checked before it replaces the file.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from services.alerting.policies import load


def applied(file: Path, at: Sequence[str], values: Mapping[str, float]) -> None:
    """Set fields of a mapping of the file (made where it is not there). Raises DocumentError, OSError.

    A file that is not there is begun.
    """
    text = file.read_text(encoding="utf-8") if file.exists() else "version: 1\n"
    for name, value in values.items():
        text = with_value(text, [*at, name], value)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        load(Path(draft))
        if file.exists():
            Path(draft).chmod(file.stat().st_mode & 0o777)
        Path(draft).replace(file)
    finally:
        Path(draft).unlink(missing_ok=True)


def with_value(text: str, path: Sequence[str], value: object) -> str:
    """The text of a YAML mapping with one field set."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return text + _block(_nested(path, value), 0)
    node, depth = root, 0
    while depth < len(path):
        found = _child(node, path[depth])
        if not isinstance(found, yaml.MappingNode):
            break
        node, depth = found, depth + 1
    rest = path[depth:]
    held = _child(node, rest[0])
    if held is not None:  # a value, or a heading with nothing under it
        new = _scalar(value) if len(rest) == 1 else " " + _flow(_nested(rest[1:], value))
        return text[: held.start_mark.index] + new + text[held.end_mark.index :]
    if node.flow_style or not node.value:
        content = yaml.safe_load(text[node.start_mark.index : node.end_mark.index]) or {}
        return text[: node.start_mark.index] + _flow({**content, **_nested(rest, value)}) + text[node.end_mark.index :]
    first = node.value[0][0].start_mark
    line = text.rindex("\n", 0, first.index) + 1 if "\n" in text[: first.index] else 0
    return text[:line] + _block(_nested(rest, value), first.column) + text[line:]


def _child(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    found: yaml.Node | None = next((value for key, value in node.value if key.value == name), None)
    return found


def _nested(path: Sequence[str], value: object) -> dict[str, Any]:
    found: Any = value
    for name in reversed(path):
        found = {name: found}
    made: dict[str, Any] = found
    return made


def _scalar(value: object) -> str:
    return yaml.safe_dump(value).removesuffix("...\n").strip()


def _flow(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).strip()


def _block(value: object, indent: int) -> str:
    lines = yaml.safe_dump(value, sort_keys=False).splitlines()
    return "".join(f"{' ' * indent}{line}\n" for line in lines)
