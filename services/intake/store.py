"""Intake's collection: one document per request, by reference."""

from services.common.store import Database, DocumentStore
from services.intake.domain import Request


def requests_in(database: Database) -> DocumentStore[Request]:
    return DocumentStore(database["requests"], Request)
