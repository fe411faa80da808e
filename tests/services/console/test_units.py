"""The hospital's units on screens: there and back, on every page that shows a reading, and nowhere else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import MEASUREMENTS
from services.console import units, words
from services.console.app import console_app
from services.console.main import units_of
from services.console.projection.fold import fold
from services.console.units import GROUPS, UNITS, WrongUnit, chosen
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.settings import Settings
from tests.browser.example_event import NOW
from tests.browser.example_ward import example_ward
from tests.browser.running import made_console

EVERY = [(name, code) for name, known in UNITS.items() for code in known]
WARD = example_ward(hours=3, people=3)
CHINA = {"glucose": "mmol/L", "creatinine": "umol/L", "bilirubin": "umol/L", "hemoglobin": "g/L"}


@given(st.sampled_from(EVERY), st.floats(0.1, 400, allow_nan=False))
def test_a_value_goes_there_and_back(which: tuple[str, str], value: float) -> None:
    """What is shown, read as the gateway would read it, is the value: the two directions are one table."""
    name, code = which
    unit = UNITS[name][code]
    assert MEASUREMENTS[name].units[code].apply(unit.shown(value)) == pytest.approx(value, rel=1e-12)


@given(st.sampled_from(EVERY), st.floats(0.1, 400), st.floats(0.1, 400))
def test_the_higher_value_is_shown_higher(which: tuple[str, str], one: float, other: float) -> None:
    """No unit turns an order round, and a change is the difference of what is shown."""
    unit = UNITS[which[0]][which[1]]
    assert (unit.shown(one) <= unit.shown(other)) == (one <= other) or unit.shown(one) == unit.shown(other)
    assert unit.slope(one - other) == pytest.approx(unit.shown(one) - unit.shown(other), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "code", "value", "text"),
    [
        ("temperature", "[degF]", 37.0, "98.6"),  # UCUM, table of temperatures
        ("systolic_bp", "kPa", 120.0, "16.0"),  # 1 kPa = 7.50062 mmHg (NIST SP 811)
        ("lactate", "mg/dL", 2.0, "18"),  # lactic acid 90.08 g/mol
        ("glucose", "mmol/L", 90.0, "5.0"),  # glucose 180.16 g/mol
        ("creatinine", "umol/L", 1.0, "88"),  # creatinine 113.12 g/mol
        ("bilirubin_total", "umol/L", 1.0, "17"),  # bilirubin 584.66 g/mol
        ("hemoglobin", "g/L", 12.5, "125"),
        ("bun", "mmol/L", 28.0, "10.0"),  # two nitrogen atoms, 28.014 g/mol
    ],
)
def test_known_values(name: str, code: str, value: float, text: str) -> None:
    """Values that textbooks give beside one another."""
    with units.showing({name: UNITS[name][code]}):
        assert words.number(name, value) == text
        assert words.measure(name).unit == UNITS[name][code].text
    assert words.measure(name).unit != UNITS[name][code].text


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("lactate", "not JSON"),
        ('["lactate"]', "JSON object"),
        ('{"lactate": "mg"}', "lactate is shown in mmol/L, mg/dL, not in 'mg'"),
        ('{"pulse": "/min"}', "'pulse' is none of"),
        ('{"systolic_bp": "kPa"}', "'systolic_bp' is none of"),
    ],
)
def test_a_wrong_unit_ends_the_start_and_is_named(setting: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The process says what is wrong and what would be right; one half of a blood pressure is no choice."""
    with pytest.raises(WrongUnit, match="WARDWATCH_UNITS"):
        chosen(setting)
    with pytest.raises(SystemExit):
        units_of(Settings.model_validate({"units": setting}))
    assert says in capsys.readouterr().err


def test_readings_that_stand_together_are_shown_in_one_unit() -> None:
    """A group stands for its readings; the canonical unit is a choice too."""
    assert set(chosen('{"blood_pressure": "kPa"}')) == set(GROUPS["blood_pressure"])
    assert chosen('{"lactate": "mmol/L", "blood_gas": "mm[Hg]"}') == {}
    assert len(chosen(json.dumps(CHINA))) == 5


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A console of a hospital that writes kPa and Fahrenheit."""
    running = made_console(tmp_path, WARD, units='{"temperature": "[degF]", "blood_pressure": "kPa"}')
    running.log.append([outgoing(e, source="test", partitions=4) for e in WARD.events])
    fold(running.parts.store, running.log.records)
    running.parts.clock.told(NOW)
    with TestClient(
        console_app(running.parts, Health("console")), headers={"Authorization": "Bearer admin-token"}
    ) as client:
        yield client


def test_every_page_shows_the_hospitals_units(client: TestClient) -> None:
    """Board, patient page, reasons and charts: values, shades and spans; the score is of the reading as it is kept."""
    row = client.get("/api/board").json()["rows"][0]
    vitals = {v["code"]: v for v in row["vitals"]}
    assert 93 < vitals["temperature"]["value"] < 108
    assert vitals["temperature"]["unit"] == "°F"
    assert float(vitals["systolic_bp"]["text"].split("/")[0]) < 30
    view = client.get(f"/api/patients/{WARD.keys['Okafor']}").json()
    trend = next(t for t in view["trends"] if t["code"] == "temperature")
    assert trend["span"] == [95, 104]
    assert next(s["high"] for s in trend["stripes"]) == pytest.approx(95)
    assert all(93 < p["value"] < 108 for p in trend["points"])
    assert "°F" in client.get(f"/patients/{WARD.keys['Okafor']}").text
    assert units.unit("temperature") is None, "outside a request readings are what they are"
