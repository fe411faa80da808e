"""Off, silent or live: what each model may do on each ward (design rule 9), parsed once from `Settings.modes`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

Mode = Literal["off", "silent", "live"]
MODES: Final[frozenset[str]] = frozenset(get_args(Mode))
EVERYWHERE: Final = "*"


@dataclass(frozen=True, slots=True)
class Modes:
    """Mode by model and ward; `*` stands for every ward not named. A model that nobody named is silent."""

    by_model: Mapping[str, Mapping[str, Mode]]

    @classmethod
    def parse(cls, text: str) -> "Modes":
        """From JSON like `{"sepsis": {"*": "silent", "5B": "live"}}`; ValueError says which entry is wrong."""
        given = json.loads(text)
        if not isinstance(given, dict):
            msg = f"modes: a JSON object of models is needed, not {type(given).__name__}"
            raise ValueError(msg)  # noqa: TRY004 - a wrong setting, whatever its type
        return cls(MappingProxyType({model: _wards(model, wards) for model, wards in given.items()}))

    def mode(self, model: str, ward: str | None) -> Mode:
        """What `model` may do for a patient on `ward` (None: no ward is known)."""
        wards = self.by_model.get(model, {})
        return wards.get(ward or "", wards.get(EVERYWHERE, "silent"))


def _wards(model: str, wards: object) -> Mapping[str, Mode]:
    if not isinstance(wards, dict):
        msg = f"modes: {model} needs an object of wards"
        raise ValueError(msg)  # noqa: TRY004 - a wrong setting, whatever its type
    checked: dict[str, Mode] = {}
    for ward, mode in wards.items():
        if mode not in MODES:
            msg = f"modes: {model} on ward {ward!r} is {mode!r}, not one of off, silent, live"
            raise ValueError(msg)
        checked[ward] = mode
    return MappingProxyType(checked)
