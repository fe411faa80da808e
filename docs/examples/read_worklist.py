# ruff: noqa: INP001 - examples to copy, not a package
"""Who waits to be read? Asks Wardwatch's DICOM worklist as a reading room's software would (pip install pynetdicom).

python read_worklist.py localhost 11113 READINGROOM [PRIORITY]
"""

import sys

from pydicom import Dataset
from pynetdicom import AE

UPS_QUERY = "1.2.840.10008.5.1.4.34.6.5"
ASKED = (
    "ScheduledProcedureStepPriority", "PatientID", "PatientName", "StudyInstanceUID", "ProcedureStepState",
    "ScheduledProcedureStepStartDateTime", "CommentsOnTheScheduledProcedureStep",
)  # fmt: skip
PENDING = (0xFF00, 0xFF01)


def waiting(host: str, port: int, our_title: str, **keys: str) -> list[Dataset]:
    """Steps that match the keys, in the order in which they should be read; raises ConnectionError, RuntimeError."""
    entity = AE(our_title)
    entity.add_requested_context(UPS_QUERY)
    peer = entity.associate(host, port, ae_title="WARDWATCH")
    if not peer.is_established:
        raise ConnectionError("no association: is our title one of WARDWATCH_WORKLIST_CALLERS?")
    wanted = Dataset()
    for keyword, value in {**dict.fromkeys(ASKED, ""), **keys}.items():
        setattr(wanted, keyword, value)
    try:
        found = []
        for status, step in peer.send_c_find(wanted, UPS_QUERY):
            if step is not None and status.Status in PENDING:
                found.append(step)
            elif status.get("Status") != 0:
                raise RuntimeError(f"{status.get('Status', 0):04X} {status.get('ErrorComment', 'no answer')}")
        return found
    finally:
        peer.release()


if __name__ == "__main__":
    chosen = {"ScheduledProcedureStepPriority": sys.argv[4]} if len(sys.argv) > 4 else {}  # noqa: PLR2004 - its place
    for one in waiting(sys.argv[1], int(sys.argv[2]), sys.argv[3], **chosen):
        print(  # noqa: T201 - a program for people
            one.ScheduledProcedureStepPriority, one.ScheduledProcedureStepStartDateTime, one.PatientID, one.PatientName,
            one.CommentsOnTheScheduledProcedureStep,
        )  # fmt: skip
