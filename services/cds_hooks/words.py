"""How scores, forecasts and alerts are said on a card: sentences and GitHub-flavoured Markdown."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.events import Factor, ForecastExplained, RiskForecasted, ScoredParameter, WarningScoreComputed
from services.cds_hooks.standing import Alert, Standing

KINDS: Final = {"sepsis": "Sepsis", "deterioration": "Deterioration", "news2": "NEWS2", "imaging": "Imaging"}
LIMITS: Final = {"no_escalation": "no escalation", "palliative": "palliative care", "comfort": "comfort care"}
MOST: Final = 139
TOP: Final = 5
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def short(text: str) -> str:
    """At most what a summary holds."""
    flat = " ".join(text.split())
    return flat if len(flat) <= MOST else flat[: MOST - 1].rstrip() + "…"


def plain(text: str) -> str:
    """Words that are no Markdown, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def about_alert(alert: Alert) -> str:
    """One sentence: what, and where it stands if somebody is at it."""
    last = alert.last
    stands = {"acknowledged": " (someone has taken it)", "snoozed": " (snoozed)", "stale": " (no new data)"}
    return short(
        f"{KINDS.get(last.kind, last.kind)} alert, {last.severity}{stands.get(alert.phase, '')}: {last.summary}"
    )


def detail(standing: Standing, alert: Alert | None, now: datetime) -> str:
    """Evidence, NEWS2 with its parts, forecasts of live models with their strongest reasons, limits of care."""
    parts: list[str] = []
    if alert is not None:
        parts += [f"- {plain(reason.text)}" for reason in alert.evidence if reason.text]
        parts += ["", f"Since {clock(alert.last.at)}."]
    if standing.score is not None:
        parts += ["", *_score(standing.score, now)]
    for forecast in standing.live():
        parts += ["", *_forecast(forecast, standing.reasons.get(forecast.model), now)]
    limit = standing.context.care_limit if standing.context is not None else "full"
    if limit in LIMITS:
        parts += ["", f"Limit of care: {LIMITS[limit]}."]
    return "\n".join(parts).strip()


def news2(score: WarningScoreComputed) -> str:
    """`NEWS2 7 (high)`, or its bounds while a parameter is missing."""
    total = f"{score.total}" if score.total is not None else f"{score.lowest} to {score.highest}, not complete"
    band = f" ({score.band})" if score.band else ""
    return f"NEWS2 {total}{band}"


def _score(score: WarningScoreComputed, now: datetime) -> list[str]:
    if score.not_applicable:
        return [f"**NEWS2** {plain(score.not_applicable)}"]
    head = f"**{news2(score)}**, {clock(score.as_of)}{_old(score.as_of, now, fresh=score.fresh)}"
    points = [p for p in score.parameters if p.points]
    missing = [p.name.replace("_", " ") for p in score.parameters if p.points is None]
    lines = [head, *(_parameter(p) for p in sorted(points, key=lambda p: -(p.points or 0)))]
    return [*lines, f"- not measured lately: {', '.join(missing)}"] if missing else lines


def _parameter(parameter: ScoredParameter) -> str:
    value = "" if parameter.value is None else f" {parameter.value:g}"
    return f"- {parameter.name.replace('_', ' ')}{value}: {parameter.points}"


def _forecast(forecast: RiskForecasted, why: ForecastExplained | None, now: datetime) -> list[str]:
    within = f" within {forecast.horizon_hours:g} h" if forecast.horizon_hours else ""
    name = KINDS.get(forecast.model, forecast.model)
    head = (
        f"**{name}{within}: {forecast.probability:.1%}** (alarm from {forecast.threshold:.1%}; model {forecast.model}"
        f" {plain(forecast.version)}), {clock(forecast.as_of)}{_old(forecast.as_of, now, fresh=forecast.fresh)}"
    )
    return [head, *_factors(why.factors if why is not None else (), why)]


def _factors(factors: Iterable[Factor], why: ForecastExplained | None) -> list[str]:
    """The strongest first, as they were at the time of the explanation."""
    top = sorted(factors, key=lambda f: -abs(f.contribution))[:TOP]
    lines = [f"- {plain(f.label)}{_value(f)} {'raises' if f.contribution > 0 else 'lowers'} it" for f in top]
    return [f"Reasons at {clock(why.as_of)}:", *lines] if lines and why is not None else []


def _value(factor: Factor) -> str:
    if factor.value is None:
        return ""
    unit = f" {factor.unit}" if factor.unit and factor.unit not in {"1", "{score}"} else ""
    return f" {factor.value:g}{unit}"


def clock(at: datetime) -> str:
    """An instant in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _old(as_of: datetime, now: datetime, *, fresh: bool) -> str:
    hours = (now - as_of) / timedelta(hours=1)
    return f" ({hours:.0f} hours old)" if hours >= 1.5 or not fresh else ""  # noqa: PLR2004 - it is rounded
