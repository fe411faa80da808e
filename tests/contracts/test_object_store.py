"""One contract for the object store, on the fake and on a folder through obstore."""

from pathlib import Path

import pytest

from services.runtime.fakes import FakeObjectStore
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.ports import ObjectStore


@pytest.fixture(params=["fake", "folder"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """The fake, or a new folder."""
    return FakeObjectStore() if request.param == "fake" else ObjectStoreByUrl(f"file://{tmp_path}/objects")


def test_put_then_get(objects: ObjectStore) -> None:
    """The newest bytes under a name come back."""
    objects.put("a/b", b"1")
    objects.put("a/b", b"\x00\xff")
    assert objects.get("a/b") == b"\x00\xff"


def test_a_missing_object_is_a_key_error(objects: ObjectStore) -> None:
    """There is no empty object in place of a missing one."""
    with pytest.raises(KeyError):
        objects.get("never/written")


def test_names_are_sorted_and_under_the_prefix(objects: ObjectStore) -> None:
    """A prefix is a folder, not the beginning of a name."""
    for name in ("s/2", "s/1", "sx/1"):
        objects.put(name, b"")
    assert objects.names("s") == ["s/1", "s/2"]


def test_delete_twice(objects: ObjectStore) -> None:
    """Deleting what is not there is no error."""
    objects.put("x", b"1")
    objects.delete("x")
    objects.delete("x")
    assert objects.names("") == []
