"""The planning process: a line of JSON in, a line of JSON out, one question at a time, until its input ends.

`python -m ray_jobs.scheduling.process`. A process of its own, because compiled search and OR-Tools take processor
time, memory and sometimes a crash that the census must not share (docs/decisions/0120-planning-process.md).
"""

import os
import sys
from typing import BinaryIO

from pydantic import ValidationError

from ray_jobs.scheduling.tasks import Reply, Request


def answer(line: bytes) -> Reply:
    """The reply to one line; what makes no sense is refused with the reason."""
    from ray_jobs.scheduling import live  # the first line out says that the process runs

    try:
        asked = Request.model_validate_json(line)
        if asked.plan is not None:
            return Reply(plan=live.plan(asked.plan))
        if asked.price is not None:
            return Reply(price=live.price(asked.price))
    except (ValidationError, ValueError) as error:
        return Reply(refused=str(error)[:1000])
    return Reply(refused="neither a plan nor a price is asked for")


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the questions end."""
    _say(answers, Reply(ready=True))
    for line in questions:
        _say(answers, answer(line))


def _say(answers: BinaryIO, reply: Reply) -> None:
    answers.write(reply.model_dump_json().encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    # What any library prints must not get between the answers.
    to_parent = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, to_parent)
