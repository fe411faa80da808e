"""DICOM in our words: what is read of an image object, and what may stay in it (PS3.3, PS3.15)."""
