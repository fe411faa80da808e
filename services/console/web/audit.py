"""Who looked at whom, to the topic `audit`. A log that does not answer must not hide a patient: it is counted."""

from concurrent.futures import Future

from schemas.events import AccessAudited
from schemas.ids import digest
from services.console.parts import Parts
from services.runtime import logs
from services.runtime.outgoing import outgoing

log = logs.get(__name__)


def audit(parts: Parts, actor: str, action: str, subject: str, *, allowed: bool = True) -> None:
    """Tell it, without waiting."""
    at = parts.clock.now()
    site = parts.settings.site
    event = AccessAudited(
        id=digest(site, actor, action, subject, at.isoformat()),
        site=site,
        known=at,
        actor=actor,
        action=action,
        subject=subject,
        allowed=allowed,
    )
    message = outgoing(event, source="console", partitions=parts.settings.partitions)
    parts.publisher.publish([message]).add_done_callback(_told)


def _told(done: "Future[None]") -> None:
    if (error := done.exception()) is not None:
        log.error("audit_not_written", reason=str(error))
