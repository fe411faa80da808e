"""docs/settings.md is in step with the settings."""

from pathlib import Path

from services.runtime.settings import Settings
from services.runtime.settings_doc import entries, page

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_is_what_the_generator_writes() -> None:
    """The committed page is the generated one: `python -m services.runtime.settings_doc docs/settings.md`."""
    assert DOCUMENT.read_text(encoding="utf-8") == page()


def test_every_setting_is_explained() -> None:
    """No setting is missing, has no section or no words."""
    found = entries()
    assert [entry.name for entry in found] == list(Settings.model_fields)
    assert all(entry.section and entry.words for entry in found), [e.name for e in found if not e.words]
