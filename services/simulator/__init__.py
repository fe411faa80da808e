"""A simulated hospital that publishes through the public interfaces only (FHIR over HTTP, DICOM)."""
