"""The OpenAPI description: FastAPI generates it; here problems get their media type (RFC 9457), and streams their schema."""

from typing import Any, Final

from fastapi import FastAPI

from services.common.http.problems import MEDIA_TYPE

SUMMARY: Final = "Requests to a public service: file once, lose nothing, follow the state."
SERVERS: Final = [{"url": "/", "description": "The server of this description."}]
PROBLEM: Final = {"$ref": "#/components/schemas/ProblemDocument"}
EVENTS: Final = "text/event-stream"
EVENT_DATA: Final = "x-event-data"
"""In the schema of a stream: the schema of the data of its events. OpenAPI has `itemSchema` for it only from 3.2 on."""


class PublicApi(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """FastAPI describes every response model as `application/json`; problems are `application/problem+json`."""
        # On every call: FastAPI generates the description again after a change of the routes.
        description = super().openapi()
        for item in description["paths"].values():
            for operation in item.values():
                for response in operation["responses"].values():
                    content = response.get("content", {})
                    if content.get("application/json", {}).get("schema") == PROBLEM:
                        content[MEDIA_TYPE] = content.pop("application/json")
                    if EVENTS in content:
                        content[EVENTS]["schema"] = _stream_of(content[EVENTS]["schema"])
        return description


def _stream_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a stream of events with data of this schema; unchanged if it is that of a stream."""
    return schema if EVENT_DATA in schema else {"type": "string", EVENT_DATA: {"$ref": schema["$ref"]}}
