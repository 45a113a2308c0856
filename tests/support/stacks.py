"""The engines that tests run on: those of a tier, or existing servers given by their URLs.

`POSTIGO_TEST_TIER` chooses the tier; `KAFKA_URL`, `MONGO_URL` and `S3_URL` (with S3's keys) give servers. A test uses topics,
databases and buckets of its own on a given server, so tests can share it. A test that stops or fills an engine, or needs a
consumer group for itself, starts its own engines.
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
    TIER != REAL, reason="the embedded store loses its last confirmed writes when it is killed"
)

with_accounts = pytest.mark.skipif(TIER != REAL, reason="the embedded engines have no accounts")


def shared(home: Path, engines: Iterable[str] | None = None, *names: str) -> LocalStack:
    """A stack on the given servers, or only on those of the variables `names`; it starts the other engines itself."""
    suffix = uuid4().hex[:8]
    servers = {name: url for name, url in GIVEN.items() if not names or name in names}
    own_names = {"MONGO_DATABASE_PREFIX": f"postigo_{suffix}", "S3_BUCKET": f"postigo-{suffix}"} if servers else {}
    return LocalStack(home, tier=TIER, engines=engines, given=servers | own_names)


def prefix(stack: LocalStack) -> str:
    """The prefix of the names of a stack's databases."""
    return stack.env.get("MONGO_DATABASE_PREFIX", "postigo")


def own(home: Path, engines: Iterable[str] | None = None, *, apply_topics: bool = True) -> LocalStack:
    """A stack that no other test uses."""
    return LocalStack(home, tier=TIER, engines=engines, apply_topics=apply_topics)
