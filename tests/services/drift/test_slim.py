"""The slim form of readings says what the whole event says."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Envelope, encode
from schemas.events import ObservationsRecorded, Reading
from services.drift.core import Drift
from services.drift.slim import slim, triples
from services.drift.snapshot import pack
from tests.services.drift.given import T0, readings, watchable

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
taken = st.builds(
    Reading, id=st.just("i"), source=st.just("s"), code=st.sampled_from(["heart_rate", "lactate"]),
    value=st.floats(-1e9, 1e9), unit=st.just("1"), taken=instants, device=st.none() | st.just("d"),
)  # fmt: skip


@given(st.lists(taken, min_size=1, max_size=5), instants)
def test_slim_is_the_event_without_the_rest(given: list[Reading], known: datetime) -> None:
    """Site, patient, time and each reading's code, value and time are those of the event, to the bit."""
    event = ObservationsRecorded(id="e", site="main", known=known, patient="patient-0001", readings=tuple(given))
    value, _ = encode(Envelope(event, "test"))
    found = slim(value)
    assert (found["site"], found["known"], found["patient"]) == (event.site, event.known, event.patient)
    assert list(triples(found)) == list(triples(event))


def test_both_forms_fold_alike() -> None:
    """The same state comes of either."""
    whole, light = Drift(watchable()), Drift(watchable())
    for minute in range(0, 200, 7):
        event = readings(minute % 3, T0 + timedelta(minutes=minute), heart_rate=80 + minute, temperature=math.nan)
        whole.fold(event)
        light.fold_slim(slim(encode(Envelope(event, "test"))[0]))
    assert pack(whole.state) == pack(light.state)
