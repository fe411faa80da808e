"""The services that discovery lists, as data (CDS Hooks 2.0, "Discovery")."""

from typing import Final

from services.cds_hooks.response import Service, Services

PATIENT: Final = "Patient/{{context.patientId}}"
_PREFETCH: Final = {"patient": PATIENT}
_NEEDED: Final = (
    "Without the prefetched Patient a patient is found by Patient.id only; clients whose ids are not the ones sent to"
    " Wardwatch must prefetch it (412 otherwise)."
)

SERVICES: Final = Services(
    services=(
        Service(
            hook="patient-view", id="wardwatch-patient-view", title="Wardwatch: who is getting worse, and why",
            description="Open alerts of this patient, or what stands out of NEWS2 and risk forecasts, with reasons.",
            prefetch=_PREFETCH, usageRequirements=_NEEDED,
        ),
        Service(
            hook="order-select", id="wardwatch-order-select", title="Wardwatch: sepsis, first hour",
            description="While a sepsis alert is open: lactate and blood cultures, where no draft holds them.",
            prefetch=_PREFETCH, usageRequirements=_NEEDED,
        ),
        Service(
            hook="order-sign", id="wardwatch-order-sign", title="Wardwatch: sepsis, first hour",
            description="The same before orders are signed.",
            prefetch=_PREFETCH, usageRequirements=_NEEDED,
        ),
        Service(
            hook="encounter-discharge", id="wardwatch-encounter-discharge", title="Wardwatch: before discharge",
            description="Open alerts, a high NEWS2 or forecast, or no complete NEWS2 in the last 12 hours.",
            prefetch=_PREFETCH, usageRequirements=_NEEDED,
        ),
    )
)  # fmt: skip
BY_ID: Final = {service.id: service for service in SERVICES.services}
