"""Webhooks over real HTTP: what is sent, what each answer means, when it is tried again."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.events import AlertAcknowledged, AlertEscalated, AlertEvent, AlertNotified, AlertRaised, AlertResolved
from services.outlets.choosing import Choice, Chosen
from services.outlets.configured import lanes
from services.outlets.delivery import Delivery, Outcome, Policy, decide
from services.outlets.leaving import body
from services.outlets.webhook import Webhook, header_value, judged, retry_after_s
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError
from tests.fakes.grafana.faults import Fault, Reply
from tests.fakes.webhook import FakeReceiver
from tests.services.outlets.alerts import PATIENT, STAFF, TYPED, event, life
from tests.services.outlets.test_signing import OLD, SECRET, verify

ENVIRONMENT = {"NEW": SECRET, "OLD": OLD}
NOW = 1_800_000_000


def hook(url: str, *, hospital: bool = False) -> Webhook:
    """A webhook whose clock stands."""
    return Webhook("hook", url, [b"0123456789abcdef0123456789abcdef"], hospital=hospital, now=lambda: NOW)


def test_the_event_travels_as_a_cloudevent() -> None:
    """Attributes in headers, the event as JSON, the id as key, and a signature that the documented receiver takes."""
    with FakeReceiver() as receiver:
        raised = life()[0]
        assert hook(receiver.url).deliver(raised).outcome is Outcome.DELIVERED
        got = receiver.received[0]
    assert AlertRaised.model_validate_json(got.body) == raised
    attributes = {
        k: got.headers[k] for k in ("ce-specversion", "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time")
    }
    assert attributes == {
        "ce-specversion": "1.0", "ce-id": raised.id, "ce-type": "wardwatch.AlertRaised.v1",
        "ce-source": "urn:wardwatch:main", "ce-subject": "a1", "ce-time": "2026-03-01T08:00:00Z",
    }  # fmt: skip
    assert got.headers["content-type"] == "application/json"
    assert verify(got.headers, got.body, [SECRET], NOW) == raised.id


def test_only_the_hospital_learns_who_is_called() -> None:
    """The role is for everybody, the roster's contact for the hospital."""
    asked = event(AlertRaised, 1, role="charge_nurse", contact=STAFF)
    outside, inside = (json.loads(body(asked, hospital=own)) for own in (False, True))
    assert (outside["role"], "contact" in outside, inside["contact"]) == ("charge_nurse", False, STAFF)


@pytest.mark.parametrize("acted", [event(AlertAcknowledged, 7), event(AlertResolved, 7, by=STAFF, reason=TYPED)])
def test_only_the_hospital_learns_who_acted(acted: AlertEvent) -> None:
    """Names of staff and words that a person typed go to the hospital alone; the patient is a key for everybody."""
    with FakeReceiver() as receiver:
        hook(receiver.url).deliver(acted)
        hook(receiver.url, hospital=True).deliver(acted)
        outside, inside = (one.body.decode() for one in receiver.received)
    assert STAFF in inside
    assert TYPED in inside
    assert STAFF not in outside
    assert TYPED not in outside
    assert json.loads(outside)["patient"] == PATIENT


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED), (202, Outcome.DELIVERED), (204, Outcome.DELIVERED), (299, Outcome.DELIVERED),
        (301, Outcome.MISCONFIGURED), (307, Outcome.MISCONFIGURED),
        (400, Outcome.REFUSED), (401, Outcome.REFUSED), (404, Outcome.REFUSED), (410, Outcome.REFUSED),
        (413, Outcome.REFUSED), (422, Outcome.REFUSED), (451, Outcome.REFUSED),
        (408, Outcome.UNAVAILABLE), (409, Outcome.UNAVAILABLE), (425, Outcome.UNAVAILABLE), (429, Outcome.UNAVAILABLE),
        (500, Outcome.UNAVAILABLE), (502, Outcome.UNAVAILABLE), (503, Outcome.UNAVAILABLE), (599, Outcome.UNAVAILABLE),
    ],
)  # fmt: skip
def test_what_each_status_means(status: int, outcome: Outcome) -> None:
    """2xx is a delivery; 408, 409, 425, 429 and 5xx are tried again; any other 4xx is final; 3xx is for an operator."""
    assert judged(status, "", 0.0).outcome is outcome


def test_retry_after_is_honoured() -> None:
    """Seconds or a date; never shorter than our own wait, never longer than an hour, nonsense counts as none."""
    now = datetime(2026, 3, 1, 8, tzinfo=UTC).timestamp()
    assert retry_after_s("120", now) == 120
    assert retry_after_s("Sun, 01 Mar 2026 08:01:30 GMT", now) == 90
    assert retry_after_s("Sun, 01 Mar 2026 07:00:00 GMT", now) == 0
    assert retry_after_s("soon", now) == retry_after_s("-5", now) == retry_after_s("", now) == 0
    waits = [decide(Delivery(), Outcome.UNAVAILABLE, Policy(), 0.5, asked)[2] for asked in (0.0, 120.0, 1e9)]
    assert waits == [0.375, 120, 3600]


def test_retry_after_comes_from_the_answer() -> None:
    """A busy receiver's own time is what the loop waits."""
    with FakeReceiver() as receiver:
        receiver.fail(Fault(Reply(429, None, headers=(("Retry-After", "45"),))))
        assert hook(receiver.url).deliver(life()[0]).retry_after_s == 45


def test_a_header_holds_any_id() -> None:
    """What a header cannot carry is percent-encoded (CloudEvents HTTP binding 3.1.3.2)."""
    assert header_value('é "x"%\n') == "%C3%A9%20%22x%22%25%0A"
    assert header_value("a1:/+,") == "a1:/+,"


def test_a_test_is_no_alert() -> None:
    """The test message has a type of its own and is signed."""
    with FakeReceiver() as receiver:
        assert hook(receiver.url).test().outcome is Outcome.DELIVERED
        got = receiver.received[0]
    assert got.headers["ce-type"] == "wardwatch.test.v1"
    assert verify(got.headers, got.body, [SECRET], NOW).startswith("test-")


def test_quiet_hours_and_roles_choose() -> None:
    """What is quiet now is told where that is asked for; a role's destination hears what asks that role."""
    quiet = event(AlertRaised, 1, quiet_until="2030-01-01T06:00:00Z", role="bedside_nurse")
    assert [Choice().takes(quiet), Choice(quiet_too=True).takes(quiet)] == [False, True]
    charge = Choice(roles=("charge_nurse",))
    assert charge.takes(event(AlertEscalated, 2, role="charge_nurse"))
    assert not any(charge.takes(e) for e in (event(AlertRaised, 2, role="bedside_nurse"), event(AlertResolved, 3)))


def test_what_is_not_chosen_is_not_sent() -> None:
    """Kind, severity, ward and transition choose; confirmations and what was suppressed only when they are named."""
    red = Choice(severities=("red",), wards=("5B",))
    assert [red.takes(e) for e in life()] == [False, True, True, True]
    assert not Choice(wards=("ICU",)).takes(life()[0])
    assert not Choice(kinds=("imaging",)).takes(life()[0])
    assert not Choice().takes(event(AlertNotified, 1))
    assert Choice(transitions=("notified",)).takes(event(AlertNotified, 1))
    with FakeReceiver() as receiver:
        assert Chosen(hook(receiver.url), red).deliver(life()[0]).outcome is Outcome.SKIPPED
        assert receiver.calls == 0


GOOD = """
webhooks:
  - name: pager
    url: https://pager.example/hook
    secrets: [NEW, OLD]
    choose: {severities: [red], wards: [5B], transitions: [raised, escalated]}
"""


def configured(tmp_path: Path, text: str) -> Settings:
    """Settings that name a file of this text."""
    file = tmp_path / "webhooks.yaml"
    file.write_text(text)
    return Settings(webhooks=file)


def test_a_file_becomes_webhooks(tmp_path: Path) -> None:
    """YAML and JSON are read alike; a new webhook begins with what comes now."""
    for text in (GOOD, json.dumps({"webhooks": [{"name": "pager", "url": "https://p.example/", "secrets": ["NEW"]}]})):
        (lane,) = lanes(configured(tmp_path, text), ENVIRONMENT)
        assert (lane.name, lane.kind, lane.first) == ("pager", "webhook", "latest")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("https://pager.example/hook", "http://pager.example/hook", "line 4.*https"),
        ("https://pager.example/hook", "https://user:pw@pager.example/", "line 4.*a user, a password"),
        ("[NEW, OLD]", "[NEW, MISSING]", "line 5.*no MISSING"),
        ("[NEW, OLD]", "[]", "line 5.*secrets"),
        ("[red]", "[crimson]", "line 6.*'amber' or 'red'"),
        ("name: pager", "name: Pager!", "line 3.*name"),
        ("name: pager", "name: grafana", "line 3.*another outlet"),
        ("url:", "uri:", "url"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, before: str, after: str, told: str) -> None:
    """File, line, field and what is wrong; no secret is shown."""
    with pytest.raises(DocumentError, match=f"webhooks.yaml, (.|\n)*{told}") as caught:
        lanes(configured(tmp_path, GOOD.replace(before, after)), ENVIRONMENT)
    assert "whsec" not in str(caught.value)


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    """A name is a consumer group."""
    one = '{"name": "a", "url": "https://a.example/", "secrets": ["NEW"]}'
    with pytest.raises(DocumentError, match="two destinations are called 'a'"):
        lanes(configured(tmp_path, f'{{"webhooks": [{one}, {one}]}}'), ENVIRONMENT)
