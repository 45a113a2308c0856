"""Reserve free ports on 127.0.0.1, and the same ones after a restart if they are still free."""

import random
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress

from deploy.local.errors import StackError

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


def reserve(names: Iterable[str], kept: Mapping[str, int]) -> dict[str, socket.socket]:
    """A socket for each name, bound to a port: the kept one if it is still free, otherwise a new one.

    The socket does not listen, so that a server with `SO_REUSEADDR` can, as all of ours do. Until it is closed no other stack gets
    the port as a new one: a server may start long after its port was chosen. Raises StackError.
    """
    reserved: dict[str, socket.socket] = {}
    try:
        for name in names:
            reserved[name] = _kept_port(kept.get(name)) or _new_port({*kept.values()})
    except StackError:
        for each in reserved.values():
            each.close()
        raise
    return reserved


def number(reserved: socket.socket) -> int:
    port: int = reserved.getsockname()[1]
    return port


def _kept_port(port: int | None) -> socket.socket | None:
    if port is None or not is_free(port):
        return None
    try:
        return _bound(port, shared=True)
    except OSError:
        return None


def _new_port(used: set[int]) -> socket.socket:
    for port in _random.sample(RANGE, len(RANGE)):
        if port not in used:
            with suppress(OSError):
                return _bound(port, shared=False)
    raise StackError(f"All ports from {RANGE[0]} to {RANGE[-1]} are in use.")


def _bound(port: int, *, shared: bool) -> socket.socket:
    """`shared`: also to a port that was in use a moment ago, or that is reserved. Raises OSError."""
    bound = socket.socket()
    try:
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        bound.close()
        raise
    return bound
