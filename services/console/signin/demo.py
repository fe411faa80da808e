"""The door of the DEMO issuer: its addresses, its page of people to be, and how it is started.

`python -m services.console.signin.demo --port 8093 --redirect http://127.0.0.1:8080/login/oidc/callback`. It refuses
to listen where another machine could reach it unless it is told to: anyone can be anyone there.
"""

import argparse
import ipaddress
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc.jwk import KeySet

from services.console.signin.demo_issuer import DemoIssuer
from services.console.signin.demo_people import PEOPLE, DemoPerson
from services.runtime import web

_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo sign-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#1b2430;background:#fff}
button{display:block;width:100%%;text-align:left;margin:.5rem 0;padding:.7rem 1rem;font:inherit;cursor:pointer;
border:1px solid #8793a3;border-radius:.5rem;background:#f4f6f9;color:inherit}button:hover{background:#e3e9f1}
small{display:block;color:#4a5566}.demo{background:#7a1f1f;color:#fff;padding:.6rem 1rem;border-radius:.5rem}
</style></head><body><main>%s</main></body></html>"""
_WARNING: Final = '<p class="demo"><b>Demo.</b> Anyone can be anyone here. Never use this issuer for patients.</p>'


class NotLoopback(ValueError):  # noqa: N818 - a kind of wrong value
    """The demo issuer was asked to listen where other machines could reach it."""


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
        return _choose(issuer, dict(request.query_params))

    @app.post("/authorize")
    async def chosen(request: Request) -> Response:
        query = dict(request.query_params)
        subject = (await _form(request)).get("sub", "")
        if issuer.wrong(query) or subject not in {person.subject for person in issuer.people}:
            return _choose(issuer, query)
        return RedirectResponse(issuer.granted(query, subject), 303)

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        told = issuer.token(await _form(request))
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


async def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}


def _choose(issuer: DemoIssuer, query: dict[str, str]) -> Response:
    """The page with a button for each person, or what is wrong with the request."""
    if wrong := issuer.wrong(query):
        return HTMLResponse(_PAGE % f"{_WARNING}<h1>That is no sign-in</h1><p>{escape(wrong)}</p>", 400)
    buttons = "".join(
        f'<button name="sub" value="{escape(p.subject)}">{escape(p.name)}<small>{escape(p.told)}</small></button>'
        for p in issuer.people
    )
    form = f'<form method="post" action="?{escape(urlencode(query))}">{buttons}</form>'
    return HTMLResponse(_PAGE % f"{_WARNING}<h1>Who do you want to be?</h1>{form}")


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
