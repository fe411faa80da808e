"""Which way up a slice is: learnt, shipped, and part of doubt."""

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from ray_jobs.imaging.evaluate import read_all
from ray_jobs.imaging.model import ImagingModel
from ray_jobs.imaging.others import TURNS, turned
from ray_jobs.imaging.pixels import decode
from ray_jobs.registry import load_model

torch = pytest.importorskip("torch", reason="torch is not installed here: a slim installation does not train")

from ray_jobs.imaging.bearing import LAYOUT, fit_bearing  # noqa: E402 - after the check that torch is there
from ray_jobs.imaging.network import FilmNetwork  # noqa: E402 - likewise
from ray_jobs.imaging.ship import load_weights, save_weights  # noqa: E402 - likewise


def test_every_turn_is_another_picture_and_none_is_upright():
    """A corner's mark goes to another corner, or stays with the picture mirrored along it."""
    picture = np.zeros((224, 224), dtype=np.uint8)
    picture[:40, :90] = 255
    found = turned(np.repeat(picture[np.newaxis], 2 * TURNS, axis=0), np.arange(2 * TURNS) % TURNS)
    assert found.shape == (2 * TURNS, 224, 224)
    assert all(one.sum() == picture.sum() and not np.array_equal(one, picture) for one in found)
    assert len({one.tobytes() for one in found[:TURNS]}) == TURNS


def test_what_is_turned_is_told_from_what_is_not():
    """On layouts that differ plainly it learns which are turned, and refuses few of the others."""
    random = torch.Generator().manual_seed(0)
    upright = torch.randn((600, LAYOUT), generator=random)
    other = torch.randn((600, LAYOUT), generator=random)
    other[:, :40] += 2.5
    bearing = fit_bearing(upright[:300], other[:300], upright[300:450])
    with torch.no_grad():
        assert (bearing(upright[450:]) > 1).float().mean() < 0.05
        assert (bearing(other[300:]) > 1).float().mean() > 0.95
        assert bearing(upright).min() >= 0


def test_a_bearing_ships_and_adds_to_doubt(tmp_path: Path):
    """Weights with a bearing come back with it; doubt is never less than it was without."""
    network = FilmNetwork()
    network.bearing = fit_bearing(torch.randn(40, LAYOUT), torch.randn(40, LAYOUT) + 1, torch.randn(20, LAYOUT))
    save_weights(network, tmp_path)
    loaded = load_weights(tmp_path)
    assert loaded.bearing is not None
    pixels = torch.randint(0, 255, (3, 224, 224), dtype=torch.uint8)
    with torch.no_grad():
        doubt = loaded(pixels)[2]
        bearing = loaded.bearing(loaded.centred(loaded.layout(pixels.float())))
        loaded.bearing = None
        assert torch.allclose(doubt, torch.maximum(loaded(pixels)[2], bearing), rtol=1e-4)


@pytest.mark.data
def test_turned_brain_slices_are_refused(shared_data: Path):
    """Of 40 slices that doubt did not learn from at most 4 are refused; turned, at least 36."""
    with load_model("brain-mri").file("held-out.csv").open(newline="") as table:
        files = [row["file"] for row in csv.DictReader(table) if row["fold"] == "0"]
    wanted = files[:: len(files) // 40][:40]
    with tarfile.open(shared_data / "brain_tumour_mri_cheng" / "images.tar") as archive:
        opened = (archive.extractfile(name) or io.BytesIO() for name in wanted)
        slices = np.stack([decode(one.read()).pixels for one in opened])
    model = ImagingModel("brain-mri")
    assert (read_all(model, slices).ood > 1).sum() <= 4
    assert (read_all(model, turned(slices, np.arange(40) % TURNS)).ood > 1).sum() >= 36
