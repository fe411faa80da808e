"""What a CDS service answers, as closed models (CDS Hooks 2.0, "Discovery", "CDS Service Response")."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _absolute(url: str) -> str:
    if not urlsplit(url).scheme or not urlsplit(url).netloc:
        raise ValueError("must be an absolute URL")
    return url


Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, AfterValidator(_absolute)]
Summary = Annotated[str, Field(min_length=1, max_length=139)]
"""One sentence of fewer than 140 characters."""
ServiceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]+$")]


class Part(BaseModel):
    """A closed object; `extension` is the one name that is free."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    extension: dict[str, Any] | None = None


class Coding(Part):
    """A code of a system ("Coding"); `display` is required of override reasons."""

    code: Text
    system: Text
    display: str | None = None


class Source(Part):
    """Where a card comes from ("Source")."""

    label: Text
    url: Url | None = None
    icon: Url | None = None
    topic: Coding | None = None


class Action(Part):
    """What accepting a suggestion does ("Action")."""

    type: Literal["create", "update", "delete"]
    description: Text
    resource: dict[str, Any] | None = None
    resourceId: str | None = None  # noqa: N815 - the specification's name

    @model_validator(mode="after")
    def _whole(self) -> "Action":
        if self.type != "delete" and not (self.resource or {}).get("resourceType"):
            raise ValueError(f"to {self.type}, a FHIR resource is needed")
        if self.type == "delete" and self.resource is None and not self.resourceId:
            raise ValueError("to delete, name the resource")
        return self


class Suggestion(Part):
    """A change that a person may accept ("Suggestion")."""

    label: Text
    uuid: str | None = None
    isRecommended: bool | None = None  # noqa: N815 - the specification's name
    actions: tuple[Action, ...] | None = Field(None, strict=False)


class Link(Part):
    """Somewhere to read on ("Link")."""

    label: Text
    url: Url
    type: Literal["absolute", "smart"]
    appContext: str | None = None  # noqa: N815 - the specification's name

    @model_validator(mode="after")
    def _fits(self) -> "Link":
        if self.type == "absolute" and self.appContext is not None:
            raise ValueError("appContext is for SMART apps only")
        return self


class Card(Part):
    """One piece of decision support ("Card Attributes")."""

    uuid: str | None = None
    summary: Summary
    detail: str | None = None
    indicator: Literal["info", "warning", "critical"]
    source: Source
    suggestions: tuple[Suggestion, ...] | None = Field(None, strict=False)
    selectionBehavior: Literal["at-most-one", "any"] | None = None  # noqa: N815 - the specification's name
    overrideReasons: tuple[Coding, ...] | None = Field(None, strict=False)  # noqa: N815 - the specification's name
    links: tuple[Link, ...] | None = Field(None, strict=False)

    @model_validator(mode="after")
    def _whole(self) -> "Card":
        if self.suggestions and self.selectionBehavior is None:
            raise ValueError("with suggestions, selectionBehavior is needed")
        if any(not reason.display for reason in self.overrideReasons or ()):
            raise ValueError("an override reason needs words to show")
        return self


class Cards(Part):
    """The answer to a call."""

    cards: tuple[Card, ...] = Field(strict=False)
    systemActions: tuple[Action, ...] | None = Field(None, strict=False)  # noqa: N815 - the specification's name


class Service(Part):
    """One service of the discovery."""

    hook: Text
    title: str | None = None
    description: Text
    id: ServiceId
    prefetch: dict[str, str] | None = None
    usageRequirements: str | None = None  # noqa: N815 - the specification's name


class Services(Part):
    """The answer to a discovery."""

    services: tuple[Service, ...] = Field(strict=False)
