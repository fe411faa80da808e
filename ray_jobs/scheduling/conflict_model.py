"""Can these patients all be planned with these resources? A CP-SAT model (OR-Tools) of one question at a time.

Only what was asked binds: surgeons' minutes, theatres' minutes, beds together or room by room, rooms for one sex.
Nurses are left out: one may cover any number of rooms, so that only a shift with nobody at work could forbid a day.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ortools.sat.python import cp_model

from ray_jobs.scheduling.ihtp import Instance, Patient

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["surgeon", "theatre", "pool", "beds", "sexes"]
"""`pool`: all beds are one ward, whoever may lie in them; quick, and enough for many proofs."""
LONGEST_PROOF_S = 2.0
SEED = 20241122


def window(instance: Instance, patient: Patient) -> range:
    """The days on which a patient who must be planned may be admitted."""
    due = patient.surgery_due_day if patient.surgery_due_day is not None else instance.days - 1
    return range(patient.surgery_release_day, min(due, instance.days - 1) + 1)


def impossible(instance: Instance, patients: Sequence[Patient], kinds: Sequence[Kind], until: float) -> bool:
    """Whether it is proven that not all of them can be planned, before the monotonic clock says `until`."""
    model = _Model(instance, patients)
    model.bind(kinds, soft=False)
    return model.solve(until)[0] == cp_model.INFEASIBLE


def shortage(instance: Instance, patients: Sequence[Patient], kinds: Sequence[Kind], until: float) -> int:
    """The least minutes (or bed-days) with which all could be planned; 0 where that was not found in time."""
    model = _Model(instance, patients)
    model.bind(kinds, soft=True)
    model.cp.minimize(cp_model.LinearExpr.sum(model.excess))
    status, value = model.solve(max(until, time.monotonic() + 0.5))
    return round(value) if status == cp_model.OPTIMAL else 0


@dataclass(slots=True)
class _Model:
    instance: Instance
    patients: Sequence[Patient]
    cp: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    excess: list[cp_model.IntVar] = field(default_factory=list)

    def bind(self, kinds: Sequence[Kind], *, soft: bool) -> None:
        """One day each, and the resources asked for; with `soft` minutes or beds may be exceeded, at a price."""
        on = [{d: self.cp.new_bool_var("") for d in window(self.instance, p)} for p in self.patients]
        for days in on:
            self.cp.add_exactly_one(days.values())
        minutes = "surgeon" in kinds or "theatre" in kinds
        if "surgeon" in kinds:
            self._surgeons(on, soft=soft)
        if "theatre" in kinds:
            self._theatres(on, soft=soft)
        if "pool" in kinds:
            self._pool(on, soft=soft and not minutes)
        if "beds" in kinds or "sexes" in kinds:
            self._rooms(on, sexes="sexes" in kinds, soft=soft and not minutes)

    def solve(self, until: float) -> tuple[cp_model.CpSolverStatus, float]:
        """Status and objective."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = SEED
        solver.parameters.max_time_in_seconds = max(0.01, min(LONGEST_PROOF_S, until - time.monotonic()))
        status = solver.solve(self.cp)
        return status, solver.objective_value if status == cp_model.OPTIMAL else 0.0

    def _most(self, terms: list[cp_model.LinearExprT], most: int, *, soft: bool) -> None:
        if soft:
            over = self.cp.new_int_var(0, 1_000_000, "")
            self.excess.append(over)
            self.cp.add(cp_model.LinearExpr.sum(terms) <= most + over)
        else:
            self.cp.add(cp_model.LinearExpr.sum(terms) <= most)

    def _surgeons(self, on: list[dict[int, cp_model.IntVar]], *, soft: bool) -> None:
        limit = {s.id: s.max_surgery_time for s in self.instance.surgeons}
        terms: dict[tuple[str, int], list[cp_model.LinearExprT]] = defaultdict(list)
        for patient, days in zip(self.patients, on, strict=True):
            for day, var in days.items():
                terms[patient.surgeon_id, day].append(patient.surgery_duration * var)
        for (surgeon, day), used in terms.items():
            self._most(used, limit[surgeon][day], soft=soft)

    def _theatres(self, on: list[dict[int, cp_model.IntVar]], *, soft: bool) -> None:
        terms: dict[tuple[str, int], list[cp_model.LinearExprT]] = defaultdict(list)
        for patient, days in zip(self.patients, on, strict=True):
            for day, var in days.items():
                choices = [self.cp.new_bool_var("") for _ in self.instance.operating_theaters]
                self.cp.add(cp_model.LinearExpr.sum(choices) == var)
                for theatre, choice in zip(self.instance.operating_theaters, choices, strict=True):
                    terms[theatre.id, day].append(patient.surgery_duration * choice)
        for theatre in self.instance.operating_theaters:
            for day in range(self.instance.days):
                if (theatre.id, day) in terms:
                    self._most(terms[theatre.id, day], theatre.availability[day], soft=soft)

    def _pool(self, on: list[dict[int, cp_model.IntVar]], *, soft: bool) -> None:
        """All beds less those who are here, day by day."""
        beds = sum(room.capacity for room in self.instance.rooms)
        for day in range(self.instance.days):
            here = sum(o.length_of_stay > day for o in self.instance.occupants)
            terms: list[cp_model.LinearExprT] = [
                var
                for patient, days in zip(self.patients, on, strict=True)
                for first, var in days.items()
                if first <= day < first + patient.length_of_stay
            ]
            if terms:
                self._most(terms, max(0, beds - here), soft=soft)

    def _rooms(self, on: list[dict[int, cp_model.IntVar]], *, sexes: bool, soft: bool) -> None:
        """A patient has one room for the whole stay; those who are here keep theirs."""
        present: dict[tuple[str, int], list[tuple[cp_model.IntVar | None, str]]] = defaultdict(list)
        for occupant in self.instance.occupants:
            for day in range(min(occupant.length_of_stay, self.instance.days)):
                present[occupant.room_id, day].append((None, occupant.gender))
        for patient, days in zip(self.patients, on, strict=True):
            rooms = [r for r in self.instance.rooms if r.capacity and r.id not in patient.incompatible_room_ids]
            inside = {r.id: self.cp.new_bool_var("") for r in rooms}
            self.cp.add_exactly_one(inside.values())
            for day in range(self.instance.days):
                begun = [var for d, var in days.items() if d <= day < d + patient.length_of_stay]
                for room in inside if begun else ():
                    there = self.cp.new_bool_var("")
                    self.cp.add(there >= inside[room] + cp_model.LinearExpr.sum(begun) - 1)
                    present[room, day].append((there, patient.gender))
        capacity = {r.id: r.capacity for r in self.instance.rooms}
        for (room, _), people in present.items():
            there_now = sum(var is None for var, _ in people)
            free = max(0, capacity[room] - there_now)
            self._most([var for var, _ in people if var is not None], free, soft=soft)
            if sexes:
                self._one_sex(people)

    def _one_sex(self, people: list[tuple[cp_model.IntVar | None, str]]) -> None:
        fixed = {gender for var, gender in people if var is None}
        kinds = {gender: self.cp.new_bool_var("") for gender in sorted({g for _, g in people})}
        self.cp.add_at_most_one(kinds.values())
        for var, gender in people:
            if var is not None and not fixed:
                self.cp.add_implication(var, kinds[gender])
            elif var is not None and gender not in fixed:
                self.cp.add(var == 0)
