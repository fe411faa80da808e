"""Certificates for tests: an authority, and whom it vouches for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Signs certificates; its own lies in `file`, as PEM."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    file: Path

    @classmethod
    def new(cls, folder: Path, name: str = "authority") -> "Authority":
        """An authority that signed itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        file = folder / f"{name}.pem"
        file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return cls(folder, name, key, file)

    def vouch(self, name: str) -> Path:
        """One PEM file with a key and its certificate, of 127.0.0.1, for servers and clients."""
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        made = _builder(name, self.name, key).add_extension(own, critical=False).sign(self.key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self.folder / f"{self.name}-{name}.pem"
        file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        return file


def _builder(name: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
