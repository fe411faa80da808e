"""The file behind WARDWATCH_CDS_CLIENTS (YAML or JSON): which CDS clients are trusted, by which keys."""

from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator

from schemas.events import Value
from services.runtime.yaml_document import read

HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _address(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE)):
        raise ValueError("must be https://HOST/… (http:// only to this machine)")
    return url


class Client(Value):
    """One CDS client. Its public keys come from a file, or from an address that is asked when a key is unknown."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]
    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    jwks_file: Path | None = None
    jwks_url: Annotated[str, AfterValidator(_address)] | None = None
    patients: Literal["id", "identifier"] = "id"
    """`id`: its Patient.id is the one the gateway was sent. `identifier`: it is not, so a Patient with a record number
    must be prefetched."""

    @model_validator(mode="after")
    def _keys(self) -> "Client":
        if (self.jwks_file is None) == (self.jwks_url is None):
            raise ValueError("needs either jwks_file or jwks_url")
        return self


class ClientsFile(Value):
    """The whole file."""

    version: Literal[1] = 1
    clients: Annotated[tuple[Client, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _once(self) -> "ClientsFile":
        for what in ("name", "issuer"):
            found = [getattr(client, what) for client in self.clients]
            if len(set(found)) != len(found):
                raise ValueError(f"two clients have the same {what}")
        return self


def load(file: Path) -> tuple[Client, ...]:
    """The clients of a file; raises DocumentError that names file, line and field."""
    document = read(file)
    try:
        return ClientsFile.model_validate(document.content).clients
    except ValidationError as error:
        raise document.error([(problem["loc"], problem["msg"]) for problem in error.errors()]) from None
