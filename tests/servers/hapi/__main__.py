"""Fetch the real FHIR server of the contract suite: `python -m tests.servers.hapi`."""

from tests.servers.hapi import fetch

print(fetch())  # noqa: T201 - that is what it is for
