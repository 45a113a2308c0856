"""Acts of a person on a request of theirs, log-first as a submit is: kept before they are answered, judged by intake."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from starlette.requests import Request

from gateway.accounts.brake import Brake
from gateway.accounts.sessions import Sessions
from gateway.documents.remote import DocumentService
from gateway.limits import InFlight
from gateway.requests import domain
from gateway.requests.appending import append
from gateway.requests.asked import asked
from gateway.requests.domain import NewMessage, NewWithdrawal
from gateway.requests.keys import Keys
from gateway.requests.reading import Reading
from services.common.contracts.intake import Act, RequestReplied
from services.common.messaging import Publisher
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.web import kinds
from services.common.web.edge import traceparent_of
from services.common.web.problems import Problem

ACTS: Final = 64
"""Acts between body and answer at once."""

ACTS_AT_ONCE: Final = 60
ONE_MORE_EVERY: Final = 20 * 60.0
"""Acts on one request that a replica takes, and the seconds after which it takes one more: in the 35 days for which an
act is remembered, too few to fill what is stored of a request.
"""


@dataclass(slots=True)
class Acting:
    """Everything an act needs."""

    sessions: Sessions
    documents: DocumentService
    publisher: Publisher
    reading: Reading
    keys: Keys
    id_secret: bytes
    _in_flight: InFlight = field(default_factory=lambda: InFlight("acts", ACTS))
    _brake: Brake = field(default_factory=lambda: Brake(ACTS_AT_ONCE, ONE_MORE_EVERY))

    async def act(self, request: Request, typed: str, model: type[NewMessage | NewWithdrawal]) -> tuple[Act, UUID]:
        """Do what the body asks to the request that was `typed`: the act and its id, once the broker has it.

        Raises a `Problem` otherwise.
        """
        sent = await asked(request, self.sessions, model, Failpoint.ACT_SESSION_READ)
        ARMED and reach(Failpoint.ACT_BODY_READ)
        session, key = sent.session, sent.key
        request_id = await self.reading.owned(session, typed, request.headers.get("postigo-receipt"))
        ARMED and reach(Failpoint.ACT_OWNER_KNOWN)
        act = domain.act_of(sent.wanted, request_id, session)
        act_id = domain.act_id_of(self.id_secret, session, key, sent.fingerprint, act)
        key_id = domain.key_id_of(session, key)
        if self.keys.kept(key_id, act_id):
            # The broker has it: to say it again would change nothing, nor is it one more act.
            return act, act_id
        with self._in_flight, self.keys.using(key_id, act_id), self._not_too_often(request_id):
            await self._say(act, act_id, traceparent_of(request.scope))
            ARMED and reach(Failpoint.ACT_APPENDED)
        return act, act_id

    @contextmanager
    def _not_too_often(self, request_id: UUID) -> Iterator[None]:
        """An act that was not taken does not count: who tries again because of us is not to blame."""
        if wait := self._brake.take(request_id.hex):
            raise Problem(kinds.TOO_MANY, retry_after=wait)
        try:
            yield
        except Problem:
            self._brake.give_back(request_id.hex)
            raise

    async def _say(self, act: Act, act_id: UUID, traceparent: str | None) -> None:
        if isinstance(act, RequestReplied) and act.documents:
            await self.documents.claim(act.request_id, act.account_id, act.documents, traceparent)
            ARMED and reach(Failpoint.ACT_CLAIMED)
        await append(self.publisher, act, str(act_id), traceparent)
