"""Acts on a request through all processes: applied or refused, visible to the author, delivered to the department."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local import LocalStack
from services.common.contracts import topics
from tests.integration.gateway.gateway_environment import Person, gateway_environment
from tests.integration.gateway.test_documents import PDF
from tests.support.topics import header, read_all
from tests.support.waiting import eventually

MESSAGE = {"text": "Esqueci-me do recibo."}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def author(system: LocalStack) -> AsyncIterator[Person]:
    async with gateway_environment(system) as environment:
        (person,) = await environment.people(1)
        yield person


@pytest_asyncio.fixture
async def departments_stopped(system: LocalStack) -> AsyncIterator[None]:
    await system.stop("departments")
    yield
    await system.restart("departments")


async def filed(author: Person, until: str) -> dict[str, Any]:
    """A new request that has reached the state `until`."""
    request: dict[str, Any] = (await author.file()).json()

    async def reached() -> bool:
        return bool((await author.get(f"/v1/requests/{request['reference']}")).json()["state"] == until)

    await eventually(reached, within=60)
    return request


async def decided(author: Person, request: dict[str, Any], act: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make an act and return the response with its outcome."""
    accepted = await author.act(request["reference"], act, body, postigo_receipt=request["receipt"])
    assert accepted.status_code == 202, accepted.text

    async def outcome() -> dict[str, Any] | None:
        response: dict[str, Any] = (await author.get(accepted.headers["location"])).json()
        return None if response["act"]["outcome"] == "pending" else response

    return await eventually(outcome, within=60) or {}


async def types(author: Person, request: dict[str, Any]) -> list[str]:
    timeline = (await author.get(f"/v1/requests/{request['reference']}/timeline")).json()
    return [entry["type"] for entry in timeline["entries"]]


async def inbox(system: LocalStack, request: dict[str, Any]) -> list[tuple[str, int]]:
    """Kind and sequence number of the request's events in the department's inbox, in order."""
    records = await read_all(system.env["KAFKA_URL"], topics.inbox("pf"))
    own = [record for record in records if record.key == request["request_id"].encode()]
    kinds = [(header(each, "ce_type") or "").removeprefix("pt.postigo.assignment.").removesuffix(".v1") for each in own]
    return list(zip(kinds, [int(header(each, "ce_sequence") or 0) for each in own], strict=True))


async def test_a_department_gets_a_message_and_its_file_before_it_can_answer(
    system: LocalStack, author: Person, departments_stopped: None
) -> None:
    request = await filed(author, "registered")
    document = (await author.send(PDF)).json()["document_id"]
    response = await decided(author, request, "messages", MESSAGE | {"documents": [document]})
    assert response["act"]["outcome"] == "applied"

    async def delivered() -> bool:
        assert await inbox(system, request) == [("created", 1), ("updated", 2), ("updated", 3)]
        return True

    await eventually(delivered, within=60)
    assert (await author.get(f"/v1/documents/{document}")).json()["state"] == "accepted"
    await system.restart("departments")

    async def answered() -> bool:
        return "request.concluded" in await types(author, request)

    await eventually(answered, within=60)
    entry_types = await types(author, request)
    assert "request.act-refused" not in entry_types
    assert entry_types.count("request.answered") == 1


async def test_a_request_withdrawn_before_a_department_answers_stays_withdrawn(
    system: LocalStack, author: Person, departments_stopped: None
) -> None:
    request = await filed(author, "registered")
    response = await decided(author, request, "withdrawal", {})
    assert (response["state"], response["act"]["outcome"]) == ("withdrawn", "applied")

    async def delivered() -> bool:
        assert await inbox(system, request) == [("created", 1), ("withdrawn", 2), ("closed", 3)]
        return True

    await eventually(delivered, within=60)
    await system.restart("departments")

    async def refused() -> bool:
        rejections = await read_all(system.env["KAFKA_URL"], topics.rejections("pf"))
        return len([each for each in rejections if each.key == request["request_id"].encode()]) == 2

    await eventually(refused, within=60)
    again = await decided(author, request, "withdrawal", {})
    assert (again["state"], again["act"]["outcome"], again["act"]["because"]) == ("withdrawn", "refused", "not-allowed")

    async def notified() -> bool:
        return (await types(author, request)).count("delivery.sent") == 2

    await eventually(notified, within=60)


async def test_after_the_conclusion_a_withdrawal_is_refused_and_a_message_is_answered_again(author: Person) -> None:
    request = await filed(author, "concluded")
    late = await decided(author, request, "withdrawal", {})
    again = await decided(author, request, "messages", {"text": "Afinal não ficou resolvido."})
    assert (late["act"]["outcome"], late["act"]["because"]) == ("refused", "not-allowed")
    assert again["act"]["outcome"] == "applied"

    async def concluded_again() -> bool:
        return (await types(author, request)).count("request.concluded") == 2

    await eventually(concluded_again, within=60)
    facts = [each for each in await types(author, request) if each.startswith("request.")]
    assert facts[facts.index("request.act-refused") :][:3] == [
        "request.act-refused",
        "request.reopened",
        "request.message-added",
    ]


async def test_after_a_withdrawal_a_message_is_refused_and_can_be_carried_over(
    author: Person, departments_stopped: None
) -> None:
    request = await filed(author, "registered")
    await decided(author, request, "withdrawal", {})
    unread = await decided(author, request, "messages", {"text": "Afinal ainda preciso."})
    assert (unread["act"]["outcome"], unread["act"]["because"]) == ("refused", "closed")
    assert unread["act"]["follow_up"]["description"] == "Afinal ainda preciso."
