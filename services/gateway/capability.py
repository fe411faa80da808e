"""GET /fhir/metadata: what this endpoint can do (FHIR R4 CapabilityStatement)."""

from typing import Any, Final

from schemas.fhir.resources import USED

VERSION: Final = "4.0.1"


def capability_statement() -> dict[str, Any]:
    """A CapabilityStatement; the resources come from the table of mappings, so it cannot lie."""
    writes = [{"code": "create"}, {"code": "update"}]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-22",
        "kind": "instance",
        "software": {"name": "Wardwatch"},
        "implementation": {"description": "Wardwatch gateway: takes clinical facts in; nothing can be read back here"},
        "fhirVersion": VERSION,
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Facts are independent: entries of a transaction take effect one by one.",
                "security": {"description": "Bearer token with scope publish (RFC 6750)"},
                "resource": [
                    {"type": kind, "interaction": writes, "versioning": "no-version"} for kind in sorted(USED)
                ],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }
