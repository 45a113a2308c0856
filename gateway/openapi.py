"""The published description of the API: FastAPI's, with the bodies and problems that are read and said by hand."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.common.web.problems import ProblemDocument

SUMMARY = "A digital counter for a public service: file once, lose nothing, see where it stands."

_bodies: list[type[BaseModel]] = [ProblemDocument]

BEARER: dict[str, Any] = {"security": [{"bearer": []}]}
"""For an operation that reads the session itself, without FastAPI's dependencies."""


def json_body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """`openapi_extra` of an operation that reads `model` from its raw body."""
    _bodies.append(model)
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def header(name: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    """One header parameter, for `openapi_extra["parameters"]`."""
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", **schema},
    }


IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    "Made by the sender, new for each sending and kept for its repetitions: the same key and body are filed once.",
    required=True,
    minLength=16,
    maxLength=255,
    pattern="^[!-~]+$",
)


def publish(app: FastAPI) -> None:
    """Make `app` describe itself in full; built once, when first asked for."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]


def _describe(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title="Postigo", version="1.0.0", summary=SUMMARY, openapi_version="3.1.0", routes=app.routes)
    _without_default_refusals(schema)
    _, models = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(_bodies)], ref_template="#/components/schemas/{model}"
    )
    components = schema["components"]
    components["schemas"].update(models["$defs"])
    components.setdefault("securitySchemes", {})["bearer"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of `POST /v1/sessions`.",
    }
    return schema


def _without_default_refusals(schema: dict[str, Any]) -> None:
    """FastAPI promises its own 422 wherever a path has a parameter; nobody here ever answers that."""
    for item in schema["paths"].values():
        for operation in item.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    for model in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(model, None)
