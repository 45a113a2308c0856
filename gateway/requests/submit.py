"""Submit is log-first: one record, acknowledged by the broker, stands between a person and their reference."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.requests import Request

from gateway.accounts.sessions import Sessions
from gateway.documents.remote import DocumentService
from gateway.limits import InFlight
from gateway.requests import domain
from gateway.requests.appending import append
from gateway.requests.asked import asked
from gateway.requests.domain import NewRequest
from gateway.requests.keys import Keys
from gateway.requests.receipts import Issued, Receipt
from services.common.catalogue import Catalogue
from services.common.contracts.intake import RequestSubmitted
from services.common.messaging import Publisher
from services.common.messaging.failpoints import ARMED, Failpoint, reach
from services.common.web.edge import traceparent_of

SUBMITS: Final = 64
"""Submits between body and answer at once; more would only wait for each other."""


@dataclass(slots=True)
class Filing:
    """Everything a submit needs."""

    sessions: Sessions
    documents: DocumentService
    publisher: Publisher
    catalogue: Catalogue
    id_secret: bytes
    receipt_secret: bytes
    keys: Keys = field(default_factory=Keys)
    issued: Issued = field(default_factory=Issued)
    in_flight: InFlight = field(default_factory=lambda: InFlight("submits", SUBMITS))

    async def submit(self, request: Request) -> Receipt:
        """File the request in the body. Returns once the broker has it; raises a `Problem` otherwise."""
        sent = await asked(request, self.sessions, NewRequest, Failpoint.SUBMIT_SESSION_READ)
        ARMED and reach(Failpoint.SUBMIT_BODY_READ)
        session, filed = sent.session, sent.wanted
        domain.require_leaf(self.catalogue, filed, session)
        request_id = domain.request_id_of(self.id_secret, session, sent.key, sent.fingerprint)
        event = domain.submitted(request_id, filed, session, self.catalogue.version)
        with self.in_flight, self.keys.using(domain.key_id_of(session, sent.key), request_id):
            if filed.documents:
                await self.documents.claim(
                    request_id, session.account_id, filed.documents, traceparent_of(request.scope)
                )
                ARMED and reach(Failpoint.SUBMIT_CLAIMED)
            identifier = domain.event_id_of(event)
            appended_at = await append(self.publisher, event, identifier, traceparent_of(request.scope))
            ARMED and reach(Failpoint.SUBMIT_APPENDED)
        return self.issued.add(_receipt(event, appended_at, sent.fingerprint))


def _receipt(event: RequestSubmitted, appended_at: datetime, content: bytes) -> Receipt:
    return Receipt(
        event.reference,
        event.request_id,
        event.account_id,
        appended_at,
        event.subject,
        event.reason,
        content.hex(),
    )
