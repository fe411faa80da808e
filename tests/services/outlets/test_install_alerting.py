"""Contact point and alert rules that `wardwatch grafana install` leaves, over versions and over an operator's edits."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.outlets import install_alerting
from services.outlets.alert_rules import GROUP, RULES
from services.outlets.board import BoardMisconfigured
from services.outlets.install import Contact, Did, Step, install
from tests.fakes.grafana import FakeGrafana, Fault, Lose, Reply

PROMETHEUS = "http://prometheus:9090"
CONTACT = Contact(webhook="https://pager.example/hook", mail="ops@hospital.example")


@pytest.fixture(params=["10.4.0", "11.0.0", "12.0.0"])
def grafana(request: pytest.FixtureRequest) -> Iterator[FakeGrafana]:
    """An empty Grafana of each version."""
    with FakeGrafana(request.param) as server:
        yield server


def put(grafana: FakeGrafana, contact: Contact = CONTACT) -> list[Step]:
    """What an administrator's install says of alerting."""
    steps = install(grafana.url, grafana.token("Admin"), PROMETHEUS, contact)
    return [step for step in steps if step.what in ("contact point", "alert rule", "route")]


def rule(grafana: FakeGrafana, uid: str = "wardwatch-lag") -> dict[str, Any]:
    """A stored rule, for an operator to change."""
    return grafana.world.rules[uid]


def test_all_rules_call_the_contact_point(grafana: FakeGrafana) -> None:
    """Each rule is there once; from 11 on it names the contact point, before that a person is told to route it."""
    steps = put(grafana)
    by_rule = grafana.world.major >= install_alerting.ROUTES_BY_RULE
    assert set(grafana.world.contact_points) == {"wardwatch-webhook", "wardwatch-email"}
    assert {(r["folderUID"], r["ruleGroup"]) for r in grafana.world.rules.values()} == {("wardwatch", GROUP)}
    assert len(grafana.world.rules) == len(RULES)
    called = {(r.get("notification_settings") or {}).get("receiver") for r in grafana.world.rules.values()}
    assert called == ({"Wardwatch"} if by_rule else {None})
    assert [step.words for step in steps if step.did is Did.BY_HAND and "product=wardwatch" in step.words] == [
        step.words for step in steps if step.what == "route"
    ]
    assert any(step.what == "route" for step in steps) is not by_rule


def test_a_second_install_writes_nothing(grafana: FakeGrafana) -> None:
    """Neither the contact point, of which a second one is a 500, nor a rule is sent again."""
    put(grafana)
    grafana.calls.clear()
    assert {step.did for step in put(grafana)} <= {Did.UNCHANGED, Did.BY_HAND}
    assert {method for method, _ in grafana.calls} == {"GET"}


def test_a_rule_that_we_changed_is_updated(grafana: FakeGrafana, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of an older Wardwatch, untouched by anybody, becomes today's; its pause stays."""
    older = tuple(r.__class__(**{**{f: getattr(r, f) for f in r.__slots__}, "limit": r.limit + 1}) for r in RULES)
    with monkeypatch.context() as patched:
        patched.setattr(install_alerting, "RULES", older)
        put(grafana)
    rule(grafana)["isPaused"] = True
    assert {step.did for step in put(grafana) if step.what == "alert rule"} == {Did.UPDATED}
    assert rule(grafana)["isPaused"] is True
    assert rule(grafana)["data"][1]["model"]["conditions"][0]["evaluator"]["params"] == [1000]
    assert {step.did for step in put(grafana) if step.what == "alert rule"} == {Did.UNCHANGED}


def test_a_rule_that_an_operator_changed_is_theirs(grafana: FakeGrafana) -> None:
    """An edited threshold, a removed mark or somebody's own rule under our uid: kept, and said."""
    put(grafana)
    rule(grafana)["data"][1]["model"]["conditions"][0]["evaluator"]["params"] = [5000]
    del rule(grafana, "wardwatch-ready")["annotations"][install_alerting.MARK]
    before = {uid: dict(r) for uid, r in grafana.world.rules.items()}
    kept = [step for step in put(grafana) if step.did is Did.KEPT]
    assert len(kept) == 2
    assert all("delete it there" in step.words for step in kept)
    assert grafana.world.rules == before


def test_another_receiver_of_a_rule_stays(grafana: FakeGrafana) -> None:
    """Whom a rule calls is the operator's to choose."""
    put(grafana)
    rule(grafana)["notification_settings"] = {"receiver": "night-shift"}
    assert {step.did for step in put(grafana)} <= {Did.UNCHANGED, Did.BY_HAND}
    assert rule(grafana)["notification_settings"] == {"receiver": "night-shift"}


def test_a_contact_point_follows_its_setting_and_keeps_the_rest(grafana: FakeGrafana) -> None:
    """A new address is written; secrets and what else was set there stay; not given, it is left alone and called."""
    put(grafana)
    stored = grafana.world.contact_points["wardwatch-webhook"]["settings"]
    stored.update(password="hunter2", maxAlerts=5)
    put(grafana, Contact(webhook="https://other.example/hook"))
    now = grafana.world.contact_points["wardwatch-webhook"]["settings"]
    assert (now["url"], now["password"], now["maxAlerts"]) == ("https://other.example/hook", "hunter2", 5)
    assert {step.did for step in put(grafana, Contact())} <= {Did.UNCHANGED, Did.BY_HAND}


def test_somebody_elses_contact_point_is_never_touched(grafana: FakeGrafana) -> None:
    """Without a contact of ours the rules go where the operator's policies send them."""
    theirs = {"uid": "x", "name": "ops", "type": "email", "settings": {"addresses": "a@b.example"}}
    grafana.world.contact_points["x"] = dict(theirs)
    put(grafana, Contact())
    assert grafana.world.contact_points == {"x": theirs}
    assert {bool(r.get("notification_settings")) for r in grafana.world.rules.values()} == {False}


@pytest.mark.parametrize("how", [Lose(), Reply(503, None)])
@pytest.mark.parametrize("where", ["contact-points", "alert-rules"])
def test_an_interrupted_install_is_finished_by_the_next(grafana: FakeGrafana, how: Lose | Reply, where: str) -> None:
    """A creation whose answer was lost is found by the next install, so that nothing is there twice."""
    grafana.fail(Fault(how, method="POST", prefix=f"/api/v1/provisioning/{where}"))
    with pytest.raises(Exception, match="Grafana"):
        put(grafana)
    put(grafana)
    assert (len(grafana.world.contact_points), len(grafana.world.rules)) == (2, len(RULES))


def test_an_editor_may_not_provision_before_11() -> None:
    """The smallest role that may provision is Admin in 10, and there the words of the refusal say what lacks."""
    with FakeGrafana("10.4.0") as grafana:
        put(grafana)
        with pytest.raises(BoardMisconfigured, match="permissions"):
            install(grafana.url, grafana.token("Editor"), PROMETHEUS)
