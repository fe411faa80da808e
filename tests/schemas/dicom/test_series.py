"""What kind of series a description names, in words that name nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dicom.series import WORDS, series_kinds


@pytest.mark.parametrize(
    ("description", "kinds"),
    [
        ("AX T2_FSE", ("t2",)),
        ("t2_tirm_tra_dark-fluid", ("t2", "flair")),
        ("Sag T1 FLAIR", ("sagittal",)),
        ("AX T1 POST GD", ()),
        ("ep2d_diff_3scan_trace_p2", ("diffusion",)),
        ("Localizer", ("localizer",)),
        ("LUNG COR MPR", ("coronal",)),
        ("CORONARY CTA", ()),
        ("SCOUTEN JOHN", ()),
        ("", ()),
    ],
)
def test_descriptions_of_scanners(description: str, kinds: tuple[str, ...]):
    """Words as the makers write them; a word that only begins alike says nothing."""
    assert series_kinds({"SeriesDescription": description}) == kinds
    assert series_kinds({"ProtocolName": description}) == kinds


def test_an_image_type_tells_a_localizer():
    """The third value of Image Type says so, whatever the description."""
    assert series_kinds({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}) == ("localizer",)
    assert series_kinds({"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}) == ()
    assert series_kinds({"ImageType": "ORIGINAL"}) == ()


@given(st.text(max_size=64))
def test_nothing_of_a_description_leaves_but_our_own_words(description: str):
    """Whatever is written there, and it may be a name, only words of the list come out."""
    assert set(series_kinds({"SeriesDescription": description})) <= set(WORDS)
