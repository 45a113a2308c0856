"""Whatever a department appends to its outbox: what routing cannot read is answered once, with a code that helps."""

import json
from typing import Any, Final
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from hypothesis import given, settings, strategies as st

from services.common.contracts import events_of, topics
from services.common.contracts.base import MAX_DESCRIPTION
from services.common.contracts.departments import CommandRejected, CommandUnreadable
from services.common.contracts.limits import MAX_EVENT
from services.common.domain.errors import Poison
from services.common.domain.identifiers import reference_of
from services.common.messaging.records.dead_letters import DeadLetter
from services.common.messaging.records.reader import read
from services.common.messaging.records.redrive import Redrives
from services.common.store import OutboxEntry
from services.routing.domain.rejections import DETAILS
from services.routing.handlers import assignments
from tests.support.received import REQUEST

Headers = list[tuple[str, bytes | None]]

OUTBOX: Final = topics.outbox("pf")
DATA: Final[dict[str, Any]] = {"assignment_id": str(UUID(int=5)), "epoch": 1, "seen": 1, "text": "Está pago."}
HEADERS: Final[dict[str, bytes]] = {
    "ce_specversion": b"1.0",
    "ce_id": b"pf/1/answer",
    "ce_type": b"pt.postigo.assignment.answer.v1",
    "ce_source": b"departments/pf",
}
KEY: Final = str(REQUEST).encode()


def record(
    value: bytes | None = b"", headers: Headers | None = None, key: bytes | None = KEY, topic: str = OUTBOX
) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic=topic,
        partition=3,
        offset=41,
        timestamp=1_772_442_927_418,
        timestamp_type=1,
        key=key,
        value=json.dumps(DATA).encode() if value == b"" else value,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=tuple(list(HEADERS.items()) if headers is None else headers),
    )


def answers(raw: ConsumerRecord[bytes, bytes]) -> list[OutboxEntry]:
    """The answers to a record that cannot be read."""
    try:
        Redrives(b"secret").of(raw)
        read(raw)
    except Poison as poison:
        return assignments.answers(DeadLetter.unreadable(raw, poison.reason).poison)
    raise AssertionError("it can be read")


def is_readable(raw: ConsumerRecord[bytes, bytes]) -> bool:
    try:
        answers(raw)
    except AssertionError:
        return True
    return False


def answered(raw: ConsumerRecord[bytes, bytes]) -> CommandRejected | CommandUnreadable:
    """The one answer to an unreadable record, as its department reads it."""
    (entry,) = answers(raw)
    headers: Headers = [(name, text.encode()) for name, text in entry.headers.items()]
    event = read(record(entry.value, headers, entry.key.encode(), entry.topic)).event
    assert isinstance(event, CommandRejected | CommandUnreadable)
    assert entry.topic == topics.rejections("pf")
    return event


def without(name: str) -> Headers:
    return [(header, value) for header, value in HEADERS.items() if header != name]


def with_header(name: str, value: bytes | None) -> Headers:
    return [*without(name), (name, value)]


def data(**changes: Any) -> bytes:
    return json.dumps({name: value for name, value in (DATA | changes).items() if value is not ...}).encode()


def data_of(kind: str, **fields: Any) -> dict[str, Any]:
    """The value and headers of a command of another kind."""
    headers = with_header("ce_type", f"pt.postigo.assignment.{kind}.v1".encode())
    return {"value": data(**{"text": ...} | fields), "headers": headers}


ITEM: Final = {"what": "Certidão", "why": "Prova a filiação"}
REFUSED: Final = {"text": "Indeferido.", "outcome": "refused"}
APPEAL: Final = {"means": "Reclamação", "until": "2026-06-01"}

TWO_OUTCOMES: Final = data(text="x", outcome="granted", grounds="Sim.")[:-1] + b', "outcome": "informed"}'

REJECTED: Final[dict[str, tuple[dict[str, Any], str, str | None, str | None]]] = {
    "4 001 characters": ({"value": data(text="a" * (MAX_DESCRIPTION + 1))}, "invalid", "/text", None),
    "5 000 characters": ({"value": data(text="á" * 5_000)}, "invalid", "/text", None),
    "an empty text": ({"value": data(text="")}, "invalid", "/text", None),
    "a blank text": ({"value": data(text=" \n\t ")}, "invalid", "/text", None),
    "a zero-width space": ({"value": data(text="\u200b")}, "invalid", "/text", None),
    "only a NUL": ({"value": data(text="\0")}, "invalid", "/text", None),
    "a number for a text": ({"value": data(text=5)}, "invalid", "/text", None),
    "no text": ({"value": data(text=...)}, "invalid", "/text", None),
    "a null text": ({"value": data(text=None)}, "invalid", "/text", None),
    "no assignment": ({"value": data(assignment_id=...)}, "invalid", "/assignment_id", None),
    "an assignment that is no id": ({"value": data(assignment_id="PO-1")}, "invalid", "/assignment_id", None),
    "no epoch": ({"value": data(epoch=...)}, "invalid", "/epoch", None),
    "epoch zero": ({"value": data(epoch=0)}, "invalid", "/epoch", None),
    "epoch one and a half": ({"value": data(epoch=1.5)}, "invalid", "/epoch", None),
    "epoch as a text": ({"value": data(epoch="1")}, "invalid", "/epoch", None),
    "epoch as yes": ({"value": data(epoch=True)}, "invalid", "/epoch", None),
    "no seen": ({"value": data(seen=...)}, "invalid", "/seen", None),
    "seen zero": ({"value": data(seen=0)}, "invalid", "/seen", None),
    "a negative seen": ({"value": data(seen=-1)}, "invalid", "/seen", None),
    "seen as words": ({"value": data(seen="all")}, "invalid", "/seen", None),
    "a list": ({"value": b"[]"}, "invalid", "", None),
    "a number": ({"value": b"1"}, "invalid", "", None),
    "half a JSON": ({"value": b'{"assignment_id": "'}, "not-json", None, None),
    "XML": ({"value": b"<answer/>"}, "not-json", None, None),
    "Latin-1": ({"value": '{"text": "Está pago"}'.encode("latin-1")}, "not-json", None, None),
    "nothing": ({"value": b" "}, "not-json", None, None),
    "a null value": ({"value": None}, "missing-data", None, None),
    "300 KiB": ({"value": data(text="a" * 300 * 1024)}, "too-large", None, None),
    "an unknown type": (
        {"headers": with_header("ce_type", b"pt.postigo.assignment.sing.v1")},
        "unknown-command",
        None,
        None,
    ),
    "an inbox type": (
        {"headers": with_header("ce_type", b"pt.postigo.assignment.created.v1")},
        "unknown-command",
        None,
        None,
    ),
    "a type of tomorrow": (
        {"headers": with_header("ce_type", b"pt.postigo.assignment.answer.v2")},
        "unknown-command",
        None,
        None,
    ),
    "no items": (data_of("request-information", items=[]), "invalid", "/items", None),
    "eleven items": (data_of("request-information", items=[ITEM] * 11), "invalid", "/items", None),
    "items that are no list": (data_of("request-information", items="x"), "invalid", "/items", None),
    "an item that is a text": (data_of("request-information", items=["x"]), "invalid", "/items/0", None),
    "a blank item": (data_of("request-information", items=[ITEM | {"what": " "}]), "invalid", "/items/0/what", None),
    "an item without a reason": (
        data_of("request-information", items=[{"what": "x"}]),
        "invalid",
        "/items/0/why",
        None,
    ),
    "an unknown format": (
        data_of("request-information", items=[ITEM, ITEM | {"formats": ["text/html"]}]),
        "invalid",
        "/items/1/formats/0",
        None,
    ),
    "a hearing without words": (data_of("hear"), "invalid", "/text", None),
    "a transfer to nobody": (data_of("transfer", text="x"), "invalid", "/to", None),
    "a transfer to a sentence": (data_of("transfer", text="x", to="o desemprego"), "invalid", "/to", None),
    "an extension without a day": (data_of("extend", text="x"), "invalid", "/until", None),
    "an extension until 30 February": (data_of("extend", text="x", until="2026-02-30"), "invalid", "/until", None),
    "an extension until a time": (data_of("extend", text="x", until="2026-03-01T10:00:00Z"), "invalid", "/until", None),
    "an unknown outcome": (data_of("resolve", text="x", outcome="maybe"), "invalid", "/outcome", None),
    "a grant without grounds": (data_of("resolve", text="x", outcome="granted"), "invalid", "/grounds", None),
    "a refusal without appeal": (data_of("resolve", **REFUSED, grounds="Artigo 5.º"), "invalid", "/appeal", None),
    "an appeal without a day": (
        data_of("resolve", **REFUSED, grounds="Artigo 5.º", appeal={"means": "x"}),
        "invalid",
        "/appeal/until",
        None,
    ),
    "an appeal until someday": (
        data_of("resolve", **REFUSED, grounds="Artigo 5.º", appeal=APPEAL | {"until": "someday"}),
        "invalid",
        "/appeal/until",
        None,
    ),
    "a misspelt outcome": (
        data_of("resolve", text="x", outcom="refused", grounds="Artigo 5.º", appeal=APPEAL),
        "invalid",
        "/outcom",
        None,
    ),
    "a misspelt text": ({"value": data(text=..., txt="x")}, "invalid", "/txt", None),
    "a name that is a number": ({"value": data(**{"11223344556": "x"})}, "invalid", "", None),
    "a number as a name in an appeal": (
        data_of("resolve", **REFUSED, grounds="Artigo 5.º", appeal=APPEAL | {"11223344556": "x"}),
        "invalid",
        "/appeal",
        None,
    ),
    "an answer that decides": ({"value": data(outcome="granted", grounds="Artigo 5.º")}, "invalid", "/outcome", None),
    "an acknowledgement with words": (data_of("acknowledge", text="x"), "invalid", "/text", None),
    "a misspelt field of an item": (
        data_of("request-information", items=[ITEM | {"format": ["image/png"]}]),
        "invalid",
        "/items/0/format",
        None,
    ),
    "a misspelt field of an appeal": (
        data_of("resolve", **REFUSED, grounds="Artigo 5.º", appeal=APPEAL | {"untill": "2026-06-01"}),
        "invalid",
        "/appeal/untill",
        None,
    ),
    "an information with grounds": (data_of("resolve", text="x", grounds="Artigo 5.º"), "invalid", "/grounds", None),
    "an information with an appeal": (
        data_of("resolve", text="x", outcome="informed", appeal=APPEAL),
        "invalid",
        "/appeal",
        None,
    ),
    "an unknown outcome that we use ourselves": (
        data_of("resolve", text="x", outcome="unknown"),
        "invalid",
        "/outcome",
        None,
    ),
    "an outcome twice": (
        data_of("resolve", text="x", grounds="Artigo 5.º") | {"value": TWO_OUTCOMES},
        "invalid",
        "/outcome",
        None,
    ),
    "a repeated name that is no field": ({"value": data()[:-1] + b', "x": 1, "x": 2}'}, "invalid", "", None),
    "a repeated name within many objects": (
        {"value": data(text=...)[:-1] + b', "text": ' + b'{"text": ' * 99 + b'{"seen": 1, "seen": 2}' + b"}" * 100},
        "invalid",
        "/text" * 4,
        None,
    ),
    "no version": ({"headers": without("ce_specversion")}, "missing-header", None, "ce_specversion"),
    "another version": ({"headers": with_header("ce_specversion", b"0.3")}, "bad-header", None, "ce_specversion"),
    "no source": ({"headers": without("ce_source")}, "missing-header", None, "ce_source"),
    "an empty source": ({"headers": with_header("ce_source", b"")}, "missing-header", None, "ce_source"),
    "a null source": ({"headers": with_header("ce_source", None)}, "missing-header", None, "ce_source"),
    "a source in Latin-1": ({"headers": with_header("ce_source", b"\xe1")}, "bad-header", None, "ce_source"),
    "a long source": ({"headers": with_header("ce_source", b"x" * 256)}, "bad-header", None, "ce_source"),
    "a source with a NUL": ({"headers": with_header("ce_source", b"a\0")}, "bad-header", None, "ce_source"),
    "a null traceparent": ({"headers": [*HEADERS.items(), ("traceparent", None)]}, "bad-header", None, "traceparent"),
    "a doubled source": ({"headers": [*HEADERS.items(), ("ce_source", b"x")]}, "repeated-header", None, "ce_source"),
    "a forged redrive": (
        {"headers": [*HEADERS.items(), ("dlq-redrive", b"routing x")]},
        "bad-header",
        None,
        "dlq-redrive",
    ),
}
"""Wrong commands that can be named: what differs from a correct one, and the code, pointer and header of the answer."""

UNREADABLE: Final[dict[str, tuple[dict[str, Any], str, str | None]]] = {
    "no key": ({"key": None}, "missing-key", None),
    "a key that is no id": ({"key": b"PO-7K3QX-9M2TA-B"}, "bad-key", None),
    "a key of other bytes": ({"key": b"\xff\xfe"}, "bad-key", None),
    "no key and no value": ({"key": None, "value": None}, "missing-key", None),
    "no id": ({"headers": without("ce_id")}, "missing-header", "ce_id"),
    "an empty id": ({"headers": with_header("ce_id", b"")}, "missing-header", "ce_id"),
    "a null id": ({"headers": with_header("ce_id", None)}, "missing-header", "ce_id"),
    "an id in Latin-1": ({"headers": with_header("ce_id", b"\xe1")}, "bad-header", "ce_id"),
    "an id with a NUL": ({"headers": with_header("ce_id", b"a\0b")}, "bad-header", "ce_id"),
    "a long id": ({"headers": with_header("ce_id", b"x" * 256)}, "bad-header", "ce_id"),
    "two ids": ({"headers": [*HEADERS.items(), ("ce_id", b"other")]}, "repeated-header", "ce_id"),
    "no type": ({"headers": without("ce_type")}, "missing-header", "ce_type"),
    "two types": ({"headers": [*HEADERS.items(), ("ce_type", b"other")]}, "repeated-header", "ce_type"),
    "no headers": ({"headers": []}, "missing-header", "ce_specversion"),
}
"""Wrong records that cannot be named by their id."""


@pytest.mark.parametrize("name", REJECTED)
def test_a_wrong_command_is_rejected_with_its_id_and_what_is_wrong(name: str) -> None:
    flaw, code, pointer, header = REJECTED[name]
    event = answered(record(**flaw))
    assert isinstance(event, CommandRejected)
    assert (event.code, event.pointer, event.header) == (code, pointer, header)
    assert (event.command_id, event.request_id, event.reference) == ("pf/1/answer", REQUEST, reference_of(REQUEST))
    assert (event.command_topic, event.command_partition, event.command_offset) == (OUTBOX, 3, 41)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_record_without_a_usable_key_id_or_type_is_answered_by_its_position(name: str) -> None:
    flaw, code, header = UNREADABLE[name]
    event = answered(record(**flaw))
    assert isinstance(event, CommandUnreadable)
    assert (event.code, event.header) == (code, header)
    assert (event.command_topic, event.command_partition, event.command_offset) == (OUTBOX, 3, 41)
    has_id = [value for name, value in flaw.get("headers", HEADERS.items()) if name == "ce_id"] == [HEADERS["ce_id"]]
    assert event.command_id == ("pf/1/answer" if has_id else None)


@pytest.mark.parametrize("name", [*REJECTED, *UNREADABLE])
def test_an_answer_has_a_sentence_and_a_documented_code(name: str) -> None:
    flaw = (REJECTED | UNREADABLE)[name][0]
    event = answered(record(**flaw))
    assert event.code in DETAILS
    assert event.detail
    assert event.detail.endswith(".")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("  ", "is blank"),
        ("\u200b", "is blank"),
        ("\u2800", "is blank"),
        ("a" * 4001, "is too long"),
        (5, "is not text"),
    ],
)
def test_a_sentence_names_the_field_and_what_is_wrong_with_it(text: Any, problem: str) -> None:
    assert answered(record(data(text=text))).detail == f"`/text` {problem}."


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no items", "`/items` is empty."),
        ("eleven items", "`/items` has too many elements."),
        ("an item that is a text", "`/items/0` is not an object."),
        ("a blank item", "`/items/0/what` is blank."),
        (
            "an unknown format",
            "`/items/1/formats/0` is none of the allowed values: `application/pdf`, `image/png`, `image/jpeg`.",
        ),
        ("a transfer to a sentence", "`/to` is not a code."),
        ("an extension until 30 February", "`/until` is not a date."),
        ("an unknown outcome", "`/outcome` is none of the allowed values: `granted`, `partly`, `refused`, `informed`."),
        ("a grant without grounds", "`/grounds` is missing: this outcome requires it."),
        ("a refusal without appeal", "`/appeal` is missing: this outcome requires it."),
        (
            "a misspelt outcome",
            (
                "`/outcom` is no field of this command. Its fields are `assignment_id`, `epoch`, `seen`, `text`, `outcome`, "
                "`grounds`, `appeal`."
            ),
        ),
        (
            "a misspelt field of an item",
            "`/items/0/format` is no field of this command. Its fields are `what`, `why`, `formats`.",
        ),
        (
            "an information with grounds",
            "`/grounds` is not allowed: `informed` is no decision. Leave it out, or name another outcome.",
        ),
        ("a list", "The value is JSON, but no object: an object with the fields of the command is expected."),
        (
            "a name that is a number",
            (
                "A field, whose name is not repeated here because it may be personal data, is no field of this command. "
                "Its fields are `assignment_id`, `epoch`, `seen`, `text`."
            ),
        ),
        (
            "a number as a name in an appeal",
            (
                "A field, whose name is not repeated here because it may be personal data, is no field of this command. "
                "Its fields are `means`, `until`."
            ),
        ),
        ("no source", "The header `ce_source` is missing or empty."),
        ("a doubled source", "The header `ce_source` occurs more often than once."),
        ("an outcome twice", "`/outcome` occurs more than once."),
    ],
)
def test_a_sentence_names_what_is_wrong_with_a_command_of_more_than_a_text(name: str, sentence: str) -> None:
    assert answered(record(**REJECTED[name][0])).detail == sentence


@pytest.mark.parametrize("text", ["a" * 4001, "Segredo da Rita" * 300, "  ", {"Rita": "1"}])
def test_an_answer_never_repeats_what_was_written(text: Any) -> None:
    (entry,) = answers(record(data(text=text)))
    assert b"Rita" not in entry.value
    assert b"aaaa" not in entry.value


def test_the_same_record_gives_the_same_answer_again() -> None:
    raw = record(b"{not json")
    assert answers(raw) == answers(raw)


@pytest.mark.parametrize("topic", [topics.LIFECYCLE, topics.inbox("pf"), topics.rejections("pf"), topics.INTAKE])
def test_an_unreadable_record_of_ours_is_nobodys_mistake_and_gets_no_answer(topic: str) -> None:
    assert answers(record(b"{not json", topic=topic)) == []


TEXTS: Final = st.one_of(
    st.none(), st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
KNOWN: Final = st.one_of(*(st.just(value) for value in HEADERS.values()), TEXTS)
HEADER_LISTS: Final = st.lists(
    st.tuples(st.sampled_from([*HEADERS, "content-type", "traceparent", "ce_quiet", "dlq-redrive", "x"]), KNOWN),
    max_size=7,
)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*DATA, "x"]), inner, max_size=6),
    max_leaves=8,
)
VALUES: Final = st.one_of(
    st.none(),
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.dictionaries(st.sampled_from(list(DATA)), JSON, max_size=4).map(lambda more: json.dumps(DATA | more).encode()),
    st.integers(MAX_EVENT - 5, MAX_EVENT + 5).map(lambda size: b" " * size),
)
KEYS: Final = st.one_of(st.just(KEY), st.none(), st.binary(max_size=60), st.uuids().map(lambda key: str(key).encode()))


@settings(max_examples=2_500, deadline=None)
@given(value=VALUES, headers=st.just(list(HEADERS.items())) | HEADER_LISTS, key=KEYS)
def test_any_record_is_read_or_answered_exactly_once(value: bytes | None, headers: Headers, key: bytes | None) -> None:
    raw = record(b" " if value == b"" else value, headers, key)
    if not is_readable(raw):
        event = answered(raw)
        assert event.code in DETAILS
        assert (event.command_topic, event.command_partition, event.command_offset) == (OUTBOX, 3, 41)
        assert answers(raw) == answers(raw)
    else:
        assert type(read(raw).event) in events_of(OUTBOX).values()
