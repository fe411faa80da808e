"""A Grafana 11.0.0 OSS that answers over real HTTP as the recorded server did, and breaks on request."""

from tests.fakes.grafana.faults import CutShort, Drop, Fault, Hang, Lose, Reply
from tests.fakes.grafana.server import ADMIN, FakeGrafana
from tests.fakes.grafana.world import Annotation

__all__ = ["ADMIN", "Annotation", "CutShort", "Drop", "FakeGrafana", "Fault", "Hang", "Lose", "Reply"]
