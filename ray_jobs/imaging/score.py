"""Score a folder of pictures and DICOM files: a row each, whatever they are, in bounded memory."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from ray_jobs.imaging.pixels import Film, UnusableImageError, decode, is_dicom
from ray_jobs.imaging.reading import OnnxRuntime
from ray_jobs.imaging.selection import Shown, unsuitable
from ray_jobs.imaging.verdict import Verdict, verdict
from ray_jobs.registry import Card, load_model, outside
from schemas.dicom.image import age_of

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".dcm", ".dicom", ".ima", ""})
MOST_BYTES: Final = 256 * 1024 * 1024
BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """One file: its film, or why there is none."""

    path: str
    film: Film | None
    reason: str = ""


def score(
    name: str, source: Path, out: Path, *, progress: Callable[[int, int], None], models: Path | None = None
) -> tuple[int, int]:
    """Write `out` as a CSV, a row for each picture under `source` (or the file itself); returns files and unassessable.

    Raises FileNotFoundError when there is no picture at all.
    """
    model = load_model(name, models)
    runtime, card = OnnxRuntime(model), model.card
    files = pictures(source)
    if not files:
        raise FileNotFoundError(f"no JPEG, PNG or DICOM file under {source}")
    root = source if source.is_dir() else source.parent
    done = refused = 0
    with out.open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table)
        writer.writerow(
            ["path", "probability", "label", "decision", "assessable", "reason", *(f"p_{c}" for c in card.classes)]
        )
        for batch in _batches(files):
            opened = [open_file(file, file.relative_to(root).as_posix(), card) for file in batch]
            films = [one.film.pixels for one in opened if one.film is not None]
            readings = runtime.read(np.stack(films)) if films else None
            place = 0
            for one in opened:
                if one.film is None or readings is None:
                    writer.writerow([one.path, "", "", "refer", "false", one.reason, *("" for _ in card.classes)])
                    refused += 1
                    continue
                probability, ood = readings.probability[place], float(readings.ood[place])
                place += 1
                found = _held_back(verdict(card, probability, ood), one.reason or one.film.unfit)
                refused += not found.assessable
                writer.writerow(
                    [
                        one.path,
                        f"{found.probability:.6f}",
                        found.label,
                        found.decision,
                        str(found.assessable).lower(),
                        found.reason,
                        *(f"{p:.6f}" for p in probability),
                    ]
                )
            done += len(batch)
            progress(done, len(files))
    return done, refused


def pictures(source: Path) -> list[Path]:
    """The files that may be pictures, in the order of their paths; hidden files are left out."""
    if source.is_file():
        return [source]
    found = (path for path in source.rglob("*") if path.is_file() and path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if not path.name.startswith("."))


def open_file(file: Path, path: str, card: Card) -> Opened:
    """Read and decode one file; a DICOM object must also be of the model's kind and population."""
    if file.stat().st_size > MOST_BYTES:
        return Opened(path, None, f"cannot assess: the file is larger than {MOST_BYTES:,} bytes")
    body = file.read_bytes()
    try:
        return Opened(path, decode(body), _unsuitable(body, card) if is_dicom(body) else "")
    except UnusableImageError as error:
        return Opened(path, None, f"cannot assess: {error}")


def _unsuitable(body: bytes, card: Card) -> str:
    """Why the model may not read this DICOM object; a plain picture says too little to be refused for it."""
    try:
        header = dcmread(io.BytesIO(body), stop_before_pixels=True)
    except (InvalidDicomError, EOFError) as error:
        raise UnusableImageError(f"not a readable DICOM object: {error}") from error
    return unsuitable(Shown.of(header), model=card.name) or outside(card, age_of(header)) or ""


def _held_back(found: Verdict, reason: str) -> Verdict:
    """The same reading, not to be relied on where there is a reason."""
    return Verdict(found.label, found.probability, "refer", assessable=False, reason=reason) if reason else found


def _batches(files: list[Path]) -> Iterator[list[Path]]:
    rest = iter(files)
    while batch := list(islice(rest, BATCH)):
        yield batch
