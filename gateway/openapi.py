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
        """FastAPI describes every response model with the media type of the success; problems are `application/problem+json`."""
        # On every call: FastAPI generates the description again after a change of the routes.
        description = super().openapi()
        for item in description["paths"].values():
            for operation in item.values():
                for response in operation["responses"].values():
                    _describe(response.get("content", {}))
        return description


def _describe(content: dict[str, Any]) -> None:
    """Correct the media types of one response, in place. What is corrected already stays as it is."""
    for media_type in [*content]:
        schema = content[media_type].get("schema")
        if schema == PROBLEM:
            content[MEDIA_TYPE] = content.pop(media_type)
        elif media_type == EVENTS and EVENT_DATA not in schema:
            content[media_type]["schema"] = {"type": "string", EVENT_DATA: {"$ref": schema["$ref"]}}
