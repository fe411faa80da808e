"""From a drift alarm to the annotation that should stand: for the model's owner, tagged `model-owner`, of no patient.

It has no tag `wardwatch`, by which the ward's dashboards find what care teams are to see.
"""

from schemas.events import ModelDriftAlarm, ModelDriftEnded
from services.outlets.annotation import LINE, TAG_CHARACTERS, instant, shown
from services.outlets.board import Annotation, alert_tag

OWNER = "model-owner"
OURS = (OWNER, "alert:", "site:", "model:", "state:")


def drift_revised(found: Annotation | None, event: ModelDriftAlarm) -> Annotation:
    """What should stand after this, given what stands; a line that stands already changes nothing."""
    at_ms = int(event.as_of.timestamp() * 1000)
    line = f"{instant(event.as_of)} {_state(event)}: {event.value:.2f}, limit {event.limit:.2f}"
    if found is None:
        return Annotation(event.alarm, at_ms, at_ms, _tags(event, ()), f"{shown(event.text)}\n{line}")
    told = [known for known in found.text.split("\n") if LINE.match(known)]
    if line in told:
        return found
    head = [known for known in found.text.split("\n") if not LINE.match(known)]
    told = sorted([*told, line])
    start = min(found.start_ms, at_ms)
    if told[-1] != line:  # an older word that came late
        return Annotation(event.alarm, start, max(found.end_ms, start), found.tags, "\n".join([*head, *told]))
    end = max(at_ms, start) if isinstance(event, ModelDriftEnded) else start
    return Annotation(event.alarm, start, end, _tags(event, found.tags), "\n".join([*head, *told]))


def _state(event: ModelDriftAlarm) -> str:
    return "ended" if isinstance(event, ModelDriftEnded) else "found"


def _tags(event: ModelDriftAlarm, standing: tuple[str, ...]) -> tuple[str, ...]:
    mine = [OWNER, alert_tag(event.alarm), f"site:{event.site}", f"model:{event.model}", f"state:{_state(event)}"]
    theirs = [tag for tag in standing if not tag.startswith(OURS)]
    return tuple(dict.fromkeys(tag[:TAG_CHARACTERS] for tag in mine + theirs))
