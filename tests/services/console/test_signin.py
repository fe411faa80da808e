"""Sign-in at an issuer: what is believed, what is refused, and what happens when the issuer fails."""

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from schemas.events import AccessAudited
from services.console.app import console_app
from services.console.main import signin_of
from services.console.projection.fold import fold
from services.console.signin import demo
from services.console.signin.flow import SignIn
from services.console.signin.issuer import IssuerDown, SignInRefused
from services.console.signin.sessions import SHIFT_S, Box, Person, Sessions
from services.console.signin.settings import Site, WrongSetting, key_of, site_of
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.settings import Settings
from tests.browser.example_ward import example_ward
from tests.browser.running import Running, made_console, written
from tests.fakes.issuer import BACK, CLIENT, SECRET, URL, FakeIssuer, new_key

WARD = example_ward(hours=1, people=4)
SITE = Site(URL, CLIENT, SECRET, "openid profile", {"name": "name", "roles": "roles", "wards": "wards"}, None)
KEY = b"k" * 32
START = 1_750_000_000.0


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> float:
        """Now."""
        return self.at


@pytest.fixture
def clock() -> Clock:
    """Now."""
    return Clock()


@pytest.fixture(scope="module")
def keys() -> FakeIssuer:
    """One RSA key for the module: they take long to make."""
    return FakeIssuer(Clock())


@pytest.fixture
def issuer(clock: Clock, keys: FakeIssuer) -> FakeIssuer:
    """An issuer where a nurse of 5B signs in."""
    claims = {"sub": "u1", "name": "Amara Obi", "roles": ["care-team"], "wards": ["5B"]}
    return FakeIssuer(clock, claims, key=keys.key)


@pytest.fixture
def signin(issuer: FakeIssuer, clock: Clock) -> SignIn:
    """The console's side of it."""
    return SignIn(SITE, KEY, issuer.http(), clock)


def signed_in(signin: SignIn, issuer: FakeIssuer, site: Site = SITE) -> Person:
    """One whole sign-in."""
    assert site
    begun = signin.begin("/", BACK)
    query = urlsplit(issuer.choose(begun.location)).query
    return signin.finish(begun.cookie, dict(pair.split("=") for pair in query.split("&")) | {"iss": URL})[0]


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("another issuer", {"iss": "https://elsewhere.example"}),
    ("another audience", {"aud": "someone-else"}),
    ("several audiences and no authorised party", {"aud": [CLIENT, "someone-else"]}),
    ("another authorised party", {"azp": "someone-else"}),
    ("another nonce", {"nonce": "replayed"}),
    ("no nonce", {"nonce": None}),
    ("no subject", {"sub": None}),
    ("no expiry", {"exp": None}),
    ("expired beyond the clocks' difference", {"exp": START - 121}),
    ("made in the future", {"iat": START + 600}),
    ("made long ago", {"iat": START - 3600}),
    ("a time that is no number", {"iat": "now"}),
    ("nobody with a role here", {"roles": ["chaplain"]}),
    ("roles that are no texts", {"roles": {"care-team": True}}),
]


@pytest.mark.parametrize("spoil", [s for _, s in REFUSED], ids=[name for name, _ in REFUSED])
def test_an_id_token_is_not_believed(signin: SignIn, issuer: FakeIssuer, spoil: dict[str, Any]) -> None:
    """One wrong claim is enough (Core 3.1.3.7)."""
    issuer.spoil = spoil
    with pytest.raises(SignInRefused):
        signed_in(signin, issuer)


@pytest.mark.parametrize("skew", [-100, 100])
def test_clocks_may_differ_by_two_minutes(signin: SignIn, issuer: FakeIssuer, clock: Clock, skew: int) -> None:
    """A token made a little in our future, or ended a little in our past, is believed."""
    clock.at = START
    issuer.spoil = {"iat": START + skew, "exp": START + min(skew, 0) + 50}
    assert signed_in(signin, issuer).name == "Amara Obi"


@pytest.mark.filterwarnings("ignore:JWS algorithm")
@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anyone_could_make_is_refused(
    signin: SignIn, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    """No signature, or one by the issuer's public key as if it were a secret, even where the issuer allows HS256."""

    def forged(begun: dict[str, str]) -> str:
        claims = {"iss": URL, "aud": CLIENT, "sub": "u1", "iat": START, "exp": START + 300, "nonce": begun["nonce"]}
        key = OctKey.import_key(json.dumps(issuer.key.as_dict(private=False)))
        if algorithm == "none":
            return jwt.encode({"alg": "none"}, claims, key, algorithms=["none"])
        return jwt.encode({"alg": "HS256", "kid": str(issuer.key.kid)}, claims, key, algorithms=["HS256"])

    monkeypatch.setattr(issuer, "_signed", forged)
    with pytest.raises(SignInRefused, match="not allowed"):
        signed_in(signin, issuer)


def test_a_signature_by_another_key_is_refused(signin: SignIn, issuer: FakeIssuer) -> None:
    """The kid alone proves nothing."""
    issuer.header = {"kid": str(issuer.key.kid)}
    issuer.key = new_key()
    with pytest.raises(SignInRefused):
        signed_in(signin, issuer)


def test_a_rotated_key_is_fetched_once(signin: SignIn, issuer: FakeIssuer) -> None:
    """An unknown kid asks for the keys again, one time; known ones ask for nothing."""
    signed_in(signin, issuer)
    signed_in(signin, issuer)
    assert issuer.asked.count("/certs") == 1
    issuer.rotate()
    assert signed_in(signin, issuer).subject == "u1"
    assert issuer.asked.count("/certs") == 2
    issuer.header = {"kid": "never published"}
    with pytest.raises(SignInRefused, match="no key"):
        signed_in(signin, issuer)
    assert issuer.asked.count("/certs") == 3


def test_an_answer_belongs_to_the_browser_that_began(signin: SignIn, issuer: FakeIssuer, clock: Clock) -> None:
    """Another state, no cookie, a cookie of another use, one too old, another issuer's answer: refused."""
    begun = signin.begin("/", BACK)
    query = dict(pair.split("=") for pair in urlsplit(issuer.choose(begun.location)).query.split("&"))
    wrong = [
        (begun.cookie, query | {"state": "other"}),
        ("", query),
        (signin.begin("/", BACK).cookie, query),
        (Sessions(KEY, clock).begin(Person("u1", "x", (), ())), query),
        (begun.cookie, query | {"iss": "https://elsewhere.example"}),
        (begun.cookie, query | {"error": "access_denied"}),
    ]
    for cookie, answer in wrong:
        with pytest.raises(SignInRefused):
            signin.finish(cookie, answer)
    clock.at += 601
    with pytest.raises(SignInRefused, match="too long ago"):
        signin.finish(begun.cookie, query)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://id.hospital.example/token"},
        {"jwks_uri": None},
    ],
    ids=["another issuer", "not encrypted", "no keys"],
)
def test_a_wrong_discovery_document_is_an_issuer_that_is_down(
    signin: SignIn, issuer: FakeIssuer, document: dict[str, Any]
) -> None:
    """Nobody is sent to an address that is not the issuer's, or not encrypted."""
    issuer.document = document
    with pytest.raises(IssuerDown):
        signin.begin("/", BACK)


def test_roles_and_wards_come_from_the_claims_that_the_site_names(clock: Clock, issuer: FakeIssuer) -> None:
    """Nested claims, a mapping of roles, wards as a text; what the mapping does not name is no role."""
    claims = {"name": "preferred_username", "roles": "realm_access.roles", "wards": "units"}
    site = replace(SITE, claims=claims, roles={"ward-nurse": "care-team", "ops": "bed-manager"})
    issuer.claims = {
        "sub": "u9", "preferred_username": "w.zhang", "units": "5B, ICU",
        "realm_access": {"roles": ["ward-nurse", "administrator", "ops"]},
    }  # fmt: skip
    found = signed_in(SignIn(site, KEY, issuer.http(), clock), issuer, site)
    assert (found.name, found.roles, found.wards) == ("w.zhang", ("bed-manager", "care-team"), ("5B", "ICU"))


@given(name=st.text(max_size=40), wards=st.lists(st.text(max_size=8), max_size=4))
def test_a_sealed_sign_in_opens_as_it_was(name: str, wards: list[str]) -> None:
    """Whatever the name, and for nobody without the key."""
    person = Person("u1", name, ("care-team",), tuple(wards))
    cookie = Sessions(KEY).begin(person)
    assert Sessions(KEY).opened(cookie) == person
    assert Sessions(b"x" * 32).opened(cookie) is None


@given(st.text(max_size=60), st.integers(0, 200))
def test_no_other_text_is_a_sign_in(text: str, at: int) -> None:
    """Anything else, and a changed letter, opens nothing and harms nothing."""
    sessions = Sessions(KEY)
    assert sessions.opened(text) is None
    cookie = sessions.begin(Person("u1", "Amara", ("care-team",), ()))
    at %= len(cookie) - 1  # the last letter's low bits may not count
    assert sessions.opened(cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :]) is None


def test_a_sign_in_ends_with_the_shift_or_when_left(clock: Clock) -> None:
    """Twelve hours; a copy of the cookie of someone who left opens nothing; other kinds of box are none."""
    sessions = Sessions(KEY, clock)
    cookie, other = (sessions.begin(Person("u1", n, ("care-team",), ())) for n in ("Amara", "Wei"))
    sessions.end(cookie)
    assert sessions.opened(cookie) is None
    assert sessions.opened(other) is not None
    assert sessions.opened(Box(KEY, "begun", clock).seal({}, 600)) is None
    clock.at += SHIFT_S
    assert sessions.opened(other) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("oidc_roles", '{"nurse": "boss"}'),
        ("oidc_roles", "nurse=care-team"),
        ("oidc_claims", '{"ward": "x"}'),
        ("oidc_claims", '["roles"]'),
        ("oidc_scopes", "profile"),
    ],
)
def test_a_wrong_setting_ends_the_start_and_is_named(name: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The process says which setting is wrong before anyone relies on it."""
    settings = Settings.model_validate({"oidc_issuer": URL, name: value})
    with pytest.raises(WrongSetting, match=f"WARDWATCH_{name.upper()}"):
        site_of(settings)
    with pytest.raises(SystemExit) as ended:
        signin_of(settings)
    assert ended.value.code == 2
    assert "WARDWATCH_OIDC_" in capsys.readouterr().err


def test_the_key_of_sign_ins_is_the_sites_or_made_up() -> None:
    """The same secret gives the same key after a restart; without one each start has its own."""
    with_secret = Settings.model_validate({"oidc_client_secret": "s"})
    assert key_of(with_secret) == key_of(with_secret)
    assert key_of(with_secret) != key_of(Settings.model_validate({"session_key": "t"}))
    assert key_of(Settings()) != key_of(Settings())


@pytest.mark.parametrize("host", [str(IPv4Address(0)), "::", "192.0.2.7", "ward-pc.example"])
def test_the_demo_issuer_listens_on_this_machine_only(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where another machine could reach it, it does not start unless it is told to."""
    with pytest.raises(demo.NotLoopback):
        demo.start([BACK], host=host)
    assert demo.main(["--host", host, "--redirect", BACK]) == 2
    assert "anyone be anyone" in capsys.readouterr().err


@pytest.fixture
def console(tmp_path: Path, issuer: FakeIssuer, clock: Clock) -> Running:
    """A console where people sign in at the issuer, its ward folded in."""
    running = made_console(tmp_path, WARD, console_url="https://console.hospital.example")
    running.log.append([outgoing(e, source="test", partitions=4) for e in WARD.events])
    fold(running.parts.store, running.log.records)
    running.parts = replace(
        running.parts, signin=SignIn(SITE, KEY, issuer.http(), clock), sessions=Sessions(KEY, clock)
    )
    return running


@pytest.fixture
def client(console: Running) -> Iterator[TestClient]:
    """A browser that is not signed in."""
    with TestClient(
        console_app(console.parts, Health("console")),
        follow_redirects=False,
        base_url="https://console.hospital.example",
    ) as client:
        yield client


def enter(client: TestClient, issuer: FakeIssuer) -> Any:  # noqa: ANN401 - httpx's response
    """Go to the issuer and come back."""
    location = client.get("/login/oidc?next=/").headers["location"]
    return client.get(issuer.choose(location))


def test_signing_in_and_out(client: TestClient, issuer: FakeIssuer, console: Running) -> None:
    """The cookie is for no script and no other site, the sign-in is audited, and leaving ends it here and there."""
    begun = client.get("/login/oidc?next=/beds")
    assert "HttpOnly" in begun.headers["set-cookie"]
    assert "SameSite=lax" in begun.headers["set-cookie"]
    answer = client.get(issuer.choose(begun.headers["location"]))
    assert answer.status_code == 200
    assert 'content="0;url=/beds"' in answer.text
    cookies = answer.headers.get_list("set-cookie")
    assert any(
        c.startswith("wardwatch=") and "HttpOnly" in c and "SameSite=strict" in c and "Secure" in c for c in cookies
    )
    assert "Amara Obi" in client.get("/").text
    audited = [e for e in written(console.log, "audit") if isinstance(e, AccessAudited)]
    assert ("Amara Obi", "signed in", "u1") in {(e.actor, e.action, e.subject) for e in audited}
    stolen = client.cookies.get("wardwatch")
    left = client.post("/logout")
    assert f"{URL}/logout?client_id=" in left.text
    assert client.get("/").headers["location"].startswith("/login")
    client.cookies.set("wardwatch", str(stolen))
    assert client.get("/api/board").status_code == 401


def test_nobody_is_led_elsewhere_by_a_sign_in(client: TestClient, issuer: FakeIssuer) -> None:
    """The page to come back to is one of ours."""
    location = client.get("/login/oidc?next=//evil.example").headers["location"]
    assert 'content="0;url=/"' in client.get(issuer.choose(location)).text


def test_while_the_issuer_is_down_those_who_are_in_go_on(client: TestClient, issuer: FakeIssuer) -> None:
    """A clear page for whoever comes, in both languages; work goes on for whoever is there."""
    enter(client, issuer)
    issuer.down = True
    assert client.get("/").status_code == 200
    client.cookies.delete("wardwatch")
    assert client.get("/login").status_code == 200
    with pytest.raises(IssuerDown):
        SignIn(SITE, KEY, issuer.http()).begin("/", BACK)
    issuer.down, issuer.broken = False, True
    with pytest.raises(IssuerDown):
        SignIn(SITE, KEY, issuer.http()).begin("/", BACK)
    issuer.down = True
    for language, words in (("en", "sign-in service does not answer"), ("zh", "登录服务")):
        location = client.get("/login/oidc?next=/").headers["location"]
        answer = client.get(issuer.choose(location), headers={"Accept-Language": language})
        assert answer.status_code == 503
        assert words in answer.text


def test_someone_without_a_role_is_told_so(client: TestClient, issuer: FakeIssuer) -> None:
    """They are not signed in, and read why."""
    issuer.claims = {"sub": "u2", "name": "Sam", "roles": []}
    answer = enter(client, issuer)
    assert answer.status_code == 403
    assert "you have no role in Wardwatch" in answer.text
    assert client.get("/api/board").status_code == 401


def test_tokens_go_on_beside_the_issuer(client: TestClient) -> None:
    """A program's token and a screen's cookie are as they were."""
    assert client.get("/api/board", headers={"Authorization": "Bearer sister-token"}).status_code == 200
    assert client.post("/login", data={"token": "sister-token", "next": "/"}).status_code == 303
    assert "Sr. Hughes" in client.get("/").text
    page = client.get("/login").text
    assert "/login/oidc?next=" in page
    assert 'name="token"' in page
