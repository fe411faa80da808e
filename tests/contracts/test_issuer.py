"""One contract for an issuer, as the console uses one: the demo's issuer, and the one in memory that tests use."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt

from services.console.signin.demo import demo_app
from services.console.signin.demo_issuer import DemoIssuer
from services.console.signin.flow import SignIn
from services.console.signin.id_token import ALGORITHMS
from services.console.signin.issuer import SignInRefused
from services.console.signin.settings import Site
from tests.fakes import issuer as fake

NOW = 1_750_000_000.0
NAMES = {"name": "name", "roles": "roles", "wards": "wards"}


@dataclass
class Peer:
    """An issuer, and a person who signs in there."""

    site: Site
    http: httpx.Client
    back: str
    kind: Literal["demo", "fake"]
    issuer: DemoIssuer | fake.FakeIssuer

    def sent_back(self, location: str) -> dict[str, str]:
        """The answer that the browser brings back after someone chose who to be."""
        if isinstance(self.issuer, fake.FakeIssuer):
            told = self.issuer.choose(location)
        else:
            assert "Amara Obi" in self.http.get(location).text
            told = self.http.post(location, data={"sub": "nurse"}).headers["location"]
        assert told.startswith(self.back)
        return {name: values[0] for name, values in parse_qs(urlsplit(told).query).items()}


@pytest.fixture(params=["demo", "fake"])
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each issuer in turn."""
    if request.param == "demo":
        url, back = "http://127.0.0.1:8093", "http://127.0.0.1:8080/login/oidc/callback"
        demo = DemoIssuer(url, (back,), now=lambda: NOW)
        http = TestClient(demo_app(demo), base_url=url, follow_redirects=False)
        return Peer(Site(url, "wardwatch", "", "openid profile", NAMES, None), http, back, "demo", demo)
    made = fake.FakeIssuer(lambda: NOW)
    site = Site(fake.URL, fake.CLIENT, fake.SECRET, "openid profile", NAMES, None)
    return Peer(site, made.http(), fake.BACK, "fake", made)


def signin(peer: Peer) -> SignIn:
    """The console's side."""
    return SignIn(peer.site, b"k" * 32, peer.http, now=lambda: NOW)


def test_a_sign_in_leads_to_the_person_and_the_page_they_wanted(peer: Peer) -> None:
    """Code, PKCE, state and nonce go there and back; the ID token says who it is and in which role."""
    to = signin(peer)
    begun = to.begin("/beds", peer.back)
    person, target = to.finish(begun.cookie, peer.sent_back(begun.location))
    assert (person.name, person.roles, target) == ("Amara Obi", ("care-team",), "/beds")


def test_a_code_is_good_once(peer: Peer) -> None:
    """The second exchange of a code is refused."""
    to = signin(peer)
    begun = to.begin("/", peer.back)
    answer = peer.sent_back(begun.location)
    to.finish(begun.cookie, answer)
    with pytest.raises(SignInRefused, match="used already"):
        to.finish(begun.cookie, answer)


def test_a_code_without_its_verifier_is_worth_nothing(peer: Peer) -> None:
    """PKCE: what was intercepted cannot be exchanged by someone who did not begin."""
    to = signin(peer)
    begun = to.begin("/", peer.back)
    code = peer.sent_back(begun.location)["code"]
    with pytest.raises(SignInRefused):
        to.issuer.exchanged(code, "another verifier", peer.back)


def test_a_token_is_signed_by_a_published_key_for_this_console_only(peer: Peer) -> None:
    """The key is found by its kid; issuer, audience and times are in the token."""
    to = signin(peer)
    begun = to.begin("/", peer.back)
    query = {name: values[0] for name, values in parse_qs(urlsplit(begun.location).query).items()}
    assert (query["code_challenge_method"], query["response_type"]) == ("S256", "code")
    verifier = (to._box.opened(begun.cookie) or {})["verifier"]
    token = to.issuer.exchanged(peer.sent_back(begun.location)["code"], verifier, peer.back)
    claims = jwt.decode(token, to.issuer.keys(None), algorithms=sorted(ALGORITHMS)).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (peer.site.issuer, peer.site.client_id, query["nonce"])
    assert claims["iat"] <= NOW < claims["exp"]


def test_it_can_be_left(peer: Peer) -> None:
    """The issuer has a page that ends the sign-in there."""
    assert "post_logout_redirect_uri=" in (signin(peer).ending("https://console.example/login") or "")
