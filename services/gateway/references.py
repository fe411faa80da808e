"""What references mean: inside their own bundle first (FHIR R4, 2.36.4.1), then to the identity store."""

from collections.abc import Mapping
from typing import Literal

from schemas.fhir.elements import Reference
from schemas.fhir.facts import name_of, tail
from schemas.fhir.patient import FHIR_AUTHORITY, MRN_AUTHORITY
from services.runtime.ports import Identifier, Identity


class BundleReferences:
    """Knows the patients and names of one document; remembers what the identity store said."""

    def __init__(self, site: str, identity: Identity) -> None:
        self._site, self._identity = site, identity
        self._patients: dict[str, str | None] = {}
        self._names: dict[str, str] = {}
        self._resources: dict[str, Mapping[str, object]] = {}

    def patient_is(self, key: str, full_url: str | None, id_: str | None) -> None:
        """A Patient of this document was registered under this key."""
        for reference in (full_url, f"Patient/{id_}" if id_ else None):
            if reference:
                self._patients[reference] = key

    def patient_was_refused(self, full_url: str | None) -> None:
        """A Patient of this document is unusable: what refers to it must not find an older namesake."""
        if full_url:
            self._patients[full_url] = None

    def resource_is(self, content: Mapping[str, object], full_url: str | None) -> None:
        """A resource of this document, so that `urn:uuid:` references find its real name."""
        id_, identifiers = content.get("id"), content.get("identifier")
        listed = [i for i in identifiers if isinstance(i, dict)] if isinstance(identifiers, list) else None
        name = name_of(id_ if isinstance(id_, str) else None, listed, full_url)  # type: ignore[arg-type]  # unread yet
        if full_url and name:
            self._names[full_url] = name
        for reference in (full_url, f"{content.get('resourceType')}/{id_}" if id_ else None):
            if reference:
                self._resources[reference] = content

    def patient(self, reference: Reference) -> str | None:
        """The patient key; logical references by identifier count too (FHIR R4, 2.3.0.2)."""
        text = reference.get("reference")
        if text is not None:
            if text not in self._patients:
                self._patients[text] = self._resolve(text)
            return self._patients[text]
        identifier = reference.get("identifier")
        if identifier is None or "value" not in identifier:
            return None
        wanted = Identifier(identifier.get("system") or MRN_AUTHORITY, identifier["value"])
        return self._identity.resolve(self._site, wanted)

    def name(self, reference: Reference) -> str | None:
        """The name of the resource it points to, the same as `name_of` gives for the resource itself."""
        text = reference.get("reference")
        if text is None:
            return name_of(None, [reference["identifier"]] if "identifier" in reference else None, None)
        if text.startswith("#"):
            return None
        return self._names.get(text) or tail(text.partition("/_history/")[0]) or None

    def resource(self, reference: Reference) -> Mapping[str, object] | None:
        """The resource of this document that it points to."""
        text = reference.get("reference", "").partition("/_history/")[0]
        return self._resources.get(text) or self._resources.get("/".join(text.split("/")[-2:]))

    def sex(self, patient: str) -> Literal["female", "male", "other", "unknown"]:
        """What the identity store knows of the person behind a key."""
        person = self._identity.person(patient)
        return person.sex if person is not None else "unknown"

    def _resolve(self, text: str) -> str | None:
        text = text.partition("/_history/")[0]
        kind = text.rpartition("/")[0].rpartition("/")[2]
        if kind != "Patient" and not text.startswith("urn:uuid:"):
            return None
        return self._identity.resolve(self._site, Identifier(FHIR_AUTHORITY, tail(text)))
