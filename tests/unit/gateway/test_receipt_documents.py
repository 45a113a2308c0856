"""The receipt on paper says what was signed, in both languages, whatever people name their files."""

import re
from contextlib import ExitStack
from datetime import date
from io import BytesIO
from typing import Any, Final

import pytest
from hypothesis import given, settings, strategies as st
from pypdf import PdfReader

from gateway.receipts.claims import short
from gateway.receipts.document import DocumentWriter, ReceiptDocument
from gateway.receipts.rendering import IN_PROGRESS, OF_ONE_ACCOUNT, Renderer, etag_of, render
from gateway.requests.names import Names
from services.common.catalogue import Language
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.receipts.signed_deadline import SignedDeadline
from services.common.receipts.signing import ReceiptKeys
from services.common.receipts.verification import ReceiptClaims, SignedFile, verify
from services.common.text.legal_dates import reason
from tests.unit.gateway.builders import ACCOUNT, NOON, REQUEST
from tests.unit.gateway.lives import term

KEYS: Final = ReceiptKeys([b"1" * 32])
WRITER: Final = DocumentWriter(KEYS, "https://postigo.example")


def claims_with(*names: str | None, **changes: Any) -> ReceiptClaims:
    files = tuple(SignedFile(name=name, sha256=f"{number:064x}") for number, name in enumerate(names, 1))
    values = {
        "reference": "PO-7K3QX-9M2TA-B",
        "filed_at": NOON,
        "as_of": NOON,
        "subject": "FAM-01",
        "reason": "NPG",
        "text_sha256": "a" * 64,
        "files": files,
        "department": "pf",
        "deadline": SignedDeadline.of(term(start=date(2026, 3, 30))),
    }
    return ReceiptClaims.model_validate(values | changes)


def document(claims: ReceiptClaims, language: Language = "pt") -> ReceiptDocument:
    return WRITER.document(claims, Names(language), None)


def read(claims: ReceiptClaims, language: Language = "pt") -> PdfReader:
    return PdfReader(BytesIO(render(document(claims, language))))


def lines(reader: PdfReader) -> list[str]:
    return [line for page in reader.pages for line in page.extract_text().splitlines()]


def text(reader: PdfReader) -> str:
    """All of it, with single spaces for the ends of lines."""
    return " ".join(" ".join(lines(reader)).split())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "pt",
            (
                "Recibo do pedido",
                "Apresentado 2 de março de 2026, às 12:00",
                "Assunto Abono de família para crianças e jovens",
                "Motivo Não recebi o pagamento",
                "Departamento Prestações Familiares",
                "Resposta até 14 de abril de 2026",
                "3 de abril de 2026 (Sexta-feira Santa)",
                "Texto do pedido",
                "Como validar",
                "Página 1 de 1",
            ),
        ),
        (
            "en",
            (
                "Receipt of the request",
                "Filed 2 March 2026 at 12:00",
                "Subject Child benefit",
                "Reason Payment not received",
                "Department Family Benefits",
                "Answer due by 14 April 2026",
                "3 April 2026 (Good Friday)",
                "Text of the request",
                "How to verify it",
                "Page 1 of 1",
            ),
        ),
    ],
)
def test_it_says_everything_in_the_readers_language(language: Language, words: tuple[str, ...]) -> None:
    claims = claims_with("Comprovativo do IBAN.pdf")
    found = text(read(claims, language))
    assert [each for each in words if each not in found] == []
    assert claims.deadline is not None
    counted = claims.deadline.counted()
    assert counted is not None
    assert [each for each in reason(counted, language) if each not in found] == []
    for each in (
        "PO-7K3QX-9M2TA-B",
        "Comprovativo do IBAN.pdf",
        f"{1:064x}",
        "a" * 64,
        "https://postigo.example/validar",
    ):
        assert each in found


def test_before_the_request_is_assigned_it_has_no_department_and_no_date() -> None:
    found = text(read(claims_with(department=None, deadline=None)))
    assert "Departamento" not in found
    assert "Resposta até" not in found
    old = SignedDeadline(due_on=date(2026, 4, 14), term="INF10", length=10, unit="working_days")
    assert "Resposta até 14 de abril de 2026" in text(read(claims_with(deadline=old)))


def test_the_whole_signed_receipt_is_attached_and_the_code_leads_to_the_short_one() -> None:
    claims = claims_with("a.pdf", "b.pdf")
    reader = read(claims)
    (attached,) = reader.attachments["PO-7K3QX-9M2TA-B.jws"]
    assert verify(attached.decode(), KEYS.jwks) == claims
    annotations: Any = reader.pages[0]["/Annots"]
    (link,) = (each.get_object() for each in annotations)
    address = link["/A"]["/URI"]
    assert address.startswith("https://postigo.example/validar#")
    assert verify(address, KEYS.jwks) == short(claims)


def test_a_code_is_short_enough_for_any_number_of_files() -> None:
    addresses = [document(claims_with(*["x" * 150] * number)).code.address for number in range(26)]
    # Version 23 of QR codes, which phones read when it is 5 cm wide.
    assert max(map(len, addresses)) < 1_091


def test_screen_readers_and_archives_can_read_it() -> None:
    reader = read(claims_with("a.pdf"), "en")
    root: Any = reader.root_object
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en-GB", True)
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"<pdfuaid:part>1<", metadata)
    assert re.search(r"<pdfaid:part>3<", metadata)
    assert reader.metadata is not None
    assert reader.metadata.title == "Receipt of the request PO-7K3QX-9M2TA-B"
    assert reader.metadata.creation_date == NOON


def test_the_same_receipt_gives_the_same_bytes_and_another_one_does_not() -> None:
    first, again = document(claims_with("a.pdf")), document(claims_with("a.pdf"))
    assert (render(first), etag_of(first)) == (render(again), etag_of(again))
    english, other = document(claims_with("a.pdf"), "en"), document(claims_with("b.pdf"))
    assert len({etag_of(each) for each in (first, english, other)}) == 3
    assert len({render(each) for each in (first, english, other)}) == 3


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ('#panic() *b* _i_ $x$ <a> @b `r` \\ "q" [c] // c.pdf', '#panic() *b* _i_ $x$ <a> @b `r` \\ "q" [c] // c.pdf'),
        ("= Recibo falso\n#pagebreak()", "= Recibo falso #pagebreak()"),
        ("fatura\u202efdp.exe", "faturafdp.exe"),
        ("a\x00\x07\x1b[2Jb.pdf", "a[2Jb.pdf"),
        ("Férias 😀 漢字.jpg", "Férias [U+1F600] [U+6F22 U+5B57].jpg"),
        ("Договір № 5.pdf", "Договір № 5.pdf"),
        ("ΑΒΓ.pdf", "ΑΒΓ.pdf"),
        ("\u200b\u2066", "Ficheiro"),
        (None, "Ficheiro"),
    ],
)
def test_the_name_of_a_file_is_text_and_nothing_else(name: str | None, printed: str) -> None:
    reader = read(claims_with(name))
    assert len(reader.pages) == 1
    assert f"{printed} {1:064x}" in text(reader)


@pytest.mark.parametrize("name", ["مستند الهوية.pdf", "תעודת זהות.pdf", "मेरी फ़ाइल.pdf"])
def test_other_scripts_are_drawn_and_not_numbered(name: str) -> None:
    found = text(read(claims_with(name)))
    assert "U+" not in found
    assert set(name) - set(" ") <= set(found) | set("\u093c\u095e\u092b")


def test_characters_that_no_font_has_are_explained_once() -> None:
    note = "aparecem com o seu número em Unicode"
    assert text(read(claims_with("😀.pdf", "漢.pdf"))).count(note) == 1
    assert note not in text(read(claims_with("a.pdf")))


@pytest.mark.parametrize(
    ("name", "letters"),
    [("x" * 4_000, 100), ("uma_palavra_comprida_" * 190, 100), ("W" * 150, 60), ("\u0644" * 150, 100)],
)
def test_a_long_name_stays_on_the_page_and_is_whole(name: str, letters: int) -> None:
    """`letters`: about as many as fit in a line."""
    found = lines(read(claims_with(name, name, text_sha256="0" * 64)))
    written = [line for line in found if set(line) <= set(name)]
    assert max(map(len, written)) <= letters
    assert len("".join(written)) == 2 * len(name)
    assert f"{2:064x}" in found


@pytest.mark.parametrize("filler", range(0, 30, 5))
def test_a_hyphen_at_the_end_of_a_line_is_not_repeated(filler: int) -> None:
    """As Portuguese would do it: a name, a reference and an address are copied as they are."""
    name = "x" * filler + " comprovativo-de-morada" * 6
    writer = DocumentWriter(KEYS, "https://" + "balcao-" * 12 + "x" * filler + ".example")
    content = render(writer.document(claims_with(name), Names("pt"), None))
    joined = "".join(lines(PdfReader(BytesIO(content))))
    assert "--" not in joined
    assert name.replace(" ", "") in joined.replace(" ", "")


def test_twenty_five_files_are_all_there() -> None:
    names = [f"Recibo de vencimento {number}.pdf" for number in range(25)]
    reader = read(claims_with(*names))
    found = text(reader)
    assert [name for number, name in enumerate(names, 1) if f"{name} {number:064x}" not in found] == []
    merged = short(claims_with(*names)).merged_files
    assert merged is not None
    assert f"25 ficheiros, em conjunto {merged.sha256}" in found
    assert f"Página 2 de {len(reader.pages)}" in found


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), max_size=4))
def test_any_names_give_a_receipt_with_every_hash(names: list[str]) -> None:
    claims = claims_with(*names)
    reader = read(claims)
    joined = "".join(lines(reader))
    assert all(each.sha256 in joined for each in claims.files)
    (attached,) = reader.attachments["PO-7K3QX-9M2TA-B.jws"]
    assert verify(attached.decode(), KEYS.jwks) == claims


async def test_a_renderer_refuses_more_at_once_than_its_limits() -> None:
    renderer, wanted = Renderer(), document(claims_with("a.pdf"))
    with ExitStack() as busy:
        for _ in range(OF_ONE_ACCOUNT):
            busy.enter_context(renderer._accounts.acquire(ACCOUNT))
        with pytest.raises(Problem) as refused:
            await renderer.pdf(wanted, ACCOUNT)
        assert refused.value.kind is problem_types.TOO_MANY_AT_ONCE
        assert await renderer.pdf(wanted, REQUEST) == render(wanted)
        for _ in range(IN_PROGRESS):
            busy.enter_context(renderer._limit)
        with pytest.raises(Problem) as refused:
            await renderer.pdf(wanted, REQUEST)
        assert refused.value.kind is problem_types.BUSY
    assert await renderer.pdf(wanted, ACCOUNT) == render(wanted)
    renderer.close()


def test_a_request_that_a_register_opened_was_filed_by_nobody() -> None:
    found = text(read(claims_with(reason="NAS")))
    assert "O que o registo civil comunicou" in found
    assert "apresentado" not in found.replace("tal como foi apresentado", "").replace("prova o que foi apresentado", "")
