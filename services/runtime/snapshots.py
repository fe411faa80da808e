"""A partition's states and their watermark as one object, so that a lost Redis is rebuilt quickly (rule 6)."""

import io
import zipfile

from services.runtime.ports import ObjectStore, Watermark

KEPT = 2
"""Snapshots kept of each partition."""


class Snapshots:
    """Snapshots in the object store: `snapshots/SERVICE/PARTITION/OFFSET.zip`, a file per state."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def write(self, service: str, partition: int, mark: Watermark, states: dict[str, bytes]) -> None:
        """Write one and drop those beyond the newest two."""
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.comment = mark.tick.encode()
            for key, content in states.items():
                archive.writestr(zipfile.ZipInfo(key), content)
        folder = f"snapshots/{service}/{partition}"
        self._objects.put(f"{folder}/{mark.offset:020d}.zip", body.getvalue())
        for name in self._objects.names(folder)[:-KEPT]:
            self._objects.delete(name)

    def newest(self, service: str, partition: int, limit: int) -> tuple[Watermark, dict[str, bytes]] | None:
        """The newest whose offset is not beyond the committed offset `limit`."""
        for name in reversed(self._objects.names(f"snapshots/{service}/{partition}")):
            offset = int(name.rsplit("/", 1)[1].removesuffix(".zip"))
            if offset > limit:
                continue
            with zipfile.ZipFile(io.BytesIO(self._objects.get(name))) as archive:
                states = {info.filename: archive.read(info) for info in archive.infolist()}
                return Watermark(offset, archive.comment.decode(), len(states)), states
        return None
