"""Training and release of a film model, on a handful of made-up films."""

import csv
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not installed here: a slim installation does not train")

from ray_jobs.imaging.augment import VIEW, augment  # noqa: E402 - after the check that torch is there
from ray_jobs.imaging.films import Part, load_chest_films, part_of  # noqa: E402
from ray_jobs.imaging.train import Recipe, train  # noqa: E402

TINY = Recipe(epochs=2, stop=2, films_per_class=2, batch=3, head_steps=2, threads=1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the public one: 36 noisy films of 36 patients."""
    root = tmp_path_factory.mktemp("shared")
    folder = root / "cxr_pneumonia"
    folder.mkdir()
    random = np.random.default_rng(0)
    with (
        (folder / "labels.csv").open("w", newline="") as table,
        tarfile.open(folder / "images.tar", "w") as archive,
    ):
        writer = csv.writer(table)
        writer.writerow(["path", "official_split", "label", "subtype", "patient", "sha256"])
        for number in range(36):
            kind = ("normal", "bacteria", "virus")[number % 3]
            body = io.BytesIO()
            pixels = random.integers(0, 255, (224, 224), dtype=np.uint8)
            Image.fromarray(pixels).save(body, "JPEG")
            member = tarfile.TarInfo(f"train/{number}.jpeg")
            member.size = body.tell()
            body.seek(0)
            archive.addfile(member, body)
            writer.writerow([member.name, "train", int(kind != "normal"), kind, f"p{number}", f"{number:016x}"])
    return root


def test_a_patient_is_in_one_part_only(shared: Path, tmp_path: Path):
    """The three parts hold every film, and no patient twice."""
    films = load_chest_films(shared / "cxr_pneumonia", tmp_path)
    parts = [set(films.part(part).patient) for part in Part]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 36
    assert part_of("p1") is part_of("p1")


def test_views_are_films_and_depend_on_the_seed_alone():
    """A view has its size and range; the same seed gives the same view, another seed another."""
    films = torch.from_numpy(np.random.default_rng(1).integers(0, 255, (5, 224, 224), dtype=np.uint8))
    one, same, other = (augment(films, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert one.shape == (5, VIEW, VIEW)
    assert 0 <= one.min() <= one.max() <= 255
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.slow
def test_a_run_that_was_cut_off_ends_with_the_same_weights(shared: Path, tmp_path: Path):
    """Two epochs at a stretch, and one, an end and one more, give equal weights; another seed does not."""
    whole = torch.load(train(shared, tmp_path / "whole", TINY), weights_only=True)
    train(shared, tmp_path / "cut", replace(TINY, stop=1))
    resumed = torch.load(train(shared, tmp_path / "cut", TINY), weights_only=True)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
