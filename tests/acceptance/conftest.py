"""Order of the acceptance tests: the demo brings a whole system of its own, so it runs before the shared one starts."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the demo first of all."""
    items.sort(key=lambda item: item.path.name != "test_demo.py")
