"""A signed receipt is valid with the published keys, and with nothing in it changed."""

import json
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from hypothesis import given, strategies as st
from pypdf import PdfWriter

from deploy.cli import receipt as command
from deploy.operator.errors import OperatorError
from services.common.legal_clock import deadline
from services.common.receipts.signed_deadline import SignedDeadline
from services.common.receipts.signing import ReceiptKeys
from services.common.receipts.verification import MAX_LENGTH, TYPE, NotAReceipt, ReceiptClaims, SignedFile, verify
from tests.unit.legal_clock.builders import MAINLAND, working_days

NOON: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
CLAIMS: Final = ReceiptClaims(
    reference="PO-7K3QX-9M2TA-B",
    filed_at=NOON,
    as_of=NOON,
    subject="FAM-01",
    reason="NPG",
    text_sha256="a" * 64,
    files=(SignedFile(name="recibo.pdf", sha256="b" * 64),),
)
KEYS: Final = ReceiptKeys([b"1" * 32])
SIGNED: Final = KEYS.sign(CLAIMS)


def refused(text: str, jwks: dict[str, Any] | None = None) -> str:
    with pytest.raises(NotAReceipt) as raised:
        verify(text, KEYS.jwks if jwks is None else jwks)
    return raised.value.because


def test_a_receipt_says_what_was_signed_also_with_line_breaks_of_a_mail() -> None:
    assert verify(SIGNED, KEYS.jwks) == CLAIMS
    assert verify("\n".join(SIGNED[each : each + 60] for each in range(0, len(SIGNED), 60)) + "\n", KEYS.jwks) == CLAIMS
    assert KEYS.sign(CLAIMS) == SIGNED


@given(place=st.integers(0, len(SIGNED) - 1), letter=st.sampled_from("AZaz09-_.=x"))
def test_one_changed_letter_fails(place: int, letter: str) -> None:
    if SIGNED[place] != letter:
        refused(SIGNED[:place] + letter + SIGNED[place + 1 :])


@given(st.text(max_size=200))
def test_any_other_text_is_no_receipt(text: str) -> None:
    refused(text)


def test_after_a_rotation_the_earlier_key_verifies_and_the_new_one_signs() -> None:
    rotated = ReceiptKeys([b"2" * 32, b"1" * 32])
    assert verify(SIGNED, rotated.jwks) == CLAIMS
    again = rotated.sign(CLAIMS)
    assert verify(again, rotated.jwks) == CLAIMS
    assert refused(again) == "unknown-key"
    assert len({each["kid"] for each in rotated.jwks["keys"]}) == 2


def test_no_private_part_of_a_key_is_published() -> None:
    assert all("d" not in each for each in KEYS.jwks["keys"])


def test_other_tokens_of_the_same_key_or_without_a_signature_are_no_receipts() -> None:
    kid, private = KEYS.jwks["keys"][0]["kid"], KEYS._keys[0]
    payload = CLAIMS.model_dump_json().encode()
    session = jwt.PyJWS().encode(payload, private, algorithm="EdDSA", headers={"kid": kid, "typ": "JWT"})
    assert refused(session) == "other-type"
    unsigned = jwt.PyJWS().encode(payload, "", algorithm="none", headers={"kid": kid, "typ": TYPE})
    assert refused(unsigned) in ("other-type", "malformed")
    other = jwt.PyJWS().encode(b"{}", private, algorithm="EdDSA", headers={"kid": kid, "typ": TYPE})
    assert refused(other) == "content"


def test_a_cut_receipt_one_with_two_signatures_and_a_huge_one_are_malformed() -> None:
    header, payload, signature = SIGNED.split(".")
    two = json.dumps({"payload": payload, "signatures": [{"protected": header, "signature": signature}] * 2})
    assert refused(two) == "malformed"
    assert refused(f"{header}.{payload}") == "malformed"
    assert refused(f"{SIGNED}.{signature}") == "malformed"
    assert refused(SIGNED[:-10]) in ("signature", "malformed")
    assert refused("a" * MAX_LENGTH + ".b.c") == "malformed"


def test_the_address_of_a_code_is_read_like_the_receipt_in_it() -> None:
    assert verify(f"https://postigo.example/validar#{SIGNED}", KEYS.jwks) == CLAIMS
    assert refused(f"{SIGNED}#") == "malformed"


def test_the_command_verifies_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, keys = tmp_path / "PO.jws", tmp_path / "keys.json"
    file.write_text(SIGNED + "\n", encoding="utf-8")
    keys.write_text(json.dumps(KEYS.jwks), encoding="utf-8")
    command.verify_file(file, keys, as_json=True)
    assert json.loads(capsys.readouterr().out)["claims"]["reference"] == CLAIMS.reference
    command.verify_file(file, keys, as_json=False)
    assert "The receipt is valid." in capsys.readouterr().out
    file.write_text(SIGNED[:-5] + "AAAAA", encoding="utf-8")
    with pytest.raises(OperatorError):
        command.verify_file(file, keys, as_json=False)
    for text in ("{}", "no json"):
        keys.write_text(text, encoding="utf-8")
        with pytest.raises(OperatorError, match="keys"):
            command.verify_file(file, keys, as_json=False)
    keys.write_text(json.dumps(KEYS.jwks), encoding="utf-8")
    with pytest.raises(OperatorError, match="cannot be read"):
        command.verify_file(tmp_path / "none", keys, as_json=False)


def pdf_with(*attached: tuple[str, bytes]) -> bytes:
    writer, content = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    for name, text in attached:
        writer.add_attachment(name, text)
    writer.write(content)
    return content.getvalue()


def test_the_command_verifies_the_receipt_that_is_attached_to_a_pdf(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, keys = tmp_path / "PO.pdf", tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS.jwks), encoding="utf-8")
    file.write_bytes(pdf_with(("notas.txt", b"x"), ("PO.jws", f"{SIGNED}\n".encode())))
    command.verify_file(file, keys, as_json=True)
    assert json.loads(capsys.readouterr().out)["claims"]["reference"] == CLAIMS.reference
    file.write_bytes(pdf_with(("PO.jws", f"{SIGNED[:-5]}AAAAA".encode())))
    with pytest.raises(OperatorError, match="changed"):
        command.verify_file(file, keys, as_json=False)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (pdf_with(), "No receipt is attached"),
        (pdf_with(("notas.txt", b"x")), "No receipt is attached"),
        (pdf_with(("a.jws", SIGNED.encode()), ("b.jws", SIGNED.encode())), "No receipt is attached"),
        (pdf_with(("a.jws", b"\xff\xfe")), "no text"),
        (b"%PDF-1.7 and nothing more", "damaged"),
        (pdf_with(("a.jws", SIGNED.encode()))[:300], "damaged"),
        (b"\xff\xfe", "no text"),
        (b"", "not a whole receipt"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path, content: bytes, refusal: str) -> None:
    file, keys = tmp_path / "PO.pdf", tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS.jwks), encoding="utf-8")
    file.write_bytes(content)
    with pytest.raises(OperatorError, match=refusal):
        command.verify_file(file, keys, as_json=False)


def test_the_command_says_the_reason_of_the_legal_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, keys = tmp_path / "PO.jws", tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS.jwks), encoding="utf-8")
    found = deadline(date(2026, 3, 30), "INF10", working_days(10), MAINLAND)
    signed = KEYS.sign(CLAIMS.model_copy(update={"deadline": SignedDeadline.of(found)}))
    file.write_text(signed, encoding="utf-8")
    command.verify_file(file, keys, as_json=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "2026-04-14" in shown
    assert "Good Friday" in shown
    command.verify_file(file, keys, as_json=True)
    said = json.loads(capsys.readouterr().out)["claims"]["deadline"]
    assert said["reason"]["not_counted"] == {"holiday": 1, "weekend": 4}
