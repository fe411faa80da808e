"""Maps of where a network's answer hangs on, and the checks that they explain it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from ray_jobs.imaging.explain import SIDE, alike, blurred, by_chance, deletion, enlarged, rise
from ray_jobs.imaging.pixels import Grey
from ray_jobs.imaging.reading import GRAPH
from ray_jobs.imaging.sanity import Network
from ray_jobs.registry import load_model

NOISE = np.random.default_rng(3).integers(0, 255, (28, 28), dtype=np.uint8)
FILM: Grey = np.asarray(Image.fromarray(NOISE).resize((SIDE, SIDE), Image.Resampling.NEAREST))
PLACE = (slice(128, 192), slice(32, 96))
COVERED = blurred(FILM)


def looks_there(pixels: Grey) -> npt.NDArray[np.float32]:
    """A network that looks at one place only: how much of its detail is there."""
    whole, gone = FILM[PLACE].astype(float), COVERED[PLACE].astype(float)
    apart = np.abs(pixels[(slice(None), *PLACE)].astype(float) - gone).mean((1, 2)) / np.abs(whole - gone).mean()
    return apart.clip(0, 1).astype(np.float32)


def test_the_map_points_to_where_the_network_looks():
    """Importance is highest inside the one place that decides, and low far from it."""
    found = rise(looks_there, FILM, masks=160)
    assert found.shape == (SIDE, SIDE)
    down, across = np.unravel_index(int(found.argmax()), found.shape)
    assert 120 <= down < 200
    assert 24 <= across < 104
    assert found[PLACE].mean() > found[:96, 128:].mean() + found.std()


def test_the_same_seed_gives_the_same_map():
    """To the bit; another seed gives another, of the same place."""
    one = rise(looks_there, FILM, seed=1, masks=96)
    assert (one == rise(looks_there, FILM, seed=1, masks=96)).all()
    other = rise(looks_there, FILM, seed=2, masks=96)
    assert (one != other).any()
    assert alike(one, other) > 0.3


def test_deletion_by_the_map_beats_deletion_by_chance():
    """Covering what the map calls important takes the probability away sooner."""
    found = deletion(looks_there, FILM, rise(looks_there, FILM, masks=160))
    by_luck = np.mean([deletion(looks_there, FILM, by_chance(np.random.default_rng(k))).area for k in range(8)])
    assert found.curve[0] == pytest.approx(1, abs=0.01)
    assert found.curve[-1] == pytest.approx(0, abs=0.01)
    assert found.area < by_luck / 2


def test_likeness_is_a_rank_correlation():
    """The same map 1, its negative -1, two by chance near 0."""
    one, other = (by_chance(np.random.default_rng(k)) for k in (1, 2))
    assert alike(one, one) == pytest.approx(1)
    assert alike(one, -one) == pytest.approx(-1)
    assert abs(alike(one, other)) < 0.6


def test_random_weights_change_both_maps():
    """A map that the shipped network with scrambled weights would draw as well explained nothing (Adebayo 2018)."""
    graph: Path = load_model("chest-pneumonia").file(GRAPH)
    network, scrambled = Network(graph), Network(graph, scrambled=1)
    real, random = (one.maps(FILM, masks=24) for one in (network, scrambled))
    for name in ("heatmap", "rise"):
        assert abs(alike(real[name], random[name])) < 0.6, name
    assert (real["heatmap"] == enlarged(network.read(FILM[np.newaxis])[1][0])).all()
