"""Would a smaller chest network do? Size, latency and accuracy of four kinds, on the outer patients.

`python -m ray_jobs.imaging.variants`. int8: convolutions by static quantisation (ONNX Runtime, QDQ, a scale a channel),
ranges from calibration films. Pruned: the smallest half of each convolution's weights set to zero, nothing trained
again; its size is that of the compressed file, for a zero is stored like any other number. Distilled: what
`ray_jobs.imaging.distil` left in the work folder, if it did. Latency: one film of a batch of eight, one thread.
"""

import json
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import numpy_helper

from ray_jobs.imaging import figures
from ray_jobs.imaging.distil import STUDENT, Student, load_student
from ray_jobs.imaging.films import Films, Part, load_chest_films, shared_data
from ray_jobs.imaging.reading import GRAPH
from ray_jobs.imaging.ship import export_graph, save_weights
from ray_jobs.imaging.subtype import VIRUS
from ray_jobs.imaging.verdict import findings
from ray_jobs.registry import load_model

MODEL: Final = "chest-pneumonia"
CALIBRATION: Final = 160
BATCH: Final = 8
ROUNDS: Final = 12
PRUNED: Final = 0.5
CONVOLUTION: Final = 4
"""Dimensions of its weights."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the table."""

    name: str
    megabytes: float
    film_ms: float
    auroc: float
    accuracy: float
    subtype_auroc: float
    refused: float


def measured(shared: Path, work: Path) -> list[Variant]:
    """Every variant on the same films and the same machine."""
    every = load_chest_films(shared / "cxr_pneumonia", work)
    films, calibration = every.part(Part.OUTER), every.part(Part.CALIBRATE)
    found = load_model(MODEL)
    model = onnx.load(found.file(GRAPH))
    with tempfile.TemporaryDirectory() as folder:
        made = {
            "fp32": model,
            "int8": _quantised(model, calibration, Path(folder)),
            f"pruned {PRUNED:.0%}": _pruned(model),
        }
        if (work / STUDENT).exists():
            made["distilled"] = _distilled(load_student(work / STUDENT, findings(found.card)), Path(folder))
        return [_measure(name, one, films, found.card.threshold) for name, one in made.items()]


def _quantised(model: onnx.ModelProto, films: Films, folder: Path) -> onnx.ModelProto:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    some = films.pixels[:: max(1, len(films.pixels) // CALIBRATION)]
    batches = iter([np.ascontiguousarray(some[k : k + BATCH]) for k in range(0, len(some), BATCH)])

    class Reader(CalibrationDataReader):
        def get_next(self) -> dict[str, npt.NDArray[np.uint8]] | None:
            batch = next(batches, None)
            return None if batch is None else {"pixels": batch}

    whole, out = folder / "fp32.onnx", folder / "int8.onnx"
    onnx.save(_without_casts(model), whole)
    quantize_static(
        whole, out, Reader(), quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"], per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, reduce_range=True,
    )  # fmt: skip
    return onnx.load(out)


def _distilled(student: Student, folder: Path) -> onnx.ModelProto:
    save_weights(student, folder)
    export_graph(student, folder)
    return onnx.load(folder / GRAPH)


def _without_casts(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights as the convolutions take them: the shipped graph reads 16-bit ones and casts them."""
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    held = {one.name: one for one in plain.graph.initializer}
    kept = []
    for node in plain.graph.node:
        if node.op_type == "Cast" and node.input[0] in held:
            values = numpy_helper.to_array(held[node.input[0]]).astype(np.float32)
            held[node.input[0]].CopyFrom(numpy_helper.from_array(values, node.output[0]))
        else:
            kept.append(node)
    del plain.graph.node[:]
    plain.graph.node.extend(kept)
    return plain


def _pruned(model: onnx.ModelProto) -> onnx.ModelProto:
    found = _without_casts(model)
    for weights in found.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.ndim == CONVOLUTION:
            limit = np.quantile(np.abs(values), PRUNED)
            weights.CopyFrom(numpy_helper.from_array(np.where(np.abs(values) < limit, 0, values), weights.name))
    return found


def _measure(name: str, model: onnx.ModelProto, films: Films, threshold: float) -> Variant:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def read(pixels: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
        return cast("Any", session.run(["probability", "ood"], {"pixels": pixels}))  # type: ignore[no-any-return]

    parts = [read(np.ascontiguousarray(films.pixels[k : k + BATCH])) for k in range(0, len(films.label), BATCH)]
    classes, ood = np.concatenate([p[0] for p in parts]).astype(np.float64), np.concatenate([p[1] for p in parts])
    ill, probability = films.label > 0, classes[:, 1:].sum(1)
    return Variant(
        name, round(_bytes(model) / 1e6, 1), round(_latency(lambda: read(films.pixels[:BATCH])), 1),
        round(figures.auroc(ill, probability), 4), round(float(((probability >= threshold) == ill).mean()), 4),
        round(figures.auroc(films.label[ill] == VIRUS, classes[ill, 2] / probability[ill]), 4),
        round(float((ood > 1).mean()), 4),
    )  # fmt: skip


def _bytes(model: onnx.ModelProto) -> int:
    """What would ship: 16-bit floats where they are floats, compressed."""
    total = 0
    for one in model.graph.initializer:
        values = numpy_helper.to_array(one)
        if values.ndim == CONVOLUTION and values.dtype == np.float32:
            values = values.astype(np.float16)
        total += len(zlib.compress(values.tobytes(), 1))
    return total


def _latency(work: Callable[[], object]) -> float:
    """Milliseconds of processor time a film, the quickest of some batches: what else runs here must not count."""
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took) * 1000 / BATCH


if __name__ == "__main__":
    cache = Path.home() / ".cache" / "wardwatch" / "imaging"
    for row in measured(shared_data(), cache):
        sys.stdout.write(json.dumps(asdict(row)) + "\n")
