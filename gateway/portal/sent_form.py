"""The form that a page sent: its fields, and its files one after the other, streamed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from starlette.requests import Request

from gateway.documents.domain import name_of
from gateway.documents.form import FORM, FORM_OVERHEAD, MultipartForm, Part
from gateway.documents.limits import TimedBody
from services.common.contracts.base import MAX_DOCUMENTS
from services.common.contracts.limits import MAX_FILE_BYTES
from services.common.http.header_values import file_name_of
from services.common.http.problems import too_large
from services.common.http.strict_json import body_chunks, content_type, limited_receive, require_plain

SENT_FORM: Final = "postigo.form"
"""The key of the form in the ASGI scope, from which an error page offers to send it again."""

FILES_LIMIT: Final = MAX_DOCUMENTS * MAX_FILE_BYTES
"""Bytes of a form with files. Each file has its own limit, too."""


@dataclass(slots=True)
class SentForm:
    """`fields` has the values of each field. Of a form with files it has those before the first file, until `files` is read."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _files: "SentFiles | None" = None

    def value(self, name: str, default: str = "") -> str:
        """The first value. Line breaks are those of Unix."""
        values = self.fields.get(name)
        return values[0].replace("\r\n", "\n") if values else default

    def values(self, name: str) -> Sequence[str]:
        return self.fields.get(name, ())

    @property
    def may_have_files(self) -> bool:
        return self._files is not None

    @property
    def files(self) -> "SentFiles":
        return self._files or SentFiles({}, None, None)


class SentFile(NamedTuple):
    """`field` is the name of its input, `name` its own."""

    field: str
    name: str


@dataclass(slots=True)
class SentFiles:
    """The files of a form. `fields` grows with the fields between them."""

    fields: dict[str, list[str]]
    _form: MultipartForm | None
    _body: TimedBody | None
    _text_limit: int = 0
    _first: Part | None = None
    _text_bytes: int = 0

    @property
    def received(self) -> int:
        """Bytes of the whole form that arrived so far."""
        return self._body.received if self._body else 0

    async def next(self) -> SentFile | None:
        """Go to the next file; None after the last one. Inputs without a chosen file are skipped."""
        while self._form is not None:
            part, self._first = self._first or await self._form.next_part(), None
            if part is None:
                return None
            if not part.is_file:
                await self._add_field(self._form, part.name)
            elif file_name_of(part.disposition):
                return SentFile(part.name, name_of(part.disposition))
        return None

    def content(self) -> AsyncIterator[bytes]:
        """The bytes of the current file."""
        assert self._form is not None
        return self._form.content()

    async def read_fields(self) -> None:
        """Read the fields before the first file."""
        assert self._form is not None
        while (part := await self._form.next_part()) is not None:
            if part.is_file:
                self._first = part
                return
            await self._add_field(self._form, part.name)

    async def _add_field(self, form: MultipartForm, name: str) -> None:
        """Raises the problem `too-large` if all texts together have more bytes than the limit."""
        text = await form.text()
        self._text_bytes += len(name) + len(text.encode())
        if self._text_bytes > self._text_limit:
            raise too_large(self._text_limit)
        self.fields.setdefault(name, []).append(text)


async def sent_form(request: Request, limit: int) -> SentForm:
    """The form of a request. Raises the problem `too-large` above `limit` bytes of text, or above `FILES_LIMIT` with files."""
    require_plain(request)
    if content_type(request) != FORM:
        form = await Request(request.scope, limited_receive(request, limit)).form()
        return SentForm({name: [str(each) for each in form.getlist(name)] for name in dict.fromkeys(form)})
    body = TimedBody(limited_receive(request, FILES_LIMIT, FORM_OVERHEAD * MAX_DOCUMENTS))
    files = SentFiles({}, MultipartForm(request.headers["content-type"], body_chunks(body)), body, limit)
    await files.read_fields()
    return SentForm(files.fields, _files=files)
