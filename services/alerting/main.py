"""Alerting as a process: the policies of the wards, then the stream loop until SIGTERM."""

import sys
from typing import Final

from services.alerting.policies import Policies, load
from services.alerting.stage import AlertingStage
from services.runtime.service import run_stage
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError

WRONG_SETTING: Final = 2


def main(settings: Settings) -> None:
    """Run until told to stop."""
    policies = policies_of(settings)
    run_stage(lambda _: AlertingStage(policies), settings, service=AlertingStage.service)


def policies_of(settings: Settings) -> Policies:
    """The policies of this hospital; a wrong file ends the process with what is wrong in it."""
    try:
        return load(settings.alert_policies)
    except DocumentError as error:
        sys.stderr.write(f"WARDWATCH_ALERT_POLICIES: {error}\n")
        raise SystemExit(WRONG_SETTING) from error
