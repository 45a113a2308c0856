"""What a department sends and gets, through intake and routing and a real broker: every command ends visibly."""

import asyncio
import json
from typing import Any, Final

import pytest

from services.common.contracts.base import MAX_DESCRIPTION
from services.common.contracts.limits import MAX_EVENT
from services.routing.domain.rejections import DETAILS
from tests.integration.routing.routing_environment import Case, Headers, RoutingEnvironment
from tests.support import topics
from tests.support.waiting import eventually

ANSWER: Final = "pt.postigo.assignment.answer.v1"


def headers(*, without: str = "", **changes: bytes | None) -> Headers:
    own: list[tuple[str, bytes | None]] = [*topics.attributes(ANSWER, "pf/wrong")]
    kept = [(name, value) for name, value in own if name not in (without, *changes)]
    return [*kept, *changes.items()]


def twice(name: str) -> Headers:
    return [*headers(), (name, b"other")]


WRONG: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "4 001 characters": ("invalid", {"text": "a" * (MAX_DESCRIPTION + 1)}),
    "5 000 characters": ("invalid", {"text": "é" * 5_000}),
    "blank": ("invalid", {"text": " \n "}),
    "empty": ("invalid", {"text": ""}),
    "only a NUL": ("invalid", {"text": "\0"}),
    "no text": ("invalid", {"text": ...}),
    "a null text": ("invalid", {"text": None}),
    "a list as text": ("invalid", {"text": ["Está pago."]}),
    "no assignment": ("invalid", {"assignment_id": ...}),
    "a reference as assignment": ("invalid", {"assignment_id": "PO-7K3QX-9M2TA-B"}),
    "no epoch": ("invalid", {"epoch": ...}),
    "epoch 0": ("invalid", {"epoch": 0}),
    "no seen": ("invalid", {"seen": ...}),
    "seen as text": ("invalid", {"seen": "all"}),
    "a negative seen": ("invalid", {"seen": -1}),
    "another assignment": ("unknown-assignment", {"assignment_id": "7d444840-9dc0-41d1-b245-5ffdce74fad2"}),
    "a later epoch": ("unknown-assignment", {"epoch": 7}),
    "more than was said": ("not-seen-yet", {"seen": 99}),
    "300 KiB": ("too-large", {"text": "a" * (MAX_EVENT + 1)}),
}
"""Wrong data: the code of its rejection, and how it differs from right data."""

BROKEN: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "half a JSON": ("not-json", {"value": b'{"assignment_id": "'}),
    "Latin-1": ("not-json", {"value": b'{"text": "\xe1"}'}),
    "a list": ("invalid", {"value": b"[]"}),
    "no value": ("missing-data", {"value": None}),
    "an unknown type": ("unknown-command", {"headers": headers(ce_type=b"pt.postigo.assignment.sing.v1")}),
    "an inbox type": ("unknown-command", {"headers": headers(ce_type=b"pt.postigo.assignment.created.v1")}),
    "no version": ("missing-header", {"headers": headers(without="ce_specversion")}),
    "another version": ("bad-header", {"headers": headers(ce_specversion=b"0.3")}),
    "no source": ("missing-header", {"headers": headers(without="ce_source")}),
    "a null source": ("missing-header", {"headers": headers(ce_source=None)}),
    "a source that is not UTF-8": ("bad-header", {"headers": headers(ce_source=b"\xff")}),
    "two sources": ("repeated-header", {"headers": twice("ce_source")}),
    "a forged redrive": ("bad-header", {"headers": [*headers(), ("dlq-redrive", b"routing x 0 0 0 0")]}),
    "no key": ("missing-key", {"key": None}),
    "a key that is no id": ("bad-key", {"key": b"PO-7K3QX-9M2TA-B"}),
    "a key of any bytes": ("bad-key", {"key": b"\xff\xfe"}),
    "neither key nor value": ("missing-key", {"key": None, "value": None}),
    "no id": ("missing-header", {"headers": headers(without="ce_id")}),
    "an id with a NUL": ("bad-header", {"headers": headers(ce_id=b"a\0")}),
    "a long id": ("bad-header", {"headers": headers(ce_id=b"x" * 300)}),
    "two ids": ("repeated-header", {"headers": twice("ce_id")}),
    "no type": ("missing-header", {"headers": headers(without="ce_type")}),
    "no headers": ("missing-header", {"headers": []}),
}
"""Records that are wrong as records: the code of their answer, and how they differ from a right one."""


async def answer_to(routing: RoutingEnvironment, partition: int, offset: int) -> dict[str, Any]:
    async def found() -> list[dict[str, Any]]:
        place = {"command_partition": partition, "command_offset": offset}
        return [each for each in await routing.rejections() if place.items() <= each.items()]

    (answer,) = await eventually(found)
    return answer


async def test_every_wrong_command_is_answered_and_a_right_one_behind_them_takes_effect(
    routing: RoutingEnvironment,
) -> None:
    case = await routing.file()
    sent: dict[tuple[int, int], str] = {}
    for name, (code, changes) in WRONG.items():
        value = json.dumps(case.data(**changes)).encode()
        sent[await routing.append(case.key, value, topics.attributes(ANSWER, f"pf/{name}"))] = code
    for code, flaw in BROKEN.values():
        right: dict[str, Any] = {"key": case.key, "value": json.dumps(case.data()).encode(), "headers": headers()}
        sent[await routing.append(**right | flaw)] = code
    await routing.command(case, "answer", "pf/right")

    async def all_answered() -> dict[tuple[int, int], str]:
        answers = await routing.rejections()
        found = {(each["command_partition"], each["command_offset"]): each["code"] for each in answers}
        own = {place: code for place, code in found.items() if place in sent}
        return own if len(own) == len(sent) else {}

    assert len(sent) == len(WRONG) + len(BROKEN) >= 37
    assert await eventually(all_answered, within=30) == sent
    created, answered = await routing.inbox(case.request_id, 2)
    assert (created["type"], answered["type"]) == ("created", "updated")
    assert (answered["state"], answered["because"]) == ("answered", "pf/right")
    answers = [
        each for each in await routing.rejections() if (each["command_partition"], each["command_offset"]) in sent
    ]
    assert len(answers) == len(sent)
    assert all(each["detail"] and each["code"] in DETAILS for each in answers)
    letters = {
        (topics.header(each, "dlq-partition"), topics.header(each, "dlq-offset")) for each in await routing.letters()
    }
    read = {place for place, code in sent.items() if code in ("unknown-assignment", "not-seen-yet")}
    assert {(str(partition), str(offset)) for partition, offset in sent.keys() - read} <= letters


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_a_wrong_command_in_a_compressed_batch_is_answered(routing: RoutingEnvironment, codec: str) -> None:
    case = await routing.file()
    compressing = RoutingEnvironment(
        routing.kafka_url, await topics.producer(routing.kafka_url, compression_type=codec)
    )
    try:
        place = await compressing.append(case.key, b"{not json", topics.attributes(ANSWER, f"pf/{codec}"))
    finally:
        await compressing.producer.stop()
    answer = await answer_to(routing, *place)
    assert (answer["code"], answer["command_id"], answer["type"]) == ("not-json", f"pf/{codec}", "rejected")


async def test_the_inbox_tells_the_whole_story_of_a_case(routing: RoutingEnvironment) -> None:
    case = await routing.file("en")
    assert (case.event["language"], case.event["state"], case.event["number"]) == ("en", "registered", 1)
    await routing.command(case, "acknowledge", "pf/1")
    (_, analysed) = await routing.inbox(case.request_id, 2)
    assert (analysed["type"], analysed["state"], analysed["because"]) == ("updated", "in_analysis", "pf/1")
    await routing.write(case, "É o de abril.")
    (*_, written) = await routing.inbox(case.request_id, 3)
    assert [message["text"] for message in written["messages"]] == ["É o de abril."]
    await routing.command(case, "resolve", "pf/2", seen=analysed["as_of"])
    (stale,) = await rejected(routing, case, "pf/2")
    assert (stale["code"], stale["catch_up_to"]) == ("stale", written["as_of"])
    await routing.command(Case(case.request_id, written), "resolve", "pf/3")
    (*_, answered, closed) = await routing.inbox(case.request_id, 5)
    assert [(each["type"], each["state"], each["because"]) for each in (answered, closed)] == [
        ("updated", "answered", "pf/3"),
        ("closed", "concluded", "pf/3"),
    ]
    await routing.command(Case(case.request_id, closed), "answer", "pf/4")
    (late,) = await rejected(routing, case, "pf/4")
    assert late["code"] == "not-allowed"
    assert len(await routing.inbox(case.request_id, 5)) == 5


async def test_a_case_is_transferred_decided_elsewhere_and_comes_back_to_the_new_department(
    routing: RoutingEnvironment,
) -> None:
    case = await routing.file()
    items = [{"what": "Certidão", "why": "Prova a filiação"}]
    await routing.command(case, "request-information", "pf/items", items=items)
    (_, waiting) = await routing.inbox(case.request_id, 2)
    assert (waiting["state"], [item["state"] for item in waiting["asked"]]) == ("awaiting_documents", ["open"])
    await routing.command(Case(case.request_id, waiting), "transfer", "pf/transfer", to="dd")
    (*_, closed) = await routing.inbox(case.request_id, 3)
    assert (closed["type"], closed["transferred_to"], closed["because"]) == ("closed", "dd", "pf/transfer")
    (created,) = await routing.inbox(case.request_id, 1, "dd")
    assert (created["type"], created["epoch"], created["asked"]) == ("created", 2, waiting["asked"])
    await routing.command(Case(case.request_id, closed), "answer", "pf/late")
    (late,) = await rejected(routing, case, "pf/late")
    assert late["code"] == "wrong-department"
    await routing.command(Case(case.request_id, created), "resolve", "dd/resolve")
    await routing.inbox(case.request_id, 3, "dd")
    await routing.write(case, "Não concordo.")
    (*_, reopened, written) = await routing.inbox(case.request_id, 5, "dd")
    assert (reopened["type"], reopened["epoch"], reopened["asked"][0]["state"]) == ("created", 3, "dropped")
    assert [message["text"] for message in written["messages"]] == ["Não concordo."]
    assert len(await routing.inbox(case.request_id, 3)) == 3


@pytest.mark.parametrize("move", ["answer", "resolve", "reject"])
async def test_no_decision_passes_over_what_the_person_wrote_last(routing: RoutingEnvironment, move: str) -> None:
    case = await routing.file()
    await routing.command(case, "acknowledge", f"pf/{move}/1")
    await routing.inbox(case.request_id, 2)
    await routing.write(case, "Esclareço: de março a maio.")
    (*_, latest) = await routing.inbox(case.request_id, 3)
    await routing.command(case, move, f"pf/{move}/2")
    (stale,) = await rejected(routing, case, f"pf/{move}/2")
    assert (stale["code"], stale["catch_up_to"]) == ("stale", latest["as_of"])
    await routing.command(Case(case.request_id, latest), move, f"pf/{move}/3")
    assert (await routing.inbox(case.request_id, 4))[3]["because"] == f"pf/{move}/3"


async def test_acknowledging_twice_is_answered_as_no_change(routing: RoutingEnvironment) -> None:
    case = await routing.file()
    for number in (1, 2, 3, 4):
        await routing.command(case, "acknowledge", f"pf/ack/{number}")
    await rejected(routing, case, "pf/ack/4")
    codes = {each["command_id"]: each["code"] for each in await routing.rejections(case.key)}
    assert codes == dict.fromkeys(["pf/ack/2", "pf/ack/3", "pf/ack/4"], "no-change")
    assert len(await routing.inbox(case.request_id, 2)) == 2


async def test_a_command_sent_ten_times_at_once_takes_effect_once(routing: RoutingEnvironment) -> None:
    case = await routing.file()
    await asyncio.gather(*(routing.command(case, "resolve", "pf/once") for _ in range(10)))
    await routing.command(case, "resolve", "pf/twice")
    await rejected(routing, case, "pf/twice")
    events = await routing.inbox(case.request_id, 3)
    assert [each["because"] for each in events[1:]] == ["pf/once", "pf/once"]
    assert [each["command_id"] for each in await routing.rejections(case.key)] == ["pf/twice"]


async def rejected(routing: RoutingEnvironment, case: Case, command_id: str) -> list[dict[str, Any]]:
    async def found() -> list[dict[str, Any]]:
        return [each for each in await routing.rejections(case.key) if each["command_id"] == command_id]

    return await eventually(found)
