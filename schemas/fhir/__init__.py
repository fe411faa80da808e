"""FHIR R4: foreign resource to event, and event to resource; one file per resource."""
