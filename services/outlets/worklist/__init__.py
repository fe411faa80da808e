"""The reading worklist in DICOM's words: studies that wait for a person, urgent ones first (PS3.4 annex CC)."""

from services.outlets.worklist.server import WorklistServer
from services.outlets.worklist.tasks import ReadingTasks, follow

__all__ = ["ReadingTasks", "WorklistServer", "follow"]
