"""A partition's states in Redis: one hash and one watermark that share a slot (design rules 4 and 6)."""

from collections.abc import Mapping

import redis

from services.runtime.errors import StaleWriter, StoreUnavailable
from services.runtime.ports import Watermark

# Compare and set: nothing is written unless the stored watermark is the one the writer last wrote.
# KEYS: watermark, states. ARGV: expected ('' = replace all), new, deleted count, deleted…, field, value…
_SAVE = """
local stored = redis.call('GET', KEYS[1])
if ARGV[1] == '' then redis.call('DEL', KEYS[2])
elseif stored ~= ARGV[1] then return 0 end
local at = 4 + tonumber(ARGV[3])
for i = 4, at - 1 do redis.call('HDEL', KEYS[2], ARGV[i]) end
for i = at, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


class RedisStateStore:
    """States in Redis. Refuses a server that evicts: a state must never vanish silently."""

    def __init__(self, url: str, *, timeout_s: float = 2.0) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
        self._save = self._redis.register_script(_SAVE)

    def check(self) -> None:
        """Raise StoreUnavailable unless Redis answers and its policy is `noeviction`."""
        try:
            policy = str(self._redis.config_get("maxmemory-policy").get("maxmemory-policy", ""))
        except redis.RedisError as error:
            raise StoreUnavailable(str(error)) from error
        if policy != "noeviction":
            msg = f"Redis has maxmemory-policy {policy!r}; Wardwatch needs noeviction (redis-cli config set …)"
            raise StoreUnavailable(msg)

    def load(self, service: str, partition: int) -> tuple[Watermark, dict[str, bytes]] | None:
        """Watermark and all states; None when any is missing."""
        mark, states = _names(service, partition)
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.get(mark)
                pipe.hgetall(states)
                stored, found = pipe.execute()
        except redis.RedisError as error:
            raise StoreUnavailable(str(error)) from error
        if stored is None:
            return None
        offset, tick, count = stored.decode().split("|")
        watermark = Watermark(int(offset), tick, int(count))
        if watermark.states != len(found):  # something was lost: rebuild from the log
            return None
        return watermark, {key.decode(): value for key, value in found.items()}

    def save(
        self,
        service: str,
        partition: int,
        expected: Watermark | None,
        new: Watermark,
        changed: Mapping[str, bytes | None],
    ) -> None:
        """Changed states and the watermark in one step, or StaleWriter."""
        gone = [key for key, value in changed.items() if value is None]
        kept = [part for key, value in changed.items() if value is not None for part in (key, value)]
        before = "" if expected is None else _text(expected)
        try:
            done = self._save(keys=_names(service, partition), args=[before, _text(new), len(gone), *gone, *kept])
        except redis.RedisError as error:
            raise StoreUnavailable(str(error)) from error
        if not done:
            msg = f"{service}/{partition}: the stored watermark is not {before!r}"
            raise StaleWriter(msg)


def _text(mark: Watermark) -> str:
    return f"{mark.offset}|{mark.tick}|{mark.states}"


def _names(service: str, partition: int) -> tuple[str, str]:
    tag = f"{{wardwatch:{service}:{partition}}}"
    return f"{tag}:watermark", f"{tag}:states"
