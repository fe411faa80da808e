"""The planning process: a line of JSON in, a line of JSON out, one question at a time, until its input ends.

`python -m ray_jobs.scheduling.process`. A process of its own, because compiled search and OR-Tools take processor
time, memory and sometimes a crash that the census must not share (docs/decisions/0120-planning-process.md).
"""

import os
import signal
import sys
from typing import BinaryIO

from pydantic import ValidationError

from ray_jobs.scheduling import live
from ray_jobs.scheduling.tasks import Reply, Request
from ray_jobs.scheduling.warm import warm


def answer(line: bytes) -> Reply:
    """The reply to one line; what makes no sense is refused with the reason."""
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
    """Say that it is ready when the search is compiled, then answer until the questions end."""
    warm()
    _say(answers, Reply(ready=True))
    for line in questions:
        _say(answers, answer(line))


def _say(answers: BinaryIO, reply: Reply) -> None:
    answers.write(reply.model_dump_json().encode() + b"\n")
    answers.flush()


NICE = 5
"""Everything else on the machine is more urgent than a plan."""

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent: the end of the input ends this process
    os.nice(NICE)
    # What any library prints must not get between the answers.
    to_parent = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, to_parent)
