"""`/novo`: the first step of a new request, which begins a draft. A link may carry a subject, a life event, or an earlier request."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from gateway.drafts import steps
from gateway.drafts.content import DraftContent
from gateway.drafts.steps import NEW, Step
from gateway.portal.form_errors import problem_errors, sentences
from gateway.portal.page import Page, PageDep, PageRoute, Reader, ReaderDep
from services.common.catalogue import catalogue
from services.common.domain.identifiers import parse_reference
from services.common.http.middleware import traceparent_of
from services.common.http.problems import Problem

router = APIRouter(route_class=PageRoute)


@router.get(NEW)
async def get_new_page(page: PageDep, reader: ReaderDep) -> Response:
    """The first step, and the drafts that wait to be finished. A link may carry a subject or a life event."""
    linked = parse_reference(page.request.query_params.get("ligado", "")) or page.form.value("ligado")
    return await _new_page(page, reader, {}, linked)


@router.post(NEW)
async def begin(page: PageDep, reader: ReaderDep) -> Response:
    """Begin a draft with its description. A follow-up of a closed request brings its subject and reason along."""
    form = page.form
    if page.switches_language:
        return await _new_page(page, reader, {}, form.value("ligado"))
    description = form.value(Step.DESCRIPTION)
    if not description.strip():
        return await _new_page(
            page, reader, {Step.DESCRIPTION: steps.MISSING[Step.DESCRIPTION].in_(page.language)}, form.value("ligado")
        )
    values = {
        "description": description,
        "linked_to": form.value("ligado") or None,
        "life_event": form.value(Step.LIFE_EVENT) or None,
        "subject": form.value(Step.SUBJECT) or None,
        "reason": form.value(Step.REASON) or None,
        "documents": form.values("documentos"),
    }
    try:
        draft = await page.services.drafts.create(
            reader.session,
            page.form_key,
            DraftContent.model_validate(values),
            traceparent_of(page.request.scope),
        )
    except ValidationError as error:
        errors = sentences(error, DraftContent, {"description": Step.DESCRIPTION}, page.language)
        return await _new_page(page, reader, errors, form.value("ligado"))
    except Problem as problem:
        return await _new_page(page, reader, problem_errors(page, problem, {}), form.value("ligado"))
    missing = steps.first_missing(draft.content, page.today)
    return page.go_to(f"{NEW}/{draft.draft_id}/{missing or Step.FILES}")


async def _new_page(page: Page, reader: Reader, errors: Mapping[str, str], linked: str) -> Response:
    return page.render(
        "drafts/new.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        drafts=await page.services.drafts.list(reader.session),
        value=page.form.value(Step.DESCRIPTION),
        linked=linked,
        about=_about(page, reader),
        life_event=_life_event(page, reader),
        errors=errors,
    )


def _about(page: Page, reader: Reader) -> steps.Option | None:
    """The subject that the form or the address carries, if this account may file about it."""
    code = page.form.value(Step.SUBJECT) or page.request.query_params.get(Step.SUBJECT, "")
    subject = catalogue().subject(code)
    if subject is None or not subject.open_to(reader.session.who):
        return None
    return steps.Option(subject.code, subject.name(page.language))


def _life_event(page: Page, reader: Reader) -> steps.Option | None:
    """The life event that the form or the address carries."""
    code = page.form.value(Step.LIFE_EVENT) or page.request.query_params.get(Step.LIFE_EVENT, "")
    offered = steps.life_events(catalogue(), reader.session.who, page.language)
    return next((each for each in offered if each.code == code), None)
