"""English and Chinese: every message is translated, translated templates carry no bare English, a choice is kept."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from services.console.app import console_app
from services.console.projection.fold import fold
from services.console.web import language, pages
from services.console.web.messages import TRANSLATED, of_words, used
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
    chinese, wanted = language.catalogue("zh"), {*used(), *of_words()}
    assert set(chinese) == wanted
    for text, said in chinese.items():
        assert sorted(VALUES.findall(text)) == sorted(VALUES.findall(said)), text


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translated_template_carries_no_bare_english(name: str) -> None:
    """Every word between tags, and in a label or title, is asked of the catalogue."""
    source = CODE.sub("", (pages.HERE / "templates" / f"{name}.html").read_text("utf-8"))
    shown = " ".join(" ".join(found) for found in SHOWN.findall(source))
    assert set(re.findall(r"[A-Za-z]{2,}\d?", re.sub(r"&\w+;", "", shown))) <= NAMES


def test_the_browser_is_answered_in_its_language_until_someone_chooses(client: TestClient) -> None:
    """Accept-Language decides first, the cookie of a choice after that; other languages get English."""
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "fr-FR, fr;q=0.9"}).text
    page = client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert '<html lang="zh">' in page
    assert '<main id="main" lang="zh">' in page
    assert "需立即处理" in page
    answer = client.get("/language?to=zh&next=//evil.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "需立即处理" in client.get("/").text
    assert '<main id="main" lang="en">' in client.get("/system").text
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
