"""The published description of the API: FastAPI's own, with problems under their media type (RFC 9457)."""

from typing import Any, Final

from fastapi import FastAPI

from services.common.http.problems import MEDIA_TYPE

SUMMARY: Final = "A digital counter for a public service: file once, lose nothing, see where it stands."
SERVERS: Final = [{"url": "/", "description": "The counter that serves this description."}]
PROBLEM: Final = {"$ref": "#/components/schemas/ProblemDocument"}


class PublicApi(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """FastAPI describes every response of a model as `application/json`."""
        if self.openapi_schema is None:
            for item in super().openapi()["paths"].values():
                for operation in item.values():
                    for response in operation["responses"].values():
                        content = response.get("content", {})
                        if content.get("application/json", {}).get("schema") == PROBLEM:
                            content[MEDIA_TYPE] = content.pop("application/json")
        return super().openapi()
