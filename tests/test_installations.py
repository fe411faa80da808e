"""compose.yaml and the chart name only settings that exist and services that can be started."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.up import BY_NAME_ONLY
from services.embedded.system import SERVICES
from services.runtime.settings import Settings

CHECKOUT = Path(__file__).parents[1]
CHART = CHECKOUT / "helm" / "wardwatch"
NAMES = {f"WARDWATCH_{field.upper()}" for field in Settings.model_fields}


def strings(node: object) -> Iterator[str]:
    """Every key and text of a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    else:
        yield str(node)


def document(path: Path) -> Any:  # noqa: ANN401 - a YAML document has any shape
    """A parsed file."""
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", [CHECKOUT / "compose.yaml", CHART / "values.yaml"], ids=lambda path: path.name)
def test_every_setting_named_is_a_setting(path: Path) -> None:
    """A misspelled setting would be silently ignored by the services: it cannot be committed."""
    named = {name for text in strings(document(path)) for name in re.findall(r"WARDWATCH_[A-Z0-9_]+", text)}
    assert "WARDWATCH_KAFKA" in named
    assert named <= NAMES


def test_every_setting_in_a_template_is_a_setting() -> None:
    """The chart's templates name settings too."""
    named = {
        name for path in (CHART / "templates").iterdir() for name in re.findall(r"WARDWATCH_[A-Z_]+", path.read_text())
    }
    assert named <= NAMES


def test_values_are_ones_that_the_settings_accept() -> None:
    """The chart's settings make a valid Settings object."""
    values = document(CHART / "values.yaml")["settings"]
    settings = Settings.model_validate({name.removeprefix("WARDWATCH_").lower(): text for name, text in values.items()})
    assert settings.clock == "system"
    assert not settings.open


def test_both_start_every_service_by_its_name() -> None:
    """No service is forgotten, none is invented."""
    every = {*SERVICES, *BY_NAME_ONLY}
    compose = document(CHECKOUT / "compose.yaml")["services"].values()
    assert {started["command"][1] for started in compose if started.get("command", [""])[0] == "up"} == every
    assert {service["name"] for service in document(CHART / "values.yaml")["services"]} == every


def test_kubernetes_adds_no_settings_of_its_own() -> None:
    """Service links of a release named wardwatch would set WARDWATCH_CONSOLE_PORT to tcp://…: no pod has them."""
    pods = [path.read_text() for path in (CHART / "templates").iterdir() if "containers:" in path.read_text()]
    assert pods
    assert all("enableServiceLinks: false" in pod for pod in pods)
