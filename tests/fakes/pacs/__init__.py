"""PACS for tests."""
