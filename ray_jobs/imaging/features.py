"""What the network's fixed part says of slices: taken once by ONNX Runtime and kept, so that training costs little.

Small slice sets cannot move the lower blocks without learning their patients by heart. Everything below `CUT` stays as
ImageNet left it, so its answers for a fixed set of views are computed once, for all folds and for the release.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from torch import Tensor, nn

from ray_jobs.imaging.augment import slice_views
from ray_jobs.imaging.network import FilmNetwork

CUT = 11
"""Blocks that stay fixed; what they answer is 112 channels at 14 × 14 places."""
BATCH = 16


@dataclass(frozen=True, slots=True)
class Features:
    """Answers for n slices: middle float16[n, 112, 14, 14], layout float32[n, 640] (the doubt's)."""

    middle: npt.NDArray[np.float16]
    layout: npt.NDArray[np.float32]


class _Fixed(nn.Module):
    """The fixed blocks alone, for export."""

    def __init__(self) -> None:
        super().__init__()
        self.network = FilmNetwork.from_imagenet()

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.middle(pixels, CUT), self.network.layout(pixels)


def features(pixels: npt.NDArray[np.uint8], view: int, store: Path) -> Features:
    """Features of view number `view` of every slice uint8[n, 224, 224]; 0 is the slice itself. Kept in `store`."""
    if store.exists():
        with np.load(store) as kept:
            return Features(kept["middle"], kept["layout"])
    session = _session(store.parent / "fixed-blocks.onnx")
    middle = np.empty((len(pixels), 112, 14, 14), dtype=np.float16)
    layout = np.empty((len(pixels), 640), dtype=np.float32)
    generator = torch.Generator().manual_seed(view)
    for start in range(0, len(pixels), BATCH):
        part = torch.from_numpy(np.ascontiguousarray(pixels[start : start + BATCH])).float()
        shown = part if view == 0 else slice_views(part, generator)
        answers = session.run(None, {"pixels": shown.numpy()})
        middle[start : start + BATCH], layout[start : start + BATCH] = answers[0], answers[1]
    partial = store.with_suffix(".partial.npz")
    np.savez(partial, middle=middle, layout=layout)
    partial.rename(store)
    return Features(middle, layout)


def _session(graph: Path) -> onnxruntime.InferenceSession:
    if not graph.exists():
        partial = graph.with_suffix(".partial.onnx")
        program = torch.onnx.export(
            _Fixed().eval(),
            (torch.zeros((2, 224, 224)),),
            dynamo=True,
            input_names=["pixels"],
            output_names=["middle", "layout"],
            dynamic_shapes={"pixels": {0: torch.export.Dim("slices", min=1, max=1024)}},
            verbose=False,
        )
        if program is None:
            raise RuntimeError("torch.onnx.export gave no program")
        program.save(str(partial))
        partial.rename(graph)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
