"""Password hashing with argon2id, in threads: one hash takes about 20 ms of CPU and 19 MiB of memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from services.common.text import password_forms

_THREADS: Final = 2

_hasher: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
"""Parameters: OWASP Password Storage Cheat Sheet, argon2id."""

_DUMMY_HASH: Final = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    return _hasher.hash(password_forms(password)[0])


def verify_password(password: str, password_hash: str) -> bool:
    """Whether the password matches in one of its Unicode forms: earlier versions hashed the form that was typed."""
    return any(_hasher.verify(form, password_hash) for form in password_forms(password))


class Passwords:
    """Hashes and verifies passwords in threads, so that hashing does not block the event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password matches the hash. Without a hash (no such account) it is False, after the same work."""
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(self._threads, verify_password, password, password_hash or _DUMMY_HASH)
        return matches and password_hash is not None

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, hash_password, password)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
