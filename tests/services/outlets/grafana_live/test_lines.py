"""Points as lines of InfluxDB's line protocol."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.outlets.grafana_live.lines import line, point
from tests.fakes.grafana.alerting import LINE

NAMES = st.sampled_from(["site", "ward", "bed", "model"])
NUMBERS = st.floats() | st.none()


@given(
    tags=st.dictionaries(NAMES, st.text(max_size=120) | st.none()),
    fields=st.dictionaries(st.sampled_from(["max", "mean", "above"]), NUMBERS),
)
def test_whatever_a_ward_is_called_its_line_can_be_read(
    tags: dict[str, str | None], fields: dict[str, float | None]
) -> None:
    """Any names and numbers give one line of the protocol with each finite number, or none where nothing is known."""
    made = point("ward_risk", tags, fields)
    finite = [v for v in fields.values() if v is not None and math.isfinite(v)]
    assert (made is None) == (not finite)
    if made is not None:
        written = line(made, 1_700_000_000_000_000_000)
        assert LINE.match(written)
        assert "\n" not in written
        assert written.count(" ") == 2
        assert len(written.split(" ")[1].split(",")) == len(finite)


def test_a_line_reads_as_the_recorded_one() -> None:
    """The form of the line that Grafana 11.0.0 was recorded to take."""
    made = point("risk", {"ward": "5B"}, {"max": 0.71, "mean": 0.12})
    assert made is not None
    assert line(made, 1795359610655000000) == "risk,ward=5B max=0.71,mean=0.12 1795359610655000000"
