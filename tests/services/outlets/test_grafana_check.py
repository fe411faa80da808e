"""What `wardwatch grafana check` says of a token and of what stands in a Grafana, changing nothing."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from services.cli.grafana import app
from services.outlets.board import BoardMisconfigured, BoardUnavailable
from services.outlets.grafana_check import State, check
from services.outlets.install import Contact, install
from tests.fakes.grafana import FakeGrafana, Fault, Hang, Reply
from tests.fakes.grafana.world import Role

PROMETHEUS = "http://prometheus:9090"
OUTLETS = {"push live streams", "write annotations"}
EDITORS = OUTLETS | {"create folders", "save dashboards", "set alert rules", "set contact points"}
MAY: dict[Role, set[str]] = {
    "Viewer": {"push live streams"},
    "Editor": EDITORS,
    "Admin": EDITORS | {"set data sources"},
}


@pytest.fixture(params=["11.0.0"])
def grafana(request: pytest.FixtureRequest) -> Iterator[FakeGrafana]:
    """A Grafana with nothing of ours."""
    with FakeGrafana(request.param) as server:
        yield server


@pytest.mark.parametrize("role", ["Viewer", "Editor", "Admin"])
def test_what_each_role_may_is_found_without_doing_it(grafana: FakeGrafana, role: Role) -> None:
    """The rights by role are those of the documented table, and asking leaves nothing behind."""
    found = check(grafana.url, grafana.token(role))
    assert {one.right.name for one in found.rights if one.allowed} == MAY[role]
    assert found.ready is (role != "Viewer")
    world = grafana.world
    assert not any([world.annotations, world.folders, world.dashboards, world.sources, world.rules, world.pushed])
    assert not world.contact_points


@pytest.mark.parametrize("grafana", ["10.4.0", "11.0.0", "12.0.0"], indirect=True)
def test_after_an_install_nothing_lacks(grafana: FakeGrafana) -> None:
    """In every version, what was just installed is installed, the contact point among it."""
    token = grafana.token("Admin")
    install(grafana.url, token, PROMETHEUS, Contact(webhook="https://pager.example/hook"))
    found = check(grafana.url, token)
    assert {thing.state for thing in found.things} == {State.INSTALLED}
    assert "Wardwatch (webhook)" in {thing.name for thing in found.things}
    assert (found.ready, found.complete, found.version) == (True, True, grafana.world.version)


def test_drift_an_operators_edit_and_what_lacks_are_told_apart(grafana: FakeGrafana) -> None:
    """A changed dashboard is drifted, a changed rule is its editor's, a deleted one is missing."""
    token = grafana.token("Admin")
    install(grafana.url, token, PROMETHEUS)
    grafana.world.dashboards["wardwatch-ward"]["model"]["title"] = "Mine"
    grafana.world.rules["wardwatch-lag"]["for"] = "9m"
    del grafana.world.rules["wardwatch-ready"]
    found = check(grafana.url, token)
    odd = {(thing.name, thing.state) for thing in found.things if thing.state is not State.INSTALLED}
    assert odd == {
        ("Ward board", State.DRIFTED), ("A stage lags", State.EDITED), ("A service is not ready", State.MISSING),
    }  # fmt: skip
    assert not found.complete


def test_what_a_token_may_not_see_is_unknown(grafana: FakeGrafana) -> None:
    """Rules that a viewer may not list are neither there nor missing."""
    install(grafana.url, grafana.token("Admin"), PROMETHEUS)
    found = check(grafana.url, grafana.token("Viewer"))
    assert {thing.state for thing in found.things if thing.what == "alert rule"} == {State.UNKNOWN}
    assert found.complete


def test_a_wrong_token_and_an_absent_grafana_have_names(grafana: FakeGrafana) -> None:
    """A token that is none is a matter of settings; hanging and busy is no answer."""
    with pytest.raises(BoardMisconfigured):
        check(grafana.url, "glsa_wrong")
    token = grafana.token("Editor")
    for how in (Hang(5.0), Reply(429, {"message": "slow"}), Reply(200, "<html>", "text/html")):
        grafana.fail(Fault(how))
        with pytest.raises(BoardUnavailable):
            check(grafana.url, token, timeout_s=0.5)


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of `wardwatch grafana`."""
    result = CliRunner().invoke(app, [*arguments], env={"WARDWATCH_GRAFANA_URL": ""})
    return result.exit_code, result.output


def test_the_command_says_it_in_words_and_for_programs(grafana: FakeGrafana) -> None:
    """1 while something lacks, with what to do; 0 when all is there; the same as JSON."""
    editor, admin = grafana.token("Editor"), grafana.token("Admin")
    code, output = run("check", "--url", grafana.url, "--token", editor)
    assert (code, "missing   dashboard Ward board" in output, "wardwatch grafana install" in output) == (1, True, True)
    mail = ("--contact-mail", "ops@hospital.example")
    code, output = run("install", "--url", grafana.url, "--token", admin, *mail, "--json")
    assert (code, {step["did"] for step in json.loads(output)}) == (0, {"created"})
    code, output = run("check", "--url", grafana.url, "--token", editor, "--json")
    told = json.loads(output)
    assert (code, told["ready"], told["complete"]) == (0, True, True)
    assert {r["right"]: r["role"] for r in told["rights"] if not r["allowed"]} == {"set data sources": "Admin"}


@pytest.mark.parametrize("wrong", [["--contact-mail", "nobody"], ["--contact-webhook", "pager"], ["--url", "grafana"]])
def test_a_wrong_option_is_named(grafana: FakeGrafana, wrong: list[str]) -> None:
    """Exit code 2, and the option that is wrong."""
    code, output = run("install", "--url", grafana.url, *wrong)
    assert (code, wrong[0] in output) == (2, True)
