"""What runs: one folder is one process, one server or one consumer group."""

__version__ = "0.1.0"
