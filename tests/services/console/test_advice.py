"""What guidelines ask: the shipped file holds, a bad file says where it is wrong, and advice is only for its people."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.advice.asked import CareLimit, Situation, asked
from services.console.advice.guideline import BAND_LEVELS, NEWS2, SCORE_LEVELS
from services.console.advice.load import DEFAULT, load, main
from services.console.advice.page import page
from services.console.main import advice_of
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError

ADVICE = load()
ADULT = Situation(age_years=70, care_limit="full", pregnant=False)
SHIPPED = DEFAULT.read_text(encoding="utf-8")
CHECKOUT = Path(__file__).parents[3]


def test_the_shipped_file_has_words_for_every_level() -> None:
    """NEWS2 by the chart's five rows, each model by the four bands; every item names its source and its person."""
    assert set(ADVICE.subjects) == {NEWS2, "sepsis", "deterioration"}
    for name, subject in ADVICE.subjects.items():
        assert tuple(subject.levels) == (SCORE_LEVELS if name == NEWS2 else BAND_LEVELS)
        for step in subject.levels.values():
            assert all(ADVICE.sources[item.source].link.startswith("https://") for item in step.items)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("who: nurse", "who: porter", "@subjects.news2.levels.low.items.0.who: Input should be 'nurse'"),
        ("year: 2018", "year: last", "@sources.hour1.year: Input should be a valid integer"),
        ("    label: NEWS2\n    min_age: 16\n", "    min_age: 16\n", "@subjects.news2.label: Field required"),
        ("    label: NEWS2\n", "    label: NEWS2\n    colour: red\n", "subjects.news2.colour: Extra inputs"),
        ("      low-medium:", "      raised:", "news2 has the levels zero, low, low-medium, medium, high"),
        ("source: cg50", "source: cg51", "item deterioration-raised-observe: there is no source 'cg51'"),
        ("id: sepsis-high-lactate", "id: sepsis-high-review", "item sepsis-high-review: this id stands twice"),
        ("  comfort: C", "  comfy: C", "@care_limits.comfy: Input should be 'palliative'"),
        ("  hour1:\n", "  ssc:\n", "@ssc stands twice"),
        ("reviewed: 2026-11-22", "reviewed: soon", "@reviewed: Input should be a valid date"),
        ("sources:\n", "sources: [\n", "expected"),
        ("link: https", "link: http", "@sources.news2.link: String should match pattern"),
        ("again_after_hours: 6", "again_after_hours: 0", "@subjects.news2.levels.low.items.0.again_after_hours: Input"),
        (SHIPPED, "", "is empty"),
        (SHIPPED, "just words", "@file: Input should be a valid dictionary"),
    ],
)
def test_a_bad_file_says_where_it_is_wrong(
    old: str, new: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line and field; the command that checks a file says the same and answers 1."""
    assert old in SHIPPED
    # "@" stands for the line that was changed.
    told = told.replace("@", f"line {SHIPPED.partition(old)[0].count(chr(10)) + 1}: ")
    file = tmp_path / "ours.yaml"
    file.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as refused:
        load(file)
    assert str(refused.value).startswith(str(file))
    assert told in str(refused.value)
    assert main([str(file)]) == 1
    assert told in capsys.readouterr().err


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """One that is not there, one that is no text, one that is far too large."""
    with pytest.raises(DocumentError, match="cannot be read"):
        load(tmp_path / "nowhere.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DocumentError, match=r"bytes\.yaml"):
        load(tmp_path / "bytes.yaml")
    (tmp_path / "large.yaml").write_bytes(b"# " * 600_000)
    with pytest.raises(DocumentError, match="is the most"):
        load(tmp_path / "large.yaml")


def test_the_console_does_not_start_on_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 2 and the setting's name; without the setting the shipped file holds."""
    (tmp_path / "ours.yaml").write_text("title: x", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        advice_of(Settings(advice=tmp_path / "ours.yaml"))
    assert ended.value.code == 2
    assert "WARDWATCH_ADVICE" in capsys.readouterr().err
    assert advice_of(Settings()) == ADVICE


def test_a_good_file_is_called_good(capsys: pytest.CaptureFixture[str]) -> None:
    """The command answers 0 for the shipped file, 2 without one."""
    assert main([str(DEFAULT)]) == 0
    assert "good: 3 subjects" in capsys.readouterr().out
    assert main([]) == 2


@pytest.mark.parametrize("subject", ["news2", "sepsis", "deterioration"])
def test_advice_is_for_those_it_was_written_for(subject: str) -> None:
    """A child, a pregnancy and palliative care get the reason instead; an unknown age is taken as adult."""
    found = ADVICE.subjects[subject]
    for situation, words in (
        (Situation(12, "full", pregnant=False), found.too_young),
        (Situation(30, "full", pregnant=True), found.pregnant),
        (Situation(80, "palliative", pregnant=False), ADVICE.care_limits["palliative"]),
        (Situation(80, "comfort", pregnant=False), ADVICE.care_limits["comfort"]),
    ):
        told = asked(ADVICE, subject, "high", situation)
        assert told is not None
        assert (told.step, told.instead) == (None, words)
    told = asked(ADVICE, subject, "high", Situation(None, "full", pregnant=False))
    assert told is not None
    assert told.step is found.levels["high"]


def test_no_escalation_keeps_the_advice_and_says_its_limit() -> None:
    """The agreed ceiling is said beside what is asked."""
    told = asked(ADVICE, "sepsis", "high", Situation(80, "no_escalation", pregnant=False))
    assert told is not None
    assert told.step is not None
    assert told.note == ADVICE.care_limits["no_escalation"]


@given(
    st.sampled_from([*ADVICE.subjects, "unknown"]),
    st.sampled_from([*SCORE_LEVELS, *BAND_LEVELS]),
    st.none() | st.integers(0, 120),
    st.sampled_from(["full", "no_escalation", "palliative", "comfort"]),
    st.booleans(),
)
def test_either_a_step_or_a_reason(subject: str, level: str, age: int | None, limit: CareLimit, pregnant: bool) -> None:
    """Whoever it is: nothing at all, or a step, or words why not; never both, never a step for others."""
    told = asked(ADVICE, subject, level, Situation(age, limit, pregnant))  # type: ignore[arg-type]
    if told is None:
        assert subject == "unknown" or level not in ADVICE.subjects[subject].levels
        return
    assert (told.step is None) == bool(told.instead)
    if told.step is not None:
        assert age is None or age >= ADVICE.subjects[subject].min_age
        assert not pregnant
        assert limit in {"full", "no_escalation"}


def test_the_tables_of_the_page_are_the_file() -> None:
    """docs/advice.md is what `python -m services.console.advice.page docs/advice.md` writes."""
    text = (CHECKOUT / "docs" / "advice.md").read_text(encoding="utf-8")
    assert text == page(text, ADVICE)
