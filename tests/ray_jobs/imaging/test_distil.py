"""A smaller network that learns from the shipped one's answers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed here: a slim installation does not train")

from ray_jobs.imaging.distil import DistilRecipe, Student, load_student, train_student  # noqa: E402 - after the check
from ray_jobs.imaging.films import Films  # noqa: E402
from ray_jobs.imaging.network import FilmNetwork  # noqa: E402
from ray_jobs.imaging.subtype import SubtypedNetwork  # noqa: E402

TINY = DistilRecipe(epochs=2, batch=4, threads=1)


def films() -> Films:
    """Six noisy films, two of each class."""
    pixels = np.random.default_rng(0).integers(0, 255, (6, 224, 224), dtype=np.uint8)
    return Films(pixels, np.array([0, 1, 2, 0, 1, 2]), tuple("abcdef"), tuple("abcdef"))


def teacher() -> SubtypedNetwork:
    """A network of two branches that knows no films."""
    torch.manual_seed(0)
    return SubtypedNetwork.of(FilmNetwork.from_imagenet()).eval()


def test_the_student_keeps_the_teachers_doubt_and_learns_the_rest(tmp_path: Path):
    """After training doubt is the teacher's, the blocks above have moved, and three classes share the probability."""
    one = teacher()
    trained = load_student(train_student(one, films(), tmp_path, TINY), one.finding)
    start = Student.of(one).eval()
    pixels = torch.from_numpy(films().pixels)
    with torch.no_grad():
        probability, heatmap, doubt = trained(pixels)
        assert torch.allclose(doubt, one(pixels)[2], rtol=1e-4)
    assert probability.shape == (6, 3)
    assert torch.allclose(probability.sum(1), torch.ones(6), atol=1e-6)
    assert heatmap.shape == (6, 14, 14)
    assert any(not torch.equal(a, b) for a, b in zip(start.parameters(), trained.parameters(), strict=True))
    sizes = [sum(value.numel() for value in network.parameters()) for network in (one, trained)]
    assert sizes[1] < sizes[0] / 4


def test_training_that_was_cut_off_goes_on(tmp_path: Path):
    """One epoch, and then the second from its checkpoint, gives what two in one go give."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    expected = torch.load(train_student(teacher(), films(), whole, TINY), weights_only=True)
    train_student(teacher(), films(), parts, replace(TINY, stop=1))
    assert not (parts / "student.pt").exists()
    found = torch.load(train_student(teacher(), films(), parts, TINY), weights_only=True)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
