"""A FHIR R4 server that answers over real HTTP, checks what it is given, and breaks on request."""

from tests.fakes.fhir.server import FakeFhir

__all__ = ["FakeFhir"]
