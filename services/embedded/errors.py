"""What can go wrong when a server is started here, each saying what to do about it."""

from services.runtime.errors import DependencyError


class CannotStartError(DependencyError):
    """A server is not installed, or was started and did not become ready; the text says what to do or where to look."""
