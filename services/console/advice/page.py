"""The tables of docs/advice.md from the shipped file: `python -m services.console.advice.page docs/advice.md`.

What stands above the mark in the page is written by hand; a test keeps the tables below it in step.
"""

import sys
from pathlib import Path
from typing import Final

from services.console.advice.guideline import Advice, Item
from services.console.advice.load import load

MARK: Final = "<!-- From here on written by `python -m services.console.advice.page docs/advice.md`. -->"


def tables(advice: Advice) -> str:
    """Every level of every subject, and the sources."""
    parts = [MARK, "", "## What is shipped", "", f"{advice.title}. Reviewed {advice.reviewed} by {advice.reviewed_by}."]
    for subject in advice.subjects.values():
        parts += [
            "",
            f"### {subject.label}",
            "",
            f"From {subject.min_age} years. {subject.too_young} {subject.pregnant}",
        ]
        for level, step in subject.levels.items():
            watch = f" Monitoring: {step.monitoring}." if step.monitoring else ""
            parts += ["", f"**{level.capitalize()}: {step.heading}.**{watch}", ""]
            if step.items:
                parts += ["| who | what | within | source |", "|---|---|---|---|", *(_row(i) for i in step.items)]
    parts += ["", "### Sources", "", "| | | year |", "|---|---|---|"]
    parts += [f"| {name} | [{s.title}]({s.link}), {s.publisher} | {s.year} |" for name, s in advice.sources.items()]
    return "\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


def _row(item: Item) -> str:
    return f"| {item.who} | {item.text} | {item.within} | {item.source}: {item.section} |"


def page(before: str, advice: Advice) -> str:
    """The page with its tables renewed."""
    return before.partition(MARK)[0] + tables(advice)


def main(arguments: list[str]) -> None:
    """Renew the file named."""
    file = Path(arguments[0])
    file.write_text(page(file.read_text(encoding="utf-8"), load()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
