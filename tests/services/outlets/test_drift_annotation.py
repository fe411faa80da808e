"""A drift alarm's annotation: one for each, for the model's owner and not for a ward."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import ModelDriftAlarm, ModelDriftEnded, ModelDriftFound, ModelDriftMeasured
from services.outlets.annotation import OURS
from services.outlets.board import Annotation, MemoryBoard, Put
from services.outlets.dashboards import dashboards
from services.outlets.delivery import Outcome
from services.outlets.drift_annotation import drift_revised
from services.outlets.grafana import Grafana

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def alarm(kind: type[ModelDriftAlarm], hour: int, value: float = 0.4) -> ModelDriftAlarm:
    """A word about the same alarm."""
    at = T0 + timedelta(hours=hour)
    return kind(
        id=f"{kind.__name__}-{hour}", site="main", known=at, as_of=at, model="sepsis", version="1", alarm="d1",
        measure="temperature distribution", value=value, limit=0.25, text="Model sepsis 1 at <main>: temperature …",
    )  # fmt: skip


FOUND, ENDED = alarm(ModelDriftFound, 1), alarm(ModelDriftEnded, 50, 0.1)


def test_found_is_a_point_and_ended_a_region() -> None:
    """One annotation from found to ended, its text escaped, each word a line."""
    board = MemoryBoard()
    outlet = Grafana(board)
    for event in (FOUND, FOUND, ENDED, ENDED, FOUND):
        assert outlet.deliver(event).outcome is Outcome.DELIVERED
    (standing,) = board.standing.values()
    assert [put for _, put in board.puts] == [Put.CREATED, Put.UNCHANGED, Put.UPDATED, Put.UNCHANGED, Put.UNCHANGED]
    assert (standing.end_ms - standing.start_ms) == 49 * 3600_000
    assert {"model-owner", "alert:d1", "site:main", "model:sepsis", "state:ended"} == set(standing.tags)
    assert standing.text.split("\n")[0] == "Model sepsis 1 at &lt;main&gt;: temperature …"
    assert standing.text.split("\n")[1:] == [
        "2026-03-01 01:00:00 UTC found: 0.40, limit 0.25", "2026-03-03 02:00:00 UTC ended: 0.10, limit 0.25",
    ]  # fmt: skip


@given(st.lists(st.sampled_from([FOUND, ENDED]), min_size=2, max_size=6))
def test_any_part_may_be_delivered_again(script: list[ModelDriftAlarm]) -> None:
    """Whatever is repeated or out of order, the annotation is that of the words heard, in the order of their times."""
    standing: Annotation | None = None
    for event in script:
        standing = drift_revised(standing, event)
    in_order: Annotation | None = None
    for event in sorted(set(script), key=lambda e: e.as_of):
        in_order = drift_revised(in_order, event)
    assert standing is not None
    assert in_order is not None
    assert standing.same(in_order)


def test_a_ward_is_not_shown_a_models_drift() -> None:
    """The ward's dashboards look for the tag `wardwatch`, which a drift alarm has not; the owner's look for its own."""
    tags = drift_revised(None, FOUND).tags
    wanted = {d["uid"]: {t for a in d["annotations"]["list"] for t in a["target"]["tags"]} for d in dashboards("x")}
    assert OURS[0] == "wardwatch"
    assert wanted["wardwatch-ward"] == {"wardwatch"}
    assert wanted["wardwatch-drift"] == {"model-owner"}
    assert "wardwatch" not in tags
    assert "model-owner" in tags


def test_a_measurement_is_no_annotation() -> None:
    """Hourly measurements are passed over."""
    board = MemoryBoard()
    measured = ModelDriftMeasured(
        id="m", site="main", known=T0, as_of=T0, model="sepsis", version="1", patient_hours=0, patients=0, missed=0,
        declined=0, alarms_per_patient_day=None, reference_alarms_per_patient_day=0.1,
    )  # fmt: skip
    assert Grafana(board).deliver(measured).outcome is Outcome.DELIVERED
    assert board.standing == {}
