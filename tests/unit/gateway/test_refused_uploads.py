"""The bytes of files that are refused count for the hour of the account, and those that we could not store do not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from gateway.accounts.domain import Session
from gateway.app import public_app
from gateway.dependencies import get_session
from gateway.documents.client import Upload
from gateway.limits.accounts import AccountLimit, Allowance
from services.common.contracts.limits import MAX_FILE_BYTES
from services.common.http import problem_types
from services.common.http.problem_types import ProblemType
from services.common.http.problems import Problem
from tests.unit.gateway.builders import session
from tests.unit.gateway.test_routes import applications, client

KEY = {"Idempotency-Key": "0123456789abcdef"}
SIZE = 300_000


class Hour:
    def __init__(self) -> None:
        self.used: list[dict[str, int]] = []

    async def wait(self, session: Session, amounts: Mapping[str, int]) -> float:
        self.used.append(dict(amounts))
        return 0.0


class Refusing:
    """The documents service: reads the whole file, and refuses it."""

    def __init__(self, kind: ProblemType) -> None:
        self._kind = kind

    async def put(self, upload: Upload, content: AsyncIterator[bytes]) -> Any:
        async for _ in content:
            pass
        raise Problem(self._kind)


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 100_000):
        yield bytes(100_000)


@pytest.mark.parametrize(
    ("kind", "size", "used"),
    [
        (problem_types.MEDIA_TYPE, SIZE, [{"bytes": SIZE}]),
        (problem_types.KEY_REUSED, SIZE, [{"bytes": SIZE}]),
        (problem_types.UNAVAILABLE, SIZE, []),
        (problem_types.UNAVAILABLE, MAX_FILE_BYTES + 200_000, [{"bytes": 26_200_000}]),
    ],
    ids=["wrong type", "another file", "our failure", "too large"],
)
async def test_a_refused_file_counts_with_its_bytes(kind: ProblemType, size: int, used: list[dict[str, int]]) -> None:
    hour = Hour()
    services = applications().public.state.services
    limits = replace(
        services.uploads.limits,
        account_limit=AccountLimit("uploads", dict.fromkeys("PE", Allowance(60, 20)), hour),  # type: ignore[arg-type]
    )
    uploads = replace(services.uploads, limits=limits, documents=cast("Any", Refusing(kind)))
    app = public_app(replace(services, uploads=uploads))
    app.dependency_overrides[get_session] = lambda: session()  # noqa: PLW0108 - its parameters are no parameters of a request
    async with client(app) as http:
        answer = await http.post("/v1/documents", headers=KEY, content=pieces(size))
    await asyncio.sleep(0)
    assert answer.status_code >= 400
    assert hour.used == used
