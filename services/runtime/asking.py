"""Step 2 of a turn: all rows of a turn in one inference call per model, all models at once, with one deadline."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from services.runtime import metrics
from services.runtime.errors import InferenceUnavailable
from services.runtime.ports import Inference, Tensors
from services.runtime.stage import Answer, Ask, Row

BATCH = 256
"""Rows in one request: about 21,000 rows/s were measured at this size."""
_CALLS: Final = ThreadPoolExecutor(8, thread_name_prefix="asking")
"""Calls to other models than the first of a turn. A model that hangs must not use up the time of the others."""


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

    def call(model: str) -> None:
        reason = ""
        for start in range(0, len(by_model[model]), BATCH):
            part = by_model[model][start : start + BATCH]
            answers: Sequence[Answer | str] = [reason] * len(part)
            if not reason:
                answers = _one_call([asks[i] for i in part], model, inference, service, until - clock())
                silent = [answer for answer in answers if isinstance(answer, str)]
                reason = silent[0] if len(silent) == len(answers) else ""
            for i, answer in zip(part, answers, strict=True):
                found[i] = answer

    first, *others = by_model
    beside = [_CALLS.submit(call, model) for model in others]
    call(first)
    for done in beside:
        done.result()
    return found


def _one_call(
    asks: Sequence[Ask], model: str, inference: Inference, service: str, deadline_s: float
) -> Sequence[Answer | str]:
    if deadline_s <= 0:
        return ["no time is left before the deadline"] * len(asks)
    tensors: Tensors = {"rows": np.stack([ask.row for ask in asks])}
    if any(ask.explain_above is not None for ask in asks):
        levels = [math.inf if ask.explain_above is None else ask.explain_above for ask in asks]
        tensors["explain_above"] = np.array(levels, dtype=np.float64)
    try:
        with metrics.INFERENCE_SECONDS.labels(service, model).time():
            answered, metadata = inference.infer(model, tensors, {"model": model}, deadline_s=deadline_s)
    except InferenceUnavailable as error:
        return [str(error)] * len(asks)
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
