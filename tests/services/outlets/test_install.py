"""What `wardwatch grafana install` leaves in a Grafana, once, twice, and where something is in its way."""

import re
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.metrics import MetricWrapperBase
from typer.testing import CliRunner

from services.cli.grafana import app
from services.outlets.alert_rules import RULES
from services.outlets.board import BoardMisconfigured, BoardUnavailable
from services.outlets.dashboards import dashboards
from services.outlets.grafana_live import beds, view
from services.outlets.grafana_live.pushing import STREAM
from services.outlets.install import Did, NameTakenError, install
from services.runtime import metrics
from tests.fakes.grafana import ADMIN, FakeGrafana, Fault, Hang, Reply

PROMETHEUS = "http://prometheus:9090"
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
MADE_BY_PROMETHEUS = {"le"}
BOARDS = len(dashboards("x"))
WHAT = ["folder", "data source", *["dashboard"] * BOARDS, *["alert rule"] * len(RULES), "route"]


@pytest.fixture(params=["11.0.0"])
def grafana(request: pytest.FixtureRequest) -> Iterator[FakeGrafana]:
    """An empty Grafana."""
    with FakeGrafana(request.param) as server:
        yield server


def known_series() -> dict[str, set[str]]:
    """Each series name that Prometheus can scrape from us, with its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            for end in ("", "_total", "_bucket", "_count", "_sum"):
                found[family.name + end] = set(metric._labelnames)
            if family.type == "counter":
                del found[family.name]
    return found


def expressions(model: dict[str, object]) -> list[tuple[str, str]]:
    """Every (panel title, query) of a dashboard."""
    panels = model["panels"]
    assert isinstance(panels, list)
    return [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"] if "expr" in target]


def test_every_query_names_what_exists(grafana: FakeGrafana) -> None:
    """Each series and label in each panel of each stored dashboard is one of the metrics that the services export."""
    install(grafana.url, grafana.token("Admin"), PROMETHEUS)
    series = known_series()
    seen = 0
    with httpx.Client(base_url=grafana.url, auth=ADMIN) as client:
        for model in dashboards("x"):
            stored = client.get(f"/api/dashboards/uid/{model['uid']}").json()["dashboard"]
            for title, expr in expressions(stored):
                names = re.findall(r"wardwatch_\w+", expr)
                assert names, title
                assert set(names) <= series.keys(), title
                grouped = {x.strip() for by in re.findall(r"by \(([^)]*)\)", expr) for x in by.split(",")}
                labels = grouped | set(LABEL.findall(expr))
                assert labels <= set().union(*(series[name] for name in names)) | MADE_BY_PROMETHEUS, title
                assert all(expr.count(a) == expr.count(b) for a, b in ("()", "[]", "{}")), title
                seen += 1
    assert seen >= 20


def test_every_live_panel_shows_a_stream_that_is_pushed() -> None:
    """Each channel of each live panel is one of the streams; and each stream is shown somewhere."""
    pushed = {view.WARD_RISK, view.WARD_FORECAST, view.BED_RISK, view.WARD_NEWS2, beds.BEDS, beds.FORECAST}
    panels = [panel for model in dashboards("x") for panel in model["panels"]]
    asked = [target for panel in panels for target in panel["targets"] if "channel" in target]
    assert {target["channel"] for target in asked} == {f"stream/{STREAM}/{name}" for name in pushed}
    assert {(t["queryType"], t["datasource"]["uid"]) for t in asked} == {("measurements", "-- Grafana --")}


def test_every_rule_asks_for_what_exists() -> None:
    """Each series and label in each alert rule is one of the metrics that the services export."""
    series = known_series()
    for rule in RULES:
        names = set(re.findall(r"wardwatch_\w+", rule.expr))
        assert names <= series.keys(), rule.title
        grouped = {x.strip() for by in re.findall(r"(?:by|on) \(([^)]*)\)", rule.expr) for x in by.split(",")}
        said = set(re.findall(r"\$labels\.(\w+)", rule.summary))
        assert grouped | said | set(LABEL.findall(rule.expr)) <= set().union(*(series[n] for n in names)), rule.title
        assert said <= grouped, rule.title


def test_every_kind_of_trouble_has_a_panel() -> None:
    """Lag, latency, missed forecasts, quarantine, deliveries, readiness and beds are each on some dashboard."""
    asked = " ".join(expr for model in dashboards("x") for _, expr in expressions(model))
    wanted = "lag alert_latency turn inference forecasts_missed quarantined deliveries ready census alerts readings"
    assert [word for word in wanted.split() if f"wardwatch_{word}" not in asked] == []


def test_panels_do_not_overlap() -> None:
    """No two panels of a dashboard cover the same place, and none leaves the 24 columns."""
    for model in dashboards("x"):
        places = [
            (x, y)
            for grid in (panel["gridPos"] for panel in model["panels"])
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        ]
        assert len(places) == len(set(places))
        assert max(x for x, _ in places) < 24


def test_a_second_install_changes_nothing(grafana: FakeGrafana) -> None:
    """The first install creates all, the second writes nothing, and each stands once."""
    token = grafana.token("Admin")
    first = install(grafana.url, token, PROMETHEUS)
    grafana.calls.clear()
    second = install(grafana.url, token, PROMETHEUS)
    assert [step.what for step in first] == WHAT
    assert {step.did for step in first} == {Did.CREATED, Did.BY_HAND}
    assert {step.did for step in second} == {Did.UNCHANGED, Did.BY_HAND}
    assert {method for method, _ in grafana.calls} == {"GET"}
    assert (len(grafana.world.folders), len(grafana.world.sources), len(grafana.world.dashboards)) == (
        1,
        1,
        BOARDS,
    )
    assert set(grafana.world.rules) == {rule.uid for rule in RULES}


def test_dashboards_ask_the_installed_source(grafana: FakeGrafana) -> None:
    """Every panel with a query names the data source that was installed beside it, in the Wardwatch folder."""
    install(grafana.url, grafana.token("Admin"), PROMETHEUS)
    (source,) = grafana.world.sources
    for row in grafana.world.dashboards.values():
        used = {t["datasource"]["uid"] for p in row["model"]["panels"] for t in p["targets"] if "expr" in t}
        assert (used, row["folderUid"]) == ({source}, "wardwatch")


def test_what_drifted_is_put_right(grafana: FakeGrafana) -> None:
    """An edited dashboard, a renamed folder and a moved Prometheus are updated; the operator's settings stay."""
    token = grafana.token("Admin")
    install(grafana.url, token, PROMETHEUS)
    grafana.world.dashboards["wardwatch-ward"]["model"]["panels"].pop()
    grafana.world.folders["wardwatch"]["title"] = "Old"
    for source in grafana.world.sources.values():
        source["jsonData"] = {"timeInterval": "5s"}
    steps = install(grafana.url, token, "http://elsewhere:9090")
    unchanged = [Did.UNCHANGED] * (len(WHAT) - 4)
    assert [step.did for step in steps] == [Did.UPDATED, Did.UPDATED, Did.UPDATED, *unchanged, Did.BY_HAND]
    assert [(s["url"], s["jsonData"], s["isDefault"]) for s in grafana.world.sources.values()] == [
        ("http://elsewhere:9090", {"timeInterval": "5s"}, True)
    ]
    assert grafana.world.folders["wardwatch"]["title"] == "Wardwatch"


def test_a_name_that_is_taken_is_a_persons_decision(grafana: FakeGrafana) -> None:
    """Another folder called Wardwatch is left alone, and the error says what to do."""
    httpx.post(f"{grafana.url}/api/folders", auth=ADMIN, json={"uid": "other", "title": "Wardwatch"})
    with pytest.raises(NameTakenError, match="rename or delete"):
        install(grafana.url, grafana.token("Admin"), PROMETHEUS)
    assert list(grafana.world.folders) == ["other"]


def test_an_editor_may_not_install(grafana: FakeGrafana) -> None:
    """Data sources are an administrator's: an editor's token is told which permission lacks."""
    with pytest.raises(BoardMisconfigured, match="datasources:create"):
        install(grafana.url, grafana.token("Editor"), PROMETHEUS)


@pytest.mark.parametrize("how", [Hang(5.0), Reply(503, {"message": "starting"}), Reply(200, "<html>", "text/html")])
def test_an_interrupted_install_is_finished_by_the_next(grafana: FakeGrafana, how: Hang | Reply) -> None:
    """A call that fails stops the install with a reason, and installing again completes it."""
    token = grafana.token("Admin")
    grafana.fail(Fault(how, method="POST", prefix="/api/dashboards"))
    with pytest.raises(BoardUnavailable):
        install(grafana.url, token, PROMETHEUS, timeout_s=0.5)
    steps = install(grafana.url, token, PROMETHEUS)
    assert [step.did for step in steps] == [Did.UNCHANGED, Did.UNCHANGED, *[Did.CREATED] * (len(WHAT) - 3), Did.BY_HAND]


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of `wardwatch grafana install`."""
    result = CliRunner().invoke(app, ["install", *arguments], env={"WARDWATCH_GRAFANA_URL": ""})
    return result.exit_code, result.output


def test_the_command_tells_what_it_did(grafana: FakeGrafana) -> None:
    """A line for each thing installed, and exit code 0."""
    code, output = run("--url", grafana.url, "--token", grafana.token("Admin"))
    assert (code, len(output.splitlines())) == (0, len(WHAT))
    assert "created   dashboard Ward board" in output


def test_the_command_says_what_to_do(grafana: FakeGrafana) -> None:
    """No address is wrong usage (2), a wrong token is a no (1), a Grafana that is not there is 3."""
    gone = grafana.url
    assert run()[0] == 2
    code, output = run("--url", grafana.url, "--token", "glsa_wrong")
    assert (code, "role Admin" in output) == (1, True)
    grafana.stop()
    assert run("--url", gone, "--token", "t")[0] == 3
