"""The HTTP side: discovery, what is refused and how, feedback into the log, answers that are not current."""

import contextlib
import gc
import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.events import AccessAudited, DecisionMade
from services.cds_hooks.request import Unusable, read_call, read_feedback
from services.cds_hooks.response import Services
from services.runtime.heap import settle
from tests.services.cds_hooks.given import MRN, PATIENT, Bench, Json, call, context, minutes, raised, score

VIEW = "wardwatch-patient-view"
UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


def written(bench: Bench, topic: str) -> list[object]:
    """Events of a topic."""
    records = [r for p, batch in bench.log.records.items() if p.topic == topic for r in batch]
    return [decode(r.value, r.headers).event for r in records]


def test_discovery_lists_the_services() -> None:
    """By hook, with what to prefetch."""
    answer = Bench().client.get("/cds-services").json()
    listed = Services.model_validate(answer).services
    assert [s.hook for s in listed] == ["patient-view", "order-select", "order-sign", "encounter-discharge"]
    assert all(s.prefetch == {"patient": "Patient/{{context.patientId}}"} for s in listed)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"{", None),
        (b"[]", None),
        (call() | {"hookInstance": "1"}, "hookInstance"),
        ({k: v for k, v in call().items() if k != "hook"}, "hook"),
        (call() | {"hook": "order-select"}, "context.draftOrders"),
        (call() | {"hook": "patient-viewed"}, "hook"),
        (call("encounter-discharge"), "hook"),
        (call(context={"patientId": "Patient/p-1"}), "context.patientId"),
        (call(context={"patientId": 7}), "context.patientId"),
        (call(context={"userId": "dr-7"}), "context.userId"),
        (call(context={"encounterId": "Encounter/1"}), "context.encounterId"),
        (call(fhirServer="nowhere"), "fhirServer"),
        (call(fhirAuthorization={"access_token": "secret"}), "fhirAuthorization.token_type"),
        (call(prefetch={"patient": {"response": {"status": "200 OK"}}}), "prefetch"),
        (call(prefetch={"patient": {"resourceType": "Patient", "id": "p-2"}}), "prefetch.patient"),
        (call(prefetch={"patient": {"resourceType": "Patient", "birthDate": 7}}), "prefetch.patient"),
    ],
)
def test_what_is_malformed_is_refused_with_the_place(body: object, path: str | None) -> None:
    """400 and an OperationOutcome that names the field and repeats nothing that was sent."""
    status, answer = Bench([context(), raised()]).post(VIEW, body)
    assert (status, answer["resourceType"]) == (400, "OperationOutcome")
    named = [place for issue in answer["issue"] for place in issue.get("expression", [])]
    assert path is None or any(place.startswith(path) for place in named)
    assert "secret" not in str(answer)


BAD_STATUS = {"resourceType": "MedicationRequest", "status": "Xactive"}


@pytest.mark.parametrize(
    "drafts",
    [{}, 7, {"resourceType": "Bundle", "entry": [{}]}, {"resourceType": "Bundle", "entry": [{"resource": BAD_STATUS}]}],
)
def test_drafts_are_checked(drafts: object) -> None:
    """A Bundle of resources whose status an order can have."""
    status, answer = Bench().post("wardwatch-order-sign", call("order-sign", context={"draftOrders": drafts}))
    assert (status, answer["issue"][0]["expression"]) == (400, ["context.draftOrders"])


def test_there_is_no_such_service() -> None:
    """404 for calls and feedback."""
    assert Bench().post("greeter", call())[0] == Bench().post("greeter/feedback", {})[0] == 404


def test_what_is_not_current_is_not_answered() -> None:
    """503 and when to ask again: no cards would look like a patient who is well."""
    bench = Bench([context(), raised()])
    bench.current = False
    answer = bench.client.post(f"/cds-services/{VIEW}", json=call())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_the_prefetched_patient_names_who_the_id_does_not() -> None:
    """An id that was never sent here, but a record number that was."""
    bench = Bench([context(), raised()])
    named = {"resourceType": "Patient", "id": "other", "identifier": [{"value": MRN}]}
    assert len(bench.cards(context={"patientId": "other"}, prefetch={"patient": named})) == 1
    assert bench.cards(context={"patientId": "other"}, prefetch={"patient": None}) == []


def test_who_looked_is_audited() -> None:
    """Client and user, patient and hook; nobody is audited where nobody was shown."""
    bench = Bench([context()])
    bench.cards()
    bench.cards(context={"patientId": "nobody"})
    (audit,) = written(bench, "audit")
    assert isinstance(audit, AccessAudited)
    assert (audit.actor, audit.action, audit.subject) == (
        "anyone: Practitioner/dr-7",
        "cds-hooks patient-view",
        PATIENT,
    )


def feedback(card: str, outcome: str = "accepted", **more: object) -> Json:
    """One outcome."""
    given = {"card": card, "outcome": outcome, "outcomeTimestamp": "2026-03-01T08:05:00Z"}
    return {"feedback": [given | ({"acceptedSuggestions": [{"id": UUID}]} if outcome == "accepted" else {}) | more]}


def test_accepted_becomes_an_acknowledgement() -> None:
    """Of the alert, by the client, with the suggestion's words; the same feedback again is the same event."""
    bench = Bench([context(), raised()])
    (card,) = bench.cards()
    body = feedback(card["uuid"], acceptedSuggestions=[{"id": card["suggestions"][0]["uuid"]}])
    for _ in range(2):
        assert bench.post(f"{VIEW}/feedback", body) == (200, {})
    first, second = written(bench, "decisions")
    assert first == second
    assert isinstance(first, DecisionMade)
    assert (first.about, first.subject, first.decision, first.patient) == ("alert", "a1", "acknowledge", PATIENT)
    assert (first.by, first.why, first.at) == ("CDS Hooks: anyone", "accepted: I am looking after this", minutes(5))


def test_overridden_becomes_an_override_with_its_reason() -> None:
    """Code or words of the reason, and what was typed; a card about the patient is a decision about the patient."""
    bench = Bench([context(), score(7)])
    (card,) = bench.cards()
    reason = {"reason": card["overrideReasons"][0], "userComment": "since Tuesday"}
    assert bench.post(f"{VIEW}/feedback", feedback(card["uuid"], "overridden", overrideReason=reason))[0] == 200
    assert bench.post(f"{VIEW}/feedback", feedback(card["uuid"], "overridden"))[0] == 200
    first, second = written(bench, "decisions")
    assert isinstance(first, DecisionMade)
    assert isinstance(second, DecisionMade)
    assert (first.about, first.subject, first.decision) == ("patient", PATIENT, "override")
    assert (first.why, second.why) == ("Known and being treated. since Tuesday", "")


def test_feedback_finds_its_card_in_another_process() -> None:
    """Card uuids follow from the log: nothing must be remembered, also of alerts that are over."""
    (card,) = Bench([context(), raised()]).cards()
    assert Bench([context(), raised()]).post(f"{VIEW}/feedback", feedback(card["uuid"]))[0] == 200


def test_feedback_on_an_unknown_card_is_told_and_the_rest_recorded() -> None:
    """404 names the place; what names a card of ours lies in the log."""
    bench = Bench([context(), raised()])
    body = {"feedback": feedback(UUID)["feedback"] + feedback(bench.cards()[0]["uuid"])["feedback"]}
    status, answer = bench.post(f"{VIEW}/feedback", body)
    assert (status, answer["issue"][0]["expression"]) == (404, ["feedback.0.card"])
    assert len(written(bench, "decisions")) == 1


@pytest.mark.parametrize(
    "body",
    [b"", {}, {"feedback": []}, feedback(UUID, "ignored"), feedback(UUID, acceptedSuggestions=[]),
     feedback(UUID, outcomeTimestamp="2026-03-01T08:05:00"), feedback(UUID, outcomeTimestamp="yesterday")],
)  # fmt: skip
def test_malformed_feedback_is_refused(body: object) -> None:
    """400; a time without a zone is malformed."""
    assert Bench().post(f"{VIEW}/feedback", body)[0] == 400


def test_feedback_from_the_future_is_refused() -> None:
    """More than five minutes ahead is a wrong clock (design rule 5)."""
    bench = Bench([context(), raised()])
    (card,) = bench.cards()
    status, answer = bench.post(f"{VIEW}/feedback", feedback(card["uuid"], outcomeTimestamp="2026-03-01T08:06:00Z"))
    assert (status, answer["issue"][0]["expression"]) == (400, ["feedback.0.outcomeTimestamp"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["hook", "hookInstance", "fhirServer", "fhirAuthorization", "context", "prefetch", "extension"]
INSIDE = ["userId", "patientId", "encounterId", "selections", "draftOrders"]


@given(st.sampled_from(FIELDS), st.sampled_from(INSIDE), JSON, JSON)
def test_whatever_is_sent_is_read_or_refused(field: str, inside: str, odd: object, other: object) -> None:
    """Any value in any place is a good call or a refusal with words, never a fault."""
    for body in (
        call("order-select") | {field: odd},
        call("order-select", context={inside: odd}),
        call("order-select", context={"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": odd}, other]}}),
        call("order-select", prefetch={"patient": odd, "other": other}),
        odd,
    ):
        content = json.dumps(body).encode()
        for read in (read_call, read_feedback):
            with contextlib.suppress(Unusable):
                read(content)


def test_feedback_is_not_lost_while_the_log_is_down() -> None:
    """503: send it again."""
    bench = Bench([context(), raised()])
    (card,) = bench.cards()
    bench.log.down = True
    assert bench.post(f"{VIEW}/feedback", feedback(card["uuid"]))[0] == 503
    assert len(bench.cards()) == 1


@pytest.fixture
def settled() -> Iterator[None]:
    """As the service is when it begins: what all other tests left in memory is no part of an answer's time."""
    settle()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("settled")
def test_a_thousand_patients_are_answered_in_time() -> None:
    """Each call takes less than 500 ms of processor time, and so does feedback that looks through all cards."""
    bench = Bench([context(), raised()])
    for n in range(1000):
        other = f"patientkey-{n + 10:04}"
        bench.patients.fold(raised(alert=f"b{n}").model_copy(update={"patient": other}))
    took = []
    for _ in range(30):
        began = time.process_time()
        bench.cards()
        took.append(time.process_time() - began)
    began = time.process_time()
    bench.post(f"{VIEW}/feedback", feedback(UUID))
    assert max(*took, time.process_time() - began) < 0.5
