"""What one gateway process is made of, for its endpoints to reach."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from gateway.accounts.domain import Session
from gateway.accounts.service import SignIn
from gateway.accounts.sessions import Sessions
from gateway.accounts.store import AccountStore
from gateway.documents.remote import DocumentService
from gateway.requests.acts import Acting
from gateway.requests.reading import Reading
from gateway.requests.submit import Filing
from gateway.settings import Settings
from services.common.catalogue import Language
from services.common.web.languages import negotiate


@dataclass(frozen=True, slots=True)
class Wired:
    settings: Settings
    accounts: AccountStore
    sessions: Sessions
    sign_in: SignIn
    documents: DocumentService
    filing: Filing
    reading: Reading
    acting: Acting


def wired(request: Request) -> Wired:
    return cast(Wired, request.app.state.wired)


_bearer = HTTPBearer(scheme_name="bearer", auto_error=False)
"""For the published description alone: `Sessions` reads the header."""


async def signed_in(request: Request, _: Annotated[object, Depends(_bearer)]) -> Session:
    return await wired(request).sessions.of(request)


def asked_language(request: Request) -> Language:
    return negotiate(request.headers.get("accept-language"))


SignedIn = Annotated[Session, Depends(signed_in)]
AskedLanguage = Annotated[Language, Depends(asked_language)]
