"""Settings once: one frozen object, read from WARDWATCH_* in `main.py` and passed as an argument (rule 11)."""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting of every service; compose.yaml, helm and the embedded stack use the same names."""

    model_config = SettingsConfigDict(env_prefix="WARDWATCH_", frozen=True, extra="ignore")

    # Where the parts are
    kafka: str = "localhost:9092"
    redis_url: str = "redis://localhost:6379/0"
    objects_url: str = "file:///var/lib/wardwatch/objects"
    serve_url: str = "http://localhost:8000"
    identity_url: str = "sqlite:////var/lib/wardwatch/identity.db"
    console_db_url: str = "sqlite:////var/lib/wardwatch/console.db"
    grafana_url: str = ""
    grafana_token: SecretStr = SecretStr("")

    # Who we are
    site: str = "main"
    slot: int = 0
    """Worker slot of this process: its transactional id and static group member (design rule 4)."""
    partitions: int = 4

    # Time (docs/decisions/0001-clock.md)
    clock: Literal["system", "told"] = "system"

    # Doors
    host: str = "127.0.0.1"
    gateway_port: int = 8090
    console_port: int = 8080
    dicom_port: int = 11112
    ae_title: str = "WARDWATCH"
    metrics_port: int = 0
    """/metrics and /health of a process without a web server of its own; 0 picks a free port."""
    open: bool = False
    """No tokens asked. Only for a machine that nobody else reaches."""
    tokens: SecretStr = SecretStr("{}")
    """JSON object: token to {"name": …, "scopes": [...]} (services/runtime/auth.py)."""
    max_body_bytes: int = 20_000_000

    # Models: off, silent or live, per model and ward: {"sepsis": {"*": "silent", "5B": "live"}}
    modes: str = "{}"
    inference_deadline_s: float = 1.0

    # Console and logs
    log_level: str = "INFO"
    log_format: Literal["json", "text"] = "json"
    run_dir: Path | None = None
    """Where a process writes its address file (`NAME.json`) for those who started it."""
