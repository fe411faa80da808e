"""The table (services/alerting/table.py) is whole, and its picture is in step."""

from pathlib import Path

import pytest

from ray_jobs.registry import load_card
from services.alerting.diagram import page
from services.alerting.policy import Policy
from services.alerting.table import INPUTS, PHASES, STANDING, TABLE

CHECKOUT = Path(__file__).parents[3]


def test_every_phase_and_input_occur() -> None:
    """No phase that cannot be reached or left, no input that never matters."""
    assert {phase for phase, _ in TABLE} == set(PHASES) == {after for after, _ in TABLE.values()}
    assert {given for _, given in TABLE} == set(INPUTS)


def test_only_recovery_a_person_or_departure_resolve() -> None:
    """Neither silence nor a deadline is ever recovery (design rule 9)."""
    ending = {given for (phase, given), (after, _) in TABLE.items() if phase in STANDING and after == "resolved"}
    assert ending == {"well", "dismiss", "left", "merged"}
    assert {after for (_, given), (after, _) in TABLE.items() if given == "silent"} == {"stale"}


def test_an_alert_is_raised_only_where_none_stands() -> None:
    """Raised once: from `resolved`, or where one was withheld so far."""
    assert {phase for (phase, _), (_, event) in TABLE.items() if event == "AlertRaised"} == {"resolved", "suppressed"}
    assert not {"resolved", "suppressed"} & STANDING


def test_every_model_that_may_alert_is_a_kind_of_its_own() -> None:
    """Sepsis and deterioration stand beside NEWS2 and films; amber is below red, recovery below amber."""
    policy = Policy()
    assert policy.kinds == ("news2", "imaging", "sepsis", "deterioration")
    for kind in policy.kinds:
        rule = policy.rule(kind)
        assert rule.resolve < rule.amber <= rule.red


@pytest.mark.parametrize("model", ["sepsis", "deterioration"])
def test_no_alert_is_raised_below_the_band_that_asks_for_a_doctor(model: str) -> None:
    """Amber by policy or card, whichever is higher, lies in the card's band "high" or above, where it has bands."""
    card = load_card(model)
    amber = max(Policy().risks[model].amber, card.alerts_at)  # type: ignore[index]
    assert card.band(amber) in {None, "high", "very high"}


def test_the_picture_is_the_table() -> None:
    """docs/alerts.md is what `python -m services.alerting.diagram docs/alerts.md` writes."""
    assert (CHECKOUT / "docs" / "alerts.md").read_text(encoding="utf-8") == page(Policy())
