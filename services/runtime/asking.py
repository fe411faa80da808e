"""Step 2 of a turn: all rows of a turn, of all models, in one inference call with one deadline.

A call costs some 13 ms of processor time, the rows in it next to nothing (measured): calls are counted, not rows.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from services.runtime import metrics
from services.runtime.errors import InferenceUnavailable
from services.runtime.ports import Inference, Tensors
from services.runtime.stage import Answer, Ask, Row

BATCH = 256
"""Rows in one request: about 21,000 rows/s were measured at this size."""


def ask_all(
    asks: Sequence[Ask],
    inference: Inference,
    *,
    service: str,
    deadline_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> list[Answer | str]:
    """An answer for each ask, in order, or the reason why there is none."""
    found: list[Answer | str] = ["the models do not answer"] * len(asks)
    if not asks or not inference.ready():
        return found
    until = clock() + deadline_s
    by_model: dict[str, list[int]] = defaultdict(list)
    for index, ask in enumerate(asks):
        by_model[ask.model].append(index)

    silent: dict[str, str] = {}
    for start in range(0, max(map(len, by_model.values())), BATCH):
        parts = {model: places[start : start + BATCH] for model, places in by_model.items()}
        asked = {model: [asks[i] for i in part] for model, part in parts.items() if part and model not in silent}
        answers = _one_call(asked, inference, service, until - clock())
        for model, part in parts.items():
            told = answers.get(model) or [silent.get(model, "")] * len(part)
            for i, answer in zip(part, told, strict=True):
                found[i] = answer
            if part and all(isinstance(answer, str) for answer in told):
                silent[model] = str(told[0])  # its other rows wait no more
    return found


def _one_call(
    asked: Mapping[str, Sequence[Ask]], inference: Inference, service: str, deadline_s: float
) -> dict[str, Sequence[Answer | str]]:
    if deadline_s <= 0:
        return {model: ["no time is left before the deadline"] * len(asks) for model, asks in asked.items()}
    began = time.perf_counter()
    answered = inference.together({model: _tensors(asks) for model, asks in asked.items()}, deadline_s=deadline_s)
    took = time.perf_counter() - began
    found: dict[str, Sequence[Answer | str]] = {}
    for model, asks in asked.items():
        metrics.INFERENCE_SECONDS.labels(service, model).observe(took)
        told = answered[model]
        found[model] = [str(told)] * len(asks) if isinstance(told, InferenceUnavailable) else _read(model, asks, *told)
    return found


def _tensors(asks: Sequence[Ask]) -> Tensors:
    tensors: Tensors = {"rows": np.stack([ask.row for ask in asks])}
    if any(ask.explain_above is not None for ask in asks):
        levels = [math.inf if ask.explain_above is None else ask.explain_above for ask in asks]
        tensors["explain_above"] = np.array(levels, dtype=np.float64)
    return tensors


def _read(model: str, asks: Sequence[Ask], answered: Tensors, metadata: dict[str, str]) -> Sequence[Answer | str]:
    probability = answered["probability"]
    explained = {int(i): n for n, i in enumerate(answered["explained"])} if "explained" in answered else {}

    def part(name: str, i: int) -> Row | None:
        held = i in explained and name in answered
        return np.asarray(answered[name][explained[i]], dtype=np.float64) if held else None

    def one(i: int) -> Answer | str:
        p = float(probability[i])
        if not 0 <= p <= 1:  # a fault of the model on this row: it costs this forecast, not the process
            return f"{model}: answered {p}, which is no probability"
        return Answer(p, part("contributions", i), part("without", i), metadata)

    return [one(i) for i in range(len(asks))]
