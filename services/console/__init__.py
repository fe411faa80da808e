"""The console: the care team's board, the patient page, beds and the system, from one projection of the log."""
