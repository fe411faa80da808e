"""Kafka, Redis and Ray started on this machine for those who have none."""
