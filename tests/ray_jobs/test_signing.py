"""Signatures: only what a trusted key stands behind is loaded from the registry in use."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ray_jobs import signing
from ray_jobs.registry import RegistryError, list_models, load_model
from tests.ray_jobs.test_registry import shipped


@pytest.fixture
def registry_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's own registry with one unsigned model."""
    monkeypatch.setenv("WARDWATCH_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("WARDWATCH_UNSIGNED_MODELS", raising=False)
    shipped(tmp_path / "models")
    return tmp_path


def test_a_signed_model_is_loaded_and_an_unsigned_one_is_not(
    registry_in_use: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unsigned: refused with what to do; signed by a key that is not trusted: refused; once it is trusted: loaded."""
    card = registry_in_use / "models" / "thing" / "model.json"
    with pytest.raises(RegistryError, match=r"model\.json\.sig is missing.*models sign thing"):
        load_model("thing")
    public = signing.new_key(registry_in_use / "site.pem")
    signing.sign(card, registry_in_use / "site.pem")
    with pytest.raises(RegistryError, match="not of a trusted key"):
        load_model("thing")
    monkeypatch.setenv("WARDWATCH_MODEL_KEYS", str(public))
    assert load_model("thing").card.name == "thing"


def test_a_card_changed_after_signing_is_refused(registry_in_use: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed character of model.json, a threshold say, and the signature no longer holds."""
    card = registry_in_use / "models" / "thing" / "model.json"
    monkeypatch.setenv("WARDWATCH_MODEL_KEYS", str(signing.new_key(registry_in_use / "site.pem")))
    signing.sign(card, registry_in_use / "site.pem")
    card.write_text(card.read_text().replace("0.5", "0.6"))
    with pytest.raises(RegistryError, match="not of a trusted key"):
        load_model("thing")


def test_a_site_may_say_that_unsigned_models_are_loaded(registry_in_use: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WARDWATCH_UNSIGNED_MODELS=true loads them; hashes are still checked."""
    monkeypatch.setenv("WARDWATCH_UNSIGNED_MODELS", "true")
    assert load_model("thing").card.name == "thing"
    (registry_in_use / "models" / "thing" / "weights.txt").write_text("two")
    with pytest.raises(RegistryError, match="not the one that was released"):
        load_model("thing")


@pytest.mark.parametrize("content", [b"", b"!!!", b"AAAA"])
def test_what_is_no_signature_is_refused(registry_in_use: Path, content: bytes) -> None:
    """Empty, garbled and short signatures are refused, not crashed on."""
    (registry_in_use / "models" / "thing" / signing.SIGNATURE).write_bytes(content)
    with pytest.raises(RegistryError, match=r"model\.json\.sig is"):
        load_model("thing")


def test_a_private_key_is_its_owners_and_never_overwritten(tmp_path: Path) -> None:
    """Mode 600; a second key at the same place is an error; a file that is no key is named."""
    signing.new_key(tmp_path / "key.pem")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        signing.new_key(tmp_path / "key.pem")
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(signing.KeyFileError, match=r"model\.json"):
        signing.sign(tmp_path / "model.json", tmp_path / "model.json")


def test_a_trusted_key_that_cannot_be_read_is_named(registry_in_use: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong path in WARDWATCH_MODEL_KEYS is an error, not a key that never fits."""
    signing.new_key(registry_in_use / "site.pem")
    signing.sign(registry_in_use / "models" / "thing" / "model.json", registry_in_use / "site.pem")
    monkeypatch.setenv("WARDWATCH_MODEL_KEYS", str(registry_in_use / "nowhere.pub"))
    with pytest.raises(RegistryError, match=r"nowhere\.pub"):
        load_model("thing")


def test_every_shipped_model_bears_the_release_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """All models of this repository load under the strictest policy."""
    monkeypatch.delenv("WARDWATCH_UNSIGNED_MODELS", raising=False)
    monkeypatch.delenv("WARDWATCH_MODEL_KEYS", raising=False)
    assert [load_model(card.name).card.name for card in list_models()]
