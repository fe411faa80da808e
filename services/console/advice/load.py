"""Read an advice file, and say of a bad one which line and field is wrong (YAML 1.1, checked by `guideline.py`).

`python -m services.console.advice.load FILE` checks a file before it is named in WARDWATCH_ADVICE.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from services.console.advice.guideline import Advice

DEFAULT: Final = Path(__file__).with_name("default.yaml")
MOST_BYTES: Final = 1_000_000
MOST_PROBLEMS: Final = 10


class AdviceError(ValueError):
    """A file that cannot be used; the text names file, line and field, and what is wrong there."""


def load(path: Path | None = None) -> Advice:
    """The advice of a file, or the one that is shipped; raises AdviceError."""
    file = path or DEFAULT
    try:
        content = file.read_bytes()
    except OSError as error:
        raise AdviceError(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise AdviceError(f"{file}: {len(content)} bytes; {MOST_BYTES} is the most")
    try:
        root = yaml.compose(content, Loader=yaml.SafeLoader)
        given = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise AdviceError(f"{file}, {_where(error)}") from error
    if root is None:
        raise AdviceError(f"{file}: is empty")
    if twice := [f"line {line}: {name} stands twice" for name, line in _repeated(root)]:
        raise AdviceError(f"{file}, " + "\n  ".join(twice[:MOST_PROBLEMS]))
    try:
        return Advice.model_validate(given)
    except ValidationError as error:
        told = [_told(root, problem["loc"], problem["msg"]) for problem in error.errors()[:MOST_PROBLEMS]]
        raise AdviceError(f"{file}, " + "\n  ".join(told)) from error


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else str(problem)


def _told(root: yaml.Node, loc: Sequence[str | int], message: str) -> str:
    """One problem with its line: that of the field, or of what should hold it."""
    node = root
    for step in loc:
        found = _inside(node, step)
        if found is None:
            break
        node = found
    # "[key]" is pydantic's word for a wrong name in a mapping.
    field = ".".join(str(step) for step in loc if step != "[key]")
    return f"line {node.start_mark.line + 1}: {field or 'file'}: {message.removeprefix('Value error, ')}"


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
            if key.value in names:
                yield str(key.value), key.start_mark.line + 1
            names.add(str(key.value))
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)


def main(arguments: Sequence[str]) -> int:
    """0: the file is good; 1: it is not; 2: no file was named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m services.console.advice.load FILE\n")
        return 2
    try:
        advice = load(Path(arguments[0]))
    except AdviceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    items = sum(len(step.items) for subject in advice.subjects.values() for step in subject.levels.values())
    sys.stdout.write(f"{arguments[0]}: good: {len(advice.subjects)} subjects, {items} items\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
