"""What a policy asks for beyond levels: persistence, silence, combinations, quiet hours, maintenance, known sepsis."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.events import AlertEscalated, AlertRaised
from services.alerting.hours import contact, held_until
from services.alerting.policy import Policy
from tests.services.alerting.given import (
    UNTOLD,
    Driver,
    context,
    decided,
    finding,
    forecast,
    minutes,
    names,
    score,
    with_policy,
)
from tests.services.alerting.policy_files import policies, policy

ZURICH = {"time_zone": "Europe/Zurich", "quiet_hours": {"begin": "22:00", "end": "06:00"}}


def rule(kind: str, **changed: object) -> Policy:
    """The shipped policy with a rule of a score or a model changed."""
    given = UNTOLD.model_dump()
    (given if kind in given else given["risks"])[kind] |= changed
    return Policy.model_validate(given)


def test_three_of_the_last_five_raise() -> None:
    """Signals in between are forgiven, older ones are forgotten, and what was counted survives a restart."""
    driver = with_policy(rule("sepsis", raise_after=3, of_last=5))
    script = [0.5, 0.01, 0.5, 0.01, 0.01, 0.5, 0.07, 0.5]
    said = []
    for n, p in enumerate(script):
        driver.restart()
        said += driver.give(forecast(minutes(1 + n), p))
    assert said == []
    assert names(driver.give(forecast(minutes(20), 0.5))) == ["Raised"]


def test_flapping_gives_one_alert() -> None:
    """Above, recovered, above, recovered …: a single recovery ends nothing, and nothing is raised twice."""
    driver = with_policy(UNTOLD)
    said = names(driver.give(*(score(minutes(n), t) for n, t in enumerate([6, 2] * 200))))
    assert (said[0], set(said[1:])) == ("Raised", {"Escalated"})  # nobody took it


def test_after_an_end_amber_is_silent_and_red_is_not() -> None:
    """For half an hour after recovery or a person's word; red breaks it unless the policy says otherwise."""
    for holds_red, heard in ((False, ["Raised"]), (True, [])):
        driver = with_policy(rule("news2", silence_after="30 min", silence_holds_red=holds_red))
        (alert,) = driver.give(score(minutes(1), 5))
        driver.give(decided(minutes(2), alert.alert, "wrong"))
        driver.restart()
        assert driver.give(score(minutes(10), 6)) == []
        assert names(driver.give(score(minutes(20), 7))) == heard
        assert names(driver.give(score(minutes(33), 7))) == ([] if heard else ["Raised"])


def test_a_kind_can_be_switched_off_on_a_ward(tmp_path: Path) -> None:
    """Nothing is raised there; what stood when the patient came goes on and recovers."""
    driver = with_policy(policies(tmp_path, "wards: {ICU: {news2: {enabled: false}}}"))
    driver.give(score(minutes(1), 5))
    assert names(driver.give(context(minutes(2), ward="ICU"))) == ["Escalated"]
    assert names(driver.give(score(minutes(3), 1), score(minutes(4), 1))) == ["Resolved"]
    assert driver.give(score(minutes(5), 9)) == []
    driver.give(context(minutes(6)))
    assert names(driver.give(score(minutes(7), 9))) == ["Raised"]


def test_levels_are_those_of_the_ward_where_the_patient_lies(tmp_path: Path) -> None:
    """A score of 5 is an alert on one ward and none on another."""
    found = policies(tmp_path, "wards: {5B: {news2: {amber: 6}}}")
    driver = with_policy(found)
    assert driver.give(score(minutes(1), 5)) == []
    driver.give(context(minutes(2), ward="4A"))
    assert names(driver.give(score(minutes(3), 5))) == ["Raised"]


@pytest.mark.parametrize(("single", "said"), [("nothing", None), ("amber", "amber"), ("red", "red")])
def test_a_single_red_parameter_is_what_the_policy_says(single: str, said: str | None) -> None:
    """3 in one parameter with a low total."""
    alerts = with_policy(rule("news2", single_red_parameter=single)).give(score(minutes(1), 3, red=True))
    assert [a.severity for a in alerts] == ([said] if said else [])


BOTH = {
    "risk with a score": {"kind": "sepsis", "when": [{"risk": "sepsis", "at_least": 0.05}, {"news2": 4}]},
}


def test_together_they_raise_what_neither_raises_alone() -> None:
    """A risk of 5 % and NEWS2 4 within the hour, whichever is told last; one of them an hour later do not."""
    for facts in (
        (forecast(minutes(1), 0.07), score(minutes(2), 4)),
        (score(minutes(1), 4), forecast(minutes(2), 0.07)),
    ):
        driver = with_policy(policy(combinations=BOTH))
        assert driver.give(facts[0]) == []
        driver.restart()
        (alert,) = driver.give(facts[1])
        assert isinstance(alert, AlertRaised)
        assert (alert.kind, alert.severity, alert.source) == ("sepsis", "amber", facts[1].id)
        assert alert.summary.startswith("risk with a score: ")
    late = with_policy(policy(combinations=BOTH))
    assert late.give(forecast(minutes(1), 0.07), score(minutes(62), 4)) == []


def test_a_combination_that_holds_does_not_recover() -> None:
    """A low forecast alone is no recovery while the score and an earlier one hold; after them it is."""
    low = {"low": {"kind": "sepsis", "when": [{"risk": "sepsis", "at_least": 0.02}, {"news2": 4}]}}
    driver = with_policy(policy(combinations=low))
    driver.give(forecast(minutes(1), 0.03))
    assert names(driver.give(score(minutes(2), 4))) == ["Raised"]
    assert driver.give(*(forecast(minutes(3 + n), 0.03) for n in range(9))) == []
    driver.give(score(minutes(20), 1))
    assert names(driver.give(*(forecast(minutes(21 + n), 0.03) for n in range(3)))) == ["Resolved"]


def test_what_is_silent_stale_or_unknown_is_no_part_of_a_combination() -> None:
    """Only live and fresh forecasts, and scores that are known, are told to it (design rule 9)."""
    for risk, news2 in (
        (forecast(minutes(1), 0.07, mode="silent"), score(minutes(2), 4)),
        (forecast(minutes(1), 0.07, fresh=False), score(minutes(2), 4)),
        (forecast(minutes(1), 0.07), score(minutes(2), None, lowest=2, highest=9)),
        (forecast(minutes(1), 0.07), score(minutes(2), 4, fresh=False)),
    ):
        assert with_policy(policy(combinations=BOTH)).give(risk, news2) == []


def test_a_rise_raises() -> None:
    """By 5 % or more within three clock hours, from the lowest; a slower one does not."""
    rising = {"rising": {"kind": "sepsis", "when": [{"rise": "sepsis", "by": 0.05, "hours": 3}]}}
    driver = with_policy(policy(combinations=rising))
    assert driver.give(forecast(minutes(0), 0.02), forecast(minutes(60), 0.01), forecast(minutes(120), 0.04)) == []
    driver.restart()
    assert names(driver.give(forecast(minutes(130), 0.062))) == ["Raised"]
    slow = with_policy(policy(combinations=rising))
    assert slow.give(*(forecast(minutes(60 * n), 0.01 + 0.01 * n) for n in range(8))) == []


def test_a_film_is_part_of_a_combination() -> None:
    """A finding of pneumonia with a single red parameter is red at once; its label counts."""
    film = {
        "pneumonia": {
            "kind": "news2", "severity": "red", "when": [{"finding": "pneumonia"}, {"red_parameter": True}],
        }
    }  # fmt: skip
    driver = with_policy(policy(combinations=film))
    driver.give(finding(minutes(1)))
    (alert,) = driver.give(score(minutes(2), 3, red=True))
    assert (alert.kind, alert.severity) == ("news2", "red")
    other = with_policy(policy(combinations=film))
    other.give(finding(minutes(1)).model_copy(update={"label": "effusion"}))
    assert [a.severity for a in other.give(score(minutes(2), 3, red=True))] == ["amber"]


def at(hour: int, minute: int = 0) -> datetime:
    """A local time in Zurich on 1 March 2026 (UTC+1)."""
    return datetime(2026, 3, 1, hour - 1, minute, tzinfo=UTC)


def test_amber_in_quiet_hours_is_told_when_they_end() -> None:
    """Raised and recorded at once, with until when nobody is called; its wait begins at the end, red has no quiet."""
    driver = with_policy(policy(**ZURICH))
    (alert,) = driver.give(score(at(23), 5))
    ends = at(6) + timedelta(days=1)
    assert isinstance(alert, AlertRaised)
    assert (alert.at, alert.quiet_until) == (at(23), ends)
    scores = [score(at(23) + timedelta(hours=n), 5) for n in range(1, 8)]
    assert driver.give(*scores[:6]) == []
    driver.restart()
    (told,) = driver.give(scores[6])
    assert isinstance(told, AlertEscalated)
    assert (told.at, told.severity, told.role, told.quiet_until) == (ends, "amber", "bedside_nurse", None)
    assert names(driver.tick(ends + timedelta(minutes=61))) == ["Escalated"]


def test_what_becomes_red_in_quiet_hours_is_told_at_once() -> None:
    """Quiet hours never hold red."""
    driver = with_policy(policy(**ZURICH))
    driver.give(score(at(23), 5))
    (worse,) = driver.give(score(at(23, 30), 8))
    assert isinstance(worse, AlertEscalated)
    assert (worse.severity, worse.quiet_until) == ("red", None)
    (first,) = with_policy(policy(**ZURICH)).give(score(at(23), 7))
    assert isinstance(first, AlertRaised)
    assert first.quiet_until is None


def test_who_took_it_in_quiet_hours_is_not_told_at_their_end() -> None:
    """Somebody looked at the board."""
    driver = with_policy(policy(**ZURICH))
    (alert,) = driver.give(score(at(23), 5))
    (taken,) = driver.give(decided(at(23, 10), alert.alert, "acknowledge"))
    assert taken.quiet_until == at(6) + timedelta(days=1)
    assert "Escalated" not in names(driver.tick(at(6) + timedelta(days=1, minutes=1)))


def test_what_went_stale_in_quiet_hours_is_told_all_the_same() -> None:
    """Nobody was told while it was fresh; told now, and that it is stale."""
    driver = with_policy(policy(**ZURICH))
    driver.give(score(at(23), 5))
    assert names(driver.tick(at(3) + timedelta(days=1))) == ["WentStale"]
    assert names(driver.tick(at(6) + timedelta(days=1))) == ["Escalated", "WentStale"]


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 4, tzinfo=UTC)),  # clocks skip 02:00 to 03:00
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC)),  # and repeat 02:00 to 03:00
        (datetime(2026, 7, 1, 20, 0, tzinfo=UTC), datetime(2026, 7, 2, 4, tzinfo=UTC)),
        (datetime(2026, 7, 1, 19, 59, tzinfo=UTC), None),
        (datetime(2026, 7, 2, 4, 0, tzinfo=UTC), None),
    ],
)
def test_quiet_hours_are_local(now: datetime, end: datetime | None) -> None:
    """22:00 to 06:00 in Zurich, whatever the clocks do that night."""
    assert held_until(policy(**ZURICH), "amber", now) == end
    assert held_until(policy(**ZURICH), "red", now) is None


def test_in_maintenance_all_is_recorded_and_nobody_told() -> None:
    """Also red, until its end; quiet hours that follow hold amber on."""
    window = {"network": {"begin": minutes(0), "end": minutes(60), "reason": "switches are replaced"}}
    driver = with_policy(policy(maintenance=window))
    (alert,) = driver.give(score(minutes(5), 9))
    assert isinstance(alert, AlertRaised)
    assert alert.quiet_until == minutes(60)
    assert driver.tick(minutes(59)) == []
    (told,) = driver.tick(minutes(60))
    assert isinstance(told, AlertEscalated)
    assert (told.at, told.quiet_until, told.role) == (minutes(60), None, "bedside_nurse")
    both = policy(maintenance=window, quiet_hours={"begin": "08:30", "end": "10:00"})
    assert held_until(both, "red", minutes(5)) == minutes(60)
    assert held_until(both, "amber", minutes(5)) == minutes(120)


def test_known_sepsis_withholds_a_new_sepsis_alert_only() -> None:
    """Told once as suppressed, and raised when the diagnosis no longer holds; a standing alert and NEWS2 go on."""
    driver = with_policy(UNTOLD)
    driver.give(context(minutes(1), sepsis=minutes(0)))
    said = driver.give(*(forecast(minutes(2 + n), 0.5) for n in range(4)))
    assert [(names([e])[0], e.kind) for e in said] == [("Suppressed", "sepsis")]
    assert names(driver.give(score(minutes(9), 7))) == ["Raised"]
    driver.restart()
    driver.give(context(minutes(10)))
    assert [e.kind for e in driver.give(*(forecast(minutes(11 + n), 0.5) for n in range(2)))] == ["sepsis"]
    assert driver.give(context(minutes(20), sepsis=minutes(15))) == []
    off = with_policy(policy(known_sepsis_for="0 min"))
    off.give(context(minutes(1), sepsis=minutes(0)))
    assert names(off.give(*(forecast(minutes(2 + n), 0.5) for n in range(2)))) == ["Raised"]


def test_a_sepsis_known_for_days_withholds_nothing_new() -> None:
    """After three days a new rise is news: also where one was withheld meanwhile."""
    driver = with_policy(UNTOLD)
    driver.give(context(minutes(1), sepsis=minutes(0)))
    late = 3 * 24 * 60
    assert names(driver.give(*(forecast(minutes(late - 30 + n), 0.5) for n in range(3)))) == ["Suppressed"]
    driver.restart()
    assert driver.tick(minutes(late + 1)) == []
    assert names(driver.give(*(forecast(minutes(late + 2 + n), 0.5) for n in range(2)))) == ["Raised"]


def test_the_roster_says_who_is_reached() -> None:
    """By role and shift in local time; where it does not name a shift, whoever is there at any."""
    roster = {
        "bedside_nurse": {
            "night": {"who": "night nurse 5B", "contact": "pager 5501"},
            "any": {"who": "nurse 5B", "contact": "pager 5500"},
        },
        "rapid_response": {"any": {"who": "rapid response", "contact": "2222"}},
    }
    found = policy(roster=roster, time_zone="Europe/Zurich")
    shown = {hour: contact(found, "bedside_nurse", at(hour)) for hour in (21, 22)}
    assert {hour: c and c.contact for hour, c in shown.items()} == {21: "pager 5500", 22: "pager 5501"}
    assert contact(found, "charge_nurse", at(9)) is None
    driver = with_policy(found)
    (alert,) = driver.give(score(minutes(5), 7))
    assert isinstance(alert, AlertRaised)
    assert (alert.role, alert.contact) == ("bedside_nurse", "pager 5500")
    driver.tick(minutes(21))
    (last,) = driver.tick(minutes(36))
    assert isinstance(last, AlertEscalated)
    assert (last.role, last.contact) == ("rapid_response", "2222")


def test_a_driver_without_context_has_the_hospitals_default(tmp_path: Path) -> None:
    """No ward is known: the default holds."""
    found = policies(tmp_path, "wards: {5B: {news2: {amber: 6}}}")
    driver = Driver(with_policy(found).stage)
    assert names(driver.give(score(minutes(1), 5))) == ["Raised"]
