"""HL7 v2 messages (versions 2.3 to 2.9, ER7) as FHIR R4 resources, and their acknowledgements; no I/O."""
