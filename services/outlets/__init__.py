"""Takes what was decided to where people look: one file and one consumer group per destination."""
