"""`/v1/events` and `/v1/requests/{reference}/events`: what happens to requests, as it happens (server-sent events)."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request

from gateway.dependencies import ServicesDep, SignedInByHeaderOrCookie, TokenFromHeaderOrCookie
from gateway.live.event_stream import EventStream
from gateway.live.hub import Client
from gateway.live.schemas import LiveFactResponse
from gateway.requests.read_schemas import TimelineEntry
from services.common.http import problem_types
from services.common.http.problems import problem_responses
from services.common.http.reader_language import language_of
from services.common.http.strict_json import StrictJsonRoute

# The two endpoints only read, so that they accept the session of the cookie without protection against forged requests.
router = APIRouter(prefix="/v1", tags=["live updates"], route_class=StrictJsonRoute)

MAX_SEQ: Final = 2**31 - 1

_SEQ: Final = re.compile(r"[0-9]{1,9}")

_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NO_SESSION,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)
_REQUEST_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NO_SESSION,
    problem_types.NOT_FOUND,
    problem_types.REFERENCE,
    problem_types.INVALID,
    problem_types.TOO_MANY_AT_ONCE,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)

LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="The id of the last event that you got: the stream continues after it. `EventSource` sends it by itself.",
        max_length=100,
    ),
]


async def get_client(
    session: SignedInByHeaderOrCookie, token: TokenFromHeaderOrCookie, services: ServicesDep
) -> AsyncIterator[Client]:
    """The client gets facts from before the view is read until the end of the response."""
    with services.live.connected(session, token) as client:
        yield client


ClientDep = Annotated[Client, Depends(get_client)]


@router.get(
    "/requests/{reference}/events",
    status_code=200,
    response_class=EventStream,
    responses={200: {"model": TimelineEntry, "description": "A stream; this is the data of a `fact`."}}
    | _REQUEST_PROBLEMS,
    summary="Follow a request",
)
async def follow_request(
    reference: str,
    request: Request,
    session: SignedInByHeaderOrCookie,
    client: ClientDep,
    services: ServicesDep,
    after: Annotated[
        int | None,
        Query(ge=0, le=MAX_SEQ, description="The `seq` of the last fact that you have; the stream sends what follows."),
    ] = None,
    last_event_id: LastEventId = None,
) -> EventStream:
    """Each fact about the request as its timeline shows it, in the order of `seq`, each once: an event `fact` whose id is its
    `seq`. Without `after` and `Last-Event-ID` only what is new. `Last-Event-ID` has priority.

    `reload`: load the request again, because facts may be missing. `delayed`: whether facts arrive late for the moment. A stream
    ends after half an hour at most, when its session ends, when the server stops, or if you read too slowly: connect again with
    the last id.
    """
    resumed = int(last_event_id) if last_event_id and _SEQ.fullmatch(last_event_id) else after
    return await services.live.of_request(client, session, reference, resumed, language_of(request.scope))


@router.get(
    "/events",
    status_code=200,
    response_class=EventStream,
    responses={200: {"model": LiveFactResponse, "description": "A stream; this is the data of a `fact`."}} | _PROBLEMS,
    summary="Follow all own requests",
)
async def follow_requests(
    request: Request,
    client: ClientDep,
    services: ServicesDep,
    after: Annotated[
        str | None,
        Query(max_length=100, description="The id of the last event that you have, where no header can be sent."),
    ] = None,
    last_event_id: LastEventId = None,
) -> EventStream:
    """New facts about all your requests: events `fact`. Their ids are opaque; whoever connects again within two minutes continues
    after the last one without loss. `Last-Event-ID` has priority over `after`.

    `reload`: facts may be missing, because the connection was interrupted for longer, another server answered, or the server
    itself missed some. Load your list of requests again; the stream goes on with what is new. `delayed`: whether facts arrive
    late for the moment. A stream ends like that of a single request.
    """
    return services.live.of_account(client, last_event_id or after, language_of(request.scope))
