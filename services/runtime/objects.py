"""The object store by URL (obstore): a folder, S3, GCS or Azure."""

from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from services.runtime.errors import StoreUnavailable


class ObjectStoreByUrl:
    """Bytes under a name. `file:///path` is made when it is not there."""

    def __init__(self, url: str) -> None:
        if url.startswith("file:"):
            folder = Path(urlsplit(url).path)
            folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(folder)
        else:
            self._store = from_url(url)  # type: ignore[assignment]  # every store has the same methods

    def put(self, name: str, content: bytes) -> None:
        """Write, replacing."""
        try:
            obstore.put(self._store, name, content)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    def get(self, name: str) -> bytes:
        """Read; KeyError when there is none."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            raise KeyError(name) from None
        except (BaseError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    def names(self, prefix: str) -> list[str]:
        """Names under the prefix, sorted."""
        try:
            return sorted(meta["path"] for batch in obstore.list(self._store, prefix) for meta in batch)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    def delete(self, name: str) -> None:
        """Remove; no error when there is none."""
        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
