"""The planning process answers, is killed when late, and is started again after a crash."""

import sys
import time

import pytest

from ray_jobs.scheduling.tasks import Budget, Fixed, PlanTask
from services.operations.planning import planner as planning
from services.operations.planning.planner import PlannerProcess, PlannerUnavailable
from services.runtime.errors import BadInputError
from tests.ray_jobs.scheduling.small import instance, patient

TASK = PlanTask(instance=instance(patient("p", surgery_due_day=3)), budget=Budget(seconds=0.2, iterations=1000))
READY = "import sys; print('{\"ready\": true}', flush=True); "


def process(then: str) -> PlannerProcess:
    """A process that says that it is ready, and then does something else."""
    return PlannerProcess((sys.executable, "-c", READY + then))


@pytest.mark.slow
def test_the_real_process_plans_and_refuses_nonsense() -> None:
    """A plan comes back; a pin that no rule allows is bad input, and the process lives on."""
    real = PlannerProcess()
    try:
        assert real.plan(TASK).report["total_violations"] == 0
        with pytest.raises(BadInputError, match="planning"):
            real.plan(TASK.model_copy(update={"fixed": {"nobody": Fixed(day=1)}}))
        assert real.plan(TASK).solution == real.plan(TASK).solution
    finally:
        real.close()


def test_a_late_process_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer in time: unavailable, and soon."""
    monkeypatch.setattr(planning, "GRACE_S", 0.2)
    late = process("import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(PlannerUnavailable, match="no answer in time"):
        late.plan(TASK)
    assert time.monotonic() - started < 10
    late.close()


@pytest.mark.parametrize("then", ["sys.exit(3)", "input(); sys.exit(3)", "input(); print('{}', flush=True); input()"])
def test_a_crash_or_a_strange_answer_is_unavailable(then: str) -> None:
    """Dead before, dead after, or something else than a plan: the caller hears of it, and may ask again."""
    broken = process(then)
    for _ in range(2):
        with pytest.raises(PlannerUnavailable):
            broken.plan(TASK)
    broken.close()
    with pytest.raises(PlannerUnavailable, match="has ended"):
        broken.plan(TASK)
