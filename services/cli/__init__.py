"""The command line: `wardwatch …`, a file per group of commands."""
