"""Runs the console: one thread follows the log into the query store, the web server reads from it."""

import contextlib
import sys
import threading

from ray_jobs import registry
from services.console.advice.guideline import Advice
from services.console.advice.load import load
from services.console.app import console_app
from services.console.live import Hub
from services.console.parts import Parts
from services.console.projection.fold import Touched
from services.console.projection.follower import Follower
from services.console.projection.store import Store
from services.console.reading.system import Model, modes
from services.console.reading.viewer import Names
from services.console.signin.flow import SignIn
from services.console.signin.sessions import Sessions
from services.console.signin.settings import WrongSetting, key_of, site_of
from services.console.units import Chosen, WrongUnit, chosen
from services.runtime import logs, web
from services.runtime.health import Health
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaPublisher, KafkaReader
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.publishing import LazyPublisher
from services.runtime.service import clock_of
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError

HEALTH_S = 1.0
WRONG_SETTING = 2


def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    logs.configure("console", settings.log_level, settings.log_format)
    advice, (sessions, signin) = advice_of(settings), signin_of(settings)
    store, hub, clock = Store(settings.console_db_url), Hub(), clock_of(settings)
    health, stopping = Health("console", ("caught up",)), threading.Event()

    def changed(touched: Touched) -> None:
        hub.told(touched)
        health.beat()

    follower = Follower(lambda: KafkaReader(settings.kafka), store, clock, changed)
    parts = Parts(
        settings=settings,
        store=store,
        hub=hub,
        names=Names(SqliteIdentity(settings.identity_url), settings.site),
        objects=ObjectStoreByUrl(settings.objects_url),
        publisher=LazyPublisher(lambda: KafkaPublisher(settings.kafka)),
        clock=clock,
        standing=lambda: follower.standing,
        models=lambda: models(settings),
        advice=advice,
        sessions=sessions,
        units=units_of(settings),
        signin=signin,
        stopping=stopping,
    )
    threads = [
        threading.Thread(target=follower.run, args=(stopping,), name="projection"),
        threading.Thread(target=watch_health, args=(follower, health, stopping), name="health"),
    ]
    listener = web.bind(settings.host, settings.console_port)
    web.announce(settings, "console", port=listener.getsockname()[1], service="console")
    for thread in threads:
        thread.start()
    try:
        web.serve(console_app(parts, health), listener)
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
        parts.publisher.close()
        store.close()


def advice_of(settings: Settings) -> Advice:
    """What guidelines ask here; a wrong file ends the process with what is wrong in it, before anyone relies on it."""
    try:
        return load(settings.advice)
    except DocumentError as error:
        sys.stderr.write(f"WARDWATCH_ADVICE: {error}\n")
        raise SystemExit(WRONG_SETTING) from error


def signin_of(settings: Settings) -> tuple[Sessions, SignIn | None]:
    """How people sign in; a wrong setting ends the process with what is wrong. The issuer is asked when one does."""
    try:
        site, key = site_of(settings), key_of(settings)
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(WRONG_SETTING) from error
    return Sessions(key), None if site is None else SignIn(site, key)


def units_of(settings: Settings) -> Chosen:
    """The hospital's units on screens; a wrong setting ends the process with what is wrong."""
    try:
        return chosen(settings.units)
    except WrongUnit as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(WRONG_SETTING) from error


def watch_health(follower: Follower, health: Health, stopping: threading.Event) -> None:
    """Ready while the projection is caught up; alive while its thread turns."""
    while not stopping.wait(HEALTH_S):
        state = follower.standing.state
        health.set("caught up", "" if state == "live" else state)
        if follower.turning:
            health.beat()


def models(settings: Settings) -> tuple[Model, ...]:
    """The registered models and where they speak; none when the registry is not readable."""
    cards: tuple[registry.Card, ...] = ()
    with contextlib.suppress(registry.RegistryError):
        cards = registry.list_models()
    return tuple(
        Model(
            name=card.name,
            version=card.version,
            task=card.task,
            kind=card.kind,
            intended_use=card.outcome or card.task,
            population=_population(card.population),
            # A published score is no model that could be silent.
            modes=() if card.kind == "published" else modes(settings, card.name),
            bands=tuple((band.name, band.from_probability) for band in card.bands),
            certainty=None if card.conformal is None else card.conformal.level,
        )
        for card in cards
    )


def _population(population: registry.Population) -> str:
    ages = f"{population.min_age:g} to {population.max_age:g} years"
    return f"{ages}, {population.setting}" if population.setting else ages
