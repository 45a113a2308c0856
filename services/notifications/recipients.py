"""Who a notice goes to: asked of the gateway at the moment of sending, with a purpose, and audited there."""

from typing import Final

import httpx2
from pydantic import ValidationError

from services.common.web import signing
from services.notifications.domain import Delivery, Recipient, Trouble
from services.notifications.errors import NotSent

TIMEOUT: Final = 5.0
"""Seconds the gateway has to answer."""

_AWAY: Final = frozenset({403, 429, 502, 503, 504})
"""A 403 refuses our signature, as when a clock is wrong: that says nothing about this delivery."""


class Recipients:
    """The signed call `GET /internal/accounts/{account_id}/recipient`."""

    def __init__(self, url: str, secret: bytes) -> None:
        self._secret = secret
        # No proxy of the environment may stand in an internal call.
        self._http = httpx2.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False)

    async def of(self, delivery: Delivery) -> Recipient | None:
        """The recipient now; None when there is no such account. Raises `NotSent` when the gateway does not say."""
        target = f"/internal/accounts/{delivery.account_id}/recipient"
        headers = signing.sign(self._secret, "GET", target, purpose=f"notice {delivery.id}")
        if delivery.traceparent is not None:
            headers["traceparent"] = delivery.traceparent
        try:
            answer = await self._http.get(target, headers=headers)
        except httpx2.HTTPError as error:
            raise NotSent(Trouble.AWAY, "gateway-away") from error
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            trouble = Trouble.AWAY if answer.status_code in _AWAY else Trouble.DEFERRED
            raise NotSent(trouble, f"gateway-{answer.status_code}")
        try:
            return Recipient.model_validate_json(answer.content)
        except ValidationError:
            # The text of the error would carry the person.
            raise NotSent(Trouble.DEFERRED, "gateway-answer") from None

    async def close(self) -> None:
        await self._http.aclose()
