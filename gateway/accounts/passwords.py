"""Passwords, hashed by argon2id on threads: one hash is some 20 ms of CPU and 19 MiB of memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_THREADS: Final = 2

_hasher: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
"""The first choice of OWASP's password storage cheat sheet for argon2id on shared machines."""

_nobody: Final = _hasher.hash("nobody has this password")


def hashed(password: str) -> str:
    return _hasher.hash(password)


def fits(password: str, password_hash: str) -> bool:
    return _hasher.verify(password, password_hash)


class Verifier:
    """Checks passwords without holding up the event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password fits. Without a hash (no such account) it does the same work, and says no."""
        loop = asyncio.get_running_loop()
        fitting = await loop.run_in_executor(self._threads, fits, password, password_hash or _nobody)
        return fitting and password_hash is not None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
