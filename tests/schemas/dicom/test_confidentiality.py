"""The table of what may stay in a stored object."""

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from schemas.dicom.confidentiality import IDENTIFYING, KEPT


@pytest.mark.parametrize("table", [KEPT, IDENTIFYING])
def test_every_keyword_is_in_the_dictionary(table: frozenset[str]):
    """PS3.6 knows each attribute by this keyword."""
    assert not [keyword for keyword in table if tag_for_keyword(keyword) is None]


def test_nothing_identifying_is_kept():
    """The allow-list and the Basic Profile's table share no attribute."""
    assert not KEPT & IDENTIFYING


def test_nothing_kept_can_hold_a_name_or_a_date():
    """No attribute that is kept has a type for people, free text, dates or times."""
    people = {"PN", "LT", "ST", "UT", "LO", "SH", "DA", "TM", "DT", "AS", "AE", "UC", "UR"}
    found = {keyword for keyword in KEPT if str(dictionary_VR(tag_for_keyword(keyword) or 0)) in people}
    assert found <= {"RescaleType", "ModalityLUTType"}
