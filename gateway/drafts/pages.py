"""`/novo`: file a request step by step. What is typed is kept in a draft on the server, and goes on on another device."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from gateway.documents.received_files import REMOVE, receive_files
from gateway.drafts import question_form, steps
from gateway.drafts.content import DraftContent
from gateway.drafts.domain import Draft
from gateway.drafts.steps import Step
from gateway.drafts.wizard import NONE_OF_THESE, NOT_CONFIRMED, Wizard, WizardDep, receipt_path
from gateway.path_ids import path_id
from gateway.portal.form_errors import problem_errors, sentences
from gateway.portal.page import Page, PageRoute
from services.common.contracts.base import MAX_DOCUMENTS
from services.common.http import problem_types
from services.common.http.field_errors import errors_of
from services.common.http.languages import Words
from services.common.http.middleware import traceparent_of
from services.common.http.problems import Problem

router = APIRouter(route_class=PageRoute)

FULL: Final = Words(
    f"um pedido tem no máximo {MAX_DOCUMENTS} ficheiros.", f"a request has at most {MAX_DOCUMENTS} files."
)

TRIES: Final = 4
"""Times that files are added to a draft that other windows change meanwhile."""

FIELDS: Final[Mapping[Step, str]] = {
    Step.DESCRIPTION: "description",
    Step.LIFE_EVENT: "life_event",
    Step.SUBJECT: "subject",
    Step.REASON: "reason",
    Step.LINKED: "linked_to",
}
"""The field of the draft that each step asks for. The field of its form is named like the step."""


@router.post("/novo/{draft_id}/guardar")
async def autosave(wizard: WizardDep) -> Response:
    """Keep the description while it is typed. The page replaces its version and the time of the last save."""
    page = wizard.page
    typed = {"description": page.form.value(Step.DESCRIPTION)}
    try:
        content = DraftContent.model_validate({**wizard.draft.content.model_dump(), **typed})
    except ValidationError as error:
        raise Problem(problem_types.INVALID, *errors_of(error, DraftContent)) from None
    draft = await page.services.drafts.save(wizard.reader.session, wizard.draft.draft_id, _version(wizard), content)
    return page.render("drafts/saved.html", draft=draft)


@router.get("/novo/{draft_id}/eliminar")
async def get_deletion_page(wizard: WizardDep) -> Response:
    """A draft that may be filed already leads to its last step."""
    if wizard.draft.state == "submitting":
        return wizard.page.go_to(wizard.path(Step.CHECK))
    return wizard.page.render("drafts/delete.html", draft=wizard.draft)


@router.post("/novo/{draft_id}/eliminar")
async def delete_draft(wizard: WizardDep) -> Response:
    if wizard.page.switches_language:
        return await get_deletion_page(wizard)
    await wizard.page.services.drafts.delete(wizard.reader.session, wizard.draft.draft_id)
    return wizard.page.go_to("/inicio?eliminado=1")


@router.post("/novo/{draft_id}/ficheiros")
async def change_files(wizard: WizardDep) -> Response:
    """Add the files that were chosen, or remove one. `Continue` adds them too."""
    page, draft = wizard.page, wizard.draft
    received = await receive_files(page, wizard.reader, f"{draft.draft_id}-{page.form_key}")
    for document_id in received.ids.get("ficheiros", [])[MAX_DOCUMENTS - len(draft.content.documents) :]:
        received.refuse("ficheiros", document_id, FULL.in_(page.language))
    try:
        wizard.draft = await _with_files(wizard, received.ids.get("ficheiros", []))
    except Problem as problem:
        return wizard.render(Step.FILES, problem_errors(page, problem, {"documents": "ficheiros"}))
    if removed := page.form.value(REMOVE):
        document_id = path_id(removed, "retirar")
        wizard.draft = await page.services.drafts.remove_document(
            wizard.reader.session, draft.draft_id, wizard.draft.version, document_id
        )
    if received.refused or page.switches_language:
        return wizard.render(Step.FILES, files=received)
    return wizard.go_on(Step.FILES) if page.form.value("acao") == "continuar" else page.go_to(wizard.path(Step.FILES))


@router.post("/novo/{draft_id}/verificar")
async def submit(wizard: WizardDep) -> Response:
    """File the request: once, however often this is sent."""
    page, draft = wizard.page, wizard.draft
    await wizard.read_requests(Step.CHECK)
    if page.switches_language:
        return wizard.render(Step.CHECK)
    try:
        receipt = await page.services.drafts.submit(
            wizard.reader.session, draft.draft_id, _version(wizard), page.language, traceparent_of(page.request.scope)
        )
    except Problem as problem:
        wizard.draft = await page.services.drafts.find(wizard.reader.session, draft.draft_id)
        return wizard.render(Step.CHECK, _check_errors(page, problem))
    return page.go_to(receipt_path(receipt.reference, draft))


@router.get("/novo/{draft_id}/{step}")
async def get_step_page(wizard: WizardDep, step: str) -> Response:
    """A step. Steps whose earlier answers are missing, and those of a draft that is being sent, lead to the right one."""
    found = _step(step)
    order = steps.steps_of(wizard.draft.content)
    if found not in order:
        return wizard.page.go_to(wizard.path(Step.REASON))
    if wizard.draft.state == "submitting":
        # It may be filed already: it can only be sent again, whatever is missing today.
        if found is not Step.CHECK:
            return wizard.page.go_to(wizard.path(Step.CHECK))
    else:
        missing = steps.first_missing(wizard.draft.content, wizard.page.today)
        if missing is not None and order.index(found) > order.index(missing):
            return wizard.page.go_to(wizard.path(missing))
    await wizard.read_requests(found)
    kept = wizard.page.form
    values = question_form.typed_values(wizard.asked, kept) if wizard.asked and kept.fields else None
    return wizard.render(found, typed=kept.value(found) or None, values=values)


@router.post("/novo/{draft_id}/perguntas")
async def answer_questions(wizard: WizardDep) -> Response:
    """Save the answers to the questions of the reason and go on. Each answer that does not fit is an error beside its field."""
    page, asked = wizard.page, wizard.asked
    if asked is None:
        return page.go_to(wizard.path(Step.REASON))
    values = question_form.typed_values(asked, page.form)
    if page.switches_language:
        return wizard.render(Step.QUESTIONS, values=values)
    answers = question_form.answers_of(asked, values)
    if wrong := asked.wrong(answers, wizard.page.today):
        return wizard.render(Step.QUESTIONS, question_form.sentences_of(asked, wrong, page.language), values=values)
    content = wizard.draft.content.model_copy(update={"answers": answers})
    try:
        wizard.draft = await page.services.drafts.save(
            wizard.reader.session, wizard.draft.draft_id, _version(wizard), content, traceparent_of(page.request.scope)
        )
    except Problem as problem:
        if problem.kind is problem_types.DRAFT_CHANGED:
            return await _changed_elsewhere(wizard, Step.QUESTIONS, values=values)
        return wizard.render(Step.QUESTIONS, problem_errors(page, problem, {}), values=values)
    return wizard.go_on(Step.QUESTIONS)


@router.post("/novo/{draft_id}/{step}")
async def answer(wizard: WizardDep, step: str) -> Response:
    """Save the answer of a question and go on. A blank answer or one that the catalogue lacks is an error beside it."""
    found, page = _step(step), wizard.page
    field, typed = FIELDS[found], page.form.value(found)
    if found not in steps.steps_of(wizard.draft.content):
        return page.go_to(wizard.path(Step.REASON))
    await wizard.read_requests(found)
    if page.switches_language:
        return wizard.render(found, typed=typed)
    if not typed.strip():
        return wizard.render(found, {found: steps.MISSING[found].in_(page.language)}, typed=typed)
    try:
        value = None if found is Step.LINKED and typed == NONE_OF_THESE else typed
        content = DraftContent.model_validate({**wizard.draft.content.model_dump(), field: value})
        wizard.draft = await page.services.drafts.save(
            wizard.reader.session, wizard.draft.draft_id, _version(wizard), content, traceparent_of(page.request.scope)
        )
    except ValidationError as error:
        return wizard.render(found, sentences(error, DraftContent, {field: found}, page.language), typed=typed)
    except Problem as problem:
        if problem.kind is problem_types.DRAFT_CHANGED:
            return await _changed_elsewhere(wizard, found, typed=typed)
        return wizard.render(found, problem_errors(page, problem, {field: found}), typed=typed)
    return wizard.go_on(found)


async def _changed_elsewhere(
    wizard: Wizard, step: Step, *, typed: str | None = None, values: Mapping[str, str] | None = None
) -> Response:
    """Show both answers: the one of the other device, and the one typed here, which is saved when it is sent again."""
    wizard.draft = await wizard.page.services.drafts.find(wizard.reader.session, wizard.draft.draft_id)
    if step not in steps.steps_of(wizard.draft.content):
        # The other device chose a reason that does not ask this.
        return wizard.page.go_to(wizard.path(Step.REASON))
    other = wizard.answer_in_words(step)
    return wizard.render(step, status=HTTPStatus.CONFLICT, typed=typed, values=values, elsewhere=other)


async def _with_files(wizard: Wizard, documents: list[UUID]) -> Draft:
    """The draft with the files at its end, whatever other windows change meanwhile."""
    drafts, session, draft = wizard.page.services.drafts, wizard.reader.session, wizard.draft
    for left in reversed(range(TRIES)):
        if not documents:
            break
        try:
            return await drafts.add_documents(session, draft.draft_id, draft.version, documents)
        except Problem as problem:
            if problem.kind is not problem_types.DRAFT_CHANGED or not left:
                raise
            draft = await drafts.find(session, draft.draft_id)
    return draft


def _check_errors(page: Page, problem: Problem) -> Mapping[str, str]:
    if problem.kind is problem_types.DRAFT_NOT_CONFIRMED:
        page.refusal = problem
        return {"": NOT_CONFIRMED.in_(page.language)}
    names = {field: step for step, field in FIELDS.items()} | {"answers": Step.QUESTIONS}
    return problem_errors(page, problem, names)


def _step(text: str) -> Step:
    """The step of an address. Raises the problem `unknown-address`."""
    found = next((each for each in Step if each == text), None)
    if found is None:
        raise Problem(problem_types.NO_ADDRESS)
    return found


def _version(wizard: Wizard) -> int:
    """The version of the draft that the form was made for; -1, which no draft has, for a text that is none."""
    typed = wizard.page.form.value("versao")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1
