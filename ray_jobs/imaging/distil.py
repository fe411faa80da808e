"""A smaller chest network that learns from the shipped one's answers (Hinton et al. 2015, arXiv:1503.02531).

`python -m ray_jobs.imaging.distil` trains it on views of the training patients' films and leaves it in the work folder,
where `ray_jobs.imaging.variants` measures it; it does not ship. Seeded; each epoch ends in a checkpoint.
"""

# ruff: noqa: SLF001 - the package that carries the architecture names its layers with a leading underscore
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor, nn

from ray_jobs.imaging.augment import augment
from ray_jobs.imaging.checkpoints import one_cycle, resume, save_whole, write_checkpoint
from ray_jobs.imaging.films import Films, Part, load_chest_films, shared_data
from ray_jobs.imaging.network import FilmNetwork
from ray_jobs.imaging.ship import load_weights
from ray_jobs.imaging.subtype import SubtypedNetwork
from ray_jobs.imaging.train import WARM, follow, keep_memory
from ray_jobs.imaging.verdict import findings
from ray_jobs.registry import load_model

MODEL: Final = "chest-pneumonia"
LAST: Final = 11
CHANNELS: Final = 112
"""Blocks that are kept, and how many channels the last of them answers with; the five above hold most weights."""
WIDTH: Final = 256
STUDENT: Final = "student.pt"
"""In the work folder: the averaged weights, a torch state dict."""


@dataclass(frozen=True, slots=True)
class DistilRecipe:
    """The fixed choices; nothing was searched."""

    seed: int = 0
    epochs: int = 5
    stop: int = 5
    """Epochs of the schedule that are run."""
    batch: int = 32
    view: int = 192
    peak_rate: float = 1e-3
    decay: float = 1e-2
    average: float = 0.99
    threads: int = 2


class Student(FilmNetwork):
    """The lowest eleven blocks, one narrow layer and one head: half of one branch of the teacher's two."""

    def __init__(self, classes: int = 3, *, frozen_blocks: int = 5, finding: tuple[int, ...] = ()) -> None:
        """Random weights; `of` gives the start of training."""
        super().__init__(classes, frozen_blocks=frozen_blocks, finding=finding)
        for index in range(LAST, len(self.body._blocks)):
            self.body._blocks[index] = nn.Identity()
        self.body._conv_head = nn.Conv2d(CHANNELS, WIDTH, 1, bias=False)
        self.body._bn1 = nn.BatchNorm2d(WIDTH, momentum=0.01, eps=1e-3)
        self.head = nn.Linear(WIDTH, classes)

    @classmethod
    def of(cls, teacher: FilmNetwork) -> "Student":
        """The start of training: the teacher's own blocks and doubt, above them nothing is known."""
        network = cls(finding=teacher.finding)
        mine = network.state_dict()
        network.load_state_dict(
            {n: v for n, v in teacher.state_dict().items() if n in mine and v.shape == mine[n].shape}, strict=False
        )
        return network

    def _upper(self, values: Tensor, first: int | None = None, other: Any = None) -> Tensor:  # noqa: ANN401 - as the base
        if other is not None:
            raise ValueError("the student has one branch")
        for block in self.body._blocks[self.frozen_blocks if first is None else first : LAST]:
            values = block(values)
        return cast("Tensor", self.body._swish(self.body._bn1(self.body._conv_head(values))))

    def evidence(self, lower: Tensor) -> Tensor:
        """What the lowest blocks answered → logits float[n, 3]."""
        return cast("Tensor", self.head(self.dropout(self._upper(lower).mean((2, 3)))))


def distil(shared: Path, work: Path, recipe: DistilRecipe | None = None) -> Path:
    """Train on the TRAIN patients; returns the file of averaged weights (a torch state dict)."""
    model = load_model(MODEL)
    teacher = load_weights(model.file("weights.safetensors").parent, findings(model.card))
    if not isinstance(teacher, SubtypedNetwork):
        raise TypeError(f"{MODEL} is no network of two branches")
    films = load_chest_films(shared / "cxr_pneumonia", work).part(Part.TRAIN)
    return train_student(teacher, films, work, recipe or DistilRecipe())


def train_student(teacher: SubtypedNetwork, films: Films, work: Path, recipe: DistilRecipe) -> Path:
    """Train a student of `teacher` on views of `films`; returns the file of its averaged weights.

    A schedule that is stopped before its end leaves its checkpoint only, and returns that.
    """
    store, checkpoint = work / STUDENT, work / "student-checkpoint.pt"
    if store.exists():
        return store
    torch.set_num_threads(recipe.threads)
    keep_memory()
    torch.manual_seed(recipe.seed)
    network, average = Student.of(teacher.eval()), Student.of(teacher)
    network.freeze()
    average.load_state_dict(network.state_dict())
    trained = [value for value in network.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.peak_rate, weight_decay=recipe.decay)
    start = resume(checkpoint, network, average, optimiser)
    count = len(films.label)
    with Progress() as progress:
        task = progress.add_task("student", total=recipe.epochs * count, completed=start * count)
        for epoch in range(start, recipe.stop):
            order = np.random.default_rng([recipe.seed, epoch]).permutation(count)
            generator = torch.Generator().manual_seed(recipe.seed * 1000 + epoch)
            torch.manual_seed(recipe.seed * 1000 + epoch)
            network.train()
            total = 0.0
            for at in range(0, count, recipe.batch):
                batch = order[at : at + recipe.batch]
                now = one_cycle((epoch * count + at) / (recipe.epochs * count), WARM)
                optimiser.param_groups[0]["lr"] = recipe.peak_rate * max(now, 1e-3)
                pixels = torch.from_numpy(np.ascontiguousarray(films.pixels[batch]))
                loss = _loss(teacher, network, augment(pixels, generator, recipe.view))
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                follow(average, network, recipe.average)
                total += float(loss.detach()) * len(batch)
                progress.advance(task, len(batch))
            write_checkpoint(checkpoint, network, average, optimiser, epoch)
            with (work / "log.jsonl").open("a") as log:
                log.write(json.dumps({"student epoch": epoch, "loss": total / count, **asdict(recipe)}) + "\n")
    if recipe.stop < recipe.epochs:
        return checkpoint
    save_whole(average.state_dict(), store)
    return store


def load_student(file: Path, finding: tuple[int, ...] = ()) -> Student:
    """The student whose weights `distil` left in `file`, ready to answer."""
    network = Student(finding=finding)
    network.load_state_dict(torch.load(file, weights_only=True))
    return network.eval()


def _loss(teacher: SubtypedNetwork, student: Student, views: Tensor) -> Tensor:
    """Cross-entropy of the student's answers against the teacher's probabilities of the same views."""
    with torch.no_grad():
        lower = teacher._lower(views)
        wanted = teacher.probability(lower)
    told = torch.log_softmax(student.evidence(lower), 1)
    return -(wanted * told).sum(1).mean()


if __name__ == "__main__":
    cache = Path.home() / ".cache" / "wardwatch" / "imaging"
    cache.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{distil(shared_data(), cache)}\n")
