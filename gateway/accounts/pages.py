"""The pages to sign in and out."""

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from gateway.accounts.domain import Account, Credentials
from gateway.accounts.session_cookie import delete_session_cookie, set_session_cookie
from gateway.portal.addresses import own_path
from gateway.portal.form_errors import sentences
from gateway.portal.kept_forms import KEPT_FIELD, owner_tag, unsealed
from gateway.portal.page import NEXT, SIGN_IN, Page, PageDep, PageRoute, ReaderDep
from services.common.domain.errors import Unavailable
from services.common.http import problem_types
from services.common.http.languages import Words
from services.common.http.problems import Problem, unavailable

router = APIRouter(route_class=PageRoute)

HOME: Final = "/inicio"

FIELDS: Final = {"niss": "niss", "password": "palavra-passe"}
MISSING: Final = {
    "niss": Words("Escreva o seu NISS.", "Enter your NISS."),
    "palavra-passe": Words("Escreva a sua palavra-passe.", "Enter your password."),
}


@router.get(SIGN_IN)
async def get_sign_in(page: PageDep) -> Response:
    target = own_path(page.request.query_params.get(NEXT, HOME))
    if page.reader is not None:
        return page.go_to(target)
    query = page.request.query_params
    return _sign_in_page(page, target, ended="terminou" in query, left="saiu" in query)


@router.post(SIGN_IN)
async def sign_in(page: PageDep) -> Response:
    """Start a session in a cookie, and go where the person was going."""
    form, target = page.form, own_path(page.form.value(NEXT, HOME))
    if page.switches_language:
        return _sign_in_page(page, target)
    try:
        credentials = Credentials(niss=form.value("niss"), password=form.value("palavra-passe"))
    except ValidationError as error:
        found = sentences(error, Credentials, FIELDS, page.language)
        missing = {name: MISSING[name].in_(page.language) for name in found if not form.value(name).strip()}
        return _sign_in_page(page, target, 422, errors=found | missing)
    client = page.request.client.host if page.request.client else ""
    try:
        token, _, account = await page.services.sign_in.begin(credentials, client)
        address = await _where_to(page, account, target)
    except Unavailable:
        return _not_now(page, target, unavailable())
    except Problem as problem:
        return _not_now(page, target, problem)
    response = page.go_to(address)
    set_session_cookie(response, token)
    return response


@router.post("/sair")
async def sign_out(page: PageDep, reader: ReaderDep) -> Response:
    """End the session of this browser."""
    await page.services.sessions.end(reader.token, reader.account.account_id)
    response = page.go_to("/entrar?saiu=1")
    delete_session_cookie(response)
    return response


def _not_now(page: Page, target: str, problem: Problem) -> Response:
    """The page again, with the form that was kept."""
    detail = problem.kind.detail_in(page.language, problem.retry_after, is_submission=False)
    if problem.kind is problem_types.WRONG_CREDENTIALS:
        return _sign_in_page(page, target, problem.status_code, errors={"niss": detail})
    page.refusal = problem
    return _sign_in_page(page, target, errors={"": detail})


def _sign_in_page(
    page: Page,
    target: str,
    status: int = 200,
    *,
    errors: dict[str, str] | None = None,
    ended: bool = False,
    left: bool = False,
) -> Response:
    """`ended`: the session of the reader ended by itself; `left`: they signed out."""
    return page.render(
        "accounts/sign_in.html",
        status,
        next=target,
        kept=page.form.value(KEPT_FIELD),
        niss=page.form.value("niss"),
        errors=errors or {},
        ended=ended,
        left=left,
    )


async def _where_to(page: Page, account: Account, target: str) -> str:
    """The page the person was going to; with the form that was kept, if it is theirs."""
    secret = page.services.settings.cursor_secret
    form = unsealed(secret, page.form.value(KEPT_FIELD), datetime.now(UTC))
    if form is None or form.owner != owner_tag(secret, account.account_id):
        return HOME if form else target
    form_id = await page.services.kept_forms.add(account.account_id, form)
    return f"{form.path}?{KEPT_FIELD}={form_id}"
