"""What theatre plans of a large hospital take: `python -m tests.services.operations.bench_planning`.

Six wards of 30 beds, half of them taken, six theatres, fifteen surgeons, rosters for two weeks and 200 requests, some
of which nobody can fulfil. Prints seconds, and the simulated plan beside the one that fills every list.
"""

import random
import sys
import time

from ray_jobs.scheduling.beds import Waiting
from ray_jobs.scheduling.warm import warm
from ray_jobs.scheduling.where import places_for
from schemas.events import Event, PlanQuestionAsked, ScheduleProposed
from schemas.events.clinical import EncounterStarted, Place
from services.operations import wards
from services.operations.core import Operations
from services.operations.planning.settings import PlanningSettings
from tests.services.operations.test_core import at, came, place
from tests.services.operations.theatre import answered, day, decided, free, jobs, needs, planning

WARDS, ROOMS, BEDS, THEATRES, SURGEONS, REQUESTS, LYING, DAYS = 6, 10, 3, 6, 15, 200, 90, 14
NURSES = {"early": 4, "late": 3, "night": 2}


def hospital(chance: random.Random) -> list[Event]:
    """All that is known before the first plan."""
    told: list[Event] = []
    for w in range(WARDS):
        told.append(place(f"w{w}", "ward", specialty="surgery"))
        for r in range(ROOMS):
            told.append(place(f"w{w}r{r}", "room", f"w{w}"))
            told += [place(f"w{w}r{r}b{b}", "bed", f"w{w}r{r}") for b in range(BEDS)]
        for n in range(DAYS):
            for shift, count in NURSES.items():
                told += [
                    free(
                        f"n{w}{shift}{i}", "nurse", n, shift=shift, skill=chance.randrange(3), most_workload=15,
                        ward=f"w{w}",
                    )
                    for i in range(count)
                ]  # fmt: skip
    for t in range(THEATRES):
        told.append(place(f"t{t}", "theatre"))
        told += [free(f"t{t}", "theatre", n, 480 if n % 7 < 5 else 0) for n in range(DAYS)]
    for s in range(SURGEONS):
        told += [free(f"s{s}", "surgeon", n, 480 * (chance.random() < 0.5 and n % 7 < 5)) for n in range(DAYS)]
    for i in range(LYING):
        ward, room, bed = i % WARDS, i // WARDS % ROOMS, i // (WARDS * ROOMS)
        registered, started = came(100 + i, "x", sex="male" if (ward + room) % 2 else "female")
        if isinstance(started, EncounterStarted):
            lies = Place(ward=f"w{ward}", bed=f"w{ward}r{room}b{bed}")
            told += [registered, started.model_copy(update={"place": lies})]
    return told + [request(i, chance) for i in range(REQUESTS)]


def request(number: int, chance: random.Random) -> Event:
    """Somebody waits; nearly half of them must be operated by some day."""
    due = chance.choice([None, None, None, 3, 6, 10, 13])
    release = chance.randint(-3, 8)
    return needs(
        1000 + number, chance.choice([60, 90, 120, 180, 240]), f"s{chance.randrange(SURGEONS)}",
        release if due is None else min(release, due), due, sex=chance.choice(["male", "female"]),
        expected_stay_hours=float(chance.choice([20, 44, 68, 92, 140])),
    )  # fmt: skip


def timed(what: str, state: Operations, hours: float) -> ScheduleProposed:
    """The plan made then, and how long that took."""
    began = time.perf_counter()
    (found,) = [e for e in jobs(state, hours) if isinstance(e, ScheduleProposed)]
    booked = sum(b.day is not None for b in found.bookings)
    took = time.perf_counter() - began
    say(f"{what:34} {took:6.1f} s   {booked} of {len(found.bookings)} booked, {len(found.changes)} changes")
    return found


def say(line: str) -> None:
    """To standard output."""
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Print the table."""
    warm()
    state, _ = planning(hospital(random.Random(1)), PlanningSettings(settle_seconds=0))
    first = timed("first plan", state, 0)
    state.fold(decided(first, "approve", 0.1))
    hit = next(b for b in first.bookings if b.day == day(2) and b.theatre is not None)
    state.fold(free(hit.theatre or "", "theatre", 2, 0, 0.2))
    second = timed("a theatre closed for a day", state, 0.2)
    state.fold(decided(second, "approve", 0.3))
    state.fold(needs(5000, 120, "s1", hours=0.4, priority=1))
    third = timed("an emergency", state, 0.4)
    told = {"id": "q", "site": "main", "known": at(0.5), "as_of": at(0.5), "question": "q", "by": "chief"}
    edit = {"request": next(b.request for b in third.bookings if b.day == day(3)), "day": day(8)}
    state.fold(PlanQuestionAsked.model_validate({**told, "proposal": third.proposal, "edit": edit}))
    began = time.perf_counter()
    answer = answered(state, 0.5)
    say(f"{'a question, with its price':34} {time.perf_counter() - began:6.1f} s   {answer.text}")
    beds = wards.beds(state.sites["main"], {})
    began = time.perf_counter()
    places_for(Waiting("q", "w", "male", "surgery"), beds, wards.in_bed(state.sites["main"], {b.id for b in beds}, {}))
    say(f"{f'where now, {len(beds)} beds':34} {time.perf_counter() - began:6.3f} s")
    say("")
    for risk in first.risks:
        if risk.ward is None:
            say(f"{risk.name:70} {risk.value:10.2f} {risk.unit}")


if __name__ == "__main__":
    main()
