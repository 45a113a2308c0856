"""How every submit and every act begins: who asks, under which key, and what for."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.requests import Request

from gateway.accounts.domain import Session
from gateway.accounts.sessions import Sessions
from gateway.requests import domain
from gateway.requests.domain import Sent
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.web.bodies import check, has_body, parse_json, read_body, require_json
from services.common.web.heads import header_of

M = TypeVar("M", bound=Sent)


@dataclass(frozen=True, slots=True)
class Asked(Generic[M]):
    """`fingerprint` is that of the body as it was sent, or of the `{}` that no body means."""

    session: Session
    key: str
    wanted: M
    fingerprint: bytes


async def asked(request: Request, sessions: Sessions, model: type[M], session_read: Failpoint) -> Asked[M]:
    """What is asked for; `session_read` is the failpoint of this step.

    Raises a `Problem` when there is no session, no key, or the body is no `model`.
    """
    session = await sessions.of(request)
    ARMED and reach(session_read)
    key = domain.require_key(header_of(request.scope, b"idempotency-key"))
    body = await _body(request, model)
    return Asked(session, key, check(model, body), domain.fingerprint(body))


async def _body(request: Request, model: type[Sent]) -> Any:
    # Without a body there is no Content-Type to require.
    if model.MAY_BE_ABSENT and not has_body(request):
        return {}
    require_json(request)
    return parse_json(await read_body(request))
