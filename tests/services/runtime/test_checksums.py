"""The checksum that every record batch carries, on both sides of every topic."""

import crc32c
from kafka.record.util import calc_crc32c


def test_the_processor_computes_the_checksums():
    """kafka-python falls back on Python, 0.14 ms a kilobyte, when package crc32c is missing: a third of all time."""
    assert calc_crc32c.__defaults__ == (crc32c.crc32c,)
    assert crc32c.crc32c(b"123456789") == 0xE3069283
