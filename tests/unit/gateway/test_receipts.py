"""Receipts and cursors are valid only with their secret and their purpose."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given, strategies as st

from gateway.requests.cursor import cursor_of, parse_cursor
from gateway.requests.list_filter import ListFilter
from gateway.requests.receipts import IssuedReceipts, Receipt, parse_receipt
from gateway.requests.signed_tokens import sign, verify
from services.common.contracts.lifecycle import State
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST, Clock

SECRET = b"c" * 32
RECEIPT = Receipt("PO-KCB16-2Z9C3-Y", REQUEST, ACCOUNT, NOON, "FAM-01", "INF", "ab" * 32)

times = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)
)
IN_STATE = ListFilter(states=(State.RECEIVED,))


@given(payload=st.binary(max_size=200), place=st.integers(0, 400), bit=st.integers(0, 5))
def test_a_token_with_one_changed_character_is_invalid(payload: bytes, place: int, bit: int) -> None:
    token = sign(SECRET, b"p", payload)
    assert verify(SECRET, b"p", token) == payload
    assert verify(SECRET, b"q", token) is None
    assert verify(b"d" * 32, b"p", token) is None
    place %= len(token) - 1
    letter = "A" if token[place] != "A" else "B"
    assert verify(SECRET, b"p", token[:place] + letter + token[place + 1 :]) is None


@given(text=st.text(max_size=100))
def test_any_other_text_is_not_a_receipt(text: str) -> None:
    assert parse_receipt(SECRET, text) is None
    assert parse_cursor(SECRET, ACCOUNT, ListFilter(), text) is None


def test_a_signed_receipt_parses_to_the_same_receipt() -> None:
    assert parse_receipt(SECRET, RECEIPT.signed(SECRET)) == RECEIPT


@given(at=times, reference=st.text(max_size=20))
def test_a_cursor_is_valid_only_for_its_account_and_filter(at: datetime, reference: str) -> None:
    cursor = cursor_of(SECRET, ACCOUNT, IN_STATE, (at, reference))
    assert parse_cursor(SECRET, ACCOUNT, IN_STATE, cursor) == (at, reference)
    assert parse_cursor(SECRET, ACCOUNT, ListFilter(), cursor) is None
    assert parse_cursor(SECRET, ACCOUNT, IN_STATE.model_copy(update={"words": ("abono",)}), cursor) is None
    assert parse_cursor(SECRET, uuid4(), IN_STATE, cursor) is None


def test_issued_receipts_expire_and_their_number_is_bounded() -> None:
    clock = Clock()
    issued = IssuedReceipts(clock)
    issued.add(RECEIPT)
    assert issued.get(RECEIPT.reference) == RECEIPT
    clock.now += 301
    assert issued.get(RECEIPT.reference) is None
    for number in range(10_001):
        issued.add(RECEIPT._replace(reference=str(number)))
    assert issued.get("0") is None
    assert issued.get("10000") is not None


def test_a_retry_keeps_the_filing_time_of_the_first_receipt() -> None:
    issued = IssuedReceipts()
    later = RECEIPT._replace(filed_at=RECEIPT.filed_at + timedelta(seconds=3))
    assert issued.add(RECEIPT) == issued.add(later) == RECEIPT
    assert issued.get(RECEIPT.reference) == RECEIPT
