"""What runs: one folder is one process, one server or one consumer group."""
