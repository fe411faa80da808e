"""Which messages the pages use, read from templates, scripts and words: what a catalogue must translate.

`python -m services.console.web.messages` writes the catalogues' missing messages (empty) and drops those that nobody
uses, with babel; what is empty fails a test until someone has translated it.
"""

import re
import sys
from pathlib import Path
from typing import Final

import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from ray_jobs.scheduling.words import RULES
from services.console import phrases, plan_words, words
from services.console.advice.load import DEFAULT
from services.console.reading.system import STAGES
from services.console.web import language, pages

_IN_A_SCRIPT: Final = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')
_IN_PYTHON: Final = re.compile(r'language\.translate\("([^"]*)"\)')
_AGES: Final = ("never", "now", "min", "h", "d")
_SAID_BY_ROUTES: Final = (
    "alarm quality is for administrators", "no such patient has, or had, a stay here",
    "this patient is not on one of your wards", "there is no such alert", "there is no such proposal", "Not Found",
)  # fmt: skip


def used() -> dict[str, list[str]]:
    """Message id to the files that name it."""
    found: dict[str, list[str]] = {}
    for file in sorted((pages.HERE / "templates").glob("*.html")):
        for _, _, text in pages.environment().extract_translations(file.read_text("utf-8")):  # type: ignore[attr-defined]
            for form in (text,) if isinstance(text, str) else text:
                if isinstance(form, str):
                    found.setdefault(form, []).append(_named(file))
    files = [*sorted((pages.HERE / "static").glob("*.js")), pages.HERE / "web" / "pages.py"]
    for file in files:
        for text in (_IN_A_SCRIPT if file.suffix == ".js" else _IN_PYTHON).findall(file.read_text("utf-8")):
            found.setdefault(text, []).append(_named(file))
    for text in (*of_words(), *of_plans(), *of_advice()):
        found.setdefault(text, []).append("services/console/words.py")
    for text in (*phrases.PHRASES, *phrases.CLAUSES, *phrases.SPECIALTIES, *phrases.DRIVERS, *phrases.RISKS):
        found.setdefault(text, []).append("services/console/phrases.py")
    return found


def of_words() -> tuple[str, ...]:
    """What words.py and the readings write and a page shows."""
    measured = [text for m in words.MEASURES.values() for text in (m.label, m.short)]
    dictionaries = (
        words.BANDS, words.RISK_BANDS, words.LEVELS, words.WHO, words.WHY_NOW, words.LIMITS, words.SEX, words.KINDS,
        words.SEX_IN_FULL, words.TRANSITIONS, words.OUTCOMES, words.BED_STATUS, words.PRIORITIES,
        words.ROLES, words.CHANNELS,
    )  # fmt: skip
    said = [text for told in dictionaries for text in told.values() if re.search("[A-Za-z]", text)]
    values = ["Air", "O₂", "CVPU", "Alert", "No bed", "Not complete", "Over the limit", "Missed", "Cannot assess"]
    values += ["Done", "Not appropriate", "Alert raised", "Chest pneumonia", "Lung ct", "Brain mri"]
    stages = [text for name, what, _ in STAGES for text in (name.capitalize(), what)]
    return tuple(dict.fromkeys([*measured, *said, *values, *stages, "ready", "not watched", "does not answer", *_AGES]))


def of_plans() -> tuple[str, ...]:
    """The components of a plan, on the console and in the planner's sentences."""
    return (*plan_words.COMPONENTS.values(), *RULES.values(), plan_words.ALONE)


def of_advice() -> tuple[str, ...]:
    """The texts of the guidelines as they are shipped; a site's own file is shown as it is written."""
    told = yaml.safe_load(DEFAULT.read_text("utf-8"))
    found = list(told["care_limits"].values())
    for subject in told["subjects"].values():
        found += [subject["label"], subject["too_young"], subject["pregnant"]]
        for level in subject["levels"].values():
            found += [level["heading"], level.get("monitoring", ""), *(item["text"] for item in level["items"])]
    return tuple(dict.fromkeys(text for text in (*found, *_SAID_BY_ROUTES) if text))


def main() -> None:
    """Bring every catalogue in step with what is used."""
    for name in sorted(set(language.LANGUAGES) - {"en"}):
        file = language.LOCALES / name / "LC_MESSAGES" / "console.po"
        with file.open("rb") as opened:
            before = read_po(opened, locale=name)
        after = Catalog(locale=name, project="wardwatch", version="1", charset="utf-8", fuzzy=False)
        for text, files in sorted(used().items()):
            known = before.get(text)
            string = known.string if known else ""
            after.add(text, string, locations=[(place, 0) for place in sorted(set(files))])
        with file.open("wb") as written:
            write_po(written, after, width=120, include_lineno=False, omit_header=False)
        missing = sum(not m.string for m in after if m.id)
        sys.stdout.write(f"{name}: {len(after)} messages, {missing} not translated\n")


def _named(file: Path) -> str:
    return file.relative_to(pages.HERE.parent.parent).as_posix()


if __name__ == "__main__":
    main()
