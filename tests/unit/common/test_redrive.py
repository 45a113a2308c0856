"""What an operator's header says, who may say it, and whom a record keeps quiet towards."""

import pytest
from aiokafka import ConsumerRecord
from hypothesis import given, strategies as st

from services.common.contracts import topics
from services.common.errors import Poison
from services.common.messaging.position import Position, moment
from services.common.messaging.record import read
from services.common.messaging.redrive import HEADER, Redrive, Redrives
from tests.contract.golden_records import APPENDED, golden_records

REDRIVES = Redrives(b"s" * 32)
POSITION = Position(topics.INTAKE, 7, 41)
GOLDEN = {str(golden): golden for golden in golden_records()}


def record(name: str, **more: str) -> ConsumerRecord[bytes, bytes]:
    golden = GOLDEN[f"pt.postigo.{name}.v1"]
    return type(golden)(golden.topic, golden.key, golden.headers | more, golden.value).record()


@given(st.booleans(), st.sampled_from(["", "PO-7K3QX-9M2TA-4"]), st.integers(0, 2**40))
def test_what_a_header_says_is_read_back(quiet: bool, frees: str, at: int) -> None:
    redrive = Redrive("intake", POSITION, moment(at), quiet, frees)
    assert Redrive.parse(str(redrive)) == redrive


def test_a_word_that_only_a_newer_writer_knows_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="newer"):
        Redrive.parse(f"{Redrive('intake', POSITION, moment(1))} loud")


def test_a_seal_holds_for_what_is_quiet_and_what_it_frees() -> None:
    plain = Redrive("intake", POSITION, moment(1))
    value = b"{}"
    seal = REDRIVES.header(plain, b"key", value).rpartition(b" ")[2]
    for forged in (f"{plain} quiet", f"{plain} frees=PO-7K3QX-9M2TA-4"):
        sent = ConsumerRecord("t", 0, 0, 1, 1, b"key", value, None, 3, 2, [(HEADER, forged.encode() + b" " + seal)])
        with pytest.raises(Poison, match="redrive-header"):
            REDRIVES.of(sent)


def test_a_quiet_redrive_and_a_quiet_fact_of_ours_are_quiet() -> None:
    assert read(record("request.answered"), Redrive("notifications", POSITION, moment(APPENDED), quiet=True)).quiet
    assert read(record("request.answered", ce_quiet="1")).quiet
    assert not read(record("request.answered")).quiet


def test_a_department_can_keep_nobody_from_being_told() -> None:
    assert not read(record("assignment.answer", ce_quiet="1")).quiet
