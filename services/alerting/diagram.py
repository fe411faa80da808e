"""docs/alerts.md from the table: `python -m services.alerting.diagram [FILE]` (a test keeps the file in step)."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from schemas.events.alerts import Severity
from services.alerting.durations import words
from services.alerting.policy import Policy
from services.alerting.rules import Rule
from services.alerting.table import INPUTS, PHASES, TABLE, Phase

_MEANING: Final = {
    "over": "measured above the level that raises, often enough, and no alert stands",
    "withheld": "the same, but a care limit, or sepsis that is known or treated already, forbids the alert",
    "worse": "more severe than the alert is",
    "still": "measured, and not recovered",
    "well": "measured recovery, often enough in a row",
    "acknowledge": "a person takes it",
    "snooze": "a person silences it for a while",
    "dismiss": "a person says that it is over, wrong or overridden",
    "wake": "the snooze is over",
    "unanswered": "the role that is addressed did not take it in time: the next one is",
    "notify": "quiet hours or maintenance are over, and nobody was called yet",
    "delivered": "a receiver that counts has the call",
    "unreached": "no receiver confirmed the call in time",
    "moved": "the patient lies on another ward",
    "silent": "nothing was heard for too long",
    "left": "discharged or died",
    "limited": "palliative or comfort care was decided",
    "released": "that limit was lifted, or sepsis has been known (or treated) for so long that a new one is news",
    "merged": "the patient goes on under another key",
    "adopted": "an alert of a patient who was merged into this one goes on here",
}
_HEAD: Final = """# Alerts

One alert stands for a patient and kind from the moment it is raised until it is resolved. This page is generated from
`services/alerting/table.py` and `policy.py`: `python -m services.alerting.diagram docs/alerts.md`.
"""


def diagram() -> str:
    """The machine as a Mermaid state diagram, parallel edges joined."""
    edges: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for (phase, given), (after, _) in TABLE.items():
        edges[phase, after].append(given)
    lines = ["stateDiagram-v2", "    [*] --> resolved"]
    for phase in PHASES:
        lines += [
            f"    {phase} --> {after}: {', '.join(edges[phase, after])}" for after in PHASES if (phase, after) in edges
        ]
    return "\n".join(lines)


def page(policy: Policy) -> str:
    """The whole document."""
    rows = [f"| {p} | {g} | {after} | {event or '–'} |" for (p, g), (after, event) in TABLE.items()]
    kinds = [_rule(kind, policy.rule(kind)) for kind in policy.kinds]
    parts = [
        _HEAD,
        f"```mermaid\n{diagram()}\n```\n",
        "| what happened | means |\n|---|---|",
        *(f"| {given} | {_MEANING[given]} |" for given in INPUTS),
        "\n| phase | what happened | next phase | event |\n|---|---|---|---|",
        *rows,
        "\nWhatever is not in this table changes nothing. Missing data, a missed forecast or a total that is not known",
        "never resolves an alert: it only goes stale.\n",
        "A deadline (unanswered, notify, wake, silent) happens at its own instant, whichever tick or fact finds it:",
        "the same log gives the same transitions, wherever a poll ended and whatever was restarted.\n",
        "## The policy that is shipped\n",
        "A site's own, by ward: [alert-policies.md](alert-policies.md).\n",
        "| kind | amber from | red from | recovery at or below | signals to raise | signals to resolve | stale after |",
        "|---|---|---|---|---|---|---|",
        *kinds,
        "\n| kind | severity | first asked | then, if nobody takes it | then |\n|---|---|---|---|---|",
        *(row for kind in policy.kinds for row in _roles(kind, policy.rule(kind))),
        "\nAn amber alert that is not taken goes on as red. What is told to whom is in the events: `role`,",
        "`contact` (from the roster), `quiet_until`.",
    ]
    return "\n".join(parts) + "\n"


def _rule(kind: str, rule: Rule) -> str:
    stale = "never" if rule.stale_after is None else f"{rule.stale_after.total_seconds() / 3600:g} h"
    return (
        f"| {kind} | {rule.amber:g} | {rule.red:g} | {rule.resolve:g} | {rule.raise_after} | {rule.resolve_after} "
        f"| {stale} |"
    )


def _roles(kind: str, rule: Rule) -> Iterator[str]:
    for severity in get_args(Severity):
        waits = rule.waits(severity)
        nurse, charge = words(waits.bedside_nurse), words(rule.escalate_red_after.charge_nurse)
        yield f"| {kind} | {severity} | bedside nurse | charge nurse after {nurse} | rapid response after {charge} |"


def main(arguments: list[str]) -> None:
    """Write the page to the file named, else to standard output."""
    text = page(Policy())
    if arguments:
        Path(arguments[0]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
