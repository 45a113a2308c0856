"""What a receipt on paper says, in one language. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from gateway.portal import formats
from gateway.receipts import document_words as said
from gateway.receipts.claims import merged_files, short
from gateway.requests.names import Names
from services.common.catalogue import catalogues
from services.common.domain.values import Value
from services.common.http.languages import Words
from services.common.receipts.signing import ReceiptKeys
from services.common.receipts.verification import ReceiptClaims
from services.common.text import one_line
from services.common.text.legal_dates import reason

_REGIONS: Final = {"pt": "PT", "en": "GB"}


class Line(Value):
    """`name` is a label or the name of a file, `value` what it is or its SHA-256."""

    name: str
    value: str


class Section(Value):
    title: str
    sentences: tuple[str, ...]


class Code(Value):
    """The QR code of the address that verifies the receipt."""

    address: str
    caption: str
    alternative: str


class ReceiptDocument(Value):
    """All that is printed. `moment`: year to second, in UTC. `jws` is the whole signed receipt, which is attached. `is_numbered`:
    characters that no font has are written as their numbers, which `numbered` explains.
    """

    language: str
    region: str
    title: str
    reference: str
    moment: tuple[int, ...]
    rows: tuple[Line, ...]
    code: Code
    deadline: Section | None
    filed: Section
    hashes: tuple[Line, ...]
    verification: Section
    jws: str
    attachment: str
    page: str
    numbered: str
    is_numbered: bool = False


class DocumentWriter:
    """Writes receipts that lead to the portal at `public_url`."""

    def __init__(self, keys: ReceiptKeys, public_url: str) -> None:
        self._keys = keys
        self._page = f"{public_url}/validar"

    def document(self, claims: ReceiptClaims, names: Names, catalogue_version: int | None) -> ReceiptDocument:
        """`names`: those of the reader's language."""
        language = names.language
        automatic = catalogues().is_automatic(claims.subject, claims.reason, catalogue_version)
        what = said.WHAT_WAS_REPORTED if automatic else said.WHAT_WAS_FILED
        title = said.TITLE.in_(language)
        return ReceiptDocument(
            language=language,
            region=_REGIONS[language],
            title=title,
            reference=claims.reference,
            moment=claims.as_of.astimezone(UTC).timetuple()[:6],
            rows=tuple(_rows(claims, names, catalogue_version, said.OPENED if automatic else said.FILED)),
            code=self._code(claims, names),
            deadline=_deadline(claims, names),
            filed=Section(title=what.in_(language), sentences=(said.HASHES_NOTE.in_(language),)),
            hashes=tuple(_hashes(claims, names)),
            verification=self._verification(claims, names),
            jws=self._keys.sign(claims),
            attachment=said.ATTACHMENT.in_(language),
            page=said.PAGE.in_(language),
            numbered=said.NUMBERED.in_(language),
        )

    def _code(self, claims: ReceiptClaims, names: Names) -> Code:
        """What follows `#` in an address is sent to no server: the receipt is in no log and in no `Referer`."""
        address = f"{self._page}#{self._keys.sign(short(claims))}"
        return Code(
            address=address,
            caption=said.CODE_CAPTION.in_(names.language),
            alternative=said.CODE_ALTERNATIVE.in_(names.language),
        )

    def _verification(self, claims: ReceiptClaims, names: Names) -> Section:
        steps = (said.ABOUT, said.BY_CODE, said.BY_ATTACHMENT)
        attachment = f"{claims.reference}.jws"
        return Section(
            title=said.HOW_TO_VERIFY.in_(names.language),
            sentences=tuple(each.in_(names.language).format(page=self._page, name=attachment) for each in steps),
        )


def _rows(claims: ReceiptClaims, names: Names, catalogue_version: int | None, filed: Words) -> Iterator[Line]:
    found = (
        (filed, _moment(claims.filed_at, names)),
        (said.SUBJECT, names.subject(claims.subject, catalogue_version)),
        (said.REASON, names.reason(claims.reason, catalogue_version)),
        (said.DEPARTMENT, names.department(claims.department)),
        (said.AS_OF, _moment(claims.as_of, names)),
    )
    for label, value in found:
        if value:
            yield _line(label, value, names)


def _deadline(claims: ReceiptClaims, names: Names) -> Section | None:
    deadline = claims.deadline
    if deadline is None:
        return None
    counted = deadline.counted()
    sentences = () if counted is None else reason(counted, names.language)
    day = formats.day(names.language, deadline.due_on)
    return Section(
        title=said.DUE.in_(names.language).format(day=day), sentences=tuple(one_line(each) for each in sentences)
    )


def _hashes(claims: ReceiptClaims, names: Names) -> Iterator[Line]:
    if claims.text_sha256:
        yield _line(said.TEXT, claims.text_sha256, names)
    if claims.answers_sha256:
        yield _line(said.ANSWERS, claims.answers_sha256, names)
    for file in claims.files:
        name = one_line(file.name or "") or said.FILE.in_(names.language)
        yield Line(name=name, value=file.sha256)
    if merged := merged_files(claims.files):
        yield Line(name=said.FILES.in_(names.language).format(count=merged.count), value=merged.sha256)


def _line(label: Words, value: str, names: Names) -> Line:
    return Line(name=label.in_(names.language), value=one_line(value))


def _moment(moment: datetime, names: Names) -> str:
    day, clock = formats.day(names.language, moment), formats.clock(names.language, moment)
    return said.MOMENT.in_(names.language).format(day=day, clock=clock)
