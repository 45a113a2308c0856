"""The command of a submission or an act: the parsed request of an authenticated person."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.requests import Request

from gateway.accounts.domain import Session
from gateway.requests.domain import fingerprint
from gateway.requests.schemas import RequestBody
from services.common.catalogue import Language
from services.common.http.languages import named
from services.common.http.middleware import traceparent_of
from services.common.http.strict_json import has_body

B = TypeVar("B", bound=RequestBody)
B_co = TypeVar("B_co", bound=RequestBody, covariant=True)


@dataclass(frozen=True, slots=True)
class RequestCommand(Generic[B_co]):
    """`fingerprint` is that of the body as received; a missing body counts as `{}`. `language` is the one that the request's
    headers name, if it is one of ours.
    """

    session: Session
    key: str
    body: B_co
    fingerprint: bytes
    language: Language | None
    traceparent: str | None


async def command_of(request: Request, session: Session, key: str, body: B) -> RequestCommand[B]:
    """The command of an HTTP request. The route must be a `StrictJsonRoute`."""
    received = await request.json() if has_body(request) else {}
    language = named(request.headers.get("accept-language"))
    return RequestCommand(session, key, body, fingerprint(received), language, traceparent_of(request.scope))
