"""The form of an advice file: sources, subjects (a score or a model), their levels, and what is asked at each.

Frozen and closed: a field that nobody knows is an error, and so is a source that the file does not name.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Who = Literal["nurse", "doctor", "team"]
Level = Literal["zero", "low", "low-medium", "medium", "raised", "high", "very high"]
Limit = Literal["palliative", "comfort", "no_escalation"]
NEWS2: Final = "news2"
SCORE_LEVELS: Final[tuple[Level, ...]] = ("zero", "low", "low-medium", "medium", "high")
"""Of NEWS2 (2017 report, chart 4): a total of 0, 1 to 4, 3 in a single parameter, 5 and more, 7 and more."""
BAND_LEVELS: Final[tuple[Level, ...]] = ("low", "raised", "high", "very high")
"""Of a model: the bands of its card."""
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Words = Annotated[str, Field(min_length=3, max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Source(_Part):
    """Where an advice stands: who published what, when, and where it can be read."""

    title: Words
    publisher: Words
    year: Annotated[int, Field(ge=1950, le=2100)]
    link: Annotated[str, Field(pattern=r"^https://\S+$", max_length=300)]


class Item(_Part):
    """One thing that is asked, of whom. Done, it is asked again after `again_after_hours` (None: not in this stay)."""

    id: Slug
    text: Words
    who: Who
    within_minutes: Annotated[int, Field(gt=0, le=7 * 24 * 60)] | None = None
    again_after_hours: Annotated[float, Field(gt=0, le=24 * 90)] | None = None
    source: Slug
    section: Words

    @property
    def within(self) -> str:
        """Its time in words; empty where it has none."""
        if self.within_minutes is None:
            return ""
        hours, rest = divmod(self.within_minutes, 60)
        return f"{self.within_minutes} min" if rest or not hours else f"{hours} h"


class Step(_Part):
    """What is asked at one level."""

    heading: Words
    monitoring: Annotated[str, Field(max_length=200)] = ""
    items: tuple[Item, ...] = ()


class Subject(_Part):
    """A score or a model, and for whom its advice holds. `too_young` and `pregnant` are said instead to the others."""

    label: Words
    min_age: Annotated[int, Field(ge=0, le=150)] = 0
    too_young: Words
    pregnant: Words
    levels: Mapping[Level, Step]


class Advice(_Part):
    """A whole file."""

    title: Words
    reviewed: date
    reviewed_by: Words
    sources: Mapping[Slug, Source]
    care_limits: Mapping[Limit, Words]
    subjects: Mapping[Slug, Subject]

    @model_validator(mode="after")
    def consistent(self) -> Self:
        """Every level is one of its subject's, every source is named, every care limit has words, ids are unique."""
        problems = [f"care_limits: {limit} has no words" for limit in get_args(Limit) if limit not in self.care_limits]
        seen: set[str] = set()
        for name, subject in self.subjects.items():
            known = SCORE_LEVELS if name == NEWS2 else BAND_LEVELS
            for level, step in subject.levels.items():
                at = f"subjects.{name}.levels.{level}"
                if level not in known:
                    problems.append(f"{at}: {name} has the levels {', '.join(known)}")
                for item in step.items:
                    if item.source not in self.sources:
                        problems.append(f"{at}, item {item.id}: there is no source {item.source!r} in this file")
                    if item.id in seen:
                        problems.append(f"{at}, item {item.id}: this id stands twice")
                    seen.add(item.id)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def item(self, id_: str) -> Item | None:
        """The item of an id."""
        steps = (step for subject in self.subjects.values() for step in subject.levels.values())
        return next((item for step in steps for item in step.items if item.id == id_), None)
