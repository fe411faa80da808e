"""One contract for both adapters of the identity port."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from services.runtime.errors import BadInputError
from services.runtime.identity import FakeIdentity, SqliteIdentity
from services.runtime.ports import Identifier, Identity, Person

MRN, FHIR = Identifier("http://hospital/mrn", "4711"), Identifier("fhir", "p-1")
JANE = Person("", "main", "O'Neill_100%", "Jane", date(1950, 2, 3), "female", "4711")


@pytest.fixture(params=["fake", "sqlite"])
def identity(request: pytest.FixtureRequest, tmp_path: Path) -> Identity:
    """Each adapter in turn."""
    make: dict[str, Callable[[], Identity]] = {
        "fake": FakeIdentity,
        "sqlite": lambda: SqliteIdentity(f"sqlite:///{tmp_path}/identity.db"),
    }
    return make[request.param]()


def test_unknown(identity: Identity) -> None:
    """Nobody is known before they are registered."""
    assert identity.resolve("main", MRN) is None
    assert identity.person("no-such-key") is None
    assert identity.search("main", "a") == []


def test_one_person_one_key(identity: Identity) -> None:
    """Every identifier of a person leads to one key, whenever it became known."""
    key = identity.register("main", [FHIR])
    assert identity.register("main", [FHIR, MRN], JANE) == key
    assert identity.resolve("main", MRN) == identity.resolve("main", FHIR) == key
    assert identity.register("main", [MRN]) == key


def test_key_is_random_and_fit_for_the_bus(identity: Identity) -> None:
    """A key tells nothing of the identifiers and fits the event schema."""
    key = identity.register("main", [MRN])
    assert re.fullmatch(r"[A-Za-z0-9_-]{8,64}", key)
    assert "4711" not in key


def test_sites_are_separate(identity: Identity) -> None:
    """The same number at another hospital is another person."""
    assert identity.register("main", [MRN]) != identity.register("north", [MRN])


def test_two_people_are_not_joined(identity: Identity) -> None:
    """Identifiers of two people are refused and change nothing."""
    one, two = identity.register("main", [MRN]), identity.register("main", [FHIR])
    with pytest.raises(BadInputError):
        identity.register("main", [MRN, FHIR])
    assert (identity.resolve("main", MRN), identity.resolve("main", FHIR)) == (one, two)


def test_no_identifier_is_refused(identity: Identity) -> None:
    """A person without an identifier cannot be registered."""
    with pytest.raises(BadInputError):
        identity.register("main", [])


def test_person_keeps_words(identity: Identity) -> None:
    """What is shown about a person is the newest that was registered; no words later do not erase them."""
    key = identity.register("main", [MRN, FHIR], JANE)
    identity.register("main", [MRN])
    person = identity.person(key)
    assert person is not None
    assert (person.key, person.family, person.given, person.born, person.sex) == (
        key, "O'Neill_100%", "Jane", date(1950, 2, 3), "female",
    )  # fmt: skip
    assert set(person.identifiers) == {MRN, FHIR}


@pytest.mark.parametrize("text", ["jane", "NEILL", "jane o'neill", "o'neill_100% jane", "4711", "p-1", "_100%"])
def test_search_finds(identity: Identity, text: str) -> None:
    """A person is found by any part of name or number, whatever the case."""
    key = identity.register("main", [MRN, FHIR], JANE)
    assert [p.key for p in identity.search("main", text)] == [key]


def test_search_is_literal(identity: Identity) -> None:
    """Wildcards of the query language are plain letters; other sites are not searched."""
    identity.register("main", [MRN], Person("", "main", "Smith", "Ann"))
    identity.register("north", [MRN], Person("", "north", "Smith", "Bea"))
    assert identity.search("main", "%") == []
    assert identity.search("main", "_") == []
    assert len(identity.search("main", "smith")) == 1


def test_search_limit(identity: Identity) -> None:
    """No more than the limit, ordered by name."""
    for n in range(5):
        identity.register("main", [Identifier("mrn", str(n))], Person("", "main", f"F{4 - n}", "X"))
    assert [p.family for p in identity.search("main", "x", limit=2)] == ["F0", "F1"]


def test_many_threads_one_person(identity: Identity) -> None:
    """Registered by many threads at once, a person still has one key."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: identity.register("main", [MRN, FHIR]), range(40)))
    assert len(keys) == 1


def test_many_processes_one_person(tmp_path: Path) -> None:
    """Registered by several processes at once, a person still has one key."""
    url = f"sqlite:///{tmp_path}/identity.db"
    program = textwrap.dedent(f"""
        from services.runtime.identity import SqliteIdentity
        from services.runtime.ports import Identifier
        store = SqliteIdentity({url!r})
        print(*[store.register("main", [Identifier("mrn", str(n))]) for n in range(20)])
    """)
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(3)]
    said = {process.communicate(timeout=60)[0] for process in running}
    assert len(said) == 1
    assert len(said.pop().split()) == 20
