"""The submits of the bench: the demonstration's requests in a loop, each under a new idempotency key."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count, cycle
from typing import Final
from uuid import uuid4

import orjson

from deploy.demo.client import Session
from deploy.demo.data import independent_requests
from services.common.legal_clock import day_of

LONGER: Final = frozenset({"COR", "IND", "ALT", "VAL", "ATR"})
"""Reasons of requests that a department does not simply resolve: it asks for documents, hears, extends or transfers."""

PATH: Final = "/v1/requests"


def submits(sessions: Mapping[str, Session]) -> Iterator[bytes]:
    """Complete HTTP requests, without end. `sessions` by the account's key."""
    run, today = uuid4().hex, day_of(datetime.now(UTC))
    rows = [
        (sessions[row.account].token, orjson.dumps(row.body_on(today)))
        for row in independent_requests()
        if row.reason not in LONGER
    ]
    for number, (token, body) in zip(count(), cycle(rows), strict=False):
        yield (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {run}{number:08d}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
