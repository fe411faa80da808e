"""The simulated hospital as a process: fills its wards, tells a day of history, then lives on at its own speed."""

import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import numpy as np

from services.runtime import logs
from services.runtime.service import stop_on_signals
from services.simulator import films
from services.simulator.course import Course
from services.simulator.hospital import Hospital
from services.simulator.publishing import Publisher
from services.simulator.theatres import Theatres

_log = logs.get(__name__)
STEP_S = 0.2
FILMS_AT_START = 3


@dataclass(frozen=True, slots=True)
class Play:
    """What to play: how many patients, how much faster than real time, and where to publish."""

    gateway: str
    token: str
    dicom: tuple[str, int]
    mllp: tuple[str, int] | None = None
    patients: int = 24
    speed: float = 60.0
    seed: int = 7
    told: bool = True
    films: Path | None = None
    report: Path | None = None


def run(play: Play, stop: threading.Event, *, until: float | None = None) -> Publisher:
    """Play until `stop` is set or `until` (time.monotonic) has come; returns the publisher with its account."""
    publisher = Publisher(play.gateway, play.token, play.dicom, play.mllp, told=play.told)
    now = datetime.now(UTC).replace(microsecond=0)
    hospital = Hospital(play.seed, now)
    course, theatres = Course(hospital), Theatres(hospital, play.speed)
    inpatients = hospital.fill(play.patients)
    for at, resources in chain(course.opening(inpatients), theatres.opening()):
        if stop.is_set():
            break
        publisher.send(resources, at)
    _report(play, publisher, "live")
    begun = time.monotonic()
    rng = np.random.default_rng([play.seed, 99])
    pictures = films.Pictures(play.films, rng) if play.films else None
    children = [p for p in inpatients if p.body.child]
    adults = [p for p in inpatients if p.body.illness == "respiratory"]
    to_film = [*children[:FILMS_AT_START], *adults[:1]]
    while not stop.is_set() and (until is None or time.monotonic() < until):
        at = hospital.start + timedelta(seconds=(time.monotonic() - begun) * play.speed)
        for moment, resources in chain(course.live(at), theatres.live(at)):
            publisher.send(resources, moment)
        if to_film:
            who = to_film.pop(0)
            found = pictures.next() if pictures else None
            pixels = films.phantom(rng, pneumonia=bool(len(to_film) % 2)) if found is None else found
            publisher.store(films.film(who, at, pixels))
        _report(play, publisher, "live")
        stop.wait(STEP_S)
    _report(play, publisher, "ended")
    return publisher


def _report(play: Play, publisher: Publisher, state: str) -> None:
    if play.report is None:
        return
    account = publisher.account
    content = {
        "state": state, "bundles": account.bundles, "messages": account.messages, "refused": account.refused,
        "quarantined": account.quarantined, "resources": dict(account.resources), "images": account.images,
        "readings": sorted(account.readings) if state == "ended" else len(account.readings),
    }  # fmt: skip
    scratch = play.report.with_suffix(".tmp")
    scratch.write_text(json.dumps(content))
    scratch.replace(play.report)


def main(play: Play, level: str = "INFO", fmt: str = "json") -> None:
    """Run as a process until SIGTERM."""
    logs.configure("simulator", level, fmt)
    _log.info("the simulated hospital opens", count=play.patients, pid=os.getpid())
    run(play, stop_on_signals())
