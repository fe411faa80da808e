"""What the console's routes are given: every port and adapter they use, wired in main.py or by a test."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from services.console.advice.guideline import Advice
from services.console.live import Hub
from services.console.projection.follower import Standing
from services.console.projection.store import Store
from services.console.reading.system import Model
from services.console.reading.viewer import Names
from services.console.signin.flow import SignIn
from services.console.signin.sessions import Sessions
from services.console.units import Chosen
from services.runtime.ports import Clock, ObjectStore, Publisher
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """The console's dependencies. `standing` says how the projection does, `models` which are
    registered, `advice` what guidelines ask at which risk; `signin` is there where people sign in at an issuer.
    """

    settings: Settings
    store: Store
    hub: Hub
    names: Names
    objects: ObjectStore
    publisher: Publisher
    clock: Clock
    standing: Callable[[], Standing]
    models: Callable[[], tuple[Model, ...]]
    advice: Advice
    sessions: Sessions
    units: Chosen
    signin: SignIn | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
