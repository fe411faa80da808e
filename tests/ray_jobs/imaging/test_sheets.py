"""The page of an imaging model and its pictures, from a report as `imaging evaluate` makes it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib", reason="matplotlib is not installed here: a slim installation draws no pages")

from ray_jobs.imaging import figures
from ray_jobs.imaging.page import write_page
from ray_jobs.imaging.sheets import Case, draw_cases, draw_curves
from ray_jobs.registry import load_card

RANDOM = np.random.default_rng(0)
ILL = RANDOM.random(400) < 0.5
SAID = np.clip(RANDOM.normal(0.35 + 0.3 * ILL, 0.15), 0, 1)
REPORT = {
    "outer": {"malignant auroc": {"value": 0.94, "low": 0.9, "high": 0.97}},
    "films": {"outer": 400},
    "confusion": {"a read as a": 190, "a read as b": 10, "b read as a": 30, "b read as b": 170},
    "subgroups": {"recall of a": 0.95},
    "roc": figures.roc(ILL, SAID),
    "reliability": figures.reliability(ILL, SAID),
    "accuracy by share referred": figures.by_share_referred(np.abs(SAID - 0.5), (SAID > 0.5) == ILL),
    "referred": 0.05,
    "accuracy of the decided": 0.97,
}


def test_a_roc_rises_from_corner_to_corner():
    """Neither recall nor false calls fall along it."""
    points = np.array(figures.roc(ILL, SAID))
    assert (points[0] == 0).all()
    assert (points[-1] == 1).all()
    assert (np.diff(points, axis=0) >= 0).all()


def test_reliability_counts_every_film_once():
    """The parts add up, and each part's mean lies in it."""
    rows = figures.reliability(ILL, SAID)
    assert sum(count for *_, count in rows) == 400
    assert all(0 <= share <= 1 for _, share, _ in rows)


def test_who_refers_the_least_certain_errs_less():
    """Accuracy of the rest does not fall when half are left to a person."""
    rows = figures.by_share_referred(np.abs(SAID - 0.5), (SAID > 0.5) == ILL)
    assert rows["50%"] > rows["0%"]


def test_a_page_names_what_was_missed(tmp_path: Path):
    """Below its must a figure is missed, in bold; every curve drawn is on the page."""
    drawn = draw_curves(REPORT, tmp_path / "lung-ct")
    page = write_page(load_card("lung-ct"), REPORT, tmp_path).read_text()
    assert "| malignant auroc | 0.940 | 0.900 to 0.970 | 0.95 (aim 0.97) | **missed** |" in page
    assert {path.stem for path in drawn} == {"roc", "reliability", "confusion", "referral"}
    for path in drawn:
        assert f"(lung-ct/{path.name})" in page
        assert Image.open(path).size[0] > 400


def test_a_sheet_shows_films_with_and_without_a_map(tmp_path: Path):
    """Kinds without cases take no row; a map leaves the film's size; nothing to show is said."""
    film = np.full((224, 224), 90, dtype=np.uint8)
    heat = np.zeros((7, 7), dtype=np.float32)
    heat[2, 3] = 5
    rows = {"right": [Case(film, heat, "is a")] * 9, "wrong": [], "refused": [Case(film, None, "is b")]}
    sheet = np.asarray(Image.open(draw_cases(rows, tmp_path / "cases.png")).convert("RGB"))
    assert (sheet[..., 0] > sheet[..., 2] + 60).any(), "the map is orange"
    with pytest.raises(ValueError, match="no cases"):
        draw_cases({"right": []}, tmp_path / "none.png")
