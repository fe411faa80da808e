"""Alerting as a process: the policy, then the stream loop until SIGTERM."""

from services.alerting.policy import Policy
from services.alerting.stage import AlertingStage
from services.runtime.service import run_stage
from services.runtime.settings import Settings


def main(settings: Settings) -> None:
    """Run until told to stop."""
    run_stage(lambda _: AlertingStage(Policy()), settings, service=AlertingStage.service)
