"""How a FHIR server fails its callers, as values that every test of faults goes through."""

from tests.fakes.grafana.faults import CutShort, Drop, Fault, Hang, Lose, Reply

FAULTS = [
    Fault(Reply(429, headers=(("Retry-After", "1"),)), times=2),
    Fault(Reply(503), times=2),
    Fault(Reply(500, {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal", "code": "exception"}]})),
    Fault(Reply(200, b"<html>sign in</html>", "text/html")),
    Fault(Drop()), Fault(CutShort(), method="GET"), Fault(Lose(), method="PUT", times=2), Fault(Hang(2.0)),
    Fault(Hang(2.0, worked=True), method="PUT"),
]  # fmt: skip


def named(fault: Fault) -> str:
    """For pytest."""
    return f"{type(fault.how).__name__}-{getattr(fault.how, 'status', '')}"
