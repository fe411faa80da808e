"""The hospital's FHIR server as a destination: what was decided here becomes resources there."""
