"""A birth in the register opens one request for child benefit, whatever happens to the worker on the way."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import orjson
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from gateway.accounts.domain import account_id_of
from gateway.births.store import BirthStore
from gateway.expiry import Expiry
from services.common.contracts import topics
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.registry import BirthRegistered
from services.common.legal_clock import day_of
from services.common.store import connect, database, disconnect
from tests.integration.gateway.drafts import collection
from tests.integration.gateway.gateway_environment import (
    BODY,
    GatewayEnvironment,
    Person,
    headers_of,
    niss,
    value_of,
)
from tests.integration.gateway.visitor import visitor
from tests.support.topics import attributes, producer, read_all
from tests.support.waiting import eventually

DEAD_LETTERS: Final = topics.dead_letters(topics.REGISTRY, "gateway-births")
NOBODY: Final = niss(999_999_990)
"""A number without an account."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def register(gateway: GatewayEnvironment) -> AsyncIterator[AIOKafkaProducer]:
    """The register's own producer."""
    started = await producer(gateway.stack.env["KAFKA_URL"])
    yield started
    await started.stop()


async def tell(register: AIOKafkaProducer, birth: UUID, *parents: str, **changes: Any) -> None:
    born_on = day_of(datetime.now(UTC)) - timedelta(days=3)
    fields = {"number": f"{birth.int % 10**6}/2026", "born_on": born_on.isoformat(), "parents": parents} | changes
    headers = attributes(BirthRegistered.TYPE, f"birth/{uuid4()}")
    await register.send_and_wait(topics.REGISTRY, orjson.dumps(fields), key=str(birth).encode(), headers=headers)


async def submissions(gateway: GatewayEnvironment, *accounts: str) -> list[Any]:
    """The records of automatic requests of these accounts."""
    records = await gateway.all_records()
    return [
        each for each in records if (value := value_of(each)).get("reason") == "NAS" and value["account_id"] in accounts
    ]


async def opened(gateway: GatewayEnvironment, person: Person) -> Any:
    """The record of the only automatic request of the person."""

    async def found() -> Any:
        return await submissions(gateway, person.account_id)

    (record,) = await eventually(found)
    return record


async def stored(gateway: GatewayEnvironment, birth: UUID) -> dict[str, Any] | None:
    found: dict[str, Any] | None = await collection(gateway, "gateway", "births").find_one({"_id": str(birth)})
    return found


async def filed(gateway: GatewayEnvironment, birth: UUID) -> dict[str, Any]:
    """The stored birth, when its request is filed."""

    async def found() -> dict[str, Any] | None:
        document = await stored(gateway, birth)
        return document if document and document["is_filed"] else None

    document = await eventually(found)
    assert document is not None
    return document


async def dead_lettered(gateway: GatewayEnvironment, birth: UUID) -> list[str | None]:
    """Why records of the birth were dead-lettered, when one was."""

    async def found() -> list[str | None]:
        records = await read_all(gateway.stack.env["KAFKA_URL"], DEAD_LETTERS)
        return [headers_of(each)["dlq-reason"] for each in records if each.key == str(birth).encode()]

    return await eventually(found)


async def test_a_birth_opens_a_request_of_the_first_parent_with_an_account(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    (parent,) = await gateway.people(1)
    birth = uuid4()
    await tell(register, birth, NOBODY, parent.niss)
    record = await opened(gateway, parent)
    event = value_of(record)
    assert (event["subject"], event["reason"], event["who"], event["language"]) == ("FAM-01", "NAS", "P", "pt")
    assert [each["name"] for each in event["answers"]] == ["born_on", "number"]
    assert parent.niss not in record.value.decode()
    assert await filed(gateway, birth) == {"_id": str(birth), "is_filed": True}


async def test_a_birth_that_is_told_again_opens_no_second_request(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    parent, other = await gateway.people(1, 1)
    birth = uuid4()
    for _ in range(3):
        await tell(register, birth, parent.niss, other.niss)
    await filed(gateway, birth)
    await tell(register, birth, other.niss, number="2/2026")
    # It is in the same partition: when it is dead-lettered, the repetition was read.
    await tell(register, birth, other.niss, born_on="2000-01-01")
    assert await dead_lettered(gateway, birth) == ["born-too-long-ago"]
    records = await submissions(gateway, parent.account_id, other.account_id)
    assert len({headers_of(each)["ce_id"] for each in records}) == 1
    assert {value_of(each)["account_id"] for each in records} == {parent.account_id}


async def test_a_birth_waits_for_a_parent_to_have_an_account(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    births, birth = collection(gateway, "gateway", "births"), uuid4()
    line = gateway.line()
    await tell(register, birth, line["niss"])

    async def postponed() -> bool:
        document = await stored(gateway, birth)
        return bool(document and document["due_at"] > datetime.now(UTC) + timedelta(minutes=50))

    await eventually(postponed)
    account = account_id_of(gateway.stack.env["POSTIGO_ID_SECRET"].encode(), line["niss"])
    assert await submissions(gateway, str(account)) == []
    status, _, errors = await gateway.accounts(line)
    assert status == 0, errors
    # An hour later.
    await births.update_one({"_id": str(birth)}, {"$set": {"due_at": datetime.now(UTC)}})
    await filed(gateway, birth)
    assert len(await submissions(gateway, str(account))) == 1


async def test_births_that_cannot_be_are_dead_lettered_with_their_reason(
    gateway: GatewayEnvironment, register: AIOKafkaProducer, person: Person
) -> None:
    today = day_of(datetime.now(UTC))
    wrong: dict[str, dict[str, Any]] = {
        "born-after-report": {"born_on": (today + timedelta(days=2)).isoformat()},
        "born-too-long-ago": {"born_on": f"{today.year - 17}-01-01"},
        "schema:/parents/0:niss": {"parents": ["20000000001"]},
    }
    for reason, changes in wrong.items():
        birth = uuid4()
        await tell(register, birth, person.niss, **changes)
        assert await dead_lettered(gateway, birth) == [reason]


async def test_a_replica_that_is_late_decides_nothing_about_a_filed_birth(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    (parent,) = await gateway.people(1)
    client = connect(gateway.stack.env["MONGO_URL"])
    births, birth = BirthStore(database(client, "postigo_gateway")), uuid4()
    await tell(register, birth, parent.niss)
    request = RequestSubmitted.model_validate(value_of(await opened(gateway, parent)))
    done = await filed(gateway, birth)
    assert await births.keep_submission(birth, request) is None
    await births.postpone(str(birth), datetime.now(UTC))
    assert await stored(gateway, birth) == done
    await disconnect(client)


async def test_a_birth_that_cannot_be_read_stops_no_other(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    (parent,) = await gateway.people(1)
    births, damaged, birth = collection(gateway, "gateway", "births"), uuid4(), uuid4()
    now = datetime.now(UTC)
    about = {"birth": {"number": 1}, "submission": None, "traceparent": None, "is_filed": False, "due_at": now}
    await births.insert_one({"_id": str(damaged), **about})
    restarts = gateway.stack.restarts("gateway-worker")
    await tell(register, birth, parent.niss)
    await filed(gateway, birth)

    async def put_off() -> bool:
        document = await stored(gateway, damaged)
        return bool(document and document["due_at"] > now + timedelta(hours=20))

    await eventually(put_off)
    assert gateway.stack.restarts("gateway-worker") == restarts
    await births.delete_one({"_id": str(damaged)})


async def test_a_birth_waits_for_the_broker(gateway: GatewayEnvironment, register: AIOKafkaProducer) -> None:
    (parent,) = await gateway.people(1)
    births, birth = collection(gateway, "gateway", "births"), uuid4()
    # The birth of a child whose parent has no account yet: it is stored and waits.
    await tell(register, birth, NOBODY)

    async def waits() -> bool:
        document = await stored(gateway, birth)
        return bool(document and document["due_at"] > datetime.now(UTC))

    await eventually(waits)
    owner = {"birth.parents": [parent.account_id], "due_at": datetime.now(UTC)}
    with gateway.frozen("kafka"):
        await births.update_one({"_id": str(birth)}, {"$set": owner})

        async def decided() -> bool:
            document = await stored(gateway, birth)
            return bool(document and document["submission"])

        await eventually(decided)
    await filed(gateway, birth)
    assert len({headers_of(each)["ce_id"] for each in await submissions(gateway, parent.account_id)}) == 1


async def test_a_birth_that_nobody_waits_for_any_more_is_forgotten(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    births, birth = collection(gateway, "gateway", "births"), uuid4()
    await tell(register, birth, NOBODY)
    waiting = await eventually(lambda: stored(gateway, birth))
    assert waiting is not None
    assert timedelta(days=179) < waiting["expires_at"] - datetime.now(UTC) < timedelta(days=181)
    await births.update_one({"_id": str(birth)}, {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}})
    client = connect(gateway.stack.env["MONGO_URL"])
    await Expiry(database(client, "postigo_gateway")).round()
    await disconnect(client)
    assert await stored(gateway, birth) is None


async def test_every_birth_opens_one_request_although_the_worker_is_killed(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    (parent,) = await gateway.people(1)
    births = [uuid4() for _ in range(40)]
    for number, birth in enumerate(births):
        await tell(register, birth, parent.niss)
        if number % 10 == 5:
            await gateway.stack.kill("gateway-worker")
    await gateway.stack.wait_ready("gateway-worker")
    for birth in births:
        await filed(gateway, birth)
    records = await submissions(gateway, parent.account_id)
    published: dict[bytes, set[tuple[str | None, bytes]]] = {}
    for each in records:
        published.setdefault(each.key, set()).add((headers_of(each)["ce_id"], each.value))
    # A record that was published twice is the same record, which intake takes once.
    assert (len(published), [len(each) for each in published.values()]) == (40, [1] * 40)


async def test_the_page_says_that_it_was_opened_and_how_to_correct_or_refuse_it(
    gateway: GatewayEnvironment, register: AIOKafkaProducer
) -> None:
    (parent,) = await gateway.people(1)
    await tell(register, uuid4(), parent.niss)
    reference = value_of(await opened(gateway, parent))["reference"]

    async def readable() -> bool:
        return (await parent.get(f"/v1/requests/{reference}")).status_code == 200

    await eventually(readable)
    request = (await parent.get(f"/v1/requests/{reference}")).json()
    assert (request["automatic"], request["state"]) == (True, "received")
    (entry,) = (await parent.get(f"/v1/requests/{reference}/timeline")).json()["entries"]
    assert (entry["actor"], entry["actor_name"]) == ("register", "O registo civil")
    who = visitor(parent)
    page = (await who.get(f"/pedidos/{reference}")).text
    assert "Abrimos este pedido por si" in page
    assert "Recusar o pedido" in page
    assert "Recusar este pedido?" in (await who.get(f"/pedidos/{reference}/retirar")).text
    receipt = (await who.get(f"/pedidos/{reference}/recibo")).text
    assert ("<dt>O que o registo civil comunicou</dt>" in receipt, "<dt>O que escreveu</dt>" in receipt) == (
        True,
        False,
    )


async def test_nobody_can_file_such_a_request(person: Person) -> None:
    refused = await person.file(BODY | {"reason": "NAS"})
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [("/reason", "unknown_reason")]
    subject = (await person.get("/v1/catalogue/subjects/FAM-01")).json()
    assert "NAS" not in [each["code"] for each in subject["reasons"]]
