"""Derived identifiers, references with a check symbol, social-security numbers, support codes."""

import string
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from services.common.domain.identifiers import (
    ALPHABET,
    clean_niss,
    derived_id,
    derived_text,
    keyed_id,
    parse_reference,
    reference_of,
    support_code,
    valid_niss,
)

ids = st.uuids()


@given(ids)
def test_a_reference_is_recognised_in_every_accepted_form(request_id: UUID) -> None:
    reference = reference_of(request_id)
    symbols = reference.replace("-", "")
    assert parse_reference(reference) == reference
    assert parse_reference(symbols.lower()) == reference
    assert parse_reference(symbols[2:]) == reference
    assert parse_reference(f" {reference.replace('-', ' ')} ") == reference
    assert parse_reference(reference.replace("0", "O").replace("1", "l")) == reference


@given(ids, st.integers(0, 10), st.sampled_from(ALPHABET))
def test_any_single_wrong_symbol_is_detected(request_id: UUID, place: int, symbol: str) -> None:
    body = reference_of(request_id)[3:].replace("-", "")
    if body[place] != symbol:
        assert parse_reference(body[:place] + symbol + body[place + 1 :]) is None


@given(ids, st.integers(0, 9))
def test_any_swap_of_neighbours_is_detected(request_id: UUID, place: int) -> None:
    body = reference_of(request_id)[3:].replace("-", "")
    if body[place] != body[place + 1]:
        swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
        assert parse_reference(swapped) is None


PASTED = {
    "full stop": "{}.",
    "brackets": "({})",
    "quotation marks": "«{}»",
    "English quotation marks": "“{}”,",
    "Markdown": "**_{}_**",
    "slash": "{}/",
    "label": "Ref.: {}",
    "Portuguese label": "Referência: {}",
    "decomposed label": "refere\u0302ncia {}",
    "label without an accent": "REFERENCIA:{}",
    "English label": "Reference «{}».",
    "label in brackets": "(ref. {})",
}


@pytest.mark.parametrize("pasted", PASTED.values(), ids=PASTED)
@given(request_id=ids)
def test_a_reference_is_understood_with_what_was_pasted_around_it(pasted: str, request_id: UUID) -> None:
    reference = reference_of(request_id)
    for form in (reference, reference.replace("-", "_"), reference[3:].lower(), reference.replace("-", "")):
        assert parse_reference(pasted.format(form)) == reference


@pytest.mark.parametrize("pasted", PASTED.values(), ids=PASTED)
@given(request_id=ids, place=st.integers(0, 10), symbol=st.sampled_from(ALPHABET))
def test_what_was_pasted_around_it_makes_no_wrong_reference_valid(
    pasted: str, request_id: UUID, place: int, symbol: str
) -> None:
    body = reference_of(request_id)[3:].replace("-", "")
    if body[place] != symbol:
        assert parse_reference(pasted.format(body[:place] + symbol + body[place + 1 :])) is None


@pytest.mark.parametrize("between", [".", "/", "·", "(", ":", "X"])
def test_other_characters_in_a_reference_are_no_separators(between: str) -> None:
    assert parse_reference(reference_of(UUID(int=7)).replace("-", between)) is None


def test_a_reference_that_begins_like_a_label_is_no_label() -> None:
    request_id = UUID(bytes=bytes.fromhex("c39e" + "00" * 14))
    reference = reference_of(request_id)
    assert reference.startswith("PO-REF")
    assert parse_reference(reference[3:]) == parse_reference(f"Ref {reference[3:]}") == reference


@pytest.mark.parametrize(
    "pasted", ["NISS: {}", "niss {}.", "({})", "«{}»", "{};", "{},", "NISS ({})", "'{}'", "_{}_", "<{}>"]
)
@pytest.mark.parametrize("form", ["12345678910", "123 456 789 10", "123_456_789_10"])
def test_a_niss_is_understood_with_what_was_pasted_around_it(pasted: str, form: str) -> None:
    assert clean_niss(pasted.format(form)) == "12345678910"


@pytest.mark.parametrize("typed", ["123.456.789.10", "1234567891(0)x", "NIF: 12345678910", "NISS", "(", ""])
def test_what_is_no_niss_stays_none(typed: str) -> None:
    assert not valid_niss(clean_niss(typed))


@given(st.text(max_size=40))
def test_text_that_is_not_a_reference_gives_none_and_no_error(typed: str) -> None:
    parsed = parse_reference(typed)
    assert parsed is None or parse_reference(parsed) == parsed


@pytest.mark.parametrize(
    "niss",
    ["12345678910", "11000000007", "12000000012", "11987654325", "20000000001", "25001234563", "20123456783"],
)
def test_known_numbers_are_valid(niss: str) -> None:
    assert valid_niss(niss)


@pytest.mark.parametrize(
    "niss", ["", "12345678911", "31000000007", "1234567891", "1234567891０", "123456789100", "abcdefghijk"]
)
def test_numbers_with_a_wrong_check_digit_length_or_kind_are_invalid(niss: str) -> None:
    assert not valid_niss(niss)


def test_a_derived_id_depends_on_every_part_and_on_the_split_into_parts() -> None:
    assert derived_id("a", "bc", 0) == derived_id("a", "bc", 0)
    assert len({derived_id("a", "bc"), derived_id("ab", "c"), derived_id("a", "bc", 0), derived_id("a", "bc", 1)}) == 4


def test_a_derived_id_never_changes() -> None:
    """With another id, a published event would count as another event."""
    assert str(derived_id("a", "bc", 0)) == "366225b3-d967-5c76-9b25-605cbe7a9eea"


@given(parts=st.lists(st.text() | st.integers(), min_size=1))
def test_a_derived_id_as_text_is_the_same_id(parts: list[str | int]) -> None:
    assert UUID(derived_text(*parts)) == derived_id(*parts)
    assert derived_id(*parts).version == 5
    assert str(derived_id(*parts)) == derived_text(*parts)


def test_a_keyed_id_depends_on_the_secret_and_on_the_split_into_parts() -> None:
    assert (
        len({keyed_id(b"s" * 32, b"a", b"bc"), keyed_id(b"s" * 32, b"ab", b"c"), keyed_id(b"t" * 32, b"a", b"bc")}) == 3
    )


def test_a_support_code_is_ten_symbols_of_the_trace_id() -> None:
    assert support_code(0) == "0" * 10
    assert set(support_code(2**128 - 1)) == {"Z"}
    assert set(support_code(0x1234_5678_9ABC_DEF0 << 64)) <= set(string.digits + ALPHABET)
