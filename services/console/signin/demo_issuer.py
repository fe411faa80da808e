"""A DEMO issuer: whoever comes may be anyone. For the demo and for tests, never for patients.

`python -m services.console.signin.demo_issuer --port 8093 --redirect http://127.0.0.1:8080/login/oidc/callback`.
It speaks as much of OpenID Connect Core 1.0 as the console uses, with PKCE S256 asked of everyone, and refuses to
listen where another machine could reach it unless it is told to.
"""

import argparse
import base64
import hashlib
import hmac
import ipaddress
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from services.console.signin.demo_people import PEOPLE, DemoPerson
from services.runtime import web

CLIENT: Final = "wardwatch"
CODE_S: Final = 60
TOKEN_S: Final = 300
_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo sign-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#1b2430;background:#fff}
button{display:block;width:100%;text-align:left;margin:.5rem 0;padding:.7rem 1rem;font:inherit;cursor:pointer;
border:1px solid #8793a3;border-radius:.5rem;background:#f4f6f9;color:inherit}button:hover{background:#e3e9f1}
small{display:block;color:#4a5566}.demo{background:#7a1f1f;color:#fff;padding:.6rem 1rem;border-radius:.5rem}
</style></head><body><main>%s</main></body></html>"""
_WARNING: Final = '<p class="demo"><b>Demo.</b> Anyone can be anyone here. Never use this issuer for patients.</p>'


class NotLoopback(ValueError):  # noqa: N818 - a kind of wrong value
    """The demo issuer was asked to listen where other machines could reach it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A code that was given out and not exchanged yet."""

    subject: str
    redirect_uri: str
    nonce: str
    challenge: str
    until: float


@dataclass(slots=True)
class DemoIssuer:
    """Its name, its key, the addresses that it sends people back to, and the codes that are out."""

    url: str
    redirect_uris: Sequence[str]
    people: Sequence[DemoPerson] = PEOPLE
    client_id: str = CLIENT
    now: Callable[[], float] = time.time
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)}))
    codes: dict[str, Waiting] = field(default_factory=dict)

    def discovery(self) -> dict[str, object]:
        """Discovery 1.0, section 3."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def wrong(self, query: dict[str, str]) -> str:
        """What is wrong with an authorization request; empty: nothing."""
        if query.get("client_id") != self.client_id:
            return f"client_id must be {self.client_id}"
        if query.get("redirect_uri") not in self.redirect_uris:
            return f"redirect_uri must be one of {', '.join(self.redirect_uris)}"
        if query.get("response_type") != "code" or "openid" not in query.get("scope", "").split():
            return "response_type must be code and scope hold openid"
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return "PKCE with S256 is asked of everyone"
        return "" if query.get("state") and query.get("nonce") else "state and nonce are asked of everyone"

    def granted(self, query: dict[str, str], subject: str) -> str:
        """Where to send someone who chose who to be."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = Waiting(
            subject, query["redirect_uri"], query["nonce"], query["code_challenge"], self.now() + CODE_S
        )
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.url})}"

    def token(self, form: dict[str, str]) -> str | None:
        """The ID token for a code, once; None: no such code, or not for whoever shows it."""
        waiting = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if (
            waiting is None
            or waiting.until < self.now()
            or form.get("client_id") != self.client_id
            or form.get("redirect_uri") != waiting.redirect_uri
            or not hmac.compare_digest(proof, waiting.challenge.encode())
        ):
            return None
        who = next(person for person in self.people if person.subject == waiting.subject)
        return self.signed(
            {
                "sub": who.subject, "name": who.name, "roles": list(who.roles), "wards": list(who.wards),
                "nonce": waiting.nonce,
            }
        )  # fmt: skip

    def signed(self, claims: dict[str, object]) -> str:
        """An ID token with these claims."""
        at = int(self.now())
        times = {"iss": self.url, "aud": self.client_id, "iat": at, "exp": at + TOKEN_S}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, times | claims, self.key)


def demo_app(issuer: DemoIssuer) -> FastAPI:
    """Its five addresses."""
    app = FastAPI(title="Wardwatch demo issuer: anyone can be anyone", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> JSONResponse:
        return JSONResponse(issuer.discovery())

    @app.get("/jwks")
    def keys() -> JSONResponse:
        return JSONResponse(KeySet([issuer.key]).as_dict(private=False))

    @app.get("/authorize")
    def choose(request: Request) -> Response:
        query = dict(request.query_params)
        if wrong := issuer.wrong(query):
            return HTMLResponse(_PAGE % f"{_WARNING}<h1>That is no sign-in</h1><p>{escape(wrong)}</p>", 400)
        if (hint := query.get("login_hint")) and hint in {person.subject for person in issuer.people}:
            return RedirectResponse(issuer.granted(query, hint), 303)
        buttons = "".join(
            f'<button name="sub" value="{escape(p.subject)}">{escape(p.name)}<small>{escape(p.told)}</small></button>'
            for p in issuer.people
        )
        form = f'<form method="post" action="?{escape(urlencode(query))}">{buttons}</form>'
        return HTMLResponse(_PAGE % f"{_WARNING}<h1>Who do you want to be?</h1>{form}")

    @app.post("/authorize")
    async def chosen(request: Request) -> Response:
        query = dict(request.query_params)
        subject = parse_qs((await request.body()).decode("utf-8", "replace")).get("sub", [""])[0]
        if issuer.wrong(query) or subject not in {person.subject for person in issuer.people}:
            return HTMLResponse(_PAGE % f"{_WARNING}<h1>That is no sign-in</h1>", 400)
        return RedirectResponse(issuer.granted(query, subject), 303)

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        told = issuer.token(form)
        if told is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": told}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    @app.get("/end")
    def end(post_logout_redirect_uri: str = "") -> Response:
        homes = {urlsplit(uri)._replace(path="/login", query="").geturl() for uri in issuer.redirect_uris}
        if post_logout_redirect_uri in homes:
            return RedirectResponse(post_logout_redirect_uri, 303)
        return HTMLResponse(_PAGE % f"{_WARNING}<h1>Signed out</h1>")

    return app


@dataclass(frozen=True, slots=True)
class Started:
    """A demo issuer that listens: its address for WARDWATCH_OIDC_ISSUER, and what ends it."""

    url: str
    issuer: DemoIssuer
    stop: Callable[[], None]


def start(
    redirect_uris: Sequence[str], *, host: str = "127.0.0.1", port: int = 0, anywhere: bool = False,
    people: Sequence[DemoPerson] = PEOPLE,
) -> Started:  # fmt: skip
    """Serve from a thread of this process. NotLoopback unless the host is this machine's own, or `anywhere`."""
    if not anywhere and not _loopback(host):
        raise NotLoopback(f"{host} can be reached from other machines, and this issuer lets anyone be anyone")
    listener = web.bind(host, port)
    named = f"[{host}]" if ":" in host else host
    url = f"http://{named}:{listener.getsockname()[1]}"
    issuer = DemoIssuer(url, tuple(redirect_uris), people)
    return Started(url, issuer, web.serve_in_thread(demo_app(issuer), listener))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="demo_issuer", description="A demo issuer: anyone can be anyone.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8093)
    parser.add_argument(
        "--redirect", action="append", required=True, help="address of a console's /login/oidc/callback"
    )
    parser.add_argument("--anywhere", action="store_true", help="listen where other machines can reach it")
    told = parser.parse_args(arguments)
    try:
        started = start(told.redirect, host=told.host, port=told.port, anywhere=told.anywhere)
    except (NotLoopback, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.write(f"DEMO issuer, anyone can be anyone: WARDWATCH_OIDC_ISSUER={started.url}\n")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        started.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
