"""The files of a form: each is uploaded while it arrives."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from gateway.documents.uploads import IncomingFile, OpenedFile
from gateway.portal.page import Page, Reader
from gateway.portal.sent_form import SentFiles
from services.common.contracts.base import MAX_DOCUMENTS
from services.common.contracts.internal import DocumentResponse
from services.common.contracts.limits import MAX_FILE_BYTES
from services.common.http import problem_types
from services.common.http.languages import Words
from services.common.http.middleware import traceparent_of
from services.common.http.problems import Problem, too_large

HEIC: Final = Words(
    "{name} é uma fotografia HEIC, que aqui não se consegue abrir. No iPhone escolha Definições, Câmara, Formatos, Mais "
    "compatível e tire-a de novo; ou envie uma captura de ecrã.",
    "{name} is a HEIC photo, which cannot be opened here. On an iPhone choose Settings, Camera, Formats, Most Compatible and "
    "take it again; or send a screenshot.",
)
AGAIN: Final = Words("{name}: escolha-o outra vez.", "{name}: choose it again.")
GONE: Final = Words(
    "Um ficheiro que tinha escolhido já não está guardado. Escolha-o outra vez.",
    "A file that you had chosen is not stored any more. Choose it again.",
)
KEPT: Final = ".guardado"
"""The end of the name of a hidden field with the id of a file: before it stands the name of the input."""

REMOVE: Final = "retirar"
"""The name of the buttons that take a file back; their value is its id."""

_ABOUT_ONE_FILE: Final = (413, 415, 422, 429, 503)
"""The statuses of problems that are said beside the file, so that the rest of the form stays."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEIC_NAME: Final = re.compile(r"\.hei[cf]s?$", re.IGNORECASE)


@dataclass(slots=True)
class ReceivedFiles:
    """`stored` has the files of each input, by its name; `refused` a sentence for each file that was not accepted."""

    stored: dict[str, list[DocumentResponse]] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)

    @property
    def errors(self) -> dict[str, str]:
        """The refusals of each input as one text."""
        return {name: " ".join(texts) for name, texts in self.refused.items()}

    @property
    def ids(self) -> dict[str, list[UUID]]:
        """The ids of the stored files of each input."""
        return {name: [each.document_id for each in files] for name, files in self.stored.items()}

    def refuse(self, name: str, document_id: UUID, why: str) -> None:
        """Take back a stored file of the input `name` that cannot be used."""
        (file,) = [each for each in self.stored[name] if each.document_id == document_id]
        self.stored[name].remove(file)
        self.refused.setdefault(name, []).append(f"{file.name}: {why}")


async def receive_files(page: Page, reader: Reader, key: str) -> ReceivedFiles:
    """Upload the files of the form, each under `key`, its input and its number there, and find those of an earlier try of the
    same form: their numbers are taken.

    Raises a `Problem` that is not about one file.
    """
    received, sent = ReceivedFiles(), page.form.files
    traceparent = traceparent_of(page.request.scope)
    while (file := await sent.next()) is not None:
        number = 1 + len(page.form.values(file.field + KEPT)) + len(received.stored.get(file.field, ()))
        opened = partial(_open, sent, file.name)
        incoming = IncomingFile(f"{key}-{file.field}-{number}", opened, partial(_received_since, sent, sent.received))
        try:
            document = await page.services.uploads.upload(reader.session, incoming, traceparent)
        except Problem as problem:
            if problem.status_code not in _ABOUT_ONE_FILE:
                raise
            if problem.kind is problem_types.KEY_REUSED:
                # The form was sent before with another file, and changed after the browser's Back button.
                page.forget_key()
            received.refused.setdefault(file.field, []).append(_sentence(page, file.name, problem))
        else:
            received.stored.setdefault(file.field, []).append(document)
    for name, document_ids in _kept(page).items():
        kept = []
        for document_id in document_ids:
            try:
                kept.append(await page.services.documents.get(document_id, reader.session.account_id, traceparent))
            except Problem as problem:
                if problem.kind is not problem_types.NOT_FOUND:
                    raise
                received.refused.setdefault(name, []).append(GONE.in_(page.language))
        received.stored[name] = kept + received.stored.get(name, [])
    if REMOVE in page.form.fields:
        # The numbers of the files begin again.
        page.forget_key()
    return received


def _kept(page: Page) -> dict[str, list[UUID]]:
    """The files that an earlier try of this form uploaded, by their input: at most as many as a request may have."""
    found: dict[str, list[UUID]] = {}
    for name, values in page.form.fields.items():
        if name.endswith(KEPT):
            kept = [UUID(each) for each in values if _UUID.fullmatch(each) and each != page.form.value(REMOVE)]
            found[name.removesuffix(KEPT)] = list(dict.fromkeys(kept))[:MAX_DOCUMENTS]
    return found


async def _open(sent: SentFiles, name: str) -> OpenedFile:
    return OpenedFile(name, None, _limited(sent.content()))


async def _limited(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for piece in content:
        size += len(piece)
        if size > MAX_FILE_BYTES:
            raise too_large(MAX_FILE_BYTES)
        yield piece


def _received_since(sent: SentFiles, before: int) -> int:
    return sent.received - before


def _sentence(page: Page, name: str, problem: Problem) -> str:
    if problem.kind is problem_types.KEY_REUSED:
        return AGAIN.in_(page.language).format(name=name)
    if _HEIC_NAME.search(name):
        return HEIC.in_(page.language).format(name=name)
    errors = " ".join(each.text(page.language) for each in problem.errors)
    why = errors or problem.kind.detail_in(page.language, problem.retry_after, is_submission=False)
    return f"{name}: {why}"
