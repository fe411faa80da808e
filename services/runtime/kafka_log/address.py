"""Where Kafka is and how it is spoken to: `host:port,…` in plain text, or an address with Kafka's own protocol names.

ssl://b1:9093,b2:9093?authorities=/tls/ca.pem&certificate=/tls/tls.crt&key=/tls/tls.key
sasl_ssl://USER:PASSWORD@b1:9093,b2:9093?authorities=/tls/ca.pem&mechanism=SCRAM-SHA-512
"""

from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from services.runtime.errors import WrongSettingError

PROTOCOLS: Final = {"ssl": "SSL", "sasl_ssl": "SASL_SSL", "sasl_plaintext": "SASL_PLAINTEXT"}
FILES: Final = {"authorities": "ssl_cafile", "certificate": "ssl_certfile", "key": "ssl_keyfile"}
MECHANISMS: Final = frozenset({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"})


def reached(address: str) -> dict[str, Any]:
    """kafka-python's settings for an address; raises WrongSettingError. A broker's name is always checked."""
    scheme, secured, rest = address.partition("://")
    if not secured:
        return {"bootstrap_servers": address}
    protocol = PROTOCOLS.get(scheme.lower())
    if protocol is None:
        raise WrongSettingError(f"WARDWATCH_KAFKA: {scheme}:// is none of {', '.join(PROTOCOLS)}")
    rest, _, query = rest.partition("?")
    login, _, hosts = rest.rpartition("@")
    options = dict(parse_qsl(query))
    mechanism = options.pop("mechanism", "SCRAM-SHA-512")
    if unknown := sorted(set(options) - set(FILES)):
        raise WrongSettingError(f"WARDWATCH_KAFKA: {', '.join(unknown)} is none of {', '.join((*FILES, 'mechanism'))}")
    found = {"bootstrap_servers": hosts, "security_protocol": protocol}
    found |= {FILES[name]: file for name, file in options.items()}
    if not protocol.startswith("SASL"):
        if login:
            raise WrongSettingError("WARDWATCH_KAFKA: ssl:// takes no user; sasl_ssl:// does")
        return found
    user, _, password = login.partition(":")
    if mechanism not in MECHANISMS or not user:
        raise WrongSettingError(f"WARDWATCH_KAFKA: {scheme}:// needs USER:PASSWORD@ and one of {sorted(MECHANISMS)}")
    return found | {
        "sasl_mechanism": mechanism, "sasl_plain_username": unquote(user), "sasl_plain_password": unquote(password),
    }  # fmt: skip


def shown(address: str) -> str:
    """The address as messages may name it: without user and password."""
    scheme, secured, rest = address.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}" if secured else address
