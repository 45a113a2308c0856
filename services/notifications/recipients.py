"""Reads the recipients of notices from the gateway just before sending. The gateway logs each purpose for audits."""

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

_UNAVAILABLE: Final = frozenset({403, 429, 502, 503, 504})
"""Statuses that do not depend on the delivery. A 403 rejects our signature, for example if a clock is wrong."""


class Recipients:
    """The signed call `POST /internal/recipients`. Concurrent deliveries share one call."""

    def __init__(self, url: str, secret: bytes) -> None:
        self._secret = secret
        # An internal call must not use a proxy from the environment.
        self._http = httpx2.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False)
        self._coalescer = Coalescer(self._fetch, MAX_RECIPIENTS)

    async def of(self, delivery: Delivery) -> Recipient | None:
        """The current recipient, or None if there is no such account. Raises `NotSent` if the call fails."""
        result = await self._coalescer.ask(delivery)
        if isinstance(result, NotSent):
            raise result
        return result

    async def _fetch(self, deliveries: Sequence[Delivery]) -> Sequence[Recipient | NotSent | None]:
        """If the call for all fails, make one for each: one account must not delay others."""
        try:
            return await self._call(deliveries)
        except NotSent as error:
            if error.kind is FailureKind.UNAVAILABLE or len(deliveries) == 1:
                return [error] * len(deliveries)
        return [(await self._fetch([each]))[0] for each in deliveries]

    async def _call(self, deliveries: Sequence[Delivery]) -> Sequence[Recipient | None]:
        items = tuple(RecipientRequest(account_id=each.account_id, purpose=f"notice {each.id}") for each in deliveries)
        body = RecipientsRequest(asked=items).model_dump_json().encode()
        headers = {"Content-Type": "application/json"}
        signed = signing.sign(self._secret, "POST", TARGET, body=body, about=headers)
        try:
            response = await self._http.post(TARGET, content=body, headers=headers | signed)
            signing.verify_response(self._secret, signed, response.status_code, response.headers, response.content)
        except httpx2.HTTPError as error:
            raise NotSent(FailureKind.UNAVAILABLE, "gateway-away") from error
        except signing.SignatureRefused:
            # Also when the secrets differ: then the gateway refuses the call, and its response cannot be verified either.
            raise NotSent(FailureKind.UNAVAILABLE, "gateway-signature") from None
        if response.status_code != 200:
            kind = FailureKind.UNAVAILABLE if response.status_code in _UNAVAILABLE else FailureKind.DEFERRED
            raise NotSent(kind, f"gateway-{response.status_code}")
        try:
            recipients = RecipientsResponse.model_validate_json(response.content).recipients
        except ValidationError:
            # The text of this error would contain personal data.
            raise NotSent(FailureKind.DEFERRED, "gateway-answer") from None
        if len(recipients) != len(items):
            raise NotSent(FailureKind.DEFERRED, "gateway-answer")
        return recipients

    async def close(self) -> None:
        await self._http.aclose()
