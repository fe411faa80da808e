"""Occupied general and acute beds of hospital trusts a week ahead, in winters that reports cover with gaps between.

Boosted trees (LightGBM, least absolute error), pooled over trusts, on the change from the last believable value in
units of the trust's own level. Winters stand alone: nothing is carried over a gap. What looks back uses the days up
to the origin only. A winter is forecast by the mean of two sets of trees: one fitted on the winters before it, and
one that is fitted anew every two weeks and knows this winter too, as far as its outcomes were known by then: a winter
unlike all before it is learnt from while it lasts, and one that begins oddly does not carry everything away.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AHEAD_DAYS = 7
BELIEVED_WITHIN = 0.25
"""A report further than this from the median of three weeks is taken for an error, and not looked at."""
STALE_AFTER_DAYS = 7
LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 21)
PARAMETERS = {
    "objective": "l1", "num_leaves": 15, "min_data_in_leaf": 300, "learning_rate": 0.05, "feature_fraction": 0.5,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5.0, "verbose": -1, "seed": 1, "deterministic": True,
}  # fmt: skip
ROUNDS = 250
LARGEST_MOVE = 0.3
"""Moves by more of a trust's level in a week are mergers and errors: they are scored, and not learnt from."""
REFIT_DAYS = 14
OWN_WEIGHT = 3.0
"""What a day of the winter itself counts against one of an earlier winter."""
OWN_FORECASTS = 500
"""So few days of its own say nothing yet."""
COLUMNS = ("code", "date", "season", "ga_occupied", "ga_open", "los_over_7d", "los_over_21d")


@dataclass(frozen=True, slots=True)
class Winter:
    """A row for each trust and day: `day` of the winter, features [n, k], `last` believable beds, `level`, beds then
    `now` and 7 days on.
    """

    season: str
    day: "Floats"
    features: "Floats"
    last: "Floats"
    level: "Floats"
    now: "Floats"
    then: "Floats"

    def where(self, chosen: "NDArray[np.bool_]") -> "Winter":
        """Some of its rows [n]."""
        rows = (getattr(self, f)[chosen] for f in ("day", "features", "last", "level", "now", "then"))
        return Winter(self.season, *rows)


@dataclass(frozen=True, slots=True)
class WinterScore:
    """Mean absolute errors in beds on one winter, of `days` forecasts, with the winters that were learnt from."""

    season: str
    learnt_from: tuple[str, ...]
    forecasts: int
    mae: float
    same_weekday: float


def read_winters(path: Path) -> list[Winter]:
    """The winters of a sitrep file, oldest first; raises OSError, or ValueError when it is of another kind."""
    import pandas as pd

    table = pd.read_parquet(path)
    missing = [c for c in COLUMNS if c not in table.columns]
    if missing:
        msg = f"{path.name}: column {', '.join(missing)} is missing"
        raise ValueError(msg)
    trusts = table[table["code"] != "-"].drop_duplicates(["code", "date"], keep="last")
    trusts = trusts.assign(date=pd.to_datetime(trusts["date"]))
    return [_winter(str(season), of) for season, of in trusts.groupby("season", sort=True)]


def evaluate_winters(winters: list[Winter], tested: int, each: Callable[[], None] = lambda: None) -> list[WinterScore]:
    """Scores on the last `tested` winters, each forecast from what was known on the day."""
    return list(_scores(winters, tested, each))


def fit(winters: list[Winter], own: Winter | None = None) -> Callable[["Floats"], "Floats"]:
    """Trees fitted on these winters, and on days of the `own` one: features [n, k] to moves in levels [n]."""
    import lightgbm as lgb

    weights = [1.0] * len(winters) + [OWN_WEIGHT] * (own is not None)
    winters = winters + ([] if own is None else [own])
    move = np.concatenate([(w.then - w.last) / w.level for w in winters])
    weight = np.concatenate([w.level * weight for w, weight in zip(winters, weights, strict=True)])
    weight *= np.abs(move) < LARGEST_MOVE
    data = lgb.Dataset(np.concatenate([w.features for w in winters]), move, weight=weight)
    trees = lgb.train(dict(PARAMETERS), data, ROUNDS)
    return lambda features: np.asarray(trees.predict(features), dtype=np.float64)


def moves(before: list[Winter], test: Winter) -> "Floats":
    """Moves of a winter's rows in levels [n]; whatever is said of a day was fitted on what was known on that day."""
    always = fit(before)
    found = always(test.features)
    for start in np.arange(test.day.min(), test.day.max() + 1, REFIT_DAYS):
        rows = (test.day >= start) & (test.day < start + REFIT_DAYS)
        known = test.where(test.day + AHEAD_DAYS < start)
        if rows.any() and len(known.then) >= OWN_FORECASTS:
            found[rows] = (found[rows] + fit(before, known)(test.features[rows])) / 2
    return found


def _scores(winters: list[Winter], tested: int, each: Callable[[], None]) -> Iterator[WinterScore]:
    if not 1 <= tested < len(winters):
        msg = f"{len(winters)} winters: 1 to {len(winters) - 1} of them can be tested, the others are learnt from"
        raise ValueError(msg)
    for n in range(len(winters) - tested, len(winters)):
        test, before = winters[n], winters[:n]
        forecast = np.maximum(test.last + moves(before, test) * test.level, 0.0)
        each()
        yield WinterScore(
            test.season,
            tuple(w.season for w in before),
            len(test.then),
            float(np.abs(forecast - test.then).mean()),
            float(np.abs(test.now - test.then).mean()),
        )


def _winter(season: str, table: "pd.DataFrame") -> Winter:
    import pandas as pd

    def of(column: str, *, positive: bool = False) -> "pd.DataFrame":
        wide = table.pivot_table(index="date", columns="code", values=column, dropna=False).astype(float)
        wide = wide.asfreq("D").reindex(columns=sorted(table["code"].unique()))
        return wide.where(wide > 0) if positive else wide

    beds = of("ga_occupied", positive=True)
    usual = beds.rolling(21, min_periods=7).median()
    last = beds.where((beds / usual - 1).abs() < BELIEVED_WITHIN).ffill(limit=STALE_AFTER_DAYS)
    level = last.rolling(14, min_periods=3).mean()
    opened = of("ga_open", positive=True).ffill(limit=STALE_AFTER_DAYS)
    found = {f"moved in {k}": (last - last.shift(k)) / level for k in LAGS}
    found |= {f"from mean of {n}": (last - last.rolling(n, min_periods=3).mean()) / level for n in (7, 14, 28)}
    found |= {f"opened in {n}": (opened - opened.shift(n)) / level for n in (7, 14)}
    found["occupancy"] = last / opened
    found["occupancy moved"] = found["occupancy"] - found["occupancy"].rolling(14, min_periods=3).mean()
    for column in ("los_over_7d", "los_over_21d"):
        long = of(column).ffill(limit=STALE_AFTER_DAYS)
        found |= {f"{column} moved in {n}": (long - long.shift(n)) / level for n in (1, 7)}
        found[f"{column} share"] = long / last
    found["restless"] = last.diff().abs().rolling(14, min_periods=3).mean() / level
    share = level.div(level.sum(axis=1), axis=0)
    for name in ("moved in 1", "moved in 7", "moved in 14", *(f"from mean of {n}" for n in (7, 14, 28)), "occupancy",
                 "los_over_7d moved in 7", "los_over_21d moved in 7", "opened in 7"):  # fmt: skip
        whole = (found[name] * share).sum(axis=1) / share.where(found[name].notna()).sum(axis=1)
        found[f"{name} everywhere"] = pd.DataFrame(dict.fromkeys(beds.columns, whole))
    days = pd.DatetimeIndex(beds.index)
    summer = 9
    christmas = [(d - pd.Timestamp(d.year if d.month >= summer else d.year - 1, 12, 25)).days for d in days]
    for name, values in (("days from Christmas", christmas), ("weekday", list(days.day_of_week))):
        found[name] = pd.DataFrame(dict.fromkeys(beds.columns, values), index=days)
    found["level"] = level.map(np.log)
    then = beds.shift(-AHEAD_DAYS)
    kept = (then.notna() & beds.notna() & level.notna() & last.notna()).to_numpy()
    features = np.stack([np.asarray(frame, dtype=np.float64)[kept] for frame in found.values()], axis=1)
    rest = [np.asarray(frame, dtype=np.float64)[kept] for frame in (last, level, beds, then)]
    day = np.broadcast_to(np.arange(len(days), dtype=np.float64)[:, None], kept.shape)[kept]
    return Winter(season, day, features, *rest)
