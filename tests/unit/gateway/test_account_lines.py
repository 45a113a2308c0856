"""Lines of `postigo accounts import`, and what people type to sign in: cleaned alike, and refused in words."""

import unicodedata
from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from deploy.operator.accounts import parts
from gateway.accounts.domain import Credentials, DeletedAccount, NewAccount
from gateway.accounts.imports import AccountLine, parse_accounts
from gateway.accounts.passwords import _hasher, hash_password, verify_password
from services.common.contracts.limits import MAX_ACCOUNT_BYTES

LINE = b'{"niss":"12345678910","password":"uma frase comprida","name":"Rui","email":"rui@example.org","kind":"person"}'


def parse(*lines: bytes) -> tuple[Sequence[AccountLine], Sequence[str]]:
    """The accounts and the errors that the gateway finds in the parts that the operator's command sends."""
    found = [parse_accounts(part.lines, part.first) for part in parts(lines)]
    return [account for accounts, _ in found for account in accounts], [each for _, errors in found for each in errors]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{", "line 2: It is not JSON in UTF-8."),
        (LINE.replace(b"12345678910", b"12345678911"), "line 2, niss: This NISS is not right"),
        (LINE.replace(b"12345678910", b"20000000001"), "line 2, kind: The NISS of a person begins with 1"),
        (LINE.replace(b"uma frase comprida", b"curta"), "line 2, password: At least 12 characters."),
        (LINE.replace(b"rui@example.org", b"rui"), "line 2, email: The address must have one @"),
        (
            LINE.replace(b"rui@", "rúi@".encode()),
            "line 2, email: We cannot write to this address: only letters without",
        ),
        (
            LINE.replace(b"example.org", b"localhost"),
            "line 2, email: We cannot write to this address: what stands after",
        ),
        (LINE.replace(b"Rui", "\u200b".encode()), "line 2, name: Write at least one word."),
        (
            LINE.replace(b"person", b"dog"),
            "line 2, kind: It is not one of the accepted values. Choose person or company.",
        ),
        (LINE.decode().encode("utf-16"), "line 2: It is not JSON in UTF-8."),
        (LINE.replace(b'"kind"', b'"place":"PT-0320","kind"'), "line 2, place: This place is not recognised."),
        (LINE.replace(b'"kind"', b'"place":"Atlantis","kind"'), "line 2, place: This place is not recognised."),
        (LINE.replace(b'"kind"', b'"flags":["rich"],"kind"'), "line 2, flags/0: It is not one of the accepted values."),
        (
            LINE.replace(b'"kind"', b'"flags":["strategic-contributor","strategic-contributor"],"kind"'),
            "line 2, flags: The same item appears more than once.",
        ),
        (
            LINE.replace(b'"kind"', b'"palce":"PT-20","kind"'),
            "line 2, palce: There is no field or parameter with this name.",
        ),
        (
            b'{"niss":"12345678910","deleted":true,"name":"Rui"}',
            "line 2, name: There is no field or parameter with this",
        ),
        (b'{"niss":"12345678911","deleted":true}', "line 2, niss: This NISS is not right"),
        (b'{"niss":"12345678910","deleted":false}', "line 2, deleted: It is not one of the accepted values."),
        (b'{"niss":"12345678910","deleted":"yes"}', "line 2, deleted: It is not one of the accepted values."),
    ],
)
def test_an_invalid_account_line_is_named_by_number_and_field_without_its_values(line: bytes, complaint: str) -> None:
    (account,), errors = parse(LINE, line)
    assert isinstance(account, NewAccount)
    text = "\n".join(errors)
    assert text.startswith(complaint)
    assert "rui" not in text.lower()
    assert "frase" not in text
    assert "123" not in text


def test_a_line_deletes_an_account() -> None:
    (created, deleted), _ = parse(LINE, b'{"niss":"123 4567 8910","deleted":true}')
    assert isinstance(created, NewAccount)
    assert deleted == DeletedAccount(niss="12345678910", deleted=True)


def test_every_wrong_field_of_every_line_is_named_at_once() -> None:
    wrong = (
        LINE.replace(b"12345678910", b"1").replace(b"rui@", b"@").replace(b"Rui", b" ").replace(b"person", b"company")
    )
    _, errors = parse(wrong, LINE, b"{", LINE.replace(b"uma frase", b""))
    places = [line.partition(":")[0] for line in errors]
    assert places == ["line 1, niss", "line 1, name", "line 1, email", "line 3", "line 4, password"]


@pytest.mark.parametrize(
    "typed",
    [
        "\u200b123 456 789\u00a010",
        "12345\u201367891\u20110",
        "１２３４５６７８９１０",
        "\ufeff12345678910\n",
        "12345678910\u2060",
    ],
)
def test_the_number_of_an_account_and_of_a_sign_in_are_cleaned_alike(typed: str) -> None:
    line = LINE.replace(b"12345678910", typed.encode().replace(b"\n", rb"\n"))
    (account,), _ = parse(b"\xef\xbb\xbf" + line + b"\r\n", b"\r\n")
    assert account.niss == Credentials(niss=typed, password=LINE.decode()).niss == "12345678910"


def test_an_account_keeps_the_readable_form_of_what_was_pasted() -> None:
    line = LINE.replace(b'"Rui"', '"\u202eRui\u00a0 Sa\u0301\u200b"'.encode()).replace(
        b"example.org", "straße.example\u00a0".encode()
    )
    (account,), _ = parse(line)
    assert isinstance(account, NewAccount)
    assert (account.name, account.email) == ("Rui Sá", "rui@straße.example")


def test_an_account_has_a_place_and_flags_if_its_line_has_them() -> None:
    more = rb'"place":" pt\u201120","flags":["strategic-contributor"],"kind"'
    (plain, placed), _ = parse(LINE, LINE.replace(b'"kind"', more))
    assert isinstance(plain, NewAccount)
    assert isinstance(placed, NewAccount)
    assert (plain.place, plain.flags) == (None, ())
    assert (placed.place, placed.flags) == ("PT-20", ("strategic-contributor",))


@pytest.mark.parametrize("password", ["Violeta-Amélia-1947", "Ångström-ﬁ-Ç-12", "e\u0301\u00e9-mistura-comprida"])
@pytest.mark.parametrize("hashed_form", ["NFC", "NFD", None])
def test_a_password_matches_in_any_form_in_which_a_keyboard_sends_it(
    password: str, hashed_form: Literal["NFC", "NFD"] | None
) -> None:
    """Also hashes that earlier versions made from the form that was typed."""
    hashed = password if hashed_form is None else unicodedata.normalize(hashed_form, password)
    stored = _hasher.hash(hashed)
    forms = [hashed] if hashed_form is None else [unicodedata.normalize(form, password) for form in ("NFC", "NFD")]
    for typed in forms:
        assert verify_password(typed, stored)
    assert not verify_password(password + "x", stored)


def test_new_hashes_are_made_of_the_composed_form() -> None:
    stored = hash_password("Ame\u0301lia-e-mais-12")
    assert _hasher.verify("Am\u00e9lia-e-mais-12", stored)


def test_the_length_of_a_password_counts_an_accent_with_its_letter() -> None:
    assert Credentials(niss="12345678910", password="e\u0301" * 256)
    with pytest.raises(ValidationError):
        Credentials(niss="12345678910", password="\u00e9" * 257)
    _, (error,) = parse(LINE.replace(b"uma frase comprida", "e\u0301".encode() * 11))
    assert error.startswith("line 1, password: At least 12")


def test_a_line_that_is_too_long_is_named_by_its_number() -> None:
    accounts, errors = parse(LINE, LINE.replace(b"Rui", b"R" * MAX_ACCOUNT_BYTES), LINE)
    assert len(accounts) == 2
    assert errors == ["line 2: It is not JSON in UTF-8."]


@given(st.lists(st.sampled_from([LINE, b"", b"{", LINE.replace(b"Rui", b"R" * 30_000)]), max_size=200))
def test_a_file_of_any_length_is_sent_in_parts_with_every_line_under_its_number(lines: list[bytes]) -> None:
    sent = list(parts(lines))
    numbered = [(part.first + index, text) for part in sent for index, text in enumerate(part.lines)]
    assert numbered == [(number, line.decode()) for number, line in enumerate(lines, 1)]
    assert all(sum(map(len, part.lines)) <= MAX_ACCOUNT_BYTES for part in sent)
    assert len(sent) <= len(lines)
