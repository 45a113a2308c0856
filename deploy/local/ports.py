"""Choose free ports on 127.0.0.1, and the same ones after a restart if they are still free."""

import random
import socket
from collections.abc import Iterable, Mapping

HOST = "127.0.0.1"

# Below the range of ephemeral ports: an outgoing connection could otherwise use one of our ports.
RANGE = range(20_000, 30_000)

# Independent of `random.seed`: two test runs with the same seed must not choose the same ports.
_random = random.SystemRandom()


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(names: Iterable[str], kept: Mapping[str, int]) -> dict[str, int]:
    """A free port for each name: the kept one if it is still free, otherwise a new one."""
    chosen: dict[str, int] = {}
    for name in names:
        port = kept.get(name)
        chosen[name] = port if port is not None and is_free(port) else _new_port({*chosen.values(), *kept.values()})
    return chosen


def _new_port(used: set[int]) -> int:
    return next(port for port in _random.sample(RANGE, len(RANGE)) if port not in used and is_free(port))
