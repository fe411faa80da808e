"""Who released a model: an Ed25519 signature (RFC 8032) over `model.json`, which names the hash of every file.

`model.json.sig` holds the signature in base64. Keys that are trusted: the release's own, shipped as `release.pub`, and
those named by WARDWATCH_MODEL_KEYS (public keys in PEM, separated as in PATH). The private key is nowhere near here.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

SIGNATURE: Final = "model.json.sig"
RELEASE_KEY: Final = Path(__file__).parent / "models" / "release.pub"
READABLE_BY_OWNER: Final = 0o600


class KeyFileError(Exception):
    """A key file that cannot be used; the text names it."""


def new_key(path: Path) -> Path:
    """Make a key pair: the private key at `path` (PKCS #8 PEM, readable by its owner only), the public one beside it
    as `.pub`, which is returned. Raises FileExistsError rather than overwrite a key.
    """
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READABLE_BY_OWNER), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = path.with_suffix(".pub")
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def sign(card: Path, key: Path) -> Path:
    """Sign a `model.json` with a private key; returns the signature's file. Raises KeyFileError."""
    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyFileError(f"{key}: not a private key that can be read: {error}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{key}: not an Ed25519 key")
    signature = card.with_name(SIGNATURE)
    signature.write_bytes(base64.b64encode(private.sign(card.read_bytes())) + b"\n")
    return signature


def unsigned(card: Path) -> str | None:
    """Why nobody trusted stands behind this `model.json`, or None where a trusted key's signature holds.

    Raises KeyFileError for a trusted key that cannot be read.
    """
    try:
        signature = base64.b64decode(card.with_name(SIGNATURE).read_bytes(), validate=False)
    except FileNotFoundError:
        return f"{SIGNATURE} is missing"
    except binascii.Error:
        return f"{SIGNATURE} is no signature"
    content = card.read_bytes()
    for key in trusted():
        try:
            _public(key).verify(signature, content)
            return None
        except InvalidSignature:
            continue
    return f"{SIGNATURE} is not of a trusted key"


def trusted() -> tuple[Path, ...]:
    """Files of the public keys that are believed."""
    named = [Path(path) for path in os.environ.get("WARDWATCH_MODEL_KEYS", "").split(os.pathsep) if path]
    return (RELEASE_KEY, *named)


def _public(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{path}: not a public key that can be read: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path}: not an Ed25519 key")
    return key
