"""A message as segments, fields, components: ER7, the vertical-bar encoding (HL7 v2.9, chapter 2.5 and 2.6).

Read once, kept as text, taken apart when asked: most fields of a message are never looked at. A field that is not
there is '' and so is HL7's explicit null (`""`), which says that a value was deleted and never what it is.
"""

import codecs
import re
from dataclasses import dataclass, field
from typing import Final

from schemas.hl7v2.delimiters import NULL, Delimiters

MOST_SEGMENTS: Final = 10_000
HEADERS: Final = frozenset({"FHS", "BHS"})
CHARSETS: Final = {
    "": "utf-8", "ASCII": "ascii", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8",
    **{f"8859/{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}  # fmt: skip
"""Table 0211, the alternate character sets that say which bytes a character is; without one: UTF-8."""
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}")


class MessageError(ValueError):
    """No message that can be answered field by field. `where` is an ERR-2 location such as PID-3; holds no content."""

    def __init__(self, reason: str, where: str = "MSH", code: str = "207") -> None:
        super().__init__(reason)
        self.reason, self.where, self.code = reason, where, code


@dataclass(frozen=True, slots=True)
class Field:
    """One repetition of a field."""

    text: str
    delimiters: Delimiters = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.text) and self.text != NULL

    def component(self, number: int, sub: int = 1) -> str:
        """A component's subcomponent, both from 1; '' where it is not there."""
        parts = self.text.split(self.delimiters.component, number)
        if len(parts) < number or not parts[number - 1]:
            return ""
        part = parts[number - 1].split(self.delimiters.subcomponent, sub)
        return _said(part[sub - 1], self.delimiters) if len(part) >= sub else ""

    @property
    def components(self) -> int:
        """How many components there are."""
        return self.text.count(self.delimiters.component) + 1

    def __str__(self) -> str:
        """All of it as text: of a field whose type has no components."""
        return _said(self.text, self.delimiters)


@dataclass(frozen=True, slots=True)
class Segment:
    """A line of a message."""

    name: str
    fields: tuple[str, ...] = field(repr=False)
    delimiters: Delimiters = field(repr=False)

    def all(self, number: int) -> tuple[Field, ...]:
        """The repetitions of a field (from 1) that say something."""
        text = self.fields[number] if number < len(self.fields) else ""
        found = (Field(part, self.delimiters) for part in text.split(self.delimiters.repetition))
        return tuple(one for one in found if one)

    def first(self, number: int) -> Field:
        """The first repetition of a field, or an empty one."""
        text = self.fields[number] if number < len(self.fields) else ""
        if self.delimiters.repetition not in text:  # nearly always
            return Field(text, self.delimiters)
        return next(iter(self.all(number)), Field("", self.delimiters))

    def text(self, number: int, component: int = 1) -> str:
        """A component of a field's first repetition."""
        return self.first(number).component(component)


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `segments` in the order sent, MSH first."""

    segments: tuple[Segment, ...]

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def all(self, name: str) -> tuple[Segment, ...]:
        """Every segment of a name."""
        return tuple(segment for segment in self.segments if segment.name == name)

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    @property
    def kind(self) -> tuple[str, str]:
        """MSH-9: message code and trigger event, such as ADT and A01."""
        return self.header.text(9), self.header.text(9, 2)

    @property
    def sender(self) -> str:
        """MSH-3 and MSH-4, sending application and facility."""
        return f"{self.header.text(3)}|{self.header.text(4)}"


def parse(content: bytes) -> Message:
    """The one message of these bytes; raises MessageError. Segments may end as files do, with LF or CR LF."""
    text = _text(content.strip(b"\x0b\x1c\r\n \t").removeprefix(codecs.BOM_UTF8))
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    if not lines or lines[0][:3] in HEADERS:
        raise MessageError("a batch (FHS, BHS): send its messages one by one" if lines else "an empty message")
    if lines[0][:3] != "MSH" or len(lines[0]) < len("MSH|^~\\&|"):
        raise MessageError("the first segment is not MSH with its delimiters")
    if len(lines) > MOST_SEGMENTS:
        raise MessageError(f"more than {MOST_SEGMENTS} segments")
    delimiters = _delimiters(lines[0])
    segments = []
    for n, line in enumerate(lines):
        fields = line.split(delimiters.field)
        if _NAME.fullmatch(fields[0]) is None:
            raise MessageError(f"line {n + 1} does not begin with a segment's name", "MSH", "100")
        if fields[0] == "MSH":
            if n:
                raise MessageError("a second MSH: send messages one by one", "MSH", "100")
            fields.insert(1, delimiters.field)  # MSH-1 is the delimiter itself
        segments.append(Segment(fields[0], tuple(fields), delimiters))
    return Message(tuple(segments))


def _text(content: bytes) -> str:
    header = re.split(rb"[\r\n]", content, maxsplit=1)[0]
    fields = header.split(header[3:4]) if len(header) > len(b"MSH|") else []
    named = fields[17].split(header[5:6] or b"~")[0].decode("ascii", "replace").strip() if len(fields) > 17 else ""  # noqa: PLR2004 - MSH-18
    charset = CHARSETS.get("" if named == NULL else named.upper())
    if charset is None:
        raise MessageError("MSH-18 names a character set that is not read here: send UNICODE UTF-8", "MSH-18", "103")
    try:
        return content.decode(charset)
    except UnicodeDecodeError as error:
        said = named or "UTF-8, as MSH-18 names none"
        raise MessageError(f"byte {error.start} is no character of {said}", "MSH-18", "102") from None


def _delimiters(header: str) -> Delimiters:
    encoding = header[4:].partition(header[3])[0]
    used = header[3] + encoding
    # v2.7 adds a fifth, the truncation character; fewer than four leave the last ones at their usual values.
    if not 1 <= len(encoding) <= 5 or len(set(used)) != len(used) or any(c.isalnum() or c.isspace() for c in used):  # noqa: PLR2004
        raise MessageError("MSH-1 and MSH-2 are not five different delimiters", "MSH-2", "101")
    usual = "^~\\&"
    return Delimiters(header[3], *(encoding[:4] + usual[len(encoding) :]))


def _said(text: str, delimiters: Delimiters) -> str:
    return "" if text == NULL else delimiters.unescaped(text).strip()
