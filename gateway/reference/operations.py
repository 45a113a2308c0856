"""What the page `/docs` shows, from the OpenAPI description."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from gateway.openapi import EVENT_DATA, EVENTS
from gateway.reference.schema_fields import Field, Schema, fields_of, rules_of, to_html

_SECURITY: Final = {
    "bearer": "Needs a session.",
    "sessionCookie": "The cookie of the portal is accepted, too.",
    "departmentToken": "Needs the token of the department.",
}


class Body(NamedTuple):
    types: tuple[str, ...]
    fields: tuple[Field, ...]


class Answer(NamedTuple):
    """A response to a call that succeeded. `about` is what the description says about its object."""

    status: str
    description: Markup
    about: Markup
    fields: tuple[Field, ...]


class Operation(NamedTuple):
    """`id` is the anchor on the page. `problems` are descriptions by status."""

    id: str
    group: str
    method: str
    path: str
    summary: str
    description: Markup
    security: str
    parameters: tuple[Field, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    problems: dict[str, Markup]


def operations(description: Mapping[str, Any]) -> list[Operation]:
    """All calls, in the order of the description."""
    schemas = description["components"]["schemas"]
    return [
        _operation(method, path, operation, schemas)
        for path, item in description["paths"].items()
        for method, operation in item.items()
    ]


def _operation(method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Operation:
    responses = sorted(operation["responses"].items())
    return Operation(
        id=re.sub(r"\W+", "-", f"{method} {path}").strip("-"),
        group=operation["tags"][0],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=to_html(operation.get("description", "")),
        security=" ".join(_SECURITY[name] for each in operation.get("security", ()) for name in each),
        parameters=tuple(_parameter(each, schemas) for each in operation.get("parameters", ())),
        body=_body(operation.get("requestBody"), schemas),
        answers=tuple(_answer(status, each, schemas) for status, each in responses if status < "300"),
        problems={status: to_html(each["description"]) for status, each in responses if status >= "300"},
    )


def _parameter(parameter: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Field:
    presence = "required" if parameter.get("required") else "optional"
    rules = ", ".join([parameter["in"], *rules_of(parameter["schema"], schemas, is_request=True), presence])
    return Field(parameter["name"], rules, to_html(parameter.get("description", "")))


def _body(body: Mapping[str, Any] | None, schemas: Mapping[str, Schema]) -> Body | None:
    if body is None:
        return None
    fields = [field for each in _json_schemas(body) for field in fields_of(each, schemas, is_request=True)]
    return Body(tuple(sorted(body["content"])), tuple(fields))


def _answer(status: str, response: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Answer:
    found = next(_json_schemas(response), {})
    model = schemas[found["$ref"].rpartition("/")[2]] if "$ref" in found else {}
    about = to_html(model.get("description", ""))
    return Answer(status, to_html(response["description"]), about, fields_of(found, schemas))


def _json_schemas(content: Mapping[str, Any]) -> Iterator[Schema]:
    for media_type, each in content.get("content", {}).items():
        if media_type == "application/json":
            yield each["schema"]
        elif media_type == EVENTS:
            yield each["schema"][EVENT_DATA]
