"""What the connected server cannot do: asked once, without leaving a trace, and said in one line.

Nothing here is used by Postigo. The line is for whoever wonders whether their server could do something more, or less.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from pymongo.errors import ConfigurationError, OperationFailure

from services.common.store.away import reaching_store
from services.common.store.client import Database

log = structlog.get_logger()

_NOBODY: Final = "nobody"
"""A collection and a key that nobody has: asking about them changes nothing."""


class _Lacking(Exception):
    pass


async def _transactions(database: Database) -> None:
    """Only members of a replica set, and the routers of a cluster, have them."""
    greeting = await database.command("hello")
    if "setName" not in greeting and greeting.get("msg") != "isdbgrid":
        raise _Lacking


async def _change_streams(database: Database) -> None:
    asked = {"aggregate": _NOBODY, "pipeline": [{"$changeStream": {}}], "cursor": {"batchSize": 0}}
    cursor = (await database.command(asked))["cursor"]["id"]
    await database.command({"killCursors": _NOBODY, "cursors": [cursor]})


async def _collations(database: Database) -> None:
    await database[_NOBODY].find_one({"_id": _NOBODY}, collation={"locale": "pt", "strength": 1})


async def _pipeline_updates(database: Database) -> None:
    await database[_NOBODY].update_one({"_id": _NOBODY}, [{"$set": {"at": "$$NOW"}}])


QUESTIONS: Final[Mapping[str, Callable[[Database], Awaitable[Any]]]] = {
    "transactions": _transactions,
    "change streams": _change_streams,
    "collations": _collations,
    "pipeline updates": _pipeline_updates,
}


async def lacking(database: Database) -> list[str]:
    """What the server of `database` lacks. Raises StoreAway."""
    found = []
    for name, ask in QUESTIONS.items():
        try:
            with reaching_store():
                await ask(database)
        except (_Lacking, OperationFailure, ConfigurationError):
            found.append(name)
    return found


async def say_what_is_lacking(database: Database) -> None:
    """One line in the log, if anything is. Raises StoreAway."""
    if lacks := await lacking(database):
        servers = sorted(f"{host}:{port}" for host, port in database.client.nodes)
        log.info("the store lacks what Postigo does not need", store=servers, lacks=lacks)
