"""CDS Hooks 2.0: decision support inside the hospital's own record, as cards."""
