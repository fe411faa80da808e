"""Policies are data: a file is laid over the default by ward, and what is wrong in it is said with line and field."""

import re
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.alerting.durations import duration, time_of_day, words
from services.alerting.main import policies_of
from services.alerting.policies import DEFAULT, load, unknown
from services.alerting.policy import Policy
from services.alerting.rules import Combination, Condition, Contact, Maintenance, QuietHours, ScoreRule, Waits
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError
from tests.services.alerting.policy_files import policies, written


def test_the_shipped_file_is_the_policy_in_code() -> None:
    """Every number of default.yaml is that of `Policy()`: the two cannot drift apart."""
    found = load()
    assert found.everywhere == Policy()
    assert found.of("main", "5B") == Policy()
    assert load(DEFAULT).special == {}


def test_a_ward_differs_in_what_it_says_and_in_nothing_else(tmp_path: Path) -> None:
    """Later layers win field by field: default, site, ward of every site, ward of the site."""
    found = policies(
        tmp_path,
        """
        default: {news2: {stale_after: 3 h}}
        wards:
          5B: {news2: {amber: 6}}
        sites:
          north:
            default: {news2: {red: 8}}
            wards:
              5B: {news2: {red: 9}}
        """,
    )
    shown = {
        place: (rule.amber, rule.red, rule.resolve, rule.stale_after)
        for place in (("main", "4A"), ("main", "5B"), ("north", "4A"), ("north", "5B"), ("north", None))
        for rule in (found.of(*place).news2,)
    }
    three = timedelta(hours=3)
    assert shown == {
        ("main", "4A"): (5, 7, 3, three), ("main", "5B"): (6, 7, 3, three), ("north", "4A"): (5, 8, 3, three),
        ("north", "5B"): (6, 9, 3, three), ("north", None): (5, 8, 3, three),
    }  # fmt: skip
    assert found.of("main", "5B").risks == Policy().risks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wards: {5B: {news2: {ambr: 5}}}", "line 2: wards.5B.news2.ambr: nobody knows this name"),
        ("wards: {5B: {news2: {amber: 8}}}", "line 2: wards.5B.news2: the levels contradict one another: resolve 3 < "),
        ("wards:\n  5B:\n    risks: {sepsis: {stale_after: 4}}", "line 4: wards.5B.risks.sepsis.stale_after: 4 is no "),
        ("default: {news2: {raise_after: 3, of_last: 2}}", "line 2: default.news2: raise_after 3 of_last 2 cannot be"),
        ("default: {quiet_hours: {begin: 22:00, end: 22:00}}", "line 2: default.quiet_hours: begin and end are both"),
        ("default: {time_zone: Zurich}", "line 2: default.time_zone: 'Zurich' is no time zone"),
        ("default: {risks: {flu: {amber: 1}}}", "line 2: default.risks.flu: "),
        ("wards: {6: {}}", 'line 2: wards.6: write the name in quotes: "6"'),
        ("wrads: {}", "line 2: wrads: nobody knows this name"),
        ("default: {news2: {amber: 5, amber: 6}}", "line 2: amber stands twice"),
        ("default: [", "line 2, column 11: "),
        ("default: {news2: {amber: .nan}}", "line 2: default.news2.amber: "),
        (
            "default: {combinations: {both: {kind: sepsis, when: [{risk: sepsis}]}}}",
            "line 2: default.combinations.both.when.0: risk takes at_least, not []",
        ),
        (
            "default: {maintenance: {net: {begin: 2026-03-01T22:00:00Z, reason: x}}}",
            "line 2: default.maintenance.net.end: Field required",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """A wrong file is refused whole; the error names file, line, field and what to do."""
    path = written(tmp_path, text)
    with pytest.raises(DocumentError) as error:
        load(path)
    assert str(error.value).startswith(str(path))
    assert said in str(error.value)


def test_an_error_of_the_default_is_told_once(tmp_path: Path) -> None:
    """Not once more for every ward that inherits it."""
    with pytest.raises(DocumentError) as error:
        policies(tmp_path, "default: {news2: {amber: 9}}\nwards: {5A: {}, 5B: {}, 6: {}}".replace("6:", '"6":'))
    assert str(error.value).count("contradict") == 1


def test_wards_that_are_not_there_are_told(tmp_path: Path) -> None:
    """A misspelt ward would silently keep the default."""
    found = policies(tmp_path, "wards: {5B: {}, 5b: {}}\nsites: {north: {wards: {5B: {}}}, nrth: {}}")
    assert unknown(found, {"main": frozenset({"5A", "5B"}), "north": frozenset({"6"})}) == [
        "wards.5b: there is no such ward; there is 5A, 5B, 6",
        "sites.north.wards.5B: there is no such ward; there is 6",
        "sites.nrth: there is no such site; there is main, north",
    ]


def test_a_missing_file_is_an_error_and_not_the_default(tmp_path: Path) -> None:
    """A site that named a file means it."""
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


@given(st.integers(0, 10**6))
def test_a_length_of_time_is_read_as_it_is_written(seconds: int) -> None:
    """`words` and `duration` are each other's opposite."""
    assert duration(words(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(st.times())
def test_an_unquoted_time_means_what_it_shows(at: time) -> None:
    """YAML 1.1 reads an unquoted 22:00 as the number 1320, in base 60."""
    assert time_of_day(at.hour * 60 + at.minute) == time_of_day(f"{at:%H:%M}") == time(at.hour, at.minute)


@pytest.mark.parametrize("given_", ["24:00", "7", True, 1440, "7 h", None])
def test_what_is_no_time_of_day_is_refused(given_: object) -> None:
    """With how to write it."""
    with pytest.raises(ValueError, match="write it as"):
        time_of_day(given_)


def test_alerting_does_not_start_on_a_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 2 and the setting's name; without the setting the shipped file holds."""
    with pytest.raises(SystemExit) as ended:
        policies_of(Settings(alert_policies=written(tmp_path, "default: {news2: {amber: 9}}")))
    assert ended.value.code == 2
    assert "WARDWATCH_ALERT_POLICIES" in capsys.readouterr().err
    assert policies_of(Settings(alert_policies=None)).everywhere == Policy()


PAGE = (Path(__file__).parents[3] / "docs" / "alert-policies.md").read_text(encoding="utf-8")


def test_the_example_of_the_docs_is_a_good_file(tmp_path: Path) -> None:
    """Every YAML block of docs/alert-policies.md can be used as it stands, and says what the page says."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    path = tmp_path / "docs.yaml"
    path.write_text(blocks[0], encoding="utf-8")
    found = load(path)
    assert found.of("north", "5B").risks["sepsis"].of_last == 5
    assert found.of("north", "5B").maintenance["network"].reason == "switches are replaced"
    assert found.of("main", "5B").roster["charge_nurse"]["any"].contact == "pager 5501"
    assert found.of("main", "5B").roster["charge_nurse"]["night"].contact == "pager 5009"
    assert not found.of("main", "ICU").news2.enabled


def test_every_name_is_on_the_page() -> None:
    """A name that a file may use is explained in docs/alert-policies.md."""
    for part in (Policy, ScoreRule, Condition, Combination, QuietHours, Maintenance, Contact, Waits):
        for name in part.model_fields:
            assert name in PAGE, name


NAMES = [
    "version", "default", "wards", "sites", "5B", "main", "news2", "risks", "sepsis", "amber", "red", "resolve",
    "roster", "combinations", "when", "maintenance", "quiet_hours", "begin", "end", "time_zone", "kind", "any",
    "charge_nurse",
]  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2000), st.floats(allow_nan=True), st.text(max_size=5), st.datetimes(),
    st.sampled_from(["22:00", "1 h", "sepsis", "UTC"]),
)  # fmt: skip
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.integers(0, 9)), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(trees, st.sampled_from([None, "default", "wards", "sites"]))
def test_whatever_a_file_holds_it_is_good_or_refused_with_a_reason(tree: object, under: str | None) -> None:
    """Never another error: alerting must say what is wrong and not fail on it."""
    content = tree if under is None else {"version": 1, under: tree}
    with NamedTemporaryFile(suffix=".yaml") as file:
        path = Path(file.name)
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        with suppress(DocumentError):
            assert load(path).of("main", "5B")
