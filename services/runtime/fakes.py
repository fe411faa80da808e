"""State store, object store and inference in memory; they pass the contract suites of the real ones."""

from collections.abc import Callable, Mapping

from services.runtime.errors import InferenceUnavailable, StaleWriter, StoreUnavailable
from services.runtime.ports import Tensors, Watermark


class FakeStateStore:
    """States in a dict. `down` makes every call fail; `flush` is what an emptied Redis looks like."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], tuple[Watermark, dict[str, bytes]]] = {}
        self.down = False

    def flush(self) -> None:
        """Everything is gone."""
        self._held.clear()

    def load(self, service: str, partition: int) -> tuple[Watermark, dict[str, bytes]] | None:
        """Watermark and all states; None when any is missing."""
        self._check()
        found = self._held.get((service, partition))
        if found is None or found[0].states != len(found[1]):
            return None
        return found[0], dict(found[1])

    def save(
        self,
        service: str,
        partition: int,
        expected: Watermark | None,
        new: Watermark,
        changed: Mapping[str, bytes | None],
    ) -> None:
        """All or nothing."""
        self._check()
        stored = self._held.get((service, partition))
        if expected is not None and (stored is None or stored[0] != expected):
            msg = f"{service}/{partition}: the stored watermark is not {expected!r}"
            raise StaleWriter(msg)
        states = {} if expected is None or stored is None else dict(stored[1])
        for key, value in changed.items():
            if value is None:
                states.pop(key, None)
            else:
                states[key] = value
        self._held[service, partition] = (new, states)

    def _check(self) -> None:
        if self.down:
            msg = "the state store is down"
            raise StoreUnavailable(msg)


class FakeObjectStore:
    """Objects in a dict."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        """Write, replacing."""
        self._held[name] = content

    def get(self, name: str) -> bytes:
        """Read; KeyError when there is none."""
        return self._held[name]

    def names(self, prefix: str) -> list[str]:
        """Names under the prefix, sorted; a prefix ends at a slash, as in a folder."""
        head = prefix.rstrip("/") + "/"
        return sorted(name for name in self._held if not prefix or name.startswith(head))

    def delete(self, name: str) -> None:
        """Remove."""
        self._held.pop(name, None)


class FakeInference:
    """Answers by a given function of model and tensors; `down` is a dead Ray."""

    def __init__(self, answer: Callable[[str, Tensors], Tensors]) -> None:
        self._answer = answer
        self.down = False
        self.calls = 0

    def infer(
        self, model: str, tensors: Tensors, metadata: Mapping[str, str], *, deadline_s: float
    ) -> tuple[Tensors, dict[str, str]]:
        """The function's answer."""
        self.calls += 1
        if self.down or deadline_s <= 0:
            msg = f"{model}: no answer"
            raise InferenceUnavailable(msg)
        return self._answer(model, tensors), dict(metadata)

    def together(
        self, requests: Mapping[str, Tensors], *, deadline_s: float
    ) -> dict[str, tuple[Tensors, dict[str, str]] | InferenceUnavailable]:
        """The function's answers, one model after another."""
        found: dict[str, tuple[Tensors, dict[str, str]] | InferenceUnavailable] = {}
        for model, tensors in requests.items():
            try:
                found[model] = self.infer(model, tensors, {"model": model}, deadline_s=deadline_s)
            except InferenceUnavailable as error:
                found[model] = error
        return found

    def ready(self) -> bool:
        """Whether it would answer."""
        return not self.down
