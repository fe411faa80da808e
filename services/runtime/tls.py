"""Encrypted wires for DICOM and HL7 v2 (TLS 1.2 or newer; PS3.15 B.9 and B.10, IHE ATNA), from the settings' files.

With `tls_authorities` both sides show a certificate: whoever calls us must have one that they signed, and so must a
PACS that we call.
"""

import socket
import ssl
from pathlib import Path
from typing import Any, Final

from services.runtime.errors import WrongSettingError
from services.runtime.settings import Settings

WAIT_S: Final = 30.0
"""For a handshake, and for the rest of a record that has begun."""


class _Patient(ssl.SSLContext):
    """Shakes hands when the connection is first read, in the thread that reads it.

    pynetdicom wraps a connection while it accepts it: a caller that says nothing would keep all others out.
    """

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:  # noqa: ANN401 - ssl's own
        sock.settimeout(WAIT_S)
        return super().wrap_socket(sock, *args, **kwargs | {"do_handshake_on_connect": False})


def listening(settings: Settings) -> ssl.SSLContext | None:
    """How our ports speak; None in plain text, where no certificate is set. Raises WrongSettingError."""
    if settings.tls_certificate is None:
        if settings.tls_authorities is not None or settings.tls_key is not None:
            told = "WARDWATCH_TLS_KEY or WARDWATCH_TLS_AUTHORITIES without WARDWATCH_TLS_CERTIFICATE"
            raise WrongSettingError(f"{told}: our ports would stay open")
        return None
    context = _Patient(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _show(context, settings.tls_certificate, settings.tls_key)
    if settings.tls_authorities is not None:
        _trust(context, settings.tls_authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def calling(certificate: Path | None, key: Path | None, authorities: Path | None) -> ssl.SSLContext:
    """How we speak to a peer, which must be who it says it is. Raises WrongSettingError.

    Without `authorities` those of this machine are trusted; `key` may stand in the file of the certificate.
    """
    context = ssl.create_default_context() if authorities is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities is not None:
        _trust(context, authorities)
    if certificate is not None:
        _show(context, certificate, key)
    return context


def _show(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    try:
        # A password that OpenSSL would ask a terminal for: no process of ours has one.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ValueError) as error:
        said = f"{certificate}{f' with {key}' if key else ''}: no certificate with its key as PEM ({error})"
        raise WrongSettingError(f"WARDWATCH_TLS_CERTIFICATE: {said}") from None


def _trust(context: ssl.SSLContext, authorities: Path) -> None:
    try:
        context.load_verify_locations(authorities)
    except (OSError, ValueError) as error:
        raise WrongSettingError(f"WARDWATCH_TLS_AUTHORITIES: {authorities}: no certificates as PEM ({error})") from None
