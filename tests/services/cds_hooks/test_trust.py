"""Who is let in: JWTs as the specification asks, and every way in which one is not."""

import base64
import json
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from services.cds_hooks.clients import Client, load
from services.cds_hooks.keys import Keys
from services.cds_hooks.trust import LONGEST_S, Trust, Untrusted
from services.runtime.yaml_document import DocumentError
from tests.services.cds_hooks.given import BASE, MRN, Bench, Json, call, context, raised

NOW = 1_800_000_000
ISSUER = "https://ehr.example/"
VIEW = "wardwatch-patient-view"
AUD = f"{BASE}/cds-services/{VIEW}"
EC = ECKey.generate_key("P-384", {"kid": "k1", "use": "sig"}, auto_kid=False)
RSA = RSAKey.generate_key(2048, {"kid": "k2", "use": "sig"}, auto_kid=False)
STRANGER = ECKey.generate_key("P-384", {"kid": "k1", "use": "sig"}, auto_kid=False)


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    """One client whose keys lie in a file."""
    return Trust([client(tmp_path)], now=lambda: NOW)


def client(folder: Path, **more: str) -> Client:
    """A client and its public keys."""
    file = folder / "jwks.json"
    file.write_text(json.dumps(KeySet([EC, RSA]).as_dict(private=False)))
    return Client.model_validate({"name": "ehr", "issuer": ISSUER, "jwks_file": file, **more})


def token(header: Json | None = None, key: ECKey | RSAKey | OctKey = EC, **claims: object) -> str:
    """A good token, but for what is told; a claim of None is left out."""
    said = {"iss": ISSUER, "aud": AUD, "exp": NOW + 300, "iat": NOW, "jti": "j1"} | claims
    head = {"alg": "ES384", "kid": "k1", "typ": "JWT"} | (header or {})
    left = {k: v for k, v in said.items() if v is not None}
    return "Bearer " + jwt.encode(head, left, key, algorithms=["ES384", "RS384", "HS384", "ES256", "RS256"])


def test_both_recommended_algorithms_are_taken(trust: Trust) -> None:
    """ES384 and RS384; aud as a string or a list; the caller is the client's name here."""
    assert trust.caller(token(), [AUD]).name == "ehr"
    assert trust.caller(token({"alg": "RS384", "kid": "k2"}, RSA, jti="j2", aud=[AUD, "x"]), [AUD]).name == "ehr"


@pytest.mark.parametrize(
    ("header", "wrong"),
    [
        (None, "Bearer"), ("", "Bearer"), ("Basic abc", "Bearer"), ("Bearer x", "not a JWT"),
        ("Bearer a.b.c", "not a JWT"),
        ("Bearer " + "a" * 9000, "Bearer"),
        (token(iss="https://other.example/"), "issuer"), (token(iss=None), "issuer"), (token(iss=7), "issuer"),
        (token({"kid": "k9"}), "kid"), (token(key=STRANGER), "not valid"), (token({"typ": "x"}), "typ"),
        (token({"alg": "RS256", "kid": "k2"}, RSA), "alg"),
        (token({"alg": "HS384"}, OctKey.import_key("secret-that-is-long-enough-for-hs384-really!!")), "alg"),
        (token(aud=f"{BASE}/cds-services"), "aud"), (token(aud=None), "aud"), (token(aud=f"{AUD}/"), "aud"),
        (token(exp=NOW - 61), "expired"), (token(exp=None), "exp"), (token(exp=NOW + LONGEST_S + 1), "exp"),
        (token(iat=None), "iat"), (token(iat=NOW + 3600), "in the future"), (token(jti=None), "jti"),
    ],
)  # fmt: skip
def test_what_is_not_right_is_refused(trust: Trust, header: str | None, wrong: str) -> None:
    """With words that say what, and nothing of the token."""
    with pytest.raises(Untrusted, match=wrong):
        trust.caller(header, [AUD])


def test_an_unsigned_token_is_refused(trust: Trust) -> None:
    """`none` is no algorithm."""
    head, body, _ = token().removeprefix("Bearer ").split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k1","typ":"JWT"}').rstrip(b"=").decode()
    with pytest.raises(Untrusted, match="alg"):
        trust.caller(f"Bearer {none}.{body}.", [AUD])
    with pytest.raises(Untrusted, match="not valid"):
        trust.caller(f"Bearer {head}.{body}.", [AUD])


def test_a_token_is_used_once(trust: Trust) -> None:
    """A replay is refused; another jti is not; a refused token uses up nothing."""
    with pytest.raises(Untrusted):
        trust.caller(token(aud="elsewhere"), [AUD])
    trust.caller(token(), [AUD])
    with pytest.raises(Untrusted, match="used before"):
        trust.caller(token(), [AUD])
    trust.caller(token(jti="j2"), [AUD])


def test_every_route_asks(tmp_path: Path) -> None:
    """Discovery, calls and feedback: 401 without, and the address that was called must be the one in the token."""
    bench = Bench([context(), raised()], Trust([client(tmp_path)], now=lambda: NOW))
    for method, path in (("GET", ""), ("POST", f"/{VIEW}"), ("POST", f"/{VIEW}/feedback")):
        answer = bench.client.request(method, f"/cds-services{path}")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    there = bench.client.get("/cds-services", headers={"Authorization": token(aud=f"{BASE}/cds-services")})
    assert there.status_code == 200
    assert bench.post(VIEW, call(), Authorization=token(jti="j2"))[0] == 200


def test_a_client_whose_ids_are_others_must_prefetch(tmp_path: Path) -> None:
    """412 without the Patient; with it the record number says who is meant, and the id never does."""
    bench = Bench([context(), raised()], Trust([client(tmp_path, patients="identifier")], now=lambda: NOW))
    status, answer = bench.post(VIEW, call(), Authorization=token())
    assert (status, answer["issue"][0]["expression"]) == (412, ["prefetch.patient"])
    named: Json = {"resourceType": "Patient", "id": "p-1"}
    status, answer = bench.post(VIEW, call(prefetch={"patient": named}), Authorization=token(jti="j2"))
    assert (status, answer) == (200, {"cards": []})
    named |= {"identifier": [{"value": MRN}]}
    status, answer = bench.post(VIEW, call(prefetch={"patient": named}), Authorization=token(jti="j3"))
    assert (status, len(answer["cards"])) == (200, 1)


def test_new_keys_are_read_when_one_is_unknown(tmp_path: Path) -> None:
    """Asked for an unknown kid, the file is read again, but not more than once a minute."""
    seconds = [0.0]
    one = client(tmp_path)
    keys = Keys(one, now=lambda: seconds[0])
    assert len(keys.of("k1").keys) == 1
    added = ECKey.generate_key("P-384", {"kid": "k3"}, auto_kid=False)
    assert one.jwks_file is not None
    one.jwks_file.write_text(json.dumps(KeySet([added]).as_dict(private=False)))
    assert keys.of("k3").keys == []
    seconds[0] = 61
    assert len(keys.of("k3").keys) == 1
    one.jwks_file.unlink()
    seconds[0] = 1000
    assert len(keys.of("k3").keys) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clients: [{name: a, issuer: i}]", "jwks_file or jwks_url"),
        ("clients: [{name: a, issuer: i, jwks_url: 'http://ehr.example/jwks'}]", "https"),
        ("clients: []", "at least 1"),
        ("clients: [{name: a, issuer: i, jwks_file: f}, {name: b, issuer: i, jwks_file: f}]", "same issuer"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, told: str) -> None:
    """File, line and what is wrong."""
    file = tmp_path / "clients.yaml"
    file.write_text(text)
    with pytest.raises(DocumentError, match=f"clients.yaml, line 1: .*{told}"):
        load(file)
