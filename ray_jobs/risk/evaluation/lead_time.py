"""How long before onset alarms come, and what more alarms would find."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ray_jobs.risk.metrics import BED_DAYS_PER_ALARM, Flags, Floats, Hours

AHEAD_HOURS: Final = (6, 3, 0)
HOURS_A_DAY: Final = 24


def first_warnings(hours: Hours, alarms: Flags) -> Floats:
    """Hours from the first true alarm (24 h before to 3 h after onset) to onset, a row for each septic patient in
    order of their stays; NaN for those never warned then, negative after onset.
    """
    septic = np.unique(hours.stay[hours.label])
    ahead = np.full(int(hours.stay.max()) + 1, np.nan)
    true = hours.true_alarms(alarms)
    np.fmax.at(ahead, hours.stay[true], (hours.onset() - hours.hour)[true])
    return np.asarray(ahead[septic])


def lead_time(hours: Hours, alarms: Flags) -> dict[str, Any]:
    """Median and quartiles in hours of those warned; shares of all septic patients warned at least so early."""
    ahead = first_warnings(hours, alarms)
    warned = ahead[~np.isnan(ahead)]
    low, median, high = np.percentile(warned, [25, 50, 75]) if len(warned) else (np.nan,) * 3
    return {
        "septic_patients": len(ahead),
        "warned": len(warned) / len(ahead) if len(ahead) else np.nan,
        "median_hours": float(median),
        "lower_quartile_hours": float(low),
        "upper_quartile_hours": float(high),
        **{
            f"warned_{hour}_hours_before": float(np.mean(np.nan_to_num(ahead, nan=-np.inf) >= hour))
            for hour in AHEAD_HOURS
        },
    }


def per_12_bed_days(alarms: float, rows: float) -> float:
    """Alarms in 12 bed-days of which each row is an hour."""
    return alarms / rows * HOURS_A_DAY * BED_DAYS_PER_ALARM


def trade_off(hours: Hours, thresholds: Floats) -> dict[str, Floats]:
    """At each threshold, with 24 h of silence: alarms in 12 bed-days, their PPV, septic patients found; each [k]."""
    septic = np.unique(hours.stay[hours.label])
    rows = []
    for threshold in thresholds:
        alarms = hours.alarms(float(threshold))
        true = hours.true_alarms(alarms)
        count = int(alarms.sum())
        found = len(np.unique(hours.stay[true])) / len(septic)
        rows.append((per_12_bed_days(count, len(alarms)), true.sum() / count if count else np.nan, found))
    columns = np.array(rows, dtype=np.float64).T
    return dict(zip(("alarms_in_12_bed_days", "ppv", "found"), columns, strict=True))
