"""What the live streams show of a ward, and what they never show."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event
from services.outlets.grafana_live.lines import line
from services.outlets.grafana_live.view import View
from tests.services.outlets.grafana_live.events import arrived, at, census, demand, forecast, key, missed, news2

NOW = at(10)


def shown(*events: Event, now: datetime = NOW) -> dict[str, dict[str, float]]:
    """Fields of each series, by `measurement,tags`, after these events."""
    view = View()
    for event in events:
        view.fold(event)
    lines = [line(point, 1).split(" ") for point in view.points(now)]
    return {key: {n: float(v) for n, v in (f.split("=") for f in fields.split(","))} for key, fields, _ in lines}


RISK = "ward_risk,site=main,ward=5B,model=sepsis"
COUNTS = "ward_forecast,site=main,ward=5B,model=sepsis"
BED = "bed_risk,site=main,ward=5B,bed=5B-1,model=sepsis"


def test_a_ward_is_the_sum_of_its_patients() -> None:
    """Highest and mean risk, how many are above the model's threshold, how many counted; and each bed by itself."""
    found = shown(
        arrived("a"), forecast("a", 0.7), news2("a", 8), arrived("b", bed="5B-2"), forecast("b", 0.1), news2("b", 2)
    )
    assert found[RISK] == {"max": 0.7, "mean": 0.4}
    assert found[COUNTS] == {"above": 1, "patients": 2, "unknown": 0}
    assert found[BED] == {"probability": 0.7}
    assert found["ward_news2,site=main,ward=5B"] == {"max": 8}
    assert found["ward_scored,site=main,ward=5B"] == {"high": 1, "patients": 2, "unknown": 0}


def test_silence_is_not_recovery() -> None:
    """Missed, too old, or made of old facts: the patient counts as unknown, and not as one without risk."""
    gone = {"above": 0, "patients": 0, "unknown": 1}
    assert shown(arrived("a"), forecast("a", 0.7), missed("a", 2))[COUNTS] == gone
    assert shown(arrived("a"), forecast("a", 0.7), now=at(600))[COUNTS] == gone
    assert shown(arrived("a"), forecast("a", 0.7, fresh=False))[COUNTS] == gone
    assert RISK not in shown(arrived("a"), forecast("a", 0.7), missed("a", 2))


def test_a_silent_model_is_not_shown() -> None:
    """Rule 9: what a silent model says is for administrators, and the ward board is not theirs alone."""
    assert not any("risk" in series for series in shown(arrived("a"), forecast("a", 0.7, mode="silent")))


def test_who_has_gone_or_moved_is_not_counted_there() -> None:
    """A discharge, a merge or a transfer takes the patient out of the ward."""
    here = (arrived("a"), forecast("a", 0.7))
    assert shown(*here, arrived("a", minute=2, open=False)) == {}
    assert shown(*here, arrived("a", minute=2, merged_into=key("b"))) == {}
    moved = shown(*here, arrived("a", ward="ICU", bed="ICU-1", minute=2))
    assert [series for series in moved if "risk" in series] == [
        "ward_risk,site=main,ward=ICU,model=sepsis",
        "bed_risk,site=main,ward=ICU,bed=ICU-1,model=sepsis",
    ]


def test_beds_now_and_to_come() -> None:
    """The newest census and the mean with its quantiles at the horizons that the forecast reaches."""
    found = shown(
        census("5B", 20), census("5B", 21, minute=2), census("5B", 3, minute=0), demand(None, (4, 90), (24, 95))
    )
    assert found["beds,site=main,ward=5B"] == {"occupied": 21, "beds": 24, "closed": 0, "waiting": 1}
    assert found["bed_forecast,site=main,ward=all,model=beds-hourly"] == {
        "in_4h": 90, "in_4h_low": 88, "in_4h_high": 92, "in_24h": 95, "in_24h_low": 93, "in_24h_high": 97,
    }  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.floats(0, 1)), max_size=20))
def test_no_patient_key_leaves_and_order_of_arrival_does_not_matter(said: list[tuple[str, int, float]]) -> None:
    """Rule 10; and of one patient's forecasts the one with the newest clinical time stands, however they came."""
    newest = {(who, minute): forecast(who, risk, minute) for who, minute, risk in said}
    people = [arrived(who, bed=f"5B-{number}") for number, who in enumerate("abc")]
    one = shown(*people, *newest.values())
    other = shown(*people, *reversed(newest.values()))
    assert one == other
    assert not any(key(who) in series for series in one for who in "abc")
