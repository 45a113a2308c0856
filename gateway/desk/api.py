"""`/v1/departments`: what a department reads over HTTP, with a token of its own."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.dependencies import AcceptedLanguage, ServicesDep
from gateway.desk.queries import ListedState, no_token
from gateway.desk.schemas import AssignmentPage, Contact, ContactRequest, ListedAssignment
from gateway.path_ids import PathId, path_id
from services.common.http import problem_types
from services.common.http.etag import etag_response
from services.common.http.problems import Problem, problem_responses
from services.common.http.strict_json import StrictJsonRoute

router = APIRouter(prefix="/v1/departments", tags=["departments"], route_class=StrictJsonRoute)

_bearer = HTTPBearer(
    scheme_name="departmentToken", description="The token that an operator made for the department.", auto_error=False
)

MAX_PAGE: Final = 50
"""Cases on a page: each may have 256 KiB."""

_PROBLEMS: Final[Any] = problem_responses(
    problem_types.CURSOR,
    problem_types.DEPARTMENT_TOKEN,
    problem_types.NOT_FOUND,
    problem_types.INVALID,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)

_CONTACT_PROBLEMS: Final[Any] = problem_responses(
    problem_types.NOT_JSON,
    problem_types.DEPARTMENT_TOKEN,
    problem_types.AUTHOR_PROTECTED,
    problem_types.NOT_FOUND,
    problem_types.TOO_LARGE,
    problem_types.MEDIA_TYPE,
    problem_types.INVALID,
    problem_types.TOO_MANY,
    problem_types.BUSY,
    problem_types.UNAVAILABLE,
)


async def get_department(
    request: Request,
    services: ServicesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """The department that sent the request."""
    if credentials is None:
        raise no_token()
    address = request.client.host if request.client else ""
    return await services.desk.department_of(credentials.credentials, address)


@router.get(
    "/{code}/assignments",
    response_model=AssignmentPage,
    responses=_PROBLEMS,
    summary="List a department's cases",
    response_description="A page of the cases of the department.",
)
async def list_assignments(
    code: str,
    request: Request,
    department: Annotated[str, Depends(get_department)],
    language: AcceptedLanguage,
    services: ServicesDep,
    state: Annotated[ListedState, Query(description="Only open or only closed cases, or all.")] = "open",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="The maximum number of cases.")] = 20,
    cursor: Annotated[str | None, Query(max_length=500, description="The `next` of the previous page.")] = None,
) -> Response:
    """The latest inbox event of each case of the department; the case that was entered first comes first."""
    if code != department:
        raise Problem(problem_types.NOT_FOUND)
    found, next_cursor = await services.desk.list(department, state, cursor, limit)
    items = [ListedAssignment(**dict(case.assignment), closed=case.closed) for case in found]
    return etag_response(request, AssignmentPage(items=items, next=next_cursor), language)


@router.post(
    "/{code}/assignments/{assignment_id}/contact",
    responses=_CONTACT_PROBLEMS,
    summary="Learn who filed the request of a case",
    response_description="Who filed the request. The access log has the call and its purpose.",
)
async def get_contact(
    code: str,
    assignment_id: PathId,
    body: ContactRequest,
    department: Annotated[str, Depends(get_department)],
    services: ServicesDep,
    response: Response,
) -> Contact:
    """Only for an open case of the department, and not for a report of an irregularity."""
    if code != department:
        raise Problem(problem_types.NOT_FOUND)
    account = await services.department_contacts.of_case(
        department, path_id(assignment_id, "assignment_id"), body.purpose
    )
    response.headers["Cache-Control"] = "no-store"
    return Contact(niss=account.niss, name=account.name)
