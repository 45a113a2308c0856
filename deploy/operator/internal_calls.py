"""Signed calls to the internal listeners of services, which alone write their stores."""

from http import HTTPStatus
from typing import Final, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from deploy.operator.errors import OperatorError
from deploy.operator.session import OperatorSession
from deploy.operator.target import Service, url_variable
from services.common.http import signing
from services.common.http.signing import SignatureRefused

TIMEOUT_SECONDS: Final = 5.0
"""Seconds that a service has to answer."""

_NAMES: Final = {"gateway": "the gateway", "intake": "intake"}

R = TypeVar("R", bound=BaseModel)


async def call(
    session: OperatorSession,
    service: Service,
    path: str,
    body: BaseModel | None,
    answer: type[R],
    *,
    missing: str | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> R:
    """The answer of the service to a signed POST. Raises OperatorError; `missing` is its text after a 404."""
    url, variable, name = session.target.urls.get(service), url_variable(service), _NAMES[service]
    if not url:
        raise OperatorError(f"{variable} is missing: set it to the address of the internal listener of {name}.")
    content = b"" if body is None else body.model_dump_json().encode()
    about = {} if body is None else {"Content-Type": "application/json"}
    secret = session.target.settings.internal_secret
    signature = signing.sign(secret, "POST", path, body=content, about=about)
    try:
        address = url.removesuffix("/") + path
        response = await session.http.post(address, content=content, headers=about | signature, timeout=timeout)
        signing.verify_response(secret, signature, response.status_code, response.headers, response.content)
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise OperatorError(missing or f"{name.capitalize()} does not know this call: check which version it runs.")
        response.raise_for_status()
        return answer.model_validate_json(response.content)
    except httpx2.HTTPStatusError as error:
        raise OperatorError(
            f"{name.capitalize()} could not do it (HTTP {error.response.status_code}): its log says why. Try again later."
        ) from None
    except (httpx2.HTTPError, SignatureRefused, ValidationError) as error:
        raise OperatorError(
            f"{name.capitalize()} does not answer ({type(error).__name__}): check that it runs, and check {variable}."
        ) from None
