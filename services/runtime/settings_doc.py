"""docs/settings.md from the settings: `python -m services.runtime.settings_doc [FILE]` (a test keeps it in step).

The sections are the comments that head them in `settings.py`, a setting's words the docstring under it; so there is
one place to write them.
"""

import ast
import sys
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import SecretStr

from services.runtime import settings

_HEAD: Final = """# Settings

Every process reads the same settings, once, from its environment. `compose.yaml`, the Helm chart and the stack that
`wardwatch demo` starts use these names. This page is generated from `services/runtime/settings.py`:
`python -m services.runtime.settings_doc docs/settings.md`.

A wrong value ends the process at its start with the setting's name. Secrets are never logged.
"""


class Entry(NamedTuple):
    """One setting: its section, name, words, and the default as text."""

    section: str
    name: str
    words: str
    default: str


def entries() -> list[Entry]:
    """All settings in the order of the source."""
    source = Path(settings.__file__).read_text(encoding="utf-8")
    lines = source.splitlines()
    body = next(n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Settings").body
    found: list[Entry] = []
    section = ""
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        above = lines[node.lineno - 2].strip()
        section = above.removeprefix("# ") if above.startswith("# ") else section
        name = node.target.id
        found.append(Entry(section, name, _words(after), _default(name)))
    return found


def _words(after: ast.stmt | None) -> str:
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
        return " ".join(after.value.value.split())
    return ""


def _default(name: str) -> str:
    value = settings.Settings.model_fields[name].default
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    shown = str(text).lower() if isinstance(text, bool) else "" if text is None else str(text)
    return f"`{shown}`" if shown else "–"


def page() -> str:
    """The whole document."""
    parts = [_HEAD]
    section = ""
    for entry in entries():
        if entry.section != section:
            section = entry.section
            parts.append(f"\n## {section}\n\n| setting | default | |\n|---|---|---|\n")
        parts.append(f"| `WARDWATCH_{entry.name.upper()}` | {entry.default} | {entry.words} |\n")
    return "".join(parts)


def main(arguments: list[str]) -> None:
    """Write the page to the file named, else to standard output."""
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())


if __name__ == "__main__":
    main(sys.argv[1:])
