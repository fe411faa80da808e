"""The policies of all wards, from one YAML file: a default for the hospital, and what differs by site and by ward.

Later layers win field by field: `default`, `sites.S.default`, `wards.W` (of every site), `sites.S.wards.W`. A ward that
no layer names has the default. Everything is checked before anything is used; an error names file, line and field.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError, field_validator

from services.alerting.policy import Policy
from services.alerting.rules import Part
from services.runtime.yaml_document import read

DEFAULT: Final = Path(__file__).with_name("default.yaml")
Layer = dict[str, Any]
Place = tuple[str | None, str | None]
"""Site and ward; None stands for every other one."""


class SiteLayers(Part):
    """What differs on one site, and on its wards."""

    default: Layer = Field(default_factory=dict)
    wards: dict[str, Layer] = Field(default_factory=dict)


class Layers(Part):
    """A whole file: its layers, not yet laid over one another."""

    version: Literal[1]
    default: Layer = Field(default_factory=dict)
    wards: dict[str, Layer] = Field(default_factory=dict)
    sites: dict[str, SiteLayers] = Field(default_factory=dict)

    @field_validator("default", "wards", "sites", mode="before")
    @classmethod
    def _empty(cls, given: object) -> object:
        """A heading with nothing under it is no error."""
        return {} if given is None else given

    def places(self) -> Iterator[Place]:
        """Every site and ward for which something is said, and those that this leads to."""
        yield None, None
        yield from ((None, ward) for ward in self.wards)
        for site, said in self.sites.items():
            yield site, None
            yield from ((site, ward) for ward in dict.fromkeys([*self.wards, *said.wards]))

    def named(self) -> Iterator[Place]:
        """The sites and wards that the file names itself."""
        yield from ((None, ward) for ward in self.wards)
        for site, said in self.sites.items():
            yield site, None
            yield from ((site, ward) for ward in said.wards)

    def over(self, place: Place) -> Iterator[tuple[tuple[str, ...], Layer]]:
        """The layers of a place and where each stands in the file, the last one strongest."""
        site, ward = place
        yield ("default",), self.default
        said = self.sites.get(site) if site is not None else None
        if said is not None and site is not None:
            yield ("sites", site, "default"), said.default
        if ward in self.wards and ward is not None:
            yield ("wards", ward), self.wards[ward]
        if said is not None and site is not None and ward is not None and ward in said.wards:
            yield ("sites", site, "wards", ward), said.wards[ward]


class Policies:
    """The policy of each ward."""

    def __init__(
        self, everywhere: Policy, special: Mapping[Place, Policy] | None = None, named: Sequence[Place] = ()
    ) -> None:  # fmt: skip
        self.everywhere = everywhere
        self.special = dict(special or {})
        self.named = tuple(named)
        """The sites and wards that the file names itself."""
        self._sites = {site for site, _ in self.special if site is not None}

    def of(self, site: str, ward: str | None) -> Policy:
        """The policy of a ward of a site (None: no ward is known)."""
        if not self.special:
            return self.everywhere
        here: Sequence[Place] = [(site, ward), (site, None)] if site in self._sites else [(None, ward)]
        return next((self.special[place] for place in here if place in self.special), self.everywhere)


def load(file: Path | None = None) -> Policies:
    """The policies of a file, or the ones that are shipped; raises DocumentError (a ValueError)."""
    document = read(file or DEFAULT)
    try:
        layers = Layers.model_validate(document.content)
    except ValidationError as error:
        raise document.error(list(_problems(error))) from error
    found: dict[Place, Policy] = {}
    wrong: dict[tuple[tuple[str | int, ...], str], None] = {}
    for place in layers.places():
        try:
            found[place] = Policy.model_validate(_laid(layer for _, layer in layers.over(place)))
        except ValidationError as error:
            wrong |= {(_origin(layers, place, loc), text): None for loc, text in _problems(error)}
    if wrong:
        raise document.error(list(wrong))
    return Policies(found.pop((None, None)), found, tuple(layers.named()))


def _laid(layers: Iterator[Layer]) -> Layer:
    """Mappings field by field, everything else replaced; what no layer says is as in `Policy()`."""
    result: Layer = Policy().model_dump()
    for layer in layers:
        result = _over(result, layer)
    return result


def _over(under: Layer, layer: Layer) -> Layer:
    merged = dict(under)
    for name, value in layer.items():
        held = merged.get(name)
        merged[name] = _over(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return merged


def _problems(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for problem in error.errors(include_url=False):
        loc = tuple(step for step in problem["loc"] if step != "[key]")
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = "nobody knows this name: see docs/alert-policies.md for the names there are"
        elif problem["loc"] and problem["loc"][-1] == "[key]" and problem["type"] == "string_type":
            text = f'write the name in quotes: "{loc[-1]}"'
        yield loc, text


def _origin(layers: Layers, place: Place, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path in the file of the strongest layer that says something at this path of the policy."""
    best: tuple[int, tuple[str | int, ...]] = (-1, ("default", *loc))
    for where, layer in layers.over(place):
        depth, node = 0, layer
        for step in loc:
            if not isinstance(node, dict) or step not in node:
                break
            depth, node = depth + 1, node[step]
        if depth and depth >= best[0]:
            best = depth, (*where, *loc)
    return best[1]


def unknown(policies: Policies, wards: Mapping[str, frozenset[str]]) -> list[str]:
    """What the file says about wards and sites that are not among `wards` (by site), with those that there are."""
    everywhere: frozenset[str] = frozenset().union(*wards.values())
    told: list[str] = []
    for site, ward in policies.named:
        if site is not None and site not in wards:
            told.append(f"sites.{site}: there is no such site; there is {_list(wards)}")
        elif ward is not None and ward not in (everywhere if site is None else wards[site]):
            at = f"wards.{ward}" if site is None else f"sites.{site}.wards.{ward}"
            told.append(f"{at}: there is no such ward; there is {_list(everywhere if site is None else wards[site])}")
    return list(dict.fromkeys(told))


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
