"""Settings once: one frozen object, read from WARDWATCH_* in `main.py` and passed as an argument (rule 11)."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

FHIR_WRITES = r"^ *((plans|alerts|forecasts|findings|audit)( +|$))*$"


def _zone(name: str) -> str:
    try:
        return name and ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        message = "no time zone of this machine: a name such as Europe/Berlin is wanted"
        raise ValueError(message) from None


class Settings(BaseSettings):
    """Every setting of every service; compose.yaml, helm and the embedded stack use the same names."""

    model_config = SettingsConfigDict(env_prefix="WARDWATCH_", frozen=True, extra="ignore")

    # Where the parts are
    kafka: str = "localhost:9092"
    """Bootstrap servers of the event log, `host:port,…`; encrypted and with a user: SECURITY.md, "Encrypted wires"."""
    redis_url: str = "redis://localhost:6379/0"
    """Cache of patient states (Redis 6.2 or newer, policy noeviction)."""
    objects_url: str = "file:///var/lib/wardwatch/objects"
    """Films, heatmaps, snapshots: a folder, or s3://, gs://, az://."""
    serve_url: str = "http://localhost:8000"
    """Ray Serve over HTTP: its proxy, or the door itself."""
    identity_url: str = "sqlite:////var/lib/wardwatch/identity.db"
    """The only place that holds names and numbers."""
    console_db_url: str = "sqlite:////var/lib/wardwatch/console.db"
    """The console's query store; it can be deleted, and is then rebuilt from the log."""
    grafana_url: str = ""
    """Grafana that shows the alerts; none: the outlet idles."""
    grafana_token: SecretStr = SecretStr("")
    """Service account's token, role Editor (docs/grafana.md)."""
    grafana_live: bool = True
    """Also push live streams of risk and beds to it (Grafana Live)."""
    fhir_server_url: str = ""
    """Base URL of the hospital's FHIR R4 server that is told plans, alerts and risks; none: that outlet idles."""
    fhir_server_token: SecretStr = SecretStr("")
    """Bearer token for it; the rights that it needs: docs/integrating.md, "What is written back"."""
    fhir_server_writes: str = Field("plans alerts forecasts findings audit", pattern=FHIR_WRITES)
    """What is written to it: some of plans, alerts, forecasts, findings, audit (an AuditEvent for each)."""
    webhooks: Path | None = None
    """File (YAML or JSON) of webhooks that are told about alerts (docs/integrating-outlets.md); none: no webhook."""
    mail: Path | None = None
    """File (YAML or JSON) of receivers of mails about alerts (docs/integrating-outlets.md); none: no mail."""
    destinations: Path | None = None
    """File (YAML or JSON) of destinations that plug-ins provide (docs/integrating-outlets.md); none: no plug-in."""
    console_url: Annotated[str, Field(pattern=r"^(https?://[^\s/]\S*)?$")] = ""
    """The console's address as people reach it, for links in mails and CDS Hooks cards; none: no links."""

    # Who we are
    site: str = "main"
    """Name of this hospital, in every event and key."""
    slot: int = 0
    """Worker slot of this process: its transactional id and static group member (design rule 4)."""
    partitions: int = 4
    """Partitions of the patient topics; fixed for the life of the topics (12 for a hospital)."""

    # Time (docs/decisions/0001-clock.md)
    clock: Literal["system", "told"] = "system"
    """`system`, or `told` for simulators and replays."""

    # Doors
    host: str = "127.0.0.1"
    """Interface on which the doors listen."""
    gateway_port: int = 8090
    """FHIR."""
    console_port: int = 8080
    """The console."""
    cds_port: int = 8092
    """CDS Hooks (docs/integrating-outlets.md)."""
    cds_url: str = ""
    """Base URL of CDS Hooks as clients call it, which their tokens name as `aud`; none: http://HOST:PORT."""
    cds_clients: Path | None = None
    """File (YAML or JSON) of CDS clients that are trusted; none: the service idles, or asks nobody where `open`."""
    dicom_port: int = 11112
    """DICOM C-STORE and C-ECHO."""
    ae_title: str = "WARDWATCH"
    """Our application entity title."""
    mrn_authority: str = ""
    """`Identifier.system` of the site's record numbers in FHIR; a DICOM object without issuer has a PatientID of it."""
    mllp_port: int = 2575
    """HL7 v2 over MLLP."""
    mllp_senders: str = ""
    """Sending applications (MSH-3) that may speak, apart by commas; `*`: all the network lets through; none: nobody."""
    hl7_processing: Literal["P", "T", "D"] = "P"
    """Messages taken: of production, training or debugging (MSH-11, table 0103); all others are refused."""
    hl7_zone: Annotated[str, AfterValidator(_zone)] = ""
    """Time zone of HL7 v2 times without offset (`Europe/Berlin`); none: such a time is refused."""
    hl7_authorities: dict[str, str] = {}
    """Assigning authorities of HL7 v2 numbers (CX-4.1) as `Identifier.system` in FHIR, a JSON object."""
    tls_certificate: Path | None = None
    """PEM file of our certificate and those above it: DICOM, HL7 v2 and the worklist speak TLS; none: plain text."""
    tls_key: Path | None = None
    """PEM file of its key; none: it stands in the certificate's file."""
    tls_authorities: Path | None = None
    """PEM file of authorities: callers of these ports, and a `dicoms://` PACS, must show a certificate of theirs."""
    metrics_port: int = 0
    """/metrics and /health of a process without a web server of its own; 0 picks a free port."""
    open: bool = False
    """No tokens asked. Only for a machine that nobody else reaches."""
    tokens: SecretStr = SecretStr("{}")
    """JSON object: token to {"name": …, "scopes": [...]} (services/runtime/auth.py)."""
    oidc_issuer: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")] = ""
    """People sign in to the console there (OpenID Connect, docs/console-signin.md); none: with tokens only."""
    oidc_client_id: str = "wardwatch"
    """The console's name at the issuer."""
    oidc_client_secret: SecretStr = SecretStr("")
    """Its secret there; none: a public client, which PKCE alone protects."""
    oidc_scopes: str = "openid profile"
    """What is asked of the issuer."""
    oidc_claims: str = "{}"
    """Claims that hold name, roles and wards: {"roles": "realm_access.roles"}; else `name`, `roles`, `wards`."""
    oidc_roles: str = "{}"
    """The issuer's roles as ours: {"ward-nurse": "care-team"}, any other is none; empty: it uses our names."""
    session_key: SecretStr = SecretStr("")
    """Seals sign-ins; none: made of the client's secret, else anew at each start, which signs everyone out."""
    max_body_bytes: int = 20_000_000
    """A larger document is refused with 413."""

    # Models
    modes: str = "{}"
    """Off, silent or live, by model and ward: {"sepsis": {"*": "silent", "5B": "live"}}; who is not named is silent."""
    inference_deadline_s: float = 1.0
    """A forecast that takes longer is recorded as missed, and made late."""
    advice: Path | None = None
    """A site's own file of what guidelines ask at which risk (docs/advice.md); none: the one that is shipped."""

    # Films
    study_quiet_s: Annotated[float, Field(gt=0)] = 60.0
    """A study of which nothing came for so long is complete, and is reported as a whole."""
    pacs: str = Field("", pattern=r"^((dicoms?://[^\s/:@]+@[^\s/]+:\d+|https?://[^\s?#]+))?$")
    """PACS that is sent reports: dicom://ITS_AE_TITLE@HOST:PORT (C-STORE; dicoms: by TLS) or a DICOMweb URL (STOW)."""
    pacs_token: SecretStr = SecretStr("")
    """For DICOMweb: a bearer token, or NAME:PASSWORD."""
    worklist_callers: str = ""
    """Application entity titles that may ask the DICOM worklist (docs/integrating-outlets.md), apart by commas."""
    worklist_port: Annotated[int, Field(ge=1, le=65535)] = 11113
    """Where it listens, if anybody may ask: it names patients."""

    # Screens
    units: str = "{}"
    """The hospital's units on screens, as JSON: {"lactate": "mg/dL", "temperature": "[degF]"} (docs/console.md)."""

    # Alerts
    alert_policies: Path | None = None
    """A site's own file of when to alert, whom and when not, by ward (docs/alert-policies.md); none: as shipped."""

    # Plans
    planning: str = "{}"
    """How theatres are planned, as JSON: {"days": 14, "change_weight": 50} (docs/planning.md)."""

    # Logs
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    log_format: Literal["json", "text"] = "json"
    """To standard error, a line an event."""
    run_dir: Path | None = None
    """Where a process writes its address file (`NAME.json`) for those who started it."""
