"""What the connected server lacks is said in one line, and asking leaves no trace."""

from typing import Final
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from deploy.local import LocalStack
from services.common.store import Driver, connect, database, disconnect, say_what_is_lacking

LACKS: Final = {
    "FerretDB": ["transactions", "change streams", "collations"],
    "mongo-java-server": ["transactions", "change streams", "pipeline updates"],
}


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_one_line_names_what_the_server_lacks(engines: LocalStack, driver: Driver) -> None:
    client = connect(engines.env["MONGO_URL"], driver)
    own = database(client, f"capable_{uuid4().hex[:8]}")
    try:
        about = await own.command("buildInfo")
        server = "FerretDB" if "ferretdb" in about else "mongo-java-server"
        with capture_logs() as lines:
            await say_what_is_lacking(own)
        left = await own.list_collection_names()
    finally:
        await disconnect(client)

    address = engines.env["MONGO_URL"].removeprefix("mongodb://")
    assert [(line["store"], line["lacks"]) for line in lines] == [([address], LACKS[server])]
    assert left == []
