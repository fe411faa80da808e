"""The chest film network with a branch of its own for bacterial or viral: what tells the two is not what tells illness.

Both branches share the lowest blocks, which are never trained. The branch begins as a copy of the first one's upper
blocks and is trained on films of the ill alone, so that nothing about pneumonia or not can change. Its answer and the
first branch's own are weighed by three numbers, fitted on calibration patients.
"""

# ruff: noqa: SLF001 - the package that carries the architecture names its layers with a leading underscore
import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from ray_jobs.imaging.network import FEATURES, FilmNetwork

NORMAL, BACTERIA, VIRUS = 0, 1, 2


class SubtypedNetwork(FilmNetwork):
    """As FilmNetwork for (normal, bacteria, virus); `other` and `other_head` say which of the two."""

    mixing: Tensor
    """Weights of the branch's log-odds and of the first branch's, and a constant, float[3]."""

    def __init__(self, classes: int = 3, *, frozen_blocks: int = 5, finding: tuple[int, ...] = ()) -> None:
        """Random weights; `of` gives the start of training."""
        super().__init__(classes, frozen_blocks=frozen_blocks, finding=finding)
        self.other = EfficientNet.from_name("efficientnet-lite0")
        self.other._conv_stem = self.other._bn0 = self.other._fc = nn.Identity()
        for index in range(frozen_blocks):
            self.other._blocks[index] = nn.Identity()
        self.other_head = nn.Linear(FEATURES, 1)
        self.register_buffer("mixing", torch.tensor([1.0, 0.0, 0.0]))

    @classmethod
    def of(cls, first: FilmNetwork) -> "SubtypedNetwork":
        """The start of training: the branch is a copy of `first`'s upper blocks, its head knows nothing yet."""
        network = cls()
        network.load_state_dict(first.state_dict(), strict=False)
        network.other.load_state_dict(first.body.state_dict(), strict=False)
        nn.init.normal_(network.other_head.weight, std=0.01)
        nn.init.zeros_(network.other_head.bias)
        return network

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As FilmNetwork's; how the ill are shared between the two classes is the branch's word."""
        lower = self._lower(pixels.float())
        maps = self._upper(lower)
        logits = self.head(maps.mean((2, 3)))
        first = torch.softmax(logits / self.temperature, 1)
        heatmap = torch.einsum("nchw,nc->nhw", maps, self._towards(first))
        return self._shared(first, logits, lower), heatmap, self._doubt(lower)

    def probability(self, lower: Tensor) -> Tensor:
        """What the lowest blocks answered → class probabilities, float[n, 3]."""
        logits = self.head(self._upper(lower).mean((2, 3)))
        return self._shared(torch.softmax(logits / self.temperature, 1), logits, lower)

    def _shared(self, first: Tensor, logits: Tensor, lower: Tensor) -> Tensor:
        virus = torch.sigmoid(self._mixed(self._own(lower), logits)).unsqueeze(1)
        well = first[:, :1]
        return torch.cat([well, (1 - well) * (1 - virus), (1 - well) * virus], 1)

    def subtype(self, pixels: Tensor) -> Tensor:
        """float[n, h, w] → the branch's own log-odds of viral against bacterial, float[n]."""
        return self._own(self._lower(pixels))

    def evidence(self, pixels: Tensor) -> Tensor:
        """float[n, h, w] → float[n, 2]: the branch's log-odds and the first branch's."""
        lower = self._lower(pixels)
        logits = self.head(self._upper(lower).mean((2, 3)))
        return torch.stack([self._own(lower), logits[:, VIRUS] - logits[:, BACTERIA]], 1)

    def freeze(self) -> None:
        """Only the branch learns."""
        self.requires_grad_(requires_grad=False)
        self.other.requires_grad_(requires_grad=True)
        self.other_head.requires_grad_(requires_grad=True)

    def train(self, mode: bool = True) -> "SubtypedNetwork":
        """The branch as usual; the rest keeps its batch statistics."""
        super().train(mode=False)
        for module in (self.other, self.other_head, self.dropout):
            module.train(mode)
        return self

    def _own(self, lower: Tensor) -> Tensor:
        found: Tensor = self.other_head(self.dropout(self._upper(lower, other=self.other).mean((2, 3))))
        return found[:, 0]

    def _mixed(self, own: Tensor, logits: Tensor) -> Tensor:
        return self.mixing[0] * own + self.mixing[1] * (logits[:, VIRUS] - logits[:, BACTERIA]) + self.mixing[2]
