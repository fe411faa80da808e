"""The five delimiters of a message, and how they are written where they are meant as text (HL7 v2.9, 2.5.4 and 2.7)."""

from dataclasses import dataclass
from typing import Final

NULL: Final = '""'
"""A value that was deleted: it says what no longer holds, never what does."""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """MSH-1 and MSH-2: field, component, repetition, escape, subcomponent."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    def escaped(self, text: str) -> str:
        """Text as it is written in a field; control characters become blanks."""
        meant = {self.escape: "E", self.field: "F", self.component: "S", self.subcomponent: "T", self.repetition: "R"}
        return "".join(f"{self.escape}{meant[c]}{self.escape}" if c in meant else max(c, " ") for c in text)

    def unescaped(self, text: str) -> str:
        """The text that was meant (2.7.1 formatting codes): delimiters, line breaks; highlighting is left out."""
        if self.escape not in text:
            return text
        meant = {
            "F": self.field, "S": self.component, "T": self.subcomponent, "R": self.repetition, "E": self.escape,
            ".br": "\n", "H": "", "N": "",
        }  # fmt: skip
        parts = text.split(self.escape)
        # Between two escape characters stands a code; one that is not known stays as it was written.
        out, n = [parts[0]], 1
        while n < len(parts):
            if n + 1 == len(parts):
                out.append(self.escape + parts[n])
            elif parts[n] in meant:
                out.append(meant[parts[n]] + parts[n + 1])
            elif parts[n][:1] == "X" and (said := _hexadecimal(parts[n][1:])) is not None:
                out.append(said + parts[n + 1])
            else:
                out += [self.escape, parts[n], self.escape, parts[n + 1]]
            n += 2
        return "".join(out)


def _hexadecimal(digits: str) -> str | None:
    try:
        return bytes.fromhex(digits).decode("utf-8")
    except ValueError:
        return None
