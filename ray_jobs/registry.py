"""The model registry: a model is a folder with `model.json`, weights, `card.md` and `metrics.json`.

The hash of every file is checked when a model is loaded, its population is read by machines, and nothing is pickled.
Needs pydantic only, so that services can ask a card without the libraries that run the model.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

MODELS: Final = Path(__file__).parent / "models"
CARD: Final = "model.json"
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
ADULT_AGE: Final = 16
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RegistryError(Exception):
    """A model that cannot be used: absent, incomplete or changed. The text names the file and what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Population(_Part):
    """Whom the model was made for: ages in `unit` ("a" years, UCUM), both ends included."""

    min_age: float
    max_age: float
    unit: Literal["a"] = "a"
    setting: str = ""


class Member(_Part):
    """One part of a blend: raw score = sum of weight times each member's log-odds.

    `held_out` is the same member trained without the outer fold: never served, kept to measure on unseen patients.
    """

    file: str
    kind: Literal["trees", "nets"]
    weight: float = 1.0
    held_out: str | None = None


class Calibration(_Part):
    """x = slope * raw score + intercept; probability = 1 / (1 + exp(-f(x))).

    f goes straight from knot to knot (x, log-odds), rising, and on in the end directions; without knots f(x) = x.
    """

    slope: float
    intercept: float
    knots: tuple[tuple[float, float], ...] = ()

    @model_validator(mode="after")
    def rising(self) -> Self:
        """A map that fell would turn the order of patients around."""
        if len(self.knots) == 1 or any(a >= c or b >= d for (a, b), (c, d) in pairwise(self.knots)):
            message = "calibration knots must be two or more, rising in both coordinates"
            raise ValueError(message)
        return self


class Band(_Part):
    """A level of risk people act on, from a probability up to the next band's."""

    name: Literal["low", "raised", "high", "very high"]
    from_probability: float = Field(ge=0, le=1)


class Conformal(_Part):
    """Bounds of the conformal set at `level` (label-conditional split conformal: Vovk 2013; Sadinle et al. 2019).

    The outcome is in the set from probability `yes_from` up, its absence up to `no_to`; in both: undecided.
    """

    level: float = Field(gt=0, lt=1)
    yes_from: float = Field(ge=0, le=1)
    no_to: float = Field(ge=0, le=1)


class Card(_Part):
    """What machines must know about a model; `card.md` tells people the rest."""

    name: Name
    version: str
    task: str
    kind: Literal["trees", "network", "blend", "published"]
    outcome: str = ""
    # A key of `ray_jobs.risk.feature_sets`; risk models only.
    feature_set: str = "sepsis"
    features: tuple[str, ...] = ()
    features_sha: str = ""
    classes: tuple[str, ...] = ()
    # `threshold` decides the label or alarm of offline scoring. People are alerted at `alerts_at`: where the threshold
    # serves a score that counts hours, far fewer alerts may be bearable at a bedside.
    threshold: float = Field(ge=0, le=1)
    alert_threshold: float | None = Field(default=None, ge=0, le=1)
    # False: to measure and compare only, never asked about a patient in a bed (models of one hospital, for transfer).
    live: bool = True
    # None: to the end of the hospital stay.
    horizon_hours: float | None = Field(default=None, gt=0)
    # The clock hours of a stay that the model saw in training: later ones are outside.
    max_hours: int = Field(default=336, ge=1)
    # Vital signs of different kinds that must have been measured in the stay before the model may speak.
    min_vitals: int = Field(default=0, ge=0)
    bands: tuple[Band, ...] = ()
    conformal: Conformal | None = None
    population: Population
    input: str
    calibration: Calibration | None = None
    members: tuple[Member, ...] = ()
    licence: str = ""
    extra: Mapping[str, str | float] = Field(default_factory=dict)
    files: Mapping[str, Sha256]

    def band(self, probability: float) -> str | None:
        """The name of the highest band a probability reaches; None for a model without bands."""
        reached = [band.name for band in self.bands if probability >= band.from_probability]
        return reached[-1] if reached else None

    def conformal_set(self, probability: float) -> tuple[str, ...] | None:
        """Of "yes" and "no" those that the forecast cannot exclude at the card's level; None without one."""
        if self.conformal is None:
            return None
        yes, no = probability >= self.conformal.yes_from, probability <= self.conformal.no_to
        return tuple(name for name, held in (("no", no), ("yes", yes)) if held)

    @property
    def alerts_at(self) -> float:
        """The probability from which a person is alerted."""
        return self.threshold if self.alert_threshold is None else self.alert_threshold


class Model(_Part):
    """A card and the folder whose files were found to be those it names."""

    card: Card
    folder: Path

    def file(self, name: str) -> Path:
        """Path of one of the card's files."""
        if name not in self.card.files:
            raise RegistryError(f"model {self.card.name}: {CARD} names no file {name}")
        return self.folder / name


def models_folder() -> Path:
    """The shipped models, or those of WARDWATCH_MODELS (a site's own)."""
    return Path(os.environ.get("WARDWATCH_MODELS") or MODELS)


def load_card(name: str, models: Path | None = None) -> Card:
    """The card of a model, without touching its weights; raises RegistryError."""
    path = (models or models_folder()) / name / CARD
    try:
        card = Card.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise RegistryError(
            f"model {name}: there is no {path.name} in {path.parent.name}/; train it, or install its files"
        ) from None
    except ValidationError as error:
        raise RegistryError(f"model {name}: {path.name} cannot be read: {error}") from error
    if card.name != name:
        raise RegistryError(f"model {name}: {path.name} is that of {card.name}")
    return card


def load_model(name: str, models: Path | None = None) -> Model:
    """The model, every file's SHA-256 checked; raises RegistryError naming the file that is missing or differs.

    Models of the registry in use (`models` None) must bear a trusted signature too, unless the site has said otherwise
    by WARDWATCH_UNSIGNED_MODELS=true; a folder that is named is a work folder, where models are made and measured.
    """
    folder = (models or models_folder()) / name
    card = load_card(name, models)
    for file, expected in card.files.items():
        try:
            found = sha256(folder / file)
        except FileNotFoundError:
            raise RegistryError(f"model {name}: file {file} is missing; restore it from the release") from None
        if found != expected:
            raise RegistryError(
                f"model {name}: file {file} is not the one that was released "
                f"(SHA-256 {found[:12]}…, expected {expected[:12]}…); restore it from the release"
            )
    if models is None and os.environ.get("WARDWATCH_UNSIGNED_MODELS", "").lower() != "true":
        _check_signature(name, folder / CARD)
    return Model(card=card, folder=folder)


def _check_signature(name: str, card: Path) -> None:
    from ray_jobs import signing  # here: those who only read cards need no cryptography

    try:
        why = signing.unsigned(card)
    except signing.KeyFileError as error:
        raise RegistryError(f"model {name}: {error}") from error
    if why is not None:
        raise RegistryError(
            f"model {name}: {why}; restore it from the release, or sign your own model (wardwatch models sign {name})"
        )


def list_models(models: Path | None = None) -> tuple[Card, ...]:
    """Cards of all models there are, by name; raises RegistryError for a folder whose card cannot be read."""
    folder = models or models_folder()
    return tuple(load_card(path.parent.name, folder) for path in sorted(folder.glob(f"*/{CARD}")))


def outside(card: Card, age_years: float | None) -> str | None:
    """Why a patient lies outside the model's population ('cannot assess: …'), or None when inside."""
    population = card.population
    made_for = f"{card.name} is for {population.min_age:g} to {population.max_age:g} years"
    if age_years is None:
        return f"cannot assess: age unknown, {made_for}"
    if age_years < population.min_age:
        return f"cannot assess: {'child' if population.min_age >= ADULT_AGE else 'too young'}, {made_for}"
    if age_years > population.max_age:
        return f"cannot assess: {'adult' if population.max_age < ADULT_AGE else 'too old'}, {made_for}"
    return None


def write_card(folder: Path, card: Card, files: tuple[str, ...]) -> Card:
    """Write `model.json` with the hashes of the named files of the folder, and return it as written."""
    written = card.model_copy(update={"files": {name: sha256(folder / name) for name in sorted(files)}})
    (folder / CARD).write_text(written.model_dump_json(indent=1, exclude_defaults=True) + "\n", encoding="utf-8")
    return written


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
