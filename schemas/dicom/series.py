"""What kind of series an object belongs to, in words of ours: a description is free text and may name the patient.

From Series Description, Protocol Name and the third value of Image Type (PS3.3 C.7.3.1, C.8.2.1.1.1). Only the kinds
leave the gateway.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, Protocol

SeriesKind = Literal["localizer", "coronal", "sagittal", "t2", "flair", "diffusion", "susceptibility", "perfusion"]

# A word of the description, in small letters, that says so.
WORDS: Final[Mapping[SeriesKind, re.Pattern[str]]] = MappingProxyType(
    {
        "localizer": re.compile(r"scout|topogram|locali[sz]er\w*|survey|surview"),
        "coronal": re.compile(r"cor|coronal\w*"),
        "sagittal": re.compile(r"sag|sagittal\w*"),
        "t2": re.compile(r"t2\w*"),
        "flair": re.compile(r"flair\w*|tirm"),
        "diffusion": re.compile(r"dwi|adc|dti|diff\w*|trace\w*"),
        "susceptibility": re.compile(r"swi|swan|t2star"),
        "perfusion": re.compile(r"perf\w*|pwi|dsc|asl"),
    }
)
T1: Final = re.compile(r"t1\w*")


class Attributes(Protocol):
    """Attributes by keyword."""

    def get(self, key: str, default: object = None, /) -> object:
        """The value of an attribute, or the default."""
        ...


def series_kinds(attributes: Attributes) -> tuple[SeriesKind, ...]:
    """Kinds that the header names, in the order of `WORDS`; empty when it names none."""
    said = " ".join(str(attributes.get(key) or "") for key in ("SeriesDescription", "ProtocolName"))
    words = [word for word in re.split(r"[^a-z0-9]+", said.lower()) if word]
    kinds: list[SeriesKind] = [kind for kind, pattern in WORDS.items() if any(map(pattern.fullmatch, words))]
    if "flair" in kinds and any(map(T1.fullmatch, words)):  # inversion that nulls fluid comes T1-weighted too
        kinds.remove("flair")
    kind_of_image = attributes.get("ImageType")
    if "localizer" not in kinds and isinstance(kind_of_image, Sequence) and "LOCALIZER" in list(kind_of_image)[2:]:
        kinds.insert(0, "localizer")
    return tuple(kinds)
