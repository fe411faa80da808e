"""A patient's state as bytes and back: equal states give equal bytes, an hour that did not change is not packed again.

Layout: MAGIC, then frames (big-endian uint32 length, JSON): the head with everything but readings, then one frame for
each clock hour in order. Every reading id ever seen is there as a fingerprint, so that what was lost can be counted.
"""

import base64
import struct
import sys
from array import array
from collections.abc import Iterator
from typing import Final, Literal, get_args

import orjson

from services.watch.course import SlowFact
from services.watch.readings import Hour, Record
from services.watch.said import Explanation, Forecast, Said
from services.watch.state import Asked, PatientState, Told

MAGIC: Final = b"wardwatch-watch-3\n"
_LENGTH: Final = struct.Struct(">I")
_FACTS: Final = {cls.__name__: cls for cls in get_args(SlowFact)}


def pack(state: PatientState) -> bytes:
    """The state as bytes."""
    ledger = state.ledger
    head = {
        "site": state.site,
        "patient": state.patient,
        "known": state.known,
        "left": state.left,
        "applied": ledger.applied,
        "thinned": ledger.thinned,
        "retracted": ledger.retracted,
        "told": [state.told.context, state.told.inherited, {m: _fields(held) for m, held in state.told.asked.items()}],
        "said": [
            {model: tuple(held) for model, held in state.said.forecasts.items()},
            {model: tuple(held) for model, held in state.said.explanations.items()},
        ],
        "facts": [
            [type(f).__name__, orjson.Fragment(f.__pydantic_serializer__.to_json(f))]
            for _, f in sorted(state.facts.items())
        ],
    }
    parts = [MAGIC, *_frame(orjson.dumps(head, option=orjson.OPT_SORT_KEYS))]
    for number, hour in sorted(ledger.hours.items()):
        if hour.packed is None:
            hour.packed = _pack_hour(number, hour)
        parts += _frame(hour.packed)
    return b"".join(parts)


def unpack(content: bytes) -> PatientState:
    """The state again; ValueError when the bytes are of another version."""
    frames = _frames(content)
    head = orjson.loads(next(frames))
    state = PatientState(head["site"], head["patient"], known=head["known"], left=head["left"])
    context, inherited, asked = head["told"]
    state.told = Told(context, inherited, {model: Asked(*held) for model, held in asked.items()})
    forecasts, explanations = head["said"]
    state.said = Said(
        {model: Forecast(*held) for model, held in forecasts.items()},
        {model: Explanation(*held)._replace(contributions=tuple(held[-1])) for model, held in explanations.items()},
    )
    for name, fact in head["facts"]:
        held: SlowFact = _FACTS[name].model_validate_json(orjson.dumps(fact))
        state.facts[held.id] = held
    ledger = state.ledger
    ledger.applied, ledger.thinned, ledger.retracted = head["applied"], head["thinned"], head["retracted"]
    for frame in frames:
        number, hour = _unpack_hour(frame)
        ledger.hours[number] = hour
        for record in hour.records.values():
            ledger.sources[record.source] = (*ledger.sources.get(record.source, ()), (number, record.id))
    return state


def seen(content: bytes) -> set[int]:
    """Fingerprints (`readings.fingerprint`) of every reading id ever folded into a packed state."""
    return {mark for hour in unpack(content).ledger.hours.values() for mark in hour.seen}


def _fields(asked: Asked) -> list[int | str]:
    # Not dataclasses.astuple: it copies deeply, and a sweep packs every patient.
    return [asked.row, asked.encounter, asked.started, asked.owed, asked.declined]


def _frame(body: bytes) -> tuple[bytes, bytes]:
    return _LENGTH.pack(len(body)), body


def _frames(content: bytes) -> Iterator[bytes]:
    if not content.startswith(MAGIC):
        msg = f"not a state of this version: {content[:32]!r}"
        raise ValueError(msg)
    at = len(MAGIC)
    while at < len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        yield content[at : at + length]
        at += length


def _pack_hour(number: int, hour: Hour) -> bytes:
    # Ids decide the order, so a whole record never has to be compared.
    records = [tuple(record) for _, record in sorted(hour.records.items())]
    return orjson.dumps([number, base64.b64encode(_little(hour.seen).tobytes()).decode(), records])


def _unpack_hour(frame: bytes) -> tuple[int, Hour]:
    number, marks, records = orjson.loads(frame)
    hour = Hour(packed=frame)
    hour.seen = _little(array("Q", base64.b64decode(marks)))
    for id_, source, code, value, unit, taken, known, device in records:
        # Codes and units are few: one string of each for all records.
        hour.records[id_] = Record(id_, source, sys.intern(code), value, sys.intern(unit), taken, known, device)
    hour.own()
    return number, hour


def _little(marks: "array[int]", order: Literal["little", "big"] = sys.byteorder) -> "array[int]":
    if order == "big":
        marks = array("Q", marks)
        marks.byteswap()
    return marks
