"""The fields of a JSON schema of the OpenAPI description, in words."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from markdown_it import MarkdownIt
from markupsafe import Markup

Schema = Mapping[str, Any]

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False})

_FORMATS: Final = {
    "binary": "the bytes of a file",
    "date": "date (ISO 8601)",
    "date-time": "time (RFC 3339, UTC)",
    "uuid": "UUID",
}
_TYPES: Final = {"boolean": "true or false", "integer": "whole number", "object": "object", "string": "text"}

_RANGES: Final = (
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "items"),
    ("minimum", "maximum", ""),
)
"""Names of a least and a greatest value in a schema, and what they count."""


class Field(NamedTuple):
    """A field and those inside it. `rules` are its type and its limits in words; `description` is HTML."""

    name: str
    rules: str
    description: Markup
    fields: "tuple[Field, ...]" = ()


def to_html(text: str) -> Markup:
    """The HTML of a description, which is Markdown. Markup in it is escaped."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - the parser escapes HTML


def fields_of(schema: Schema, schemas: Mapping[str, Schema], *, is_request: bool = False) -> tuple[Field, ...]:
    """The fields of an object, or of the objects in a list. `schemas` are those that `$ref` names.

    `is_request`: the client sends it, so fields have limits, and are required or optional.
    """
    found = _object_in(schema, schemas)
    required = found.get("required", ())
    return tuple(
        Field(
            name=name,
            rules=", ".join(
                [
                    *rules_of(field, schemas, is_request=is_request),
                    *_presence(field, name in required, is_request=is_request),
                ]
            ),
            description=to_html(field.get("description", "") or _object_in(field, schemas).get("description", "")),
            fields=fields_of(field, schemas, is_request=is_request),
        )
        for name, field in found.get("properties", {}).items()
    )


def rules_of(schema: Schema, schemas: Mapping[str, Schema], *, is_request: bool) -> Iterator[str]:
    """The type of a value and, if clients send it, its limits and its default: `text`, `1 to 4000 characters`."""
    one = _resolved(schema, schemas)
    yield _type(one, schemas)
    if is_request:
        yield from _limits(one)
        if schema.get("default") not in (None, [], ""):
            yield f"default {schema['default']}"


def _presence(schema: Schema, is_required: bool, *, is_request: bool) -> Iterator[str]:
    """Responses leave out what would be null, and nothing else."""
    if is_request:
        yield "required" if is_required else "optional"
    elif any(each.get("type") == "null" for each in schema.get("anyOf", ())):
        yield "may be missing"


def _type(schema: Schema, schemas: Mapping[str, Schema]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return f"list of {_plural(_type(_resolved(items, schemas), schemas))}"
    return _FORMATS.get(schema.get("format", ""), _TYPES.get(schema.get("type", ""), "object"))


def _plural(type: str) -> str:
    return {"text": "texts", "UUID": "UUIDs", "object": "objects", "whole number": "whole numbers"}.get(type, type)


def _limits(schema: Schema) -> Iterator[str]:
    for least, greatest, unit in _RANGES:
        low, high = schema.get(least), schema.get(greatest)
        if low is not None and high is not None:
            yield f"{low} to {high} {unit}".rstrip()
        elif low is not None or high is not None:
            yield f"{'at least' if high is None else 'at most'} {low if high is None else high} {unit}".rstrip()


def _object_in(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """The schema of the object, or of the objects in the list; an empty one for other values."""
    one = _resolved(schema, schemas)
    one = _resolved(one.get("items", {}), schemas) if one.get("type") == "array" else one
    return one if "properties" in one else {}


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Without `$ref`, and without the null of an optional value."""
    if "anyOf" in schema:
        return _resolved(next(each for each in schema["anyOf"] if each.get("type") != "null"), schemas)
    return _resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas) if "$ref" in schema else schema
