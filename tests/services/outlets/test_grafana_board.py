"""The Grafana adapter against a Grafana that fails: what each failure is called, and that none leaves two marks."""

from collections.abc import Iterator

import pytest

from services.outlets.board import (
    Annotation,
    BoardMisconfigured,
    BoardRefused,
    BoardUnavailable,
    Put,
    alert_tag,
)
from services.outlets.grafana_board import GrafanaBoard
from tests.fakes.grafana import CutShort, Drop, FakeGrafana, Fault, Hang, Lose, Reply

MARK = Annotation("a1", 1_000, 1_000, ("wardwatch", alert_tag("a1")), "x")
ENDED = Annotation("a1", 1_000, 5_000, ("wardwatch", alert_tag("a1")), "y")
PATIENCE_S = 0.3


@pytest.fixture(params=["11.0.0"])
def grafana(request: pytest.FixtureRequest) -> Iterator[FakeGrafana]:
    """A Grafana that works until told otherwise."""
    with FakeGrafana(request.param) as server:
        yield server


@pytest.fixture
def board(grafana: FakeGrafana) -> GrafanaBoard:
    """The adapter with an editor's token and little patience."""
    return GrafanaBoard(grafana.url, grafana.token("Editor"), timeout_s=PATIENCE_S)


UNAVAILABLE = {
    "429": Reply(429, {"message": "slow down"}, headers=(("Retry-After", "1"),)),
    "500": Reply(500, {"message": "database is locked"}),
    "502 of a proxy": Reply(502, None, "text/html"),
    "503": Reply(503, {"message": "starting"}),
    "a login page": Reply(200, "<html>sign in</html>", "text/html"),
    "other JSON": Reply(200, {"status": "ok"}),
    "cut short": CutShort(0.5),
    "no body": CutShort(0.0),
    "hung": Hang(5.0),
    "dropped": Drop(),
    "lost": Lose(),
}


@pytest.mark.parametrize("how", UNAVAILABLE.values(), ids=UNAVAILABLE.keys())
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_failure_that_may_pass_leaves_one_annotation(
    grafana: FakeGrafana, board: GrafanaBoard, method: str, how: Reply | CutShort | Hang | Drop | Lose
) -> None:
    """Whichever call fails, done or undone, trying again until it goes through ends with exactly one annotation."""
    if method == "PUT":
        board.put("a1", lambda _: MARK)
    wanted = ENDED if method == "PUT" else MARK
    grafana.fail(Fault(how, method=method, prefix="/api/annotations"))
    with pytest.raises(BoardUnavailable):
        board.put("a1", lambda _: wanted)
    board.put("a1", lambda _: wanted)
    assert [row.text for row in grafana.world.annotations.values()] == [wanted.text]


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        (Reply(429, {"message": "slow down"}, headers=(("Retry-After", "17"),)), 17.0),
        (Reply(503, None, headers=(("Retry-After", "86400"),)), 300.0),
        (Reply(503, None, headers=(("Retry-After", "soon"),)), 0.0),
        (Reply(500, None, headers=(("Retry-After", "17"),)), 0.0),
        (Reply(503, None), 0.0),
    ],
)
def test_what_it_asks_for_is_told(grafana: FakeGrafana, board: GrafanaBoard, how: Reply, asked: float) -> None:
    """Retry-After of 429 and 503 reaches the loop, up to five minutes; and is forgotten with the next failure."""
    grafana.fail(Fault(how))
    with pytest.raises(BoardUnavailable) as caught:
        board.find("a1")
    assert caught.value.retry_after_s == asked
    grafana.fail(Fault(Drop()))
    with pytest.raises(BoardUnavailable) as caught:
        board.find("a1")
    assert caught.value.retry_after_s == 0.0


def test_a_stopped_grafana_is_unavailable_until_it_is_back(grafana: FakeGrafana, board: GrafanaBoard) -> None:
    """Connections that stood before the stop do no harm: calls fail while it is down and work afterwards."""
    board.put("a1", lambda _: MARK)
    grafana.stop()
    for _ in range(3):
        with pytest.raises(BoardUnavailable):
            board.put("a1", lambda _: ENDED)
    grafana.start()
    assert board.put("a1", lambda _: ENDED) is Put.UPDATED


@pytest.mark.parametrize("status", [400, 409, 412, 413, 422])
def test_a_refusal_is_final(grafana: FakeGrafana, board: GrafanaBoard, status: int) -> None:
    """What Grafana says about the annotation itself is not asked twice, and its words are kept."""
    grafana.fail(Fault(Reply(status, {"message": "no"}), method="POST"))
    with pytest.raises(BoardRefused, match=f"{status}: .*no"):
        board.put("a1", lambda _: MARK)


def test_an_empty_text_is_refused(board: GrafanaBoard) -> None:
    """The recorded 400 for an annotation without words is a refusal."""
    with pytest.raises(BoardRefused):
        board.put("a1", lambda _: Annotation("a1", 1_000, 1_000, MARK.tags, ""))


def test_a_viewer_and_a_stranger_are_a_matter_of_settings(grafana: FakeGrafana) -> None:
    """A token without the role, a wrong token, none at all, or an address that is not Grafana's: misconfigured."""
    grafana_under_prefix = grafana.url + "/elsewhere/"
    for url, token in [
        (grafana.url, grafana.token("Viewer")),
        (grafana.url, "glsa_wrong"),
        (grafana.url, ""),
        (grafana_under_prefix, grafana.token("Editor")),
    ]:
        with pytest.raises(BoardMisconfigured):
            GrafanaBoard(url, token, timeout_s=PATIENCE_S).put("a1", lambda _: MARK)


def test_no_error_tells_the_token(grafana: FakeGrafana) -> None:
    """What is raised, and what caused it, never holds the token."""
    board = GrafanaBoard(grafana.url, "glsa_secret", timeout_s=PATIENCE_S)
    for fault in [None, Fault(Drop()), Fault(Reply(500, {"message": "x"}))]:
        if fault:
            grafana.fail(fault)
        with pytest.raises((BoardMisconfigured, BoardUnavailable)) as caught:
            board.find("a1")
        assert "glsa_secret" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("grafana", ["10.4.0", "11.0.0", "12.0.0"], indirect=True)
def test_an_annotation_that_went_meanwhile_is_made_again(grafana: FakeGrafana, board: GrafanaBoard) -> None:
    """Deleted between look-up and update, Grafana says 500 (or 404); the next attempt creates it."""
    board.put("a1", lambda _: MARK)

    def gone(_: Annotation | None) -> Annotation:
        grafana.world.annotations.clear()
        return ENDED

    with pytest.raises(BoardUnavailable):
        board.put("a1", gone)
    assert board.put("a1", lambda _: ENDED) is Put.CREATED


def test_what_an_interrupted_create_left_twice_becomes_one(grafana: FakeGrafana, board: GrafanaBoard) -> None:
    """Two annotations of one alert, as two writers can leave, become the older one at the next put."""
    board.put("a1", lambda _: MARK)
    board._call("add_annotation", time_from=1_000, time_to=1_000, tags=list(MARK.tags), text="x")
    board.put("a1", lambda _: ENDED)
    assert {number: row.text for number, row in grafana.world.annotations.items()} == {1: "y"}


def test_a_path_before_the_api_is_kept(grafana: FakeGrafana) -> None:
    """A Grafana behind a path, with or without a slash at its end, is called under that path."""
    for url in (f"{grafana.url}/grafana", f"{grafana.url}/grafana/"):
        with pytest.raises(BoardMisconfigured):
            GrafanaBoard(url, "glsa_wrong", timeout_s=PATIENCE_S).find("a1")
    assert {target.split("?")[0] for _, target in grafana.calls} == {"/grafana/api/annotations"}
