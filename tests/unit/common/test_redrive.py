"""The redrive header: its text, its signature, and quiet records."""

from typing import Any

import pytest
from aiokafka import ConsumerRecord
from hypothesis import given, strategies as st

from services.common.contracts import topics
from services.common.domain.errors import Poison
from services.common.domain.position import Position
from services.common.messaging.producer.batches import Headers
from services.common.messaging.records.positions import moment
from services.common.messaging.records.reader import read
from services.common.messaging.records.redrive import HEADER, Redrive, Redrives
from tests.contract.golden_records import APPENDED, golden_records

REDRIVES = Redrives(b"s" * 32)
POSITION = Position(topics.INTAKE, 7, 41)
GOLDEN = {str(golden): golden for golden in golden_records()}


def record(name: str, **more: str) -> ConsumerRecord[bytes, bytes]:
    golden = GOLDEN[f"pt.postigo.{name}.v1"]
    return type(golden)(golden.topic, golden.key, golden.headers | more, golden.value).record()


@given(st.booleans(), st.sampled_from(["", "PO-7K3QX-9M2TA-B"]), st.integers(0, 2**40))
def test_a_header_is_parsed_back_to_the_same_redrive(quiet: bool, frees: str, at: int) -> None:
    redrive = Redrive("intake", POSITION, moment(at), quiet, frees)
    assert Redrive.parse(str(redrive)) == redrive


def test_an_unknown_option_is_rejected() -> None:
    with pytest.raises(ValueError, match="newer"):
        Redrive.parse(f"{Redrive('intake', POSITION, moment(1))} loud")


def test_the_signature_covers_key_value_headers_and_topic() -> None:
    plain = Redrive("intake", POSITION, moment(1))
    headers = [("ce_id", b"1"), ("ce_type", b"pt.postigo.assignment.acknowledge.v1"), ("odd", None)]
    *_, (_, signed) = REDRIVES.signed_headers(plain, b"key", b"{}", headers)
    assert signed is not None
    signature = signed.rpartition(b" ")[2]

    def of(topic: str = POSITION.topic, value: bytes = b"{}", text: object = plain, **changed: bytes) -> Redrive | None:
        changed_headers = [(name, changed.get(name, content)) for name, content in headers]
        return REDRIVES.of(appended(topic, value, [*changed_headers, (HEADER, f"{text} ".encode() + signature)]))

    assert of() == plain
    forgeries: tuple[dict[str, Any], ...] = (
        {"text": f"{plain} quiet"},
        {"text": f"{plain} frees=PO-7K3QX-9M2TA-B"},
        {"value": b"[]"},
        {"ce_type": b"pt.postigo.assignment.reject.v1"},
        {"ce_id": b"2"},
        {"odd": b""},
        {"topic": topics.LIFECYCLE},
    )
    for forged in forgeries:
        with pytest.raises(Poison, match="redrive-header"):
            of(**forged)


def test_a_record_redriven_again_has_one_redrive_header() -> None:
    first, second = Redrive("intake", POSITION, moment(1)), Redrive("intake", POSITION, moment(2))
    headers = REDRIVES.signed_headers(
        second, b"key", b"{}", REDRIVES.signed_headers(first, b"key", b"{}", [("ce_id", b"1")])
    )
    assert [name for name, _ in headers] == ["ce_id", HEADER]
    assert REDRIVES.of(appended(POSITION.topic, b"{}", headers)) == second


def appended(topic: str, value: bytes, headers: Headers) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, 0, 0, 1, 1, b"key", value, None, 3, 2, headers)


def test_a_quiet_redrive_and_our_own_quiet_facts_are_quiet() -> None:
    assert read(record("request.answered"), Redrive("notifications", POSITION, moment(APPENDED), quiet=True)).quiet
    assert read(record("request.answered", ce_quiet="1")).quiet
    assert not read(record("request.answered")).quiet


def test_a_department_cannot_make_its_events_quiet() -> None:
    assert not read(record("assignment.answer", ce_quiet="1")).quiet
