"""The training table of a hospital, built once: features of every hour, and what each hour's prediction is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk.features import features_all
from ray_jobs.risk.names import FEATURES, features_sha
from ray_jobs.risk.split import fold_of
from ray_jobs.risk.stays import read_table, stays
from ray_jobs.risk.utility import best_prediction, hour_utilities

HOSPITALS: Final = {"a": "hospital_a.parquet", "b": "hospital_b.parquet"}
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Hours of some hospitals: `features` float32 [n, f]; `hours` has a row each with fold, label and utilities."""

    features: NDArray[np.float32]
    hours: pd.DataFrame


def load(data: Path, work: Path, hospitals: tuple[str, ...], progress: Progress) -> Dataset:
    """Features and hours of the hospitals, from the cache in `work` when it was made with these features."""
    parts = [
        _hospital(data / HOSPITALS[name], work / f"{name}-{features_sha()[:12]}", name, progress) for name in hospitals
    ]
    if len(parts) == 1:
        return parts[0]
    return Dataset(
        np.concatenate([part.features for part in parts]),
        pd.concat([part.hours for part in parts], ignore_index=True),
    )


def _hospital(path: Path, cache: Path, name: str, progress: Progress) -> Dataset:
    table_file, feature_file = cache.with_suffix(".parquet"), cache.with_suffix(".npy")
    if table_file.exists():
        return Dataset(np.load(feature_file, mmap_mode="r"), pd.read_parquet(table_file))
    table = read_table(path)
    features = np.empty((len(table), len(FEATURES)), dtype=np.float32)
    columns: dict[str, list[NDArray[np.generic]]] = {
        key: [] for key in ("patient", "fold", "septic", "iculos", "label", "loss", "gain", "best")
    }
    total, at = table["patient"].nunique(), 0
    for done, stay in enumerate(stays(table), start=1):
        if stay.labels is None:
            message = f"{path.name}: column SepsisLabel is missing; training needs it"
            raise ValueError(message)
        n = len(stay.rows)
        features[at : at + n] = features_all(stay.grid, stay.static)[stay.rows]
        negative, positive = hour_utilities(stay.labels)
        columns["patient"].append(np.full(n, stay.patient, dtype=object))
        columns["fold"].append(np.full(n, fold_of(stay.patient), dtype=np.int8))
        columns["septic"].append(np.full(n, stay.labels.any()))
        columns["iculos"].append(stay.rows + 1)
        columns["label"].append(stay.labels)
        columns["loss"].append(negative)
        columns["gain"].append(positive)
        columns["best"].append(best_prediction(stay.labels))
        at += n
        if done % 500 == 0 or done == total:
            progress(f"features of hospital {name}", done, total)
    hours = pd.DataFrame({key: np.concatenate(value) for key, value in columns.items()})
    hours["hospital"] = name
    cache.parent.mkdir(parents=True, exist_ok=True)
    # The table is the mark that the stage is complete: it is written last, and appears at once.
    np.save(feature_file, features)
    hours.to_parquet(table_file.with_suffix(".part"))
    table_file.with_suffix(".part").replace(table_file)
    return Dataset(features, hours)
