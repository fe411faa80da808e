"""The branch that tells bacterial from viral, beside the network that tells pneumonia from none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed here: a slim installation does not train")

from ray_jobs.imaging import subtype_train  # noqa: E402 - after the check that torch is there
from ray_jobs.imaging.films import Films  # noqa: E402
from ray_jobs.imaging.network import FilmNetwork  # noqa: E402
from ray_jobs.imaging.ship import load_weights, save_weights  # noqa: E402
from ray_jobs.imaging.subtype import SubtypedNetwork  # noqa: E402
from ray_jobs.imaging.subtype_train import SubtypeRecipe, mixing, train_subtype  # noqa: E402

TINY = SubtypeRecipe(epochs=2, batch=3, threads=1)


def films() -> Films:
    """Six noisy films, two of each class."""
    pixels = np.random.default_rng(0).integers(0, 255, (6, 224, 224), dtype=np.uint8)
    return Films(pixels, np.array([0, 1, 2, 0, 1, 2]), tuple("abcdef"), tuple("abcdef"))


def test_the_branch_changes_nothing_about_pneumonia_or_not(tmp_path: Path):
    """After training the branch the probability of health, heatmap and doubt are those of the first network."""
    torch.manual_seed(0)
    first = FilmNetwork.from_imagenet()
    trained = SubtypedNetwork()
    trained.load_state_dict(torch.load(train_subtype(first, films(), tmp_path, TINY), weights_only=True))
    trained.eval()
    first.eval()
    pixels = torch.from_numpy(films().pixels)
    with torch.no_grad():
        (one, heat, doubt), (other, heat_too, doubt_too) = first(pixels), trained(pixels)
    assert torch.allclose(one[:, 0], other[:, 0], atol=1e-6)
    assert torch.allclose(heat, heat_too, atol=1e-4)
    assert torch.allclose(doubt, doubt_too, rtol=1e-4)
    assert torch.allclose(other.sum(1), torch.ones(6), atol=1e-6)
    start = SubtypedNetwork.of(first)
    assert any(not torch.equal(a, b) for a, b in zip(start.other.parameters(), trained.other.parameters(), strict=True))


def test_the_branch_comes_back_from_its_file(tmp_path: Path):
    """Weights that were written and read are a network with a branch again, and answer alike within 16 bits."""
    torch.manual_seed(0)
    network = SubtypedNetwork.of(FilmNetwork.from_imagenet()).eval()
    network.mixing.copy_(torch.tensor([0.7, 0.2, -0.1]))
    save_weights(network, tmp_path)
    read = load_weights(tmp_path)
    assert isinstance(read, SubtypedNetwork)
    assert torch.equal(read.mixing, network.mixing)
    pixels = torch.from_numpy(films().pixels)
    with torch.no_grad():
        assert torch.allclose(network(pixels)[0], read(pixels)[0], atol=5e-3)


def test_mixing_leans_on_what_is_right():
    """Evidence that tells the two gets weight, noise next to none; neither is turned against itself."""
    random = np.random.default_rng(0)
    viral = random.random(400) < 0.4
    good, noise = np.where(viral, 1.0, -1.0) + random.normal(0, 1, 400), random.normal(0, 1, 400)
    own, first, _ = mixing(np.stack([good, noise], 1), viral)
    assert own > 1
    assert 0 <= first < 0.3
    own, first, _ = mixing(np.stack([noise, -good], 1), viral)
    assert first == 0
    assert own >= 0


@pytest.mark.slow
def test_a_branch_that_was_cut_off_ends_with_the_same_weights(tmp_path: Path):
    """Two epochs at a stretch, and one, an end and one more, give equal weights."""
    torch.manual_seed(0)
    first = FilmNetwork.from_imagenet()
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = torch.load(train_subtype(first, films(), tmp_path / "whole", TINY), weights_only=True)

    rates = subtype_train._rates

    def stops(rate: object, recipe: object, share: float) -> None:
        if share >= 0.5:
            raise KeyboardInterrupt
        rates(rate, recipe, share)  # type: ignore[arg-type]  # passed on as they are

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subtype_train, "_rates", stops)
        with pytest.raises(KeyboardInterrupt):
            train_subtype(first, films(), tmp_path / "cut", TINY)
    resumed = torch.load(train_subtype(first, films(), tmp_path / "cut", TINY), weights_only=True)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    # done is done: nothing is trained again
    assert train_subtype(first, films(), tmp_path / "cut", replace(TINY, epochs=9)).exists()
