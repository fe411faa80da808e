"""The contract of the annotation board, held by the board in memory and by the Grafana adapter over HTTP."""

from collections.abc import Iterator

import pytest

from services.outlets.board import Annotation, AnnotationBoard, MemoryBoard, Put, Revise, alert_tag
from services.outlets.grafana_board import GrafanaBoard
from tests.fakes.grafana import FakeGrafana


@pytest.fixture(params=["memory", "10.4.0", "11.0.0", "12.0.0"])
def board(request: pytest.FixtureRequest) -> Iterator[AnnotationBoard]:
    """An empty board of each kind, and of each version of Grafana; what 11.0.0 answers was recorded."""
    if request.param == "memory":
        yield MemoryBoard()
        return
    with FakeGrafana(request.param) as grafana:
        yield GrafanaBoard(grafana.url, grafana.token("Editor"), timeout_s=5)


def mark(alert: str = "a1", end_ms: int = 1_000, *tags: str, text: str = "x") -> Annotation:
    """An annotation of an alert that began at 1 s."""
    return Annotation(alert, 1_000, end_ms, ("wardwatch", alert_tag(alert), *tags), text)


def to(wanted: Annotation | None) -> Revise:
    """A revision that does not ask what stands."""
    return lambda _: wanted


def test_nothing_stands_at_first(board: AnnotationBoard) -> None:
    """An alert that was never put is not found, and its revision is given None."""
    seen: list[Annotation | None] = []

    def look(found: Annotation | None) -> None:
        seen.append(found)

    assert board.find("a1") is None
    assert board.put("a1", look) is Put.UNCHANGED
    assert seen == [None]
    assert board.find("a1") is None


def test_what_was_put_is_found(board: AnnotationBoard) -> None:
    """Times, tags and text come back as they were put, with any character a ward's name may hold."""
    wanted = mark("a1", 2_000, "ward:Kinder & Süd / 5B?", "bed:5B #3 50%", text="risk 0.71\nlactate &gt; 2 µmol")
    assert board.put("a1", to(wanted)) is Put.CREATED
    found = board.find("a1")
    assert found is not None
    assert found.same(wanted)


def test_a_second_put_updates(board: AnnotationBoard) -> None:
    """The revision sees what stands, and what it returns replaces all of it."""
    board.put("a1", to(mark("a1", 1_000, "state:raised")))
    wanted = mark("a1", 9_000, "state:resolved", text="y")
    seen: list[Annotation | None] = []

    def close(found: Annotation | None) -> Annotation:
        seen.append(found)
        return wanted

    assert board.put("a1", close) is Put.UPDATED
    assert [s.same(mark("a1", 1_000, "state:raised")) for s in seen if s] == [True]
    found = board.find("a1")
    assert found is not None
    assert found.same(wanted)


def test_a_repeat_is_no_change(board: AnnotationBoard) -> None:
    """Putting the same again says so, the order of tags aside."""
    board.put("a1", to(mark("a1", 1_000, "x", "y")))
    assert board.put("a1", to(mark("a1", 1_000, "y", "x"))) is Put.UNCHANGED


def test_an_end_can_be_taken_back(board: AnnotationBoard) -> None:
    """A region becomes a point again when its end is set to its start."""
    board.put("a1", to(mark("a1", 9_000)))
    board.put("a1", to(mark("a1", 1_000)))
    found = board.find("a1")
    assert found is not None
    assert found.end_ms == 1_000


def test_alerts_do_not_mix(board: AnnotationBoard) -> None:
    """An alert whose id begins with another's id, or holds signs of a web address, is another alert."""
    names = ["a1", "a12", "a1&tags=x", "a1 b", "a:1"]
    for name in names:
        board.put(name, to(mark(name, text=name)))
    assert [found and found.text for found in map(board.find, names)] == names
