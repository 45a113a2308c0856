"""A sick leave ends early, from the form to the employer: one notice if it ended, and none otherwise."""

import pytest

from deploy.demo.sick_leave import UNKNOWN
from services.common.contracts import topics
from services.common.contracts.departments import CommandRejected
from services.common.messaging.records.reader import read
from tests.integration.gateway.drafts import collection
from tests.integration.sick_leave.counter import Counter
from tests.support.topics import read_all
from tests.support.waiting import eventually


async def test_the_employer_is_told_once_when_the_leave_has_ended(counter: Counter) -> None:
    filed = await counter.file("leonor")
    answer = await counter.decided(filed)
    assert (answer["outcome"], "entidade empregadora" in answer["text"]) == ("granted", True)
    ((_, notice),) = await counter.notices(filed)
    assert (notice.worker, notice.employer, notice.certificate) == (filed.author.niss, "20000003030", "CIT-104417")
    assert (notice.returns_on - notice.last_day).days == 1


async def test_who_asks_the_department_is_in_the_access_log_and_on_no_topic_of_postigo(counter: Counter) -> None:
    filed = await counter.file("ines", certificate="cit 104871")
    assert (await counter.decided(filed))["outcome"] == "granted"
    entry = await collection(counter.gateway, "gateway", "access_log").find_one({"reference": filed.reference})
    assert (entry["department"], entry["told"], str(entry["account_id"])) == ("dp", True, filed.author.account_id)
    own = [topics.INTAKE, topics.LIFECYCLE, topics.ASSIGNMENTS, topics.inbox("dp"), topics.outbox("dp")]
    for record in await read_all(counter.kafka, *own):
        assert filed.author.niss.encode() not in (record.value or b"")


@pytest.mark.parametrize(
    ("key", "certificate", "words"),
    [
        ("rita", None, "Só uma baixa que ainda dura pode terminar mais cedo."),
        ("tiago", "CIT-103990", "Só uma baixa que ainda dura pode terminar mais cedo."),
        ("custodio", None, "Só uma baixa que já começou pode terminar mais cedo."),
        ("rita", "CIT-104417", UNKNOWN[1]),
        ("amelia", None, UNKNOWN[1]),
        ("amelia", "CIT-104417", UNKNOWN[1]),
    ],
    ids=[
        "ended before",
        "ended before, by its number",
        "not begun",
        "of somebody else",
        "no leave",
        "no leave but a number",
    ],
)
async def test_a_leave_that_cannot_end_is_refused_and_no_employer_is_told(
    counter: Counter, key: str, certificate: str | None, words: str
) -> None:
    filed = await counter.file(key, certificate=certificate)
    answer = await counter.decided(filed)
    assert (answer["outcome"], answer["grounds"]) == ("refused", words)
    assert answer["appeal"]["means"]
    assert await counter.notices(filed) == []


async def test_a_withdrawn_request_tells_no_employer_although_the_department_had_decided(counter: Counter) -> None:
    stack = counter.gateway.stack
    await stack.stop("departments")
    filed = await counter.file("leonor")

    async def is_listed() -> bool:
        cases = collection(counter.gateway, "gateway", "desk_cases")
        return bool(await cases.count_documents({"state.assignment.reference": filed.reference}))

    await eventually(is_listed)
    # The command is on the outbox, and nobody forwards it while the person withdraws.
    await stack.stop("routing")
    await stack.restart("departments")

    async def has_decided() -> bool:
        return "Resolve" in await counter.commands(filed)

    await eventually(has_decided)
    assert (await filed.author.act(filed.reference, "withdrawal", {})).status_code == 202
    await counter.is_state(filed, "withdrawn")
    await stack.restart("routing")
    assert await counter.notices(filed) == []

    async def is_rejected() -> bool:
        records = [read(each) for each in await read_all(counter.kafka, topics.rejections("dp"))]
        return any(each.key == filed.request_id and isinstance(each.event, CommandRejected) for each in records)

    await eventually(is_rejected)
    await counter.is_state(filed, "withdrawn")
    assert await counter.notices(filed) == []


async def test_a_request_that_was_withdrawn_before_the_department_read_it_gets_no_command(counter: Counter) -> None:
    stack = counter.gateway.stack
    await stack.stop("departments")
    filed = await counter.file("ines")
    await counter.is_state(filed, "registered")
    assert (await filed.author.act(filed.reference, "withdrawal", {})).status_code == 202
    await counter.is_state(filed, "withdrawn")
    await stack.restart("departments")
    assert await counter.notices(filed) == []
    assert await counter.commands(filed) == []


async def test_after_a_replay_the_employer_gets_nothing_new(counter: Counter) -> None:
    filed = await counter.file("leonor")
    await counter.decided(filed)
    ((identifier, notice),) = await counter.notices(filed)
    before = await counter.commands(filed)
    await counter.let_the_department_read_everything_again()
    again = await counter.notices(filed)
    assert len(again) == 2
    assert set(again) == {(identifier, notice)}
    assert await counter.commands(filed) == before


async def test_while_the_gateway_is_away_the_department_waits_and_then_decides(counter: Counter) -> None:
    stack = counter.gateway.stack
    await stack.stop("departments")
    filed = await counter.file("leonor")
    await counter.is_state(filed, "registered")
    await stack.stop("gateway")
    await stack.restart("departments")

    async def has_noticed() -> bool:
        return "unavailable (ConnectionError" in stack.home.log("departments").read_text(encoding="utf-8")

    await eventually(has_noticed)
    assert await counter.commands(filed) == []
    await stack.restart("gateway")
    assert (await counter.decided(filed))["outcome"] == "granted"
    assert len(await counter.notices(filed)) == 1
