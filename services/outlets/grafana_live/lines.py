"""Points in the line protocol of InfluxDB, as Grafana Live's push endpoint takes them: a measurement is a stream.

`measurement,tag=value field=value nanoseconds`. Grafana prints a point's tags as `name=value, name=value` in a column
of labels and its pages take that apart again: commas, equals signs and spaces cannot stand in a tag, even escaped.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_NOT_IN_A_TAG = re.compile(r"[\s,=\\\"\x00-\x1f\x7f]+")
_TAG_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Point:
    """Newest values of one series: tags name it, fields are its numbers."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, float], ...]


def point(measurement: str, tags: Mapping[str, str | None], fields: Mapping[str, float | None]) -> Point | None:
    """A point of what is known; None where no finite number is left, because a line needs one."""
    named = tuple((name, tag(value)) for name, value in tags.items() if value)
    known = tuple((name, float(v)) for name, v in fields.items() if v is not None and math.isfinite(v))
    return Point(measurement, named, known) if known else None


def tag(value: str) -> str:
    """A tag's value as a label can carry it: what would take a label apart becomes an underscore."""
    return _NOT_IN_A_TAG.sub("_", value)[:_TAG_CHARACTERS]


def line(given: Point, at_ns: int) -> str:
    """One line; all numbers are floats, so that a stream keeps one schema."""
    named = "".join(f",{name}={value}" for name, value in given.tags)
    numbers = ",".join(f"{name}={value:.6g}" for name, value in given.fields)
    return f"{given.measurement}{named} {numbers} {at_ns}"
