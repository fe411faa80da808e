"""The slice network that learns from boxes where to look."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed here: a slim installation does not train")

from rich.progress import Progress  # noqa: E402 - after the check that torch is there

from ray_jobs.imaging.attention import AttentiveNetwork  # noqa: E402
from ray_jobs.imaging.augment import boxed_views  # noqa: E402
from ray_jobs.imaging.boxed import BoxedRecipe, fit_boxed  # noqa: E402
from ray_jobs.imaging.films import Films  # noqa: E402
from ray_jobs.imaging.ship import load_weights, save_weights  # noqa: E402
from ray_jobs.imaging.slices import Slices  # noqa: E402

TINY = BoxedRecipe(epochs=2, batch=4, view=96)


def slices(count: int = 6) -> Slices:
    """Dark slices with a bright square at a known place."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 60, (count, 224, 224), dtype=np.uint8)
    box = np.tile(np.array([0.25, 0.5, 0.2, 0.1], dtype=np.float32), (count, 1))
    pixels[:, 101:123, 34:78] = 240
    label = np.arange(count) % 3
    return Slices(Films(pixels, label, ("g",) * count, ("f",) * count), label % 2, box)


def test_a_turned_box_holds_what_the_box_held():
    """After turning, zoom and mirror the bright square still lies in its box, and little else does."""
    found = slices()
    assert found.box is not None
    pixels, box = torch.from_numpy(found.films.pixels).float(), torch.from_numpy(found.box)
    views, inside = boxed_views(pixels, box, torch.Generator().manual_seed(1), 192)
    for view, share in zip(views, inside, strict=True):
        # window and noise of a view differ: the brightest hundredth is the square
        bright = view > view[share > 0.9].mean() * 0.7
        assert (share[bright] > 0.1).float().mean() > 0.9


def test_the_heatmap_points_where_attention_lies():
    """Evidence of the place that is attended to falls into its cell of the 7 × 7 map, nowhere else."""
    torch.manual_seed(0)
    network = AttentiveNetwork.from_imagenet(3).eval()
    network.finding = (1,)
    torch.nn.init.normal_(network.attention.weight, std=1e3)  # so strong that it takes one place
    pixels = torch.randint(0, 255, (3, 224, 224), dtype=torch.uint8)
    with torch.no_grad():
        heat = network(pixels)[1]
        looked = network.seen(pixels.float()).log_attention.exp()
    assert heat.shape == (3, 7, 7)
    for map_, share in zip(heat, looked, strict=True):
        place = int(share.argmax())
        assert share[place] > 0.99
        row, column = place // 14 // 2, place % 14 // 2
        assert map_[row, column].abs() > 0.9 * map_.abs().sum()


def test_what_ships_answers_as_what_was_trained(tmp_path: Path):
    """Weights that were written and read give an attentive network with the same probabilities, within 16 bits."""
    torch.manual_seed(0)
    network = AttentiveNetwork.from_imagenet(3).eval()
    save_weights(network, tmp_path)
    read = load_weights(tmp_path, (0, 1, 2))
    assert isinstance(read, AttentiveNetwork)
    pixels = torch.randint(0, 255, (2, 224, 224), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.allclose(network(pixels)[0], read(pixels)[0], atol=5e-3)


def test_a_set_without_boxes_is_refused(tmp_path: Path):
    """Nothing is trained, and the error says what is missing."""
    with pytest.raises(ValueError, match="no boxes"):
        fit_boxed(
            replace(slices(), box=None),
            np.arange(4),
            TINY,
            tmp_path / "none.pt",
            Progress(disable=True),
            wanted=np.arange(4),
        )


@pytest.mark.slow
def test_a_boxed_run_that_was_cut_off_ends_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two epochs at a stretch, and an end after the first and a new start, give equal answers."""
    found, bar = slices(), Progress(disable=True)
    whole = fit_boxed(found, np.arange(6), TINY, tmp_path / "whole.pt", bar, wanted=np.arange(6))
    views = boxed_views

    def ending(*arguments: object) -> object:
        if (tmp_path / "cut.checkpoint").exists():
            raise KeyboardInterrupt
        return views(*arguments)  # type: ignore[arg-type]  # the same arguments

    monkeypatch.setattr("ray_jobs.imaging.boxed.boxed_views", ending)
    with pytest.raises(KeyboardInterrupt):
        fit_boxed(found, np.arange(6), TINY, tmp_path / "cut.pt", bar, wanted=np.arange(6))
    monkeypatch.undo()
    resumed = fit_boxed(found, np.arange(6), TINY, tmp_path / "cut.pt", bar, wanted=np.arange(6))
    assert torch.equal(whole, resumed)
    assert not (tmp_path / "cut.checkpoint").exists()
