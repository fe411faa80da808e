"""Facts about a whole site that every partition must hear: one copy on each, under a word that leads there."""

from collections.abc import Sequence
from itertools import count

from schemas.topics import partition_of


def lanes(site: str, partitions: int) -> Sequence[str]:
    """For each partition of a patient topic, in order: the first `lane-N` whose key with the site lies on it."""
    found: dict[int, str] = {}
    for n in count():
        lane = f"lane-{n}"
        found.setdefault(partition_of(f"{site}/{lane}", partitions), lane)
        if len(found) == partitions:
            return [found[number] for number in range(partitions)]
    raise AssertionError("count() does not end")
