"""The gateway as a process: adapters from the settings, the FHIR routes, the HL7 v2 and DICOM doors, until SIGTERM."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.types import ASGIApp

from schemas.fhir.library import warm
from schemas.fhir.resources import USED
from schemas.hl7v2.types import Site
from services.gateway.accept_hl7v2 import MessageCore
from services.gateway.dicom import DicomServer
from services.gateway.dicom_store import ImageDoor
from services.gateway.gateway import SERVICE, Gateway
from services.gateway.messages import MessageDoor
from services.gateway.mllp import MllpServer
from services.gateway.routes import FhirDoor
from services.runtime import logs, web
from services.runtime.health import Health
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaPublisher
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.service import clock_of, stop_on_signals
from services.runtime.settings import Settings
from services.runtime.tls import listening

BEAT_S = 5.0
EVERYONE = "*"
"""Instead of MSH-3 names: the network decides who may speak."""


def make_app(
    gateway: Gateway, settings: Settings, health: Health, messages: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
) -> ASGIApp:  # fmt: skip
    """The application with all routes; the event loop shows that it is alive every few seconds.

    `messages`: a bound socket on which HL7 v2 is heard in the same event loop, encrypted with `tls`.
    """
    app = web.create_app(SERVICE, settings, health)

    @asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        async def beat() -> None:
            while True:
                health.beat()
                await asyncio.sleep(BEAT_S)

        task = asyncio.create_task(beat())
        server = mllp(gateway, settings)
        if messages is not None:
            await server.start(messages, tls)
        yield
        await server.stop()
        task.cancel()

    app.router.lifespan_context = alive
    return web.LimitBody(FhirDoor(gateway, app.state.doorkeeper, app), settings.max_body_bytes)


def mllp(gateway: Gateway, settings: Settings) -> MllpServer:
    """The HL7 v2 door as the settings want it: closed to all until somebody is named, as the others are."""
    zone = ZoneInfo(settings.hl7_zone) if settings.hl7_zone else None
    site = Site(zone, settings.hl7_authorities, settings.mrn_authority)
    senders = frozenset(name.strip() for name in settings.mllp_senders.split(",") if name.strip())
    everyone = EVERYONE in senders or (settings.open and not senders)
    return MllpServer(MessageDoor(gateway, MessageCore(site), None if everyone else senders, settings.hl7_processing))


def main(settings: Settings) -> None:
    """Serve until told to stop.

    Raises DependencyError when Kafka or a store is not there at the start, WrongSettingError for files that are no
    certificates.
    """
    tls = listening(settings)
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    stop_on_signals()  # uvicorn handles the signals and then gives them back: ours end nothing twice
    warm(USED)
    clock = clock_of(settings)
    identity = SqliteIdentity(settings.identity_url)
    objects = ObjectStoreByUrl(settings.objects_url)
    publisher = KafkaPublisher(settings.kafka)
    gateway = Gateway(
        site=settings.site, partitions=settings.partitions, identity=identity, publisher=publisher, objects=objects,
        clock=clock, told=settings.clock == "told",
    )  # fmt: skip
    door = ImageDoor(
        identity,
        objects,
        publisher,
        clock,
        settings.site,
        settings.partitions,
        authorities={"": settings.mrn_authority} if settings.mrn_authority else {},
    )
    dicom = DicomServer(door, ae_title=settings.ae_title, host=settings.host, port=settings.dicom_port, tls=tls)
    listener = web.bind(settings.host, settings.gateway_port)
    messages = web.bind(settings.host, settings.mllp_port)
    dicom.start()
    web.announce(
        settings, SERVICE, port=listener.getsockname()[1], dicom_port=dicom.port, mllp_port=messages.getsockname()[1]
    )
    try:
        web.serve(make_app(gateway, settings, Health(SERVICE), messages, tls), listener)
    finally:
        dicom.stop()
        publisher.close()
