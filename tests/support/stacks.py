"""Which engines the tests run on: those of a tier, and servers that somebody names by their URLs.

`POSTIGO_TEST_TIER` chooses the tier; `KAFKA_URL`, `MONGO_URL` and `S3_URL` (with S3's keys) name servers. What a test
puts on a named server has names of its own, so that servers may be shared; a test that stops or fills an engine, or
whose processes need a consumer group for themselves, starts engines of its own.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, cast, get_args
from uuid import uuid4

import pytest

from deploy.local import LocalStack
from deploy.local.tier import EMBEDDED, REAL, Tier

TIER: Final = cast(Tier, os.environ.get("POSTIGO_TEST_TIER", EMBEDDED))
assert TIER in get_args(Tier)

NAMES: Final = ("KAFKA_URL", "MONGO_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY")

GIVEN: Final = {name: os.environ[name] for name in NAMES if name in os.environ}

only_real = pytest.mark.skipif(
    TIER != REAL, reason="the embedded store forgets what it has just confirmed when it is killed"
)


def shared(home: Path, engines: Iterable[str] | None = None, *names: str) -> LocalStack:
    """A stack on the servers that are named, or on those of `names` alone; the other engines are its own."""
    mark = uuid4().hex[:8]
    named = {name: url for name, url in GIVEN.items() if not names or name in names}
    apart = {"MONGO_DATABASE_PREFIX": f"postigo_{mark}", "S3_BUCKET": f"postigo-{mark}"} if named else {}
    return LocalStack(home, tier=TIER, engines=engines, given=named | apart)


def prefix(stack: LocalStack) -> str:
    """How the names of a stack's databases begin."""
    return stack.env.get("MONGO_DATABASE_PREFIX", "postigo")


def own(home: Path, engines: Iterable[str] | None = None, *, apply_topics: bool = True) -> LocalStack:
    """A stack that nobody else uses."""
    return LocalStack(home, tier=TIER, engines=engines, apply_topics=apply_topics)
