"""From a trained network to the files that ship: one weights file that both runtimes read, and a graph without weights.

`weights.safetensors` holds convolutions as 16-bit floats and the rest as 32-bit. The ONNX graph names
places in that very file as its external data (onnx/docs/ExternalData.md), and casts what is 16-bit.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper
from safetensors.torch import load_file, save_file
from torch import Tensor

from ray_jobs.imaging.attention import AttentiveNetwork
from ray_jobs.imaging.bearing import Bearing
from ray_jobs.imaging.network import FilmNetwork
from ray_jobs.imaging.subtype import SubtypedNetwork

WEIGHTS = "weights.safetensors"
GRAPH = "network.onnx"
OPSET = 20
CONVOLUTION = 4
"""Dimensions of a convolution's weights."""


def save_weights(network: FilmNetwork, folder: Path) -> None:
    """Write the weights; counters of batch normalisation are for training only and stay behind."""
    tensors = {
        name: (value.half() if value.ndim == CONVOLUTION else value.float()).contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(tensors, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # the library writes for the owner only


def load_weights(folder: Path, finding: tuple[int, ...] = ()) -> FilmNetwork:
    """The network with the shipped weights, ready to answer."""
    tensors = load_file(folder / WEIGHTS)
    network = _kind(tensors)(classes=len(tensors["head.bias"]), finding=finding)
    if "bearing.limit" in tensors:
        network.bearing = Bearing(hidden=len(tensors["bearing.one.bias"]))
    missing, unexpected = network.load_state_dict(
        {name: value.float() for name, value in tensors.items()}, strict=False
    )
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        raise ValueError(f"{WEIGHTS} is not of this network: missing {missing}, unexpected {unexpected}")
    return network.eval()


def _kind(tensors: Mapping[str, Tensor]) -> type[FilmNetwork]:
    """Which network's weights these are, by the layers that only it has."""
    if "attention.weight" in tensors:
        return AttentiveNetwork
    return SubtypedNetwork if "other_head.weight" in tensors else FilmNetwork


def export_graph(network: FilmNetwork, folder: Path) -> None:
    """Write the graph beside the weights that `save_weights` wrote."""
    sample = torch.zeros((2, 224, 224), dtype=torch.uint8)
    program = torch.onnx.export(
        network.eval(),
        (sample,),
        dynamo=True,
        optimize=False,
        opset_version=OPSET,
        input_names=["pixels"],
        output_names=["probability", "heatmap", "ood"],
        dynamic_shapes={"pixels": {0: torch.export.Dim("films", min=1, max=1024)}},
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = program.model_proto
    _point_to_weights(model, folder / WEIGHTS)
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    onnx.save(model, folder / GRAPH)


def _point_to_weights(model: onnx.ModelProto, weights: Path) -> None:
    """Replace each initializer by its place in the weights file, cast to 32-bit where it is 16-bit."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    casts = []
    for index, value in enumerate(model.graph.initializer):
        entry = header[value.name]
        half = entry["dtype"] == "F16"
        outside = TensorProto(
            name=f"{value.name}.half" if half else value.name,
            data_type=TensorProto.FLOAT16 if half else TensorProto.FLOAT,
            dims=entry["shape"],
            data_location=TensorProto.EXTERNAL,
        )
        start, end = entry["data_offsets"]
        for key, text in (("location", weights.name), ("offset", 8 + length + start), ("length", end - start)):
            outside.external_data.add(key=key, value=str(text))
        if half:
            casts.append(helper.make_node("Cast", [outside.name], [value.name], to=TensorProto.FLOAT))
        model.graph.initializer[index].CopyFrom(outside)
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *rest])
