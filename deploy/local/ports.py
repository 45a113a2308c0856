"""Free ports on 127.0.0.1, the same ones after a restart while nobody else took them."""

import random
import socket
from collections.abc import Iterable, Mapping

HOST = "127.0.0.1"

# Below the range from which Linux takes the local ports of outgoing connections: one of those could sit on ours.
RANGE = range(20_000, 30_000)

# From the system: two test runs that begin with one seed must not choose the same ports.
_chance = random.SystemRandom()


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
    """A free port for each name: the kept one where it is still free, otherwise another."""
    chosen: dict[str, int] = {}
    for name in names:
        port = kept.get(name)
        chosen[name] = port if port is not None and is_free(port) else _other({*chosen.values(), *kept.values()})
    return chosen


def _other(taken: set[int]) -> int:
    return next(port for port in _chance.sample(RANGE, len(RANGE)) if port not in taken and is_free(port))
