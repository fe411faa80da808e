"""Read an advice file, and say of a bad one which line and field is wrong (YAML 1.1, checked by `guideline.py`).

`python -m services.console.advice.load FILE` checks a file before it is named in WARDWATCH_ADVICE.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from services.console.advice.guideline import Advice
from services.runtime.yaml_document import DocumentError, read

DEFAULT: Final = Path(__file__).with_name("default.yaml")


def load(path: Path | None = None) -> Advice:
    """The advice of a file, or the one that is shipped; raises DocumentError."""
    document = read(path or DEFAULT)
    try:
        return Advice.model_validate(document.content)
    except ValidationError as error:
        # "[key]" is pydantic's word for a wrong name in a mapping.
        problems = [
            (tuple(step for step in problem["loc"] if step != "[key]"), problem["msg"].removeprefix("Value error, "))
            for problem in error.errors()
        ]
        raise document.error(problems) from error


def main(arguments: Sequence[str]) -> int:
    """0: the file is good; 1: it is not; 2: no file was named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m services.console.advice.load FILE\n")
        return 2
    try:
        advice = load(Path(arguments[0]))
    except DocumentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    items = sum(len(step.items) for subject in advice.subjects.values() for step in subject.levels.values())
    sys.stdout.write(f"{arguments[0]}: good: {len(advice.subjects)} subjects, {items} items\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
