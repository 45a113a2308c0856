"""The OpenAPI description: FastAPI generates it; here problems get their media type (RFC 9457)."""

from typing import Any, Final

from fastapi import FastAPI

from services.common.http.problems import MEDIA_TYPE

SUMMARY: Final = "Requests to a public service: file once, lose nothing, follow the state."
SERVERS: Final = [{"url": "/", "description": "The server of this description."}]
PROBLEM: Final = {"$ref": "#/components/schemas/ProblemDocument"}


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
        return description
