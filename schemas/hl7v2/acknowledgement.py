"""The answer to a message: MSH, MSA and an ERR for each thing that is wrong (HL7 v2.9, 2.9.2 and 2.9.3, 2.14.5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from schemas.hl7v2.delimiters import Delimiters
from schemas.hl7v2.message import Message

Code = Literal["AA", "AE", "AR"]
COMMIT: Final = {"AA": "CA", "AE": "CE", "AR": "CR"}
NEVER, ERRORS, SUCCESSES = "NE", "ER", "SU"
"""Table 0155: whether a sender in enhanced mode wants an answer (MSH-15)."""


class Wrong(NamedTuple):
    """An ERR segment: where, table 0357 code, severity E or W, and words."""

    where: str
    code: str
    severity: Literal["E", "W"]
    text: str


def acknowledgement(
    message: Message | None, code: Code, text: str, wrong: Sequence[Wrong], now: datetime, number: str
) -> bytes | None:
    """The bytes of an ACK; None when the sender asked for no answer. `number` becomes our MSH-10.

    In enhanced mode (MSH-15 is valued) it is a commit acknowledgement: here a message is committed when it was applied.
    """
    marks = Delimiters() if message is None else message.header.delimiters
    wanted = message.header.text(15).upper() if message else ""
    good = code == "AA"
    if wanted == NEVER or (wanted == ERRORS and good) or (wanted == SUCCESSES and not good):
        return None
    said = COMMIT[code] if wanted else code
    separator, component = marks.field, marks.component
    header = message.header if message else None
    fields = [
        "MSH", f"{component}{marks.repetition}{marks.escape}{marks.subcomponent}",
        *(str(_raw(header, n)) for n in (5, 6, 3, 4)), now.strftime("%Y%m%d%H%M%S%z"), "",
        component.join(part for part in ("ACK", message.kind[1] if message else "", "ACK") if part), number,
        _raw(header, 11) or "P", _raw(header, 12) or "2.5.1", "", "", "", "", "", "UNICODE UTF-8",
    ]  # fmt: skip
    segments = [separator.join(fields)]
    segments.append(separator.join(["MSA", said, _raw(header, 10), marks.escaped(text)]))
    for one in wrong:
        place = component.join((one.where.partition("-")[0], "1", one.where.partition("-")[2])).rstrip(component)
        segments.append(
            separator.join(
                [
                    "ERR",
                    "",
                    place,
                    f"{one.code}{component * 2}HL70357",
                    one.severity,
                    "",
                    "",
                    "",
                    marks.escaped(one.text),
                ]
            )
        )
    return "".join(segment + "\r" for segment in segments).encode()


def _raw(header: object, number: int) -> str:
    fields: tuple[str, ...] = getattr(header, "fields", ())
    return fields[number] if number < len(fields) else ""
