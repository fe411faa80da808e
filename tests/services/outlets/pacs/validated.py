"""What dciodvfy (dicom3tools) says of an object."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

PROGRAM: Final = shutil.which("dciodvfy")
WHY_NOT: Final = "needs dciodvfy (apt-get install dicom3tools)"


def errors(content: bytes, folder: Path) -> list[str]:
    """The lines that call the object wrong; warnings (a private coding scheme, no study id) are left out."""
    assert PROGRAM is not None, WHY_NOT
    file = folder / "validated.dcm"
    file.write_bytes(content)
    said = subprocess.run([PROGRAM, str(file)], capture_output=True, text=True, timeout=60, check=False)
    lines = (said.stderr + said.stdout).splitlines()
    return [line for line in lines if line.startswith(("Error", "Abort"))]
