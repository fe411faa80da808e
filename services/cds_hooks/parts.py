"""What the routes need, wired once in `main.py`."""

from collections.abc import Callable
from dataclasses import dataclass

from services.cds_hooks.standing import Patients
from services.cds_hooks.trust import Trust
from services.runtime.ports import Clock, Identity, Publisher
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """`current`: whether the log is folded to its end; `base`: our own address, as clients' tokens name it."""

    settings: Settings
    patients: Patients
    identity: Identity
    publisher: Publisher
    clock: Clock
    trust: Trust
    current: Callable[[], bool]
    base: str
