"""One page: who reads it, in which language, and how it is answered."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.accounts.domain import Account, Session
from gateway.accounts.session_cookie import SESSION_COOKIE, delete_session_cookie
from gateway.banners.domain import text_in
from gateway.dependencies import Services, ServicesDep
from gateway.portal.addresses import own_path
from gateway.portal.csrf import FIELD as CSRF_FIELD, csrf_token, require_csrf_token, require_same_origin
from gateway.portal.kept_forms import KEPT_FIELD, OWNER_FIELD, KeptForm, owner_tag
from gateway.portal.languages import CHOICE, chosen, keep_language, page_language
from gateway.portal.sent_form import SENT_FORM, SentForm, sent_form
from gateway.portal.templates import render
from services.common.catalogue import Language
from services.common.domain.errors import StoreUnavailable
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.http.reader_language import LANGUAGE
from services.common.legal_clock import day_of

SIGN_IN: Final = "/entrar"
NEXT: Final = "seguinte"
"""The query parameter with the page to return to after the sign-in."""

FORM_LIMIT: Final = 128 * 1024
"""Bytes of a form without files: 4 000 characters that browsers encode with up to 12 bytes each, and the other fields."""

HTMX: Final = "hx-request"
"""The header of requests that a page makes by script."""

KEY_FIELD: Final = "chave"
"""The hidden field with the idempotency key of a form."""

_KEY: Final = re.compile(r"[0-9a-f]{32}")
_NO_STORE: Final = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}


class ResponseInstead(Exception):
    """Raised by a dependency that answers the request itself: the page's function is not called."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered")
        self.response = response


class Reader(NamedTuple):
    """Somebody who is signed in."""

    token: str
    session: Session
    account: Account


@dataclass(slots=True)
class Page:
    """`reader` is None for somebody who is not signed in. `form` is the form that was sent, or one that was kept while its author
    signed in again. `subject` is the code of the subject that the page is about, if it is about one. `unread` is the number of
    notices that the reader has not marked as read. `unknown`: why it is not known who reads it. `refusal`: why the form that was
    sent is shown again, if its fields are not the reason. `new_key`: the idempotency key for a form that was not sent yet.
    """

    request: Request
    services: Services
    language: Language
    reader: Reader | None
    form: SentForm
    subject: str | None = None
    unread: int = 0
    unknown: StoreUnavailable | None = None
    refusal: Problem | None = None
    new_key: str = field(default_factory=lambda: uuid4().hex)

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def address(self) -> str:
        """Path and query."""
        query = self.request.url.query
        return f"{self.path}?{query}" if query else self.path

    @property
    def csrf(self) -> str:
        return csrf_token(self._secret, self.reader.token) if self.reader else ""

    @property
    def owner(self) -> str:
        return owner_tag(self._secret, self.reader.account.account_id) if self.reader else ""

    def forget_key(self) -> None:
        """The form is shown again as a new one."""
        self.form.fields = {name: values for name, values in self.form.fields.items() if name != KEY_FIELD}

    @property
    def switches_language(self) -> bool:
        """Whether the button of the other language sent the form: then it is shown again, and does nothing."""
        return chosen(self.form.value(CHOICE)) is not None

    @property
    def form_key(self) -> str:
        """The idempotency key of the form that was sent, so that it acts once; a new one for a form that was not sent yet."""
        sent = self.form.value(KEY_FIELD)
        return sent if _KEY.fullmatch(sent) else self.new_key

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def today(self) -> date:
        """In Lisbon."""
        return day_of(self.now)

    @property
    def banners(self) -> Sequence[str]:
        """What the operator tells everybody, and whoever has to do with the page's subject."""
        return [text_in(each, self.language) for each in self.services.banners.current(self.subject, self.now)]

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        content = render(self.language, template, page=self, **values)
        response = HTMLResponse(content, status, {**_NO_STORE, "Content-Language": self.language})
        if self.refusal is not None:
            response.status_code = self.refusal.status_code
            response.headers.update(self.refusal.headers or {})
        return self._with_language(response)

    @property
    def refusal_title(self) -> str:
        """The heading above the errors; empty if the fields are the reason."""
        return self.refusal.kind.title.in_(self.language) if self.refusal else ""

    def go_to(self, path: str) -> Response:
        """Redirect after a form, so that a reload does not send it again."""
        return self._with_language(RedirectResponse(path, 303, _NO_STORE))

    def _with_language(self, response: Response) -> Response:
        if self.switches_language:
            keep_language(response, self.language)
        return response

    @property
    def _secret(self) -> bytes:
        return self.services.settings.cursor_secret


class PageRoute(APIRoute):
    """A route that the API's documentation leaves out."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **{**options, "include_in_schema": False})


async def get_page(request: Request, services: ServicesDep) -> Page:
    """A page that anybody may read. It accepts forms of our own pages only."""
    reader, unknown = None, None
    try:
        reader = await _reader(request, services)
    except StoreUnavailable as error:
        # A page for everybody is shown all the same.
        unknown = error
    form = SentForm()
    if request.method == "POST":
        require_same_origin(request)
        is_sign_in = request.url.path == SIGN_IN
        # The sign-in page carries a form that was kept, sealed.
        form = await sent_form(request, 2 * FORM_LIMIT if is_sign_in else FORM_LIMIT)
        if not is_sign_in:
            # A password is on no error page.
            request.scope[SENT_FORM] = form
    language = chosen(form.value(CHOICE)) or page_language(request)
    page = Page(request, services, language, reader, form, unknown=unknown)
    if reader is not None and request.method == "GET" and HTMX not in request.headers:
        with suppress(StoreUnavailable):
            page.unread = await services.notice_marks.unread(reader.session.account_id, reader.session.actor_id)
    return page


async def get_reader(page: Annotated[Page, Depends(get_page)]) -> Reader:
    """Who reads a page for people who are signed in. Others are asked to sign in; what they sent is kept meanwhile."""
    reader = page.reader
    if page.unknown is not None:
        raise page.unknown
    if reader is None and HTMX in page.request.headers:
        raise Problem(problem_types.NO_SESSION)
    if reader is None:
        raise ResponseInstead(_sign_in_first(page))
    if page.request.method == "POST":
        await _require_csrf_token(page, reader)
    elif form_id := page.request.query_params.get(KEPT_FIELD):
        fields = await page.services.kept_forms.find(reader.account.account_id, page.path, form_id)
        page.form = SentForm(fields or {})
    return reader


PageDep = Annotated[Page, Depends(get_page)]
ReaderDep = Annotated[Reader, Depends(get_reader)]


async def answer_instead(_: Request, error: Exception) -> Response:
    assert isinstance(error, ResponseInstead)
    return error.response


async def _reader(request: Request, services: Services) -> Reader | None:
    token = request.cookies.get(SESSION_COOKIE)
    if token is None:
        return None
    try:
        address = request.client.host if request.client else ""
        session = await services.sessions.get(token, address, is_use=not _is_by_itself(request))
    except Problem as problem:
        if problem.kind is not problem_types.NO_SESSION:
            raise
        return None
    request.scope[LANGUAGE] = session.language
    account = await services.accounts.find(session.account_id)
    return None if account is None else Reader(token, session, account)


async def _require_csrf_token(page: Page, reader: Reader) -> None:
    """A form of an earlier session of the same account is shown again, filled and unsent. Raises the problem `cross-site` for any
    other form without the session's token.
    """
    try:
        require_csrf_token(page.services.settings.cursor_secret, reader.token, page.form.value(CSRF_FIELD))
    except Problem:
        if page.form.value(OWNER_FIELD) != page.owner or HTMX in page.request.headers:
            raise
        address = page.form.value(NEXT)
        if not address:
            form = _kept_form(page)
            address = f"{page.path}?{KEPT_FIELD}={await page.services.kept_forms.add(reader.session.account_id, form)}"
        raise ResponseInstead(page.go_to(own_path(address))) from None


def _kept_form(page: Page) -> KeptForm:
    fields = {name: list(values) for name, values in page.form.fields.items() if name not in (CSRF_FIELD, CHOICE)}
    return KeptForm(page.form.value(OWNER_FIELD), page.path, fields)


def _is_by_itself(request: Request) -> bool:
    """Whether an open page asks for news, without anybody there: that is no use of the session."""
    return request.method == "GET" and HTMX in request.headers


def _sign_in_first(page: Page) -> Response:
    """For a page, a redirect to the sign-in. For a form, the sign-in page itself, which keeps what was typed; a mere button names
    the page to return to.
    """
    ended = SESSION_COOKIE in page.request.cookies
    address = page.address if page.request.method == "GET" else page.form.value(NEXT)
    if address:
        query = urlencode({NEXT: address, **({"terminou": "1"} if ended else {})})
        response = page.go_to(f"{SIGN_IN}?{query}")
    else:
        kept = _kept_form(page).sealed(page.services.settings.cursor_secret, datetime.now(UTC))
        response = page.render(
            "accounts/sign_in.html", 401, kept=kept, next=page.path, niss="", errors={}, ended=True, left=False
        )
    if ended:
        delete_session_cookie(response)
    return response
