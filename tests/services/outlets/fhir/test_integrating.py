"""What docs/integrating.md says is written to a FHIR server is what is written."""

import json
import re
from pathlib import Path

from schemas.events import AlertRaised
from tests.services.outlets.alerts import event
from tests.services.outlets.fhir.bench import Bench
from tests.services.outlets.fhir.care import alerts, people

PAGE = Path(__file__).parents[4] / "docs" / "integrating.md"


def test_the_example_is_what_stands() -> None:
    """The Task of the page is the Task of that alert."""
    text = PAGE.read_text(encoding="utf-8").partition("### An alert at your server")[2]
    found = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert found is not None
    bench = Bench(make=alerts, people=people())
    bench.say(event(AlertRaised, 0, role="bedside_nurse", contact="ext. 4711"))
    bench.turns()
    assert bench.standing("Task") == [json.loads(found[1])]
