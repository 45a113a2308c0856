"""FastAPI dependencies of the endpoints: services, session, language, idempotency key, receipt."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Header, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from gateway.accounts.domain import Session
from gateway.accounts.imports import AccountImports
from gateway.accounts.service import SignIn
from gateway.accounts.session_cookie import SESSION_COOKIE
from gateway.accounts.sessions import Sessions, no_session
from gateway.accounts.store import AccountStore
from gateway.banners.current import Banners
from gateway.banners.store import BannerStore
from gateway.desk.contacts import Contacts
from gateway.desk.queries import DeskQueries
from gateway.documents.client import DocumentsClient
from gateway.documents.uploads import UploadService
from gateway.drafts.service import DraftService
from gateway.live.updates import LiveUpdates
from gateway.portal.kept_forms import KeptForms
from gateway.receipts.printing import ReceiptPrinter
from gateway.requests.acts import ActService
from gateway.requests.held_withdrawals import HeldWithdrawals
from gateway.requests.notice_marks import NoticeMarks
from gateway.requests.queries import RequestQueries
from gateway.requests.submissions import SubmissionService
from gateway.settings import Settings
from gateway.status.measuring import ServiceStatus
from services.common.catalogue import Language
from services.common.http.reader_language import LANGUAGE, language_of
from services.common.receipts.signing import ReceiptKeys


@dataclass(frozen=True, slots=True)
class Services:
    """The objects of one gateway process, in `app.state.services`."""

    settings: Settings
    accounts: AccountStore
    sessions: Sessions
    sign_in: SignIn
    imports: AccountImports
    documents: DocumentsClient
    uploads: UploadService
    submissions: SubmissionService
    queries: RequestQueries
    receipt_keys: ReceiptKeys
    receipt_printer: ReceiptPrinter
    kept_forms: KeptForms
    acts: ActService
    held_withdrawals: HeldWithdrawals
    notice_marks: NoticeMarks
    drafts: DraftService
    desk: DeskQueries
    department_contacts: Contacts
    stored_banners: BannerStore
    banners: Banners
    status: ServiceStatus
    live: LiveUpdates


async def get_services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]

_bearer = HTTPBearer(scheme_name="bearer", description="The token of `POST /v1/sessions`.", auto_error=False)


_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name="sessionCookie",
    description="The same token, in the cookie of the portal: a browser's `EventSource` sends no headers of its own.",
    auto_error=False,
)


async def get_token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    if credentials is None:
        raise no_session()
    return credentials.credentials


async def get_session(request: Request, services: ServicesDep, token: Annotated[str, Depends(get_token)]) -> Session:
    session = await services.sessions.get(token, request.client.host if request.client else "")
    request.scope[LANGUAGE] = session.language
    return session


async def get_token_from_header_or_cookie(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    cookie: Annotated[str | None, Depends(_cookie)],
) -> str:
    """For endpoints that change nothing. Another site can make a browser send the cookie, but cannot read the response."""
    if credentials is not None:
        return credentials.credentials
    if not cookie:
        raise no_session()
    return cookie


async def get_session_from_header_or_cookie(
    request: Request, services: ServicesDep, token: Annotated[str, Depends(get_token_from_header_or_cookie)]
) -> Session:
    # A page opens its stream again by itself: that is no use of the session.
    session = await services.sessions.get(token, request.client.host if request.client else "", is_use=False)
    request.scope[LANGUAGE] = session.language
    return session


async def get_language(request: Request) -> Language:
    return language_of(request.scope)


Token = Annotated[str, Depends(get_token)]
SignedIn = Annotated[Session, Depends(get_session)]
TokenFromHeaderOrCookie = Annotated[str, Depends(get_token_from_header_or_cookie)]
SignedInByHeaderOrCookie = Annotated[Session, Depends(get_session_from_header_or_cookie)]
AcceptedLanguage = Annotated[Language, Depends(get_language)]


async def get_own_language(request: Request, session: SignedIn) -> Language:
    return language_of(request.scope)


OwnLanguage = Annotated[Language, Depends(get_own_language)]
"""That of the headers, else that of the account."""

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="Chosen by you: 16 to 255 ASCII letters, digits or signs. A new key for each new submission, the same for each retry.",
        min_length=16,
        max_length=255,
        pattern="^[!-~]+$",
    ),
]
ReceiptHeader = Annotated[
    str | None,
    Header(
        alias="Postigo-Receipt",
        description="The receipt of the submission. Just after filing, it lets any server find the request at once.",
    ),
]
