"""Policy files for tests: text in, policies out."""

from pathlib import Path
from textwrap import dedent

from services.alerting.policies import Policies, load
from services.alerting.policy import Policy


def policies(folder: Path, text: str) -> Policies:
    """What a file of this text says."""
    return load(written(folder, text))


def written(folder: Path, text: str) -> Path:
    """A file of this text, its version added."""
    path = folder / "policies.yaml"
    path.write_text("version: 1\n" + dedent(text), encoding="utf-8")
    return path


def policy(**changed: object) -> Policy:
    """The shipped policy with some fields changed, checked as from a file; deliveries matter where they are named."""
    return Policy.model_validate({**Policy().model_dump(), "unreached_after": None, **changed})
