"""The fast profile never accepts what the full library refuses."""

import copy
import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.fhir.library import Invalid, validate
from schemas.fhir.observation_profile import CheckedObservation, Observation, read_observation
from tests.schemas.fhir.documents import Json, coding, observation, quantity, vitals

PROFILE: TypeAdapter[Observation] = TypeAdapter(CheckedObservation)


def profile_accepts(content: Json) -> bool:
    """The fast verdict alone."""
    try:
        PROFILE.validate_python(content)
    except ValidationError:
        return False
    return True


def agrees(content: Json) -> None:
    """The profile accepts only what the library accepts, in Python and in JSON; the reader refuses what it refuses."""
    verdict = validate(content)
    if profile_accepts(content):
        assert verdict is None, verdict
    try:
        PROFILE.validate_json(orjson.dumps(content))
        assert verdict is None, verdict
    except (ValidationError, orjson.JSONEncodeError):
        pass
    if verdict is not None:
        assert isinstance(read_observation(content), Invalid)


FULL = observation(
    identifier=[{"system": "urn:s", "value": "1"}],
    meta={"versionId": "1", "lastUpdated": "2026-01-02T11:58:00.123Z", "source": "urn:x", "profile": ["urn:p"]},
    category=[coding("vital-signs", "urn:c")],
    encounter={"reference": "Encounter/e-1"},
    issued="2026-01-02T11:59:00Z",
    performer=[{"reference": "Practitioner/1", "display": "x"}],
    interpretation=[coding("N")],
    note=[{"text": "a remark", "time": "2026-01-02"}],
    bodySite=coding("1"),
    method=coding("2"),
    device={"identifier": {"value": "7"}},
    referenceRange=[{"low": quantity(60, "/min"), "high": quantity(100, "/min"), "text": "normal"}],
    text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    extension=[{"url": "urn:a", "valueString": "y"}, {"url": "urn:b", "valueQuantity": quantity(1, "s")}],
    component=[{"code": coding("8480-6"), "valueQuantity": quantity(120, "mm[Hg]")}],
)
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**33), 2**33),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["", " ", "a  b", " a", "2026", "2026-02-30", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
                     "2016-12-31T23:59:60Z", "2026-01-01T00:00:00.123456789+14:00", "0000-01-01", "final", "\x1c",
                     "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]),
    st.just([]), st.just({}), st.just([None]), st.just({"x": 1}), st.just([{}]), st.just([[]]),
)  # fmt: skip


def paths(value: object, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [here] if here else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        found += paths(part, (*here, name))
    return found


def changed(content: Json, where: tuple[Any, ...], new: object) -> Json:
    """A copy with one place replaced."""
    result = copy.deepcopy(content)
    place = result
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = new
    return result


def test_a_full_observation_is_fast() -> None:
    """What hospitals send is in the profile, and valid."""
    for content in (FULL, *vitals()):
        assert profile_accepts(content)
        assert validate(content) is None


@given(st.sampled_from(paths(FULL)), ODD)
def test_one_odd_value_anywhere(where: tuple[Any, ...], odd: object) -> None:
    """Whatever stands in any one place, the profile is never more lenient than the library."""
    agrees(changed(FULL, where, odd))


@given(st.sampled_from(paths(FULL)))
def test_anything_left_out(where: tuple[Any, ...]) -> None:
    """Whatever is missing, the profile is never more lenient than the library."""
    result = copy.deepcopy(FULL)
    place: Any = result
    for name in where[:-1]:
        place = place[name]
    del place[where[-1]]
    agrees(result)


@given(
    st.sampled_from(
        ["valueString", "valueInteger", "valueBoolean", "valueDateTime", "valueTime", "valueRange", "effectiveInstant",
         "_status", "extension", "contained", "text", "modifierExtension", "implicitRules", "language", "unheard"]
    ),
    ODD,
)  # fmt: skip
def test_one_element_more(name: str, odd: object) -> None:
    """Another element beside the others, choice types included, is judged as the library judges it."""
    agrees(FULL | {name: odd})
    agrees({k: v for k, v in FULL.items() if k != "valueQuantity"} | {name: odd})


@pytest.mark.data
def test_the_validator_cases(shared_data: Path) -> None:
    """On every parsable case of the reference validator the reader refuses exactly what the library refuses."""
    seen = 0
    for file in sorted((shared_data / "fhir_validator_cases").glob("*.json")):
        try:
            content = json.loads(file.read_bytes())
        except ValueError:
            continue
        for resource in observations_of(content):
            seen += 1
            assert isinstance(read_observation(resource), Invalid) == (validate(resource) is not None), file.name
    assert seen >= 5


@pytest.mark.data
def test_synthea_is_read_fast(shared_data: Path) -> None:
    """Every Observation of the real bundles is in the profile, and a sample of them is valid for the library too."""
    seen = 0
    with tarfile.open(fileobj=lzma.open(shared_data / "fhir_synthea" / "bundles.tar.xz")) as archive:
        for member in list(archive)[:8]:
            stream = archive.extractfile(member)
            if stream is None:
                continue
            for n, resource in enumerate(observations_of(orjson.loads(stream.read()))):
                seen += 1
                assert profile_accepts(resource)
                if n % 25 == 0:
                    assert validate(resource) is None
    assert seen > 300


def observations_of(content: object) -> list[Json]:
    """The Observations of a resource or Bundle."""
    if not isinstance(content, dict):
        return []
    entries = [e.get("resource") for e in content.get("entry", []) if isinstance(e, dict)]
    return [r for r in (content, *entries) if isinstance(r, dict) and r.get("resourceType") == "Observation"]
