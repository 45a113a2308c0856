"""What the author of a request can do: write, deliver documents, withdraw, rate. Each form has a page of its own."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from gateway.documents.received_files import REMOVE, ReceivedFiles, receive_files
from gateway.portal.form_errors import problem_errors, sentences
from gateway.portal.page import Page, PageDep, PageRoute, Reader, ReaderDep
from gateway.requests.domain import fingerprint
from gateway.requests.pages.request import AFTER, SAID, UNDONE, acts_possible_now, held_withdrawal
from gateway.requests.possible_acts import PossibleAct
from gateway.requests.presenter import RequestPresenter
from gateway.requests.request_command import RequestCommand
from gateway.requests.schemas import NewAct, NewMessage, NewRating, NewWithdrawal, RequestBody
from services.common.http import problem_types
from services.common.http.languages import Words
from services.common.http.middleware import traceparent_of
from services.common.http.problems import Problem

router = APIRouter(route_class=PageRoute)

NOTHING_WRITTEN: Final = Words("Escreva uma mensagem ou escolha um ficheiro.", "Write a message or choose a file.")
NOTHING_CHOSEN: Final = Words("Escolha pelo menos um ficheiro.", "Choose at least one file.")
NO_SCORE: Final = Words("Escolha de 1 a 5.", "Choose from 1 to 5.")

NEEDED: Final[Mapping[str, frozenset[PossibleAct]]] = {
    "requests/message.html": frozenset({PossibleAct.MESSAGE, PossibleAct.COME_BACK}),
    "requests/deliver.html": frozenset({PossibleAct.DELIVER}),
    "requests/withdraw.html": frozenset({PossibleAct.WITHDRAW}),
    "requests/rate.html": frozenset({PossibleAct.RATE}),
}
"""The form of each act is shown if one of these is possible."""

PDF: Final = "application/pdf"
AS_PDF: Final = Words(
    "No telemóvel, abra a fotografia, escolha Partilhar ou Imprimir, e guarde-a como PDF.",
    "On a phone, open the photo, choose Share or Print, and save it as a PDF.",
)
NOT_CONFIRMED: Final = Words(
    "Ainda não confirmado: pode ou não ter ficado guardado. Envie outra vez; não fica em duplicado.",
    "Not confirmed yet: it may or may not have been stored. Send it again; it is not sent twice.",
)

_ITEM: Final = re.compile(r"item-([1-9]\d?)")

Errors = Mapping[str, str]
B = TypeVar("B", bound=RequestBody)


@router.get("/pedidos/{reference}/mensagem")
async def get_message_page(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    return await _message_page(page, reader, reference, await receive_files(page, reader, page.form_key))


@router.post("/pedidos/{reference}/mensagem")
async def send_message(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    """Send a text, files, or both. A file that is refused keeps the text and the other files on the page."""
    received = await receive_files(page, reader, page.form_key)
    if page.switches_language or REMOVE in page.form.fields:
        return await _message_page(page, reader, reference, received)
    text = page.form.value("texto").strip()
    documents = received.ids.get("ficheiros", [])
    if not received.refused and not text and not documents:
        return await _message_page(page, reader, reference, received, {"texto": NOTHING_WRITTEN.in_(page.language)})
    names = {"text": "texto", "documents": "ficheiros"}
    sent = await _send(page, reader, reference, received, NewMessage, names, text=text or None, documents=documents)
    return sent if isinstance(sent, Response) else await _message_page(page, reader, reference, received, sent)


@router.get("/pedidos/{reference}/documentos")
async def get_delivery_page(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    return await _delivery_page(page, reader, reference, await receive_files(page, reader, page.form_key))


@router.post("/pedidos/{reference}/documentos")
async def deliver_documents(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    """Deliver files for asked documents: one, some, or all."""
    received = await receive_files(page, reader, page.form_key)
    if page.switches_language or REMOVE in page.form.fields:
        return await _delivery_page(page, reader, reference, received)
    if not received.stored and not received.refused:
        return await _delivery_page(page, reader, reference, received, {"": NOTHING_CHOSEN.in_(page.language)})
    request = await page.services.queries.get(reader.session, reference, None)
    if request.view and PossibleAct.DELIVER not in acts_possible_now(page, request):
        return await _delivery_page(page, reader, reference, received)
    items = [
        {"item": int(found[1]), "documents": documents}
        for name, documents in received.ids.items()
        if (found := _ITEM.fullmatch(name))
    ]
    sent = await _send(page, reader, reference, received, NewMessage, {}, items=items)
    return sent if isinstance(sent, Response) else await _delivery_page(page, reader, reference, received, sent)


@router.get("/pedidos/{reference}/retirar")
async def get_withdrawal_page(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    return await _form_page(page, reader, reference, "requests/withdraw.html", {})


@router.post("/pedidos/{reference}/retirar")
async def withdraw(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    """Hold the withdrawal: it can be undone for a few minutes. One that is not possible any more is answered by the page."""
    found = await page.services.queries.get(reader.session, reference, None)
    if page.switches_language or PossibleAct.WITHDRAW not in acts_possible_now(page, found):
        return await get_withdrawal_page(page, reader, reference)
    command = command_of_form(page, reader, NewWithdrawal())
    try:
        held = await page.services.held_withdrawals.hold(command, reference)
    except Problem as problem:
        errors = problem_errors(page, problem, {})
        return await _form_page(page, reader, reference, "requests/withdraw.html", errors)
    return page.go_to(f"/pedidos/{held}")


@router.post("/pedidos/{reference}/retirar/anular")
async def undo_withdrawal(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    """Keep the request, unless the withdrawal is final."""
    found = await page.services.queries.get(reader.session, reference, None)
    await page.services.held_withdrawals.undo(reader.session, found.receipt.reference)
    return page.go_to(f"/pedidos/{found.receipt.reference}?{UNDONE}=1")


@router.get("/pedidos/{reference}/avaliar")
async def get_rating_page(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    return await _form_page(page, reader, reference, "requests/rate.html", {})


@router.post("/pedidos/{reference}/avaliar")
async def rate(page: PageDep, reader: ReaderDep, reference: str) -> Response:
    if page.switches_language:
        return await get_rating_page(page, reader, reference)
    score, text = page.form.value("nota"), page.form.value("texto").strip()
    if score not in ("1", "2", "3", "4", "5"):
        return await _form_page(page, reader, reference, "requests/rate.html", {"nota": NO_SCORE.in_(page.language)})
    values = {"score": int(score), "text": text or None}
    sent = await _send(page, reader, reference, ReceivedFiles(), NewRating, {"text": "texto"}, **values)
    if isinstance(sent, Response):
        return sent
    return await _form_page(page, reader, reference, "requests/rate.html", sent)


def command_of_form(page: Page, reader: Reader, body: B) -> RequestCommand[B]:
    """The command of a form, as one with the same body through the API."""
    content = fingerprint(body.model_dump(mode="json", exclude_defaults=True))
    return RequestCommand(
        reader.session, page.form_key, body, content, page.language, traceparent_of(page.request.scope)
    )


async def _send(
    page: Page,
    reader: Reader,
    reference: str,
    received: ReceivedFiles,
    kind: type[NewAct],
    names: Mapping[str, str],
    **values: object,
) -> Response | Errors:
    """Do the act. Returns a redirect to the request, or the errors to show: `names` maps fields to those of the form."""
    if received.refused:
        return received.errors
    try:
        body = kind.model_validate(values)
    except ValidationError as error:
        return sentences(error, kind, names, page.language)
    try:
        act, act_id = await page.services.acts.act(command_of_form(page, reader, body), reference, None)
    except Problem as problem:
        if problem.kind is problem_types.NOT_CONFIRMED:
            page.refusal = problem
            return {"": NOT_CONFIRMED.in_(page.language)}
        if _refuse_files(page, received, problem, body):
            return received.errors
        return problem_errors(page, problem, names)
    said = "avaliacao" if isinstance(body, NewRating) else "documentos" if values.get("items") else "mensagem"
    return page.go_to(f"/pedidos/{act.reference}?{AFTER}={act_id}&{SAID}={said}")


def _refuse_files(page: Page, received: ReceivedFiles, problem: Problem, body: RequestBody) -> bool:
    """Take the files back that the problem names, so that the next try goes without them. Returns whether there were any."""
    inputs = {document: name for name, documents in received.ids.items() for document in documents}
    files = {pointer: document for document, pointer in body.pointers.items() if document in inputs}
    refused = [each for each in problem.errors if each.pointer in files]
    for each in refused:
        document = files[each.pointer or ""]
        advice = f" {AS_PDF.in_(page.language)}" if each.names == (PDF,) else ""
        received.refuse(inputs[document], document, each.text(page.language) + advice)
    if refused:
        # The key belongs to the files that were sent with it.
        page.forget_key()
    return bool(refused)


async def _message_page(
    page: Page, reader: Reader, reference: str, received: ReceivedFiles, errors: Errors | None = None
) -> Response:
    return await _form_page(page, reader, reference, "requests/message.html", errors or {}, received)


async def _delivery_page(
    page: Page, reader: Reader, reference: str, received: ReceivedFiles, errors: Errors | None = None
) -> Response:
    return await _form_page(page, reader, reference, "requests/deliver.html", errors or {}, received)


async def _form_page(
    page: Page, reader: Reader, reference: str, template: str, errors: Errors, received: ReceivedFiles | None = None
) -> Response:
    found = await page.services.queries.get(reader.session, reference, None)
    if page.request.method == "GET" and await held_withdrawal(page, found):
        return page.go_to(f"/pedidos/{found.receipt.reference}")
    can = acts_possible_now(page, found)
    if found.view and not can & NEEDED[template]:
        template, errors = "requests/not_possible.html", {}
    return page.render(
        template,
        HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        request=RequestPresenter(page.language).request(found),
        can=can,
        form=page.form,
        stored=received.stored if received else {},
        errors=errors,
    )
