"""Waiting patients to beds: CP-SAT over rooms (OR-Tools); every rule of a ward holds and the urgent come first.

Rules that are never broken: a room takes as many as it has usable beds; women and men do not share a
room; isolation, and a sex that no room is for, means alone; isolation needs an isolation bed. Wishes,
in points: a placement by its priority, less what a wrong specialty, an isolation bed taken without
need, nurses with no hands free, a changed proposal or a move of someone in bed costs. The costs of one
placement never add up to its worth, so nobody waits to keep a plan tidy.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ortools.sat.python import cp_model

from ray_jobs.scheduling.beds import Bed, InBed, Moved, Plan, Room, Waiting, rooms_of
from ray_jobs.scheduling.reasons import explain

WORTH = {1: 64_000, 2: 16_000, 3: 4_000, 4: 1_000}
"""Points for a placement by priority: one outranks nearly four of the next."""
WAITED_POINTS_AN_HOUR, MOST_WAITED_HOURS = 2, 96
MISMATCH, ISOLATION_WASTED, CHANGED, MOVE = 300, 100, 40, 400
BUSY, BUSY_POINTS, MOST_BUSY_POINTS = 0.8, 150, 150
"""Above this share of what a ward's nurses can carry, points by the share more and by the level of care."""
SEED = 20241122


Person = Waiting | InBed


@dataclass(slots=True)
class _Model:
    """CP-SAT's model: `place` [request, room] and `move` [patient in bed, room] are the decisions."""

    cp: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    place: dict[tuple[int, str], cp_model.IntVar] = field(default_factory=dict)
    move: dict[tuple[int, str], cp_model.IntVar] = field(default_factory=dict)
    inside: dict[str, list[tuple[cp_model.IntVar, Person]]] = field(default_factory=dict)
    points: list[cp_model.LinearExprT] = field(default_factory=list)

    def choice(self, room: Room, person: Person, *, hint: bool) -> cp_model.IntVar:
        """A new decision to have this person in this room; the hints together are the plan that changes nothing."""
        var = self.cp.new_bool_var("")
        self.cp.add_hint(var, hint)
        self.inside.setdefault(room.name, []).append((var, person))
        return var


def assign(
    waiting: Sequence[Waiting],
    beds: Sequence[Bed],
    in_bed: Sequence[InBed] = (),
    *,
    other_specialties: bool = True,
    most_moves: int = 0,
    previous: Mapping[str, str] | None = None,
    refused: Collection[tuple[str, str]] = (),
    now: datetime | None = None,
    names: Mapping[str, str] | None = None,
    loads: Mapping[str, float] | None = None,
    effort: float = 2.0,
) -> Plan:
    """Propose beds for the waiting; the same input always gives the same plan.

    `other_specialties` False forbids wards of another specialty. `most_moves` in-patients may change
    rooms within their ward. `previous` maps a request to the bed last proposed for it. `refused`
    holds requests and beds that a person said no to: the bed's room is not proposed again. `now` is for
    reasons that name a time, `names` what people call wards, rooms and beds, `loads` by ward the workload over
    what its nurses can carry. `effort` bounds the search
    in CP-SAT's deterministic seconds. Raises ValueError when ids repeat, someone lies in a bed that is
    not given, or a priority is not 1 to 4.
    """
    if len({w.request for w in waiting}) < len(waiting) or any(w.priority not in WORTH for w in waiting):
        msg = "a request is given twice, or its priority is not 1 to 4"
        raise ValueError(msg)
    rooms, previous = rooms_of(beds, in_bed), previous or {}
    model = _Model()
    room_of = {bed.id: bed.cell for bed in beds}
    no = {(request, room_of[bed]) for request, bed in refused if bed in room_of}
    for i, patient in enumerate(waiting):
        last = room_of.get(previous.get(patient.request, ""))
        choices = []
        for room in rooms.values():
            open_now = (bool(room.free) and room.admits(patient)) or (most_moves > 0 and room.lawful)
            fit = fits(patient, room, other_specialties=other_specialties)
            if fit and open_now and (patient.request, room.name) not in no:
                model.place[i, room.name] = model.choice(room, patient, hint=False)
                model.points.append(
                    _points(patient, room, last, (loads or {}).get(room.ward, 0.0)) * model.place[i, room.name]
                )
                choices.append(model.place[i, room.name])
        model.cp.add_at_most_one(choices)
    if most_moves:
        _allow_moves(model, in_bed, rooms, room_of, most_moves)
    for name, inside in model.inside.items():
        _room_rules(model.cp, rooms[name], inside, moves=most_moves > 0)
    model.cp.maximize(cp_model.LinearExpr.sum(model.points))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model.cp)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    if not found and most_moves:  # cut short: the plan without moves is far easier to find
        return assign(
            waiting, beds, in_bed, other_specialties=other_specialties, previous=previous, refused=refused,
            now=now, names=names, loads=loads, effort=effort,
        )  # fmt: skip
    chosen = {i: room for (i, room), var in model.place.items() if found and solver.boolean_value(var)}
    moves = {
        o: room
        for (o, room), var in model.move.items()
        if found and room != room_of[in_bed[o].bed] and solver.boolean_value(var)
    }
    bed_of, moved = _beds(waiting, in_bed, rooms, chosen, moves, previous)
    gone = {move.patient for move in moved}
    then = {n: replace(r, staying=tuple(p for p in r.staying if p.patient not in gone)) for n, r in rooms.items()}
    placed_all = explain(
        waiting,
        then,
        chosen,
        bed_of,
        other_specialties=other_specialties,
        now=now,
        names=names or {},
        loads=loads or {},
    )
    return Plan(placed_all, moved, round(solver.objective_value) if found else 0, status == cp_model.OPTIMAL)


def fits(patient: Waiting, room: Room, *, other_specialties: bool) -> bool:
    """Whether the room is of a kind for this patient, whoever lies in it."""
    if patient.isolation and not room.isolation:
        return False
    return patient.belongs(room, other_specialties=other_specialties)


def _points(patient: Waiting, room: Room, last: str | None, load: float) -> int:
    points = WORTH[patient.priority] + int(min(patient.waited_hours, MOST_WAITED_HOURS)) * WAITED_POINTS_AN_HOUR
    points -= MISMATCH * (room.specialty not in (None, patient.specialty))
    points -= ISOLATION_WASTED * (room.isolation and not patient.alone)
    points -= min(MOST_BUSY_POINTS, round(BUSY_POINTS * max(0.0, load - BUSY) * (1 + patient.acuity)))
    return points - CHANGED * (last is not None and last != room.name)


def _allow_moves(
    model: _Model, in_bed: Sequence[InBed], rooms: Mapping[str, Room], room_of: Mapping[str, str], most_moves: int
) -> None:
    """Whoever lies alone in a room may go to another room of the ward that admits them now.

    Only such a move can help: it gives a whole room away. From a shared room it would free one bed for
    the same kind of patient and take another.
    """
    stays: list[cp_model.IntVar] = []
    for o, patient in enumerate(in_bed):
        own = rooms[room_of[patient.bed]]
        choices = []
        movable = len(own.staying) == 1
        for room in rooms.values():
            other = movable and room.ward == own.ward and (room.isolation or not patient.isolation)
            if room is own or (other and room.free and room.admits(patient)):
                model.move[o, room.name] = model.choice(room, patient, hint=room is own)
                choices.append(model.move[o, room.name])
        model.cp.add_exactly_one(choices)
        if len(choices) > 1:
            stays.append(model.move[o, own.name])
    if stays:
        model.cp.add(cp_model.LinearExpr.sum(stays) >= len(stays) - most_moves)
        model.points.append(MOVE * cp_model.LinearExpr.sum(stays) - MOVE * len(stays))


def _room_rules(
    cp: cp_model.CpModel, room: Room, inside: Sequence[tuple[cp_model.IntVar, Person]], *, moves: bool
) -> None:
    """Capacity, and one kind of people: women, men, or one who is alone."""
    beds = room.beds if moves else len(room.free)
    total = cp_model.LinearExpr.sum([var for var, _ in inside])
    cp.add(total <= beds)
    settled = not moves and room.staying  # those who lie there have decided it: `Room.admits`
    if beds <= 1 or settled:
        return
    women, men, alone = (cp.new_bool_var("") for _ in range(3))
    for kind in (women, men, alone):
        cp.add_hint(kind, any(_kind(p, women, men, alone) is kind for p in room.staying))
    cp.add_at_most_one(women, men, alone)
    cp.add(total <= 1).only_enforce_if(alone)
    for var, patient in inside:
        cp.add_implication(var, _kind(patient, women, men, alone))


def _kind(person: Person, women: cp_model.IntVar, men: cp_model.IntVar, alone: cp_model.IntVar) -> cp_model.IntVar:
    if person.alone:
        return alone
    return women if person.sex == "female" else men


def _beds(
    waiting: Sequence[Waiting],
    in_bed: Sequence[InBed],
    rooms: Mapping[str, Room],
    chosen: Mapping[int, str],
    moves: Mapping[int, str],
    previous: Mapping[str, str],
) -> tuple[dict[int, str], tuple[Moved, ...]]:
    """Beds within the chosen rooms: the one proposed before where it is still to be had, else the first."""
    free = {name: list(room.free) for name, room in rooms.items()}
    room_of = {patient.bed: name for name, room in rooms.items() for patient in room.staying}
    for o in moves:
        free[room_of[in_bed[o].bed]].append(in_bed[o].bed)
    moved = tuple(Moved(in_bed[o].patient, in_bed[o].bed, free[room].pop(0)) for o, room in sorted(moves.items()))
    bed_of: dict[int, str] = {}
    for i, room in sorted(chosen.items()):
        last = previous.get(waiting[i].request)
        if last in free[room]:
            free[room].remove(last)
            bed_of[i] = last
    for i, room in sorted(chosen.items()):
        if i not in bed_of:
            bed_of[i] = free[room].pop(0)
    return bed_of, moved
