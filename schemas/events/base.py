"""What every event has: an id, a site and the two times of design rule 5.

`known` is the gateway's clock when it accepted the fact; times of the fact itself (`taken`,
`started`, `ended` …) are clinical times and belong to each event. All instants are timezone-aware.
"""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Site = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
PatientKey = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Id = Annotated[str, Field(min_length=1, max_length=128)]
Name = Annotated[str, Field(min_length=1, max_length=128)]
Reason = Annotated[str, Field(max_length=1000)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Value(BaseModel):
    """A frozen, closed value: unknown fields, infinities and NaN are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Event(Value):
    """A fact about a site, in the past tense."""

    topic: ClassVar[str]

    id: Id
    site: Site
    known: AwareDatetime

    @property
    def key(self) -> str:
        """The Kafka key: what must stay in order stays on one partition."""
        return self.site


class PatientEvent(Event):
    """A fact about one patient, known on the bus by a random key only (design rule 10)."""

    patient: PatientKey

    @property
    def key(self) -> str:
        """Site and patient: all topics about patients are partitioned alike."""
        return f"{self.site}/{self.patient}"
