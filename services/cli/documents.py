"""Documents found under paths: files, folders and tar archives, in the order of their names, one at a time."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

Format = Literal["json", "ndjson", "dicom", "hl7v2", "unknown"]
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")
_DICOM_PREAMBLE = 128


class Document(NamedTuple):
    """A name to show, what it seems to be, and its bytes."""

    name: str
    format: Format
    content: bytes


def documents(paths: list[Path]) -> Iterator[Document]:
    """Everything that can be sent or checked; raises OSError for a path that is not there, tarfile.TarError."""
    for path in paths:
        if path.is_dir():
            for file in sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")):
                yield from _of_file(file)
        else:
            yield from _of_file(path)


def count(paths: list[Path]) -> int:
    """How many documents there will be; archives are listed, not read."""
    total = 0
    for path in paths:
        files = [p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")] if path.is_dir() else [path]
        for file in files:
            if file.name.endswith(_ARCHIVES):
                with tarfile.open(file) as archive:
                    total += sum(member.isfile() for member in archive)
            else:
                total += 1
    return total


def _of_file(file: Path) -> Iterator[Document]:
    if not file.name.endswith(_ARCHIVES):
        content = file.read_bytes()
        yield Document(str(file), _format(file.name, content), content)
        return
    with tarfile.open(file) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                content = stream.read()
                yield Document(f"{file}:{member.name}", _format(member.name, content), content)


def _format(name: str, content: bytes) -> Format:
    suffix = name.rpartition(".")[2].lower()
    if content[_DICOM_PREAMBLE : _DICOM_PREAMBLE + 4] == b"DICM":
        return "dicom"
    if suffix == "ndjson":
        return "ndjson"
    if content.lstrip()[:1] in {b"{", b"["} or suffix == "json":
        return "json"
    if content.lstrip(b"\x0b\r\n ")[:4] in {b"MSH|", b"FHS|", b"BHS|"}:
        return "hl7v2"
    return "dicom" if suffix == "dcm" else "unknown"
