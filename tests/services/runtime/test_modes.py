"""Off, silent or live (services/runtime/modes.py)."""

import pytest

from services.runtime.modes import Modes


def test_the_ward_decides_then_the_star_then_silence() -> None:
    """A named ward overrides `*`; a model or ward that nobody named is silent (design rule 9)."""
    modes = Modes.parse('{"sepsis": {"*": "off", "5B": "live"}, "news2": {"5B": "live"}}')
    assert [modes.mode("sepsis", w) for w in ("5B", "4A", None)] == ["live", "off", "off"]
    assert (modes.mode("news2", "4A"), modes.mode("other", "5B")) == ("silent", "silent")


@pytest.mark.parametrize("text", ["[]", '{"sepsis": "live"}', '{"sepsis": {"*": "loud"}}', "{"])
def test_a_wrong_setting_stops_the_start(text: str) -> None:
    """ValueError at parsing, never a surprise later."""
    with pytest.raises(ValueError, match=r"modes|Expecting"):
        Modes.parse(text)
