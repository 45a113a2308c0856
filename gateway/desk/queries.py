"""Reads of departments: a department reads its own cases only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

import orjson

from gateway.desk.store import DeskStore, PageEnd, TokenStore
from gateway.desk.view import DeskCase, case_key
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.requests.signed_tokens import sign, verify
from services.common.domain.identifiers import text_of
from services.common.domain.networks import network_of
from services.common.domain.tokens import hash_of
from services.common.http import problem_types
from services.common.http.problems import Problem

READS: Final = 16
"""Concurrent reads of all departments together: their pages are large, and people must not wait for them."""

READS_OF_ONE_DEPARTMENT: Final = 4

TOKENS: Final = 64
"""Concurrent look-ups of tokens. Anybody may send one, so they take no places from reads."""

TOKENS_OF_ONE_NETWORK: Final = 8

ListedState = Literal["open", "closed", "all"]

_CLOSED: Final[dict[ListedState, bool | None]] = {"open": False, "closed": True, "all": None}


@dataclass(frozen=True, slots=True)
class DeskQueries:
    cases: DeskStore
    tokens: TokenStore
    secret: bytes
    _limit: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("department-reads", READS))
    _own: KeyedLimit = field(
        default_factory=lambda: KeyedLimit("reads-of-one-department", READS_OF_ONE_DEPARTMENT, problem_types.BUSY)
    )
    _tokens: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("department-tokens", TOKENS))
    _networks: KeyedLimit = field(
        default_factory=lambda: KeyedLimit(
            "department-tokens-of-one-network", TOKENS_OF_ONE_NETWORK, problem_types.BUSY
        )
    )

    async def department_of(self, token: str, address: str) -> str:
        """The department that this token belongs to. Raises the problem `department-token` or `busy`."""
        with self._networks.acquire(network_of(address)), self._tokens:
            found = await self.tokens.find(hash_of(token))
        if found is None or not found.is_valid(datetime.now(UTC)):
            raise no_token('Bearer error="invalid_token"')
        return found.department

    @contextmanager
    def place_of(self, department: str) -> Iterator[None]:
        """A place for one read of the department. Raises the problem `busy` if there is none."""
        with self._own.acquire(department), self._limit:
            yield

    async def list(
        self, department: str, state: ListedState, cursor: str | None, limit: int
    ) -> tuple[list[DeskCase], str | None]:
        """A page of the department's cases, the oldest first, and the cursor of the next page (None on the last).

        Raises the problem `cursor` for a cursor that is invalid, or of another department or filter.
        """
        after: PageEnd | None = None
        if cursor is not None:
            payload = verify(self.secret, _purpose(department, state), cursor)
            if payload is None:
                raise Problem(problem_types.CURSOR)
            entered_on, key = orjson.loads(payload)
            after = entered_on, key
        with self.place_of(department):
            found = await self.cases.page(department, _CLOSED[state], after, limit + 1)
        if len(found) <= limit:
            return found, None
        last = found[limit - 1].assignment
        end = [last.entered_on.isoformat(), case_key(department, text_of(last.request_id))]
        return found[:limit], sign(self.secret, _purpose(department, state), orjson.dumps(end))


def _purpose(department: str, state: ListedState) -> bytes:
    return f"desk-cursor/2 {department} {state}".encode()


def no_token(challenge: str = "Bearer") -> Problem:
    """`challenge` is the `WWW-Authenticate` header (RFC 6750)."""
    return Problem(problem_types.DEPARTMENT_TOKEN, headers={"WWW-Authenticate": challenge})
