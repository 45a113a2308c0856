"""Who notices go to: asked of the gateway at the moment of sending, each with its purpose, and audited there."""

from collections.abc import Sequence
from typing import Final

import httpx2
from pydantic import ValidationError

from services.common.contracts.internal import Recipient, RecipientRequest, RecipientsRequest, RecipientsResponse
from services.common.contracts.limits import MAX_RECIPIENTS
from services.common.http import signing
from services.common.runtime.coalescing import Coalescer
from services.notifications.domain import Delivery, FailureKind
from services.notifications.errors import NotSent

TIMEOUT: Final = 5.0
"""Seconds the gateway has to answer."""

TARGET: Final = "/internal/recipients"

_AWAY: Final = frozenset({403, 429, 502, 503, 504})
"""A 403 refuses our signature, as when a clock is wrong: that says nothing about a delivery."""


class Recipients:
    """The signed call `POST /internal/recipients`. Deliveries that ask at the same time are asked for together."""

    def __init__(self, url: str, secret: bytes) -> None:
        self._secret = secret
        # No proxy of the environment may stand in an internal call.
        self._http = httpx2.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False)
        self._asked = Coalescer(self._ask, MAX_RECIPIENTS)

    async def of(self, delivery: Delivery) -> Recipient | None:
        """The recipient now; None when there is no such account. Raises `NotSent` when the gateway does not say."""
        answer = await self._asked.ask(delivery)
        if isinstance(answer, NotSent):
            raise answer
        return answer

    async def _ask(self, deliveries: Sequence[Delivery]) -> Sequence[Recipient | NotSent | None]:
        """What the gateway cannot say of all, it is asked of each alone: one account must not hold up the others'."""
        try:
            return await self._asked_together(deliveries)
        except NotSent as error:
            if error.trouble is FailureKind.AWAY or len(deliveries) == 1:
                return [error] * len(deliveries)
        return [(await self._ask([each]))[0] for each in deliveries]

    async def _asked_together(self, deliveries: Sequence[Delivery]) -> Sequence[Recipient | None]:
        asked = tuple(RecipientRequest(account_id=each.account_id, purpose=f"notice {each.id}") for each in deliveries)
        body = RecipientsRequest(asked=asked).model_dump_json().encode()
        about = {"Content-Type": "application/json"}
        signed = signing.sign(self._secret, "POST", TARGET, body_digest=signing.digest(body), about=about)
        try:
            answer = await self._http.post(TARGET, content=body, headers=about | signed)
        except httpx2.HTTPError as error:
            raise NotSent(FailureKind.AWAY, "gateway-away") from error
        if answer.status_code != 200:
            trouble = FailureKind.AWAY if answer.status_code in _AWAY else FailureKind.DEFERRED
            raise NotSent(trouble, f"gateway-{answer.status_code}")
        try:
            told = RecipientsResponse.model_validate_json(answer.content).recipients
        except ValidationError:
            # The text of the error would carry people.
            raise NotSent(FailureKind.DEFERRED, "gateway-answer") from None
        if len(told) != len(asked):
            raise NotSent(FailureKind.DEFERRED, "gateway-answer")
        return told

    async def close(self) -> None:
        await self._http.aclose()
