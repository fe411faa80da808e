"""Reports of studies as DICOM objects, sent back to the hospital's PACS."""
