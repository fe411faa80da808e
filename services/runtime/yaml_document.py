"""A site's own YAML file (YAML 1.1, safe subset), read whole; and the line that a path into it stands on.

`yaml.safe_load` forgets lines and lets a repeated name silently win; a person who mends a file needs both told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

MOST_BYTES: Final = 1_000_000
MOST_PROBLEMS: Final = 10


class DocumentError(ValueError):
    """A file that cannot be used; the text names file, line and field, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a file as plain values, and its nodes for their lines."""

    file: Path
    content: Any
    root: yaml.Node

    def line(self, path: Sequence[str | int]) -> int:
        """The line of a field, or of the innermost thing that should hold it."""
        node = self.root
        for step in path:
            found = _inside(node, step)
            if found is None:
                break
            node = found
        return node.start_mark.line + 1

    def error(self, problems: Sequence[tuple[Sequence[str | int], str]]) -> DocumentError:
        """What is wrong at which paths, a line each, at most MOST_PROBLEMS."""
        told = dict.fromkeys(
            f"line {self.line(path)}: {'.'.join(map(str, path)) or 'file'}: {text}" for path, text in problems
        )
        more = len(told) - MOST_PROBLEMS
        shown = [*list(told)[:MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
        return DocumentError(f"{self.file}, " + "\n  ".join(shown))


def read(file: Path) -> Document:
    """A file's content; raises DocumentError where it cannot be read, is no YAML or names something twice."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DocumentError(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise DocumentError(f"{file}: {len(content)} bytes; {MOST_BYTES} is the most")
    try:
        root = yaml.compose(content, Loader=yaml.SafeLoader)
        if root is None:
            raise DocumentError(f"{file}: is empty")
        twice = [f"line {line}: {name} stands twice: keep one" for name, line in _repeated(root)]
        if twice:
            raise DocumentError(f"{file}, " + "\n  ".join(twice[:MOST_PROBLEMS]))
        return Document(file, yaml.safe_load(content), root)
    except DocumentError:
        raise
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DocumentError(f"{file}, {_where(error)}") from error


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else str(problem)


def _inside(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    return None


def _repeated(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """Names that stand twice in one mapping: YAML would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            if str(key.value) in names:
                yield str(key.value), key.start_mark.line + 1
            names.add(str(key.value))
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)
