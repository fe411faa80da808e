"""What the alarm quality page shows, as typed values: counts first, and a share only where enough lies behind it."""

from datetime import date, datetime
from typing import Final

from services.console.reading.parts import Shown

FEW: Final = 10
"""Below so many alerts (or bed-days) no share, time or rate is said: chance alone would make it."""


class Share(Shown):
    """`part` of `whole`; the 95 % interval is Wilson's. `enough` False: too few to say."""

    part: int
    whole: int
    value: float | None
    low: float | None
    high: float | None

    @property
    def enough(self) -> bool:
        """Whether it may be said as a share."""
        return self.whole >= FEW


class Rate(Shown):
    """Alerts in so many occupied bed-days, and per bed-day with a 95 % interval (Byar's of a Poisson count)."""

    alerts: int
    bed_days: float
    value: float | None
    low: float | None
    high: float | None

    @property
    def enough(self) -> bool:
        """Whether it may be said as a rate."""
        return self.bed_days >= FEW


class Waited(Shown):
    """Minutes from an alert to the first person's answer: median and 90 % quantile of those answered."""

    answered: int
    median_min: float | None
    most_min: float | None

    @property
    def enough(self) -> bool:
        """Whether it may be said."""
        return self.answered >= FEW


class Reason(Shown):
    """A reason given for calling alerts wrong or overriding them, and how often."""

    text: str
    count: int


class Line(Shown):
    """One ward (None: the whole site) and one kind of alert (None: all).

    `by_outcome` is of the alerts whose outcome was told, by the rule `outcome_text`; of `outcome_untold` nobody knows.
    `treated`: sepsis alerts after which an antibiotic was begun within a day. `unreached`: those that at some time no
    receiver confirmed.
    """

    ward: str | None
    ward_name: str
    kind: str | None
    kind_text: str
    alerts: int
    rate: Rate
    answered: Share
    waited: Waited
    wrong: Share
    escalated: Share
    by_decisions: Share
    by_outcome: Share
    outcome_untold: int
    outcome_text: str
    treated: Share
    unreached: Share
    reasons: tuple[Reason, ...]
    by_day: tuple[tuple[date, int], ...]


class QualityView(Shown):
    """Alerts raised from `since` to `now`; the first line is the whole site."""

    now: datetime
    hours: int
    since: datetime
    few: int
    suppressed: int
    lines: tuple[Line, ...]
