"""Small networks: numpy serves what torch trained, to its rounding; a row's bits do not depend on the batch."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from ray_jobs.risk.nets import Nets, NetsError
from ray_jobs.risk.quantile_map import QuantileMap
from ray_jobs.risk.training.recipes import Bag

WIDTH = 7
SHAPE = Bag(count=2, hidden=16, second=8, epochs=8, batch=64, rate=0.02, drop_inputs=0.0, drop_hidden=0.1)


def rows_of(count: int, seed: int = 0) -> np.ndarray:
    """Rows of which the first feature decides, the fifth is mostly unknown, and the last never varies."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, WIDTH))
    rows[rng.random(count) < 0.7, 4] = math.nan
    rows[:, 6] = 3.0
    return rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bag trained on 2,000 rows whose label follows the first feature."""
    network = pytest.importorskip("ray_jobs.risk.network", reason="torch is not installed (extra: train)")
    path = tmp_path_factory.mktemp("nets") / "nets.safetensors"
    rows = rows_of(2000).astype(np.float32)
    label = (rows[:, 0] > 0.5).astype(np.float32)
    network.fit(
        rows,
        label,
        label,
        np.ones(2000, np.float32),
        SHAPE,
        path,
        seed=1,
        excluded=np.array([5]),
        progress=lambda *_: None,
    )
    return path


def test_it_learnt(trained: Path) -> None:
    """Rows above the level score higher than rows below it."""
    rows = rows_of(400, seed=1)
    raw = Nets(trained).raw(rows)
    assert raw[rows[:, 0] > 0.7].mean() > raw[rows[:, 0] < 0.3].mean() + 1


def test_numpy_gives_what_torch_gives(trained: Path) -> None:
    """The forward pass in numpy equals torch's on the same weights to its rounding."""
    torch = pytest.importorskip("torch")
    held, nets, rows = load_file(trained), Nets(trained), rows_of(50, seed=2)
    total = np.zeros(50)
    for k in range(SHAPE.count):
        x = torch.from_numpy(nets.inputs(rows))
        for w, b, g, s in (("w1", "b1", "g1", "s1"), ("w2", "b2", "g2", "s2")):
            x = x @ torch.from_numpy(held[w][k]) + torch.from_numpy(held[b][k])
            x = torch.relu(torch.layer_norm(x, x.shape[1:], torch.from_numpy(held[g][k]), torch.from_numpy(held[s][k])))
        total += (x @ torch.from_numpy(held["w3"][k]) + float(held["b3"][k])).numpy()
    np.testing.assert_allclose(nets.raw(rows), total / SHAPE.count, atol=5e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 100), st.integers(0, 5))
def test_a_rows_bits_do_not_depend_on_the_batch(trained: Path, count: int, seed: int) -> None:
    """Alone, in a batch of any size and in reverse order a row has the same bits."""
    nets, rows = Nets(trained), rows_of(count, seed)
    together = nets.raw(rows)
    assert together.tobytes() == np.concatenate([nets.raw(rows[i : i + 1]) for i in range(count)]).tobytes()
    assert together.tobytes() == nets.raw(rows[::-1])[::-1].tobytes()


def test_excluded_and_constant_features_say_nothing(trained: Path) -> None:
    """Whatever an excluded or never varying feature holds, the score is the same."""
    nets, rows = Nets(trained), rows_of(10)
    other = rows.copy()
    other[:, 5], other[:, 6] = 1e6, -1e6
    assert nets.raw(other).tobytes() == nets.raw(rows).tobytes()


def test_the_map_is_monotone_and_unknown_is_the_middle() -> None:
    """Values map in order onto the levels, values beyond the knots to the ends, unknown to 0 with its flag set."""
    knots, levels = np.array([[0.0, 1.0, 2.0]], np.float32), np.array([[-1.0, 0.0, 1.0]], np.float32)
    out = QuantileMap(knots, levels, np.array([0]))(np.array([[-5.0], [0.5], [9.0], [math.nan]]))
    assert out.tolist() == [[-1.0, 0.0], [-0.5, 0.0], [1.0, 0.0], [0.0, 1.0]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_the_map_is_that_of_numpy_interp(seed: int) -> None:
    """Feature by feature the same bits as numpy.interp gives, on knots and between them, with repeated last knots."""
    rng = np.random.default_rng(seed)
    knots = np.sort(rng.normal(size=(5, 9)), axis=1).astype(np.float32)
    knots[2, 5:] = knots[2, 5]
    levels = np.sort(rng.normal(size=(5, 9)), axis=1).astype(np.float32)
    levels[2, 5:] = levels[2, 5]
    rows = np.concatenate([rng.normal(scale=2, size=(70, 5)), knots.T.astype(np.float64)])
    expected = np.stack([np.interp(rows[:, j], knots[j], levels[j]) for j in range(5)], axis=1).astype(np.float32)
    assert QuantileMap(knots, levels, np.array([], dtype=np.int64))(rows).tobytes() == expected.tobytes()


def test_what_is_no_bag_is_refused(tmp_path: Path) -> None:
    """A file that is no safetensors, lacks arrays, or rows of another width are clear errors."""
    bad = tmp_path / "bad.safetensors"
    bad.write_text("no")
    with pytest.raises(NetsError, match=r"bad\.safetensors"):
        Nets(bad)
    save_file({"knots": np.zeros((1, 2), np.float32)}, bad)
    with pytest.raises(NetsError, match="missing: levels"):
        Nets(bad)


def test_rows_of_another_width_are_refused(trained: Path) -> None:
    """Rows that are not as wide as the networks' input raise ValueError."""
    with pytest.raises(ValueError, match="wanted"):
        Nets(trained).raw(np.zeros((1, 3)))
