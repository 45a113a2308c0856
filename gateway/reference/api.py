"""`/docs`: HTML rendered once from the OpenAPI description, without scripts or external resources."""

from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

router = APIRouter(include_in_schema=False)

_CACHED: Final = {"Cache-Control": "public, max-age=300"}

_STYLE: Final = """\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-top: 1px solid; padding-top: 1rem; overflow-wrap: anywhere; }
h2 code { font-size: 1em; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: 0.75rem 0 0.25rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid; }
th { font-weight: 400; white-space: nowrap; }
pre { overflow-x: auto; border: 1px solid; padding: 0.75rem; }
"""


@router.get("/")
async def redirect_to_docs() -> Response:
    return RedirectResponse("/docs")


@router.get("/docs")
async def get_docs(request: Request) -> Response:
    return HTMLResponse(_render(request.app.openapi), headers=_CACHED)


@router.get("/docs/style.css")
async def get_stylesheet() -> Response:
    return Response(_STYLE, headers=_CACHED, media_type="text/css")


@cache
def _render(openapi: Any) -> str:
    environment = Environment(
        loader=PackageLoader("gateway.reference"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("reference.html").render(operations=operations(openapi()))


def operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page shows about each operation, in the order of the description."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "description": operation.get("description", ""),
            "signed_in": {"bearer": []} in operation.get("security", ()),
            "department": {"departmentToken": []} in operation.get("security", ()),
            "parameters": [*operation.get("parameters", ())],
            "types": sorted(operation.get("requestBody", {}).get("content", {})),
            "fields": _fields(schema, operation),
            "responses": {status: each["description"] for status, each in sorted(operation["responses"].items())},
        }
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    ]


def _fields(schema: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a JSON body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    # FastAPI describes an optional body as `anyOf` its model and null.
    body = content["schema"].get("anyOf", [content["schema"]])[0]
    model = schema["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    required = model.get("required", ())
    return [
        {"name": name, "required": name in required, "description": field.get("description", "")}
        for name, field in model.get("properties", {}).items()
    ]
