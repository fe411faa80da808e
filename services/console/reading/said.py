"""What people said about theatre plans: decisions, newest first, and questions with their answers."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import date

from services.console import plan_words
from services.console.plans.standing import SAID, Word, standing
from services.console.projection.store import instant
from services.console.reading.schedule_view import Against, Question, Said

MOST_SAID = 40
MOST_QUESTIONS = 20


def stands(db: sqlite3.Connection, proposal: str) -> Word | None:
    """The decision that stands about a proposal."""
    rows = db.execute("SELECT * FROM plan_decisions WHERE proposal = ? ORDER BY known, id", (proposal,)).fetchall()
    return standing(Word(r["decision"], r["who"], r["why"], instant(r["known"])) for r in rows)


def decisions(db: sqlite3.Connection, site: str, told: Mapping[str, str]) -> tuple[Said, ...]:
    """Who decided what about theatre plans, why and when."""
    rows = db.execute(
        "SELECT d.*, p.as_of FROM plan_decisions d JOIN proposals p ON p.proposal = d.proposal"
        " WHERE d.site = ? AND p.kind = 'theatres' ORDER BY d.known DESC, d.id LIMIT ?",
        (site, MOST_SAID),
    )
    return tuple(
        Said(
            proposal=r["proposal"], decision=r["decision"], words=SAID[r["decision"]], who=r["who"], why=r["why"],
            at=instant(r["known"]), plan_of=instant(r["as_of"]),
            edits=tuple(edit(e, told) for e in json.loads(r["edits"])),
        )
        for r in rows.fetchall()
    )  # fmt: skip


def questions(db: sqlite3.Connection, proposal: str, told: Mapping[str, str]) -> tuple[Question, ...]:
    """What was asked about a plan, newest first."""
    rows = db.execute(
        "SELECT q.*, a.text, a.price, a.hindrances, a.changes FROM plan_questions q"
        " LEFT JOIN plan_answers a ON a.question = q.question WHERE q.proposal = ? ORDER BY q.known DESC LIMIT ?",
        (proposal, MOST_QUESTIONS),
    )
    return tuple(
        Question(
            id=r["question"], request=json.loads(r["edit"])["request"], asked=edit(json.loads(r["edit"]), told),
            who=r["who"], at=instant(r["known"]), answered=r["text"] is not None, text=r["text"] or "",
            price=r["price"],
            against=tuple(Against(**h) for h in json.loads(r["hindrances"] or "[]")),
            changes=tuple(c["text"] for c in json.loads(r["changes"] or "[]")),
        )
        for r in rows.fetchall()
    )  # fmt: skip


def edit(e: Mapping[str, str | None], told: Mapping[str, str]) -> str:
    """An edit in words: who goes where."""
    who = told.get(str(e["request"]), str(e["request"]))
    where = [told.get(w, w) for w in (e["theatre"], e["room"]) if w]
    if e["day"] is not None:
        where.insert(0, plan_words.day(date.fromisoformat(e["day"])))
    return f"{who}: {', '.join(where) or 'not in this plan'}"
