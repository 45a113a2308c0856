"""Rejects the flood of one account cheaply: from memory alone, before authentication and before the body is read."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.accounts.sessions import Sessions
from gateway.requests.domain import key_id_of
from gateway.requests.submissions import SubmissionService
from services.common.http.problems import Problem


@dataclass(frozen=True, slots=True)
class FloodControl:
    """Rejects submits of accounts over their limit.

    A submit that may repeat an accepted one passes: its key is in use, or it is one of the few that are examined.
    """

    sessions: Sessions
    submissions: SubmissionService

    def __call__(self, scope: Scope) -> Problem | None:
        limit = self.submissions.account_limit
        if not limit.has_refused:
            return None
        headers = Headers(scope=scope)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        session = self.sessions.cached(token.strip()) if scheme.lower() == "bearer" else None
        if session is None or self.submissions.keys.is_used(key_id_of(session, headers.get("idempotency-key", ""))):
            return None
        return limit.refusal(session) if limit.is_flooded(session) else None
