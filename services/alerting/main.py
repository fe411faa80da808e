"""Alerting as a process: the policies of the wards, then the stream loop until SIGTERM."""

import sys

from services.alerting.policies import load
from services.alerting.stage import AlertingStage
from services.runtime.service import run_stage
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError


def main(settings: Settings) -> None:
    """Run until told to stop. A policy file that cannot be used ends the process at its start, with the reason."""
    try:
        policies = load(settings.alert_policies)
    except DocumentError as error:
        sys.exit(f"WARDWATCH_ALERT_POLICIES: {error}")
    run_stage(lambda _: AlertingStage(policies), settings, service=AlertingStage.service)
