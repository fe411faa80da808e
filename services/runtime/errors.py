"""What can go wrong outside us, named by what the caller must do (design rule 2).

DependencyError      try again later, nothing is wrong with the data
├── LogUnavailable       Kafka did not answer
├── StoreUnavailable     Redis or the object store did not answer
└── InferenceUnavailable the models did not answer before the deadline
Fenced               another worker owns the partition now: drop what you hold and rejoin
StaleWriter          the state store holds a newer watermark: drop what you hold and reload
BadInputError        the data cannot be used: refuse it or quarantine it, never retry
WrongSettingError    a setting cannot be used: say which and end, whoever runs us must correct it
"""


class DependencyError(Exception):
    """A dependency is not there; the same call may work later."""


class LogUnavailable(DependencyError):  # noqa: N818 - named by the state, not as an error
    """Kafka did not answer."""


class StoreUnavailable(DependencyError):  # noqa: N818 - named by the state, not as an error
    """The state store or the object store did not answer."""


class InferenceUnavailable(DependencyError):  # noqa: N818 - named by the state, not as an error
    """The models did not answer before the deadline."""


class Fenced(Exception):  # noqa: N818 - Kafka's own word
    """Another worker owns this slot or partition now."""


class StaleWriter(Exception):  # noqa: N818 - named by what the caller is
    """The state store refused: its watermark is not the one this worker last wrote."""


class BadInputError(ValueError):
    """The data cannot be used. `path` says where in the document, `status` how HTTP answers."""

    def __init__(self, reason: str, *, path: str = "", status: int = 422) -> None:
        super().__init__(reason)
        self.reason, self.path, self.status = reason, path, status


class WrongSettingError(Exception):
    """A setting, or a file that it names, cannot be used; the text names it and never holds a secret."""
