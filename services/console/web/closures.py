"""The board's line about wards on which nobody is called, as HTML: read once for each change, drawn once for all."""

from services.console.parts import Parts
from services.console.reading.called import maintenance
from services.console.reading.parts import Closed
from services.console.reading.viewer import Viewer
from services.console.web import pages


class Closures:
    """What of it each screen shows: that of the viewer's wards, in the viewer's language."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._read: tuple[int, tuple[Closed, ...]] = (-1, ())
        self._drawn: dict[tuple[tuple[Closed, ...], str], str] = {}

    def of(self, viewer: Viewer, spoken: str) -> str:
        """The line; empty where everybody is called."""
        number = self._parts.hub.number
        if number != self._read[0]:
            with self._parts.store.reading() as db:
                found = maintenance(db, self._parts.settings.site, self._parts.clock.now())
            if found != self._read[1]:
                self._drawn = {}
            self._read = number, found
        shown = tuple(c for c in self._read[1] if viewer.on(c.ward))
        if not shown:
            return ""
        drawn = self._drawn
        if (shown, spoken) not in drawn:
            now = self._parts.clock.now()
            drawn[shown, spoken] = pages.fragment(spoken, "called.html", "closed", shown, now)
        return drawn[shown, spoken]
