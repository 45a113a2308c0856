"""`/docs`: HTML rendered once from the OpenAPI description, without scripts or external resources."""

from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import FileResponse, HTMLResponse, Response

from gateway.accounts.api import CredentialsRoute
from gateway.desk.api import MAX_PAGE
from gateway.live.updates import STREAMS_OF_ONE_ACCOUNT
from gateway.reference.operations import operations
from gateway.reference.schema_fields import fields_of
from services.common.contracts.base import MAX_DESCRIPTION, MAX_DOCUMENTS
from services.common.contracts.limits import MAX_FILE_BYTES
from services.common.http import problem_types
from services.common.http.strict_json import JSON_LIMIT

router = APIRouter(include_in_schema=False)

_CACHED: Final = {"Cache-Control": "public, max-age=300"}
_LIMITS: Final = {
    "file": f"{MAX_FILE_BYTES // 1024**2} MiB",
    "files": MAX_DOCUMENTS,
    "body": f"{JSON_LIMIT // 1024} KiB",
    "sign_in": f"{CredentialsRoute.body_limit // 1024} KiB",
    "text": MAX_DESCRIPTION,
    "cases": MAX_PAGE,
    "streams": STREAMS_OF_ONE_ACCOUNT,
}
_INTERNAL: Final = {problem_types.SIGNATURE.code, problem_types.OTHER_BYTES.code}


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    return HTMLResponse(_render(request.app.openapi), headers=_CACHED)


@router.get("/docs/style.css")
async def get_stylesheet() -> Response:
    return FileResponse(Path(__file__).parent / "static" / "style.css", headers=_CACHED, media_type="text/css")


@cache
def _render(openapi: Any) -> str:
    environment = Environment(
        loader=PackageLoader("gateway.reference"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    description = openapi()
    schemas = description["components"]["schemas"]
    return environment.get_template("reference.html").render(
        groups=[(group, list(found)) for group, found in groupby(operations(description), lambda each: each.group)],
        limits=_LIMITS,
        problem_fields=fields_of(schemas["ProblemDocument"], schemas),
        problems=[each for each in problem_types.PROBLEM_TYPES.values() if each.code not in _INTERNAL],
    )
