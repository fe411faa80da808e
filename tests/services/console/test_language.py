"""English and Chinese: every message is translated, translated templates carry no bare English, a choice is kept."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from services.console.app import console_app
from services.console.projection.fold import fold
from services.console.web import dates, language, pages
from services.console.web.messages import used
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW
from tests.browser.example_ward import example_ward
from tests.browser.running import made_console

NAMES = {"Wardwatch", "NEWS2"}
CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<(script|style|svg).*?</\1>", re.DOTALL)
SHOWN = re.compile(r'(?:aria-label|title|placeholder|alt)="([^"]*)"|>([^<>]+)<')
VALUES = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A console with a ward in it."""
    ward = example_ward(hours=1)
    running = made_console(tmp_path_factory.mktemp("console"), ward)
    running.log.append([outgoing(e, source="test", partitions=4) for e in ward.events])
    fold(running.parts.store, running.log.records)
    running.parts.clock.told(NOW)
    headers = {"Authorization": "Bearer sister-token"}
    with TestClient(console_app(running.parts, Health("console")), headers=headers, follow_redirects=False) as client:
        yield client


def test_every_message_has_a_chinese_translation_with_the_same_values() -> None:
    """What templates, scripts and words name is in the catalogue, nothing else is, and no value gets lost."""
    chinese = language.catalogue("zh")
    assert set(chinese) == set(used()), "run python -m services.console.web.messages, and translate what is empty"
    for text, said in chinese.items():
        assert sorted(VALUES.findall(text)) == sorted(VALUES.findall(said)), text


@pytest.mark.parametrize("name", sorted(file.stem for file in (pages.HERE / "templates").glob("*.html")))
def test_no_template_carries_bare_english(name: str) -> None:
    """Every word between tags, and in a label or title, is asked of the catalogue."""
    source = CODE.sub("", (pages.HERE / "templates" / f"{name}.html").read_text("utf-8"))
    source = re.sub(r'data-\w+="[^"]*"', "", source)
    shown = " ".join(" ".join(found) for found in SHOWN.findall(source))
    assert set(re.findall(r"[A-Za-z]{2,}\d?", re.sub(r"&\w+;", "", shown))) <= NAMES


def test_no_style_sheet_speaks_english() -> None:
    """Words that a style sheet adds come from the page, which asks the catalogue."""
    for file in sorted((pages.HERE / "static").glob("*.css")):
        assert re.findall(r'content: *"[^"]*[A-Za-z][^"]*"', file.read_text("utf-8")) == [], file.name


def test_the_browser_is_answered_in_its_language_until_someone_chooses(client: TestClient) -> None:
    """Accept-Language decides first, the cookie of a choice after that; other languages get English."""
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "fr-FR, fr;q=0.9"}).text
    page = client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert '<html lang="zh">' in page
    assert "需立即处理" in page
    answer = client.get("/language?to=zh&next=//evil.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "需立即处理" in client.get("/").text
    assert "数据流" in client.get("/system", headers={"Authorization": "Bearer admin-token"}).text
    client.cookies.clear()


def test_an_age_is_said_in_the_language_of_the_page() -> None:
    """Units are translated, numbers stay."""
    with language.speaking("zh"):
        assert language.age("3 h 05") == "3 小时 05"
        assert language.age("2 d 4 h") == "2 天 4 小时"
    assert language.age("3 h 05") == "3 h 05"


def test_the_catalogue_is_text_only() -> None:
    """Nothing compiled lies in the repository: the .po file is read at start."""
    assert {file.suffix for file in Path(language.LOCALES).rglob("*") if file.is_file()} == {".po"}


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("NEWS2 9: oxygen saturation 90 % (3), on oxygen (2)", "NEWS2 9：血氧饱和度90%(3分)，吸氧(2分)"),
        (
            "Sepsis risk 35 % within 6 h: respiratory rate 28 /min, rising 2 an hour; lactate 4.2 mmol/L",
            "脓毒症风险35%(6小时内)：呼吸频率 28 次/分，每小时上升2；乳酸 4.2 mmol/L",
        ),
        ("Resp 28 ▲, Lac 4.2, Age 71", "呼吸 28 ▲，乳酸 4.2，年龄 71"),
        ("from 8 % at 12 Mar 10:30", "3月12日 10:30为8 %"),
        ("left for later: no theatre has 90 minutes left on any day", "留待以后：任何一天都没有手术室尚余90分钟"),
        ("Theatre 2 is out of order", "Theatre 2 is out of order"),
        ("Patient fell at 10:30, seen by Dr Amari", "Patient fell at 10:30, seen by Dr Amari"),
    ],
)
def test_sentences_that_are_ours_are_translated_and_others_stay(english: str, chinese: str) -> None:
    """What alerting, watch and the planner write is known by its form; a half-known sentence stays as it was."""
    with language.speaking("zh"):
        assert language.say(english) == chinese
    assert language.say(english) == english


@given(st.text(max_size=80))
def test_any_text_can_be_said(text: str) -> None:
    """Whatever the log holds, the page is drawn: no text breaks the patterns, and digits are never lost."""
    with language.speaking("zh"):
        said = language.say(text)
    assert sorted(c for c in said if c.isdigit()) == sorted(c for c in text if c.isdigit()) or dates.read(text)


def test_what_a_person_wrote_is_not_rewritten() -> None:
    """A reason from our dialog is translated; free text stays, and is marked as English for those who hear the page."""
    with language.speaking("zh"):
        assert pages.typed("Measurement error") == "测量误差"
        assert pages.typed("on oxygen (2)") == '<span lang="en">on oxygen (2)</span>'
    assert pages.typed("on oxygen (2)") == "on oxygen (2)"


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_days_are_written_as_the_language_does(then: datetime) -> None:
    """English weekday and month in short, Chinese 月 and 日; a day in an English sentence is read back."""
    assert dates.written(then, "stamp", "en") == f"{then:%a} {then.day} {then:%b, %H:%M}"
    assert f"{then.month}月{then.day}日" in dates.written(then, "day", "zh")
    read = dates.read(f"{then:%a %d %b}")
    assert read is not None
    assert f"{then.month}月{then.day}日" in read
