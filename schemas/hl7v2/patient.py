"""PID and MRG → Patient (v2-to-FHIR: PID[Patient]; MRG[Patient]): numbers, name, birth, sex, death, and merges."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from schemas.hl7v2.message import Field, Message, MessageError, Segment
from schemas.hl7v2.types import Element, Site, date_of, identifier, moment, person

SEX: Final = {"F": "female", "M": "male", "O": "other", "A": "other", "X": "other", "U": "unknown", "N": "unknown"}
"""Table 0001 → administrative-gender (v2-to-FHIR: HL70001)."""
PID: Final = "PID"


def patient(message: Message, site: Site) -> Element:
    """The person a message is about; raises MessageError without PID-3."""
    segment = _pid(message)
    found: Element = {"resourceType": "Patient", "identifier": _numbers(segment, (3, 2), site)}
    names = [name for name in map(person, segment.all(5)) if name]
    if names:
        found["name"] = names
    if gender := SEX.get(segment.text(8).upper()):
        found["gender"] = gender
    if born := date_of(segment.text(7), "PID-7"):
        found["birthDate"] = born
    if died := moment(segment.text(29), site, "PID-29"):
        found["deceasedDateTime"] = died
    elif segment.text(30) == "Y":
        found["deceasedBoolean"] = True
    return found


def merged(message: Message, site: Site) -> Element:
    """The person of MRG-1, replaced by the one of PID-3 (A40, A34, A47); raises MessageError."""
    segment = message.first("MRG")
    if segment is None:
        raise MessageError("a merge without MRG: whose numbers are given up?", "MRG", "100")
    found: Element = {
        "resourceType": "Patient",
        "identifier": _numbers(segment, (1, 4), site),
        "link": [{"other": subject(message, site), "type": "replaced-by"}],
    }
    if name := person(segment.first(7)):
        found["name"] = [name]
    return found


def groups(message: Message) -> Iterator[Message]:
    """The message once for each PID, with the segments up to the next one."""
    rest = message.segments
    starts = [n for n, segment in enumerate(rest) if segment.name == PID]
    for start, end in pairwise([*starts, len(rest)]):
        yield Message((message.header, *rest[start:end]))


def subject(message: Message, site: Site) -> Element:
    """A reference to the person by number; raises MessageError without one."""
    numbers = _numbers(_pid(message), (3, 2), site)
    kinds = ("MR", "PI", "")
    best = min(numbers, key=lambda n: kinds.index(_kind(n)) if _kind(n) in kinds else len(kinds))
    return {"identifier": {name: best[name] for name in ("system", "value") if name in best}}


def _pid(message: Message) -> Segment:
    found = message.first(PID)
    if found is None:
        raise MessageError("no PID: about whom is this?", PID, "100")
    return found


def _numbers(segment: Segment, fields: tuple[int, ...], site: Site) -> list[Element]:
    """The numbers of the first of these fields that has any: the later ones are its forerunners in old versions."""
    for number in fields:
        held: tuple[Field, ...] = segment.all(number)
        if found := [one for one in (identifier(cx, site) for cx in held) if one]:
            return found
    raise MessageError("no number to know the person by", f"{segment.name}-{fields[0]}", "101")


def _kind(number: Element) -> str:
    kind: str = number["type"]["coding"][0]["code"] if "type" in number else ""
    return kind
