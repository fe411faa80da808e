"""Names of the hospital as ids of an instance, which are shorter."""

from schemas.ids import digest

LONGEST = 64


def short(name: str) -> str:
    """The name itself where it is short enough, else its digest: always the same for the same name."""
    return name if len(name) <= LONGEST else f"~{digest(name)}"
