"""Do the maps explain the network? Two checks: random weights must change them, deletion must beat chance.

Adebayo et al. 2018 (a map that random weights do not change shows the picture, not the model) and Petsiuk et al. 2018
(deletion). `python -m ray_jobs.imaging.sanity FILM…` prints both for films of the ill.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import numpy_helper

from ray_jobs.imaging.explain import Ask, Map, alike, by_chance, deletion, enlarged, rise
from ray_jobs.imaging.pixels import Grey, decode
from ray_jobs.imaging.reading import GRAPH
from ray_jobs.registry import load_model


class Network:
    """A graph that reads films; `scrambled`: with all its kernels and matrices drawn anew, as wide as they were."""

    def __init__(self, graph: Path, *, scrambled: int | None = None) -> None:
        content = onnx.load(graph)  # its weights lie in a file beside it
        if scrambled is not None:
            chance = np.random.default_rng(scrambled)
            for weights in content.graph.initializer:
                values = numpy_helper.to_array(weights)
                if values.ndim > 1 and np.issubdtype(values.dtype, np.floating):
                    drawn = chance.permutation(values.ravel()).reshape(values.shape)
                    weights.CopyFrom(numpy_helper.from_array(drawn, weights.name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        self._session = onnxruntime.InferenceSession(
            content.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def read(self, pixels: Grey) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """uint8[n, 224, 224] → probability of disease float32[n], class heatmap float32[n, 7, 7]."""
        probability, heat = cast("Any", self._session.run(["probability", "heatmap"], {"pixels": pixels}))
        return 1 - probability[:, 0], heat

    def maps(self, film: Grey, *, masks: int) -> dict[str, Map]:
        """The class heatmap and RISE's map of one film."""
        return {"heatmap": enlarged(self.read(film[np.newaxis])[1][0]), "rise": rise(self.ask, film, masks=masks)}

    @property
    def ask(self) -> Ask:
        """The probability of disease alone."""
        return lambda pixels: self.read(pixels)[0]


def checked(graph: Path, films: Sequence[Grey], *, masks: int = 240) -> dict[str, float]:
    """`alike_*`: mean rank correlation with the map of a scrambled network; `area_*`: mean area under the deletion."""
    network, scrambled = Network(graph), Network(graph, scrambled=1)
    found: dict[str, list[float]] = {}
    for number, film in enumerate(films):
        maps, others = network.maps(film, masks=masks), scrambled.maps(film, masks=masks)
        for name in ("heatmap", "rise"):
            found.setdefault(f"alike_{name}", []).append(alike(maps[name], others[name]))
        chances = [by_chance(np.random.default_rng([number, k])) for k in range(5)]
        for name, several in (("heatmap", [maps["heatmap"]]), ("rise", [maps["rise"]]), ("chance", chances)):
            areas = [deletion(network.ask, film, one).area for one in several]
            found.setdefault(f"area_{name}", []).append(float(np.mean(areas)))
    return {name: round(float(np.mean(values)), 4) for name, values in sorted(found.items())}


def main(arguments: Sequence[str]) -> int:
    """Print the checks as JSON; 1 when a map fails one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films", type=Path, nargs="+", help="films of the ill: JPEG, PNG or DICOM")
    parser.add_argument("--model", default="chest-pneumonia")
    asked = parser.parse_args(arguments)
    graph = load_model(asked.model).file(GRAPH)
    found = checked(graph, [decode(file.read_bytes()).pixels for file in asked.films])
    sys.stdout.write(json.dumps(found | {"films": len(asked.films)}) + "\n")
    beaten = all(found[f"area_{name}"] < found["area_chance"] for name in ("heatmap", "rise"))
    return 0 if beaten and max(abs(found[f"alike_{name}"]) for name in ("heatmap", "rise")) < 0.5 else 1  # noqa: PLR2004


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
