"""Routing's collection: one document per request, by request id."""

from services.common.store import Database, DocumentStore
from services.routing.domain import Assignment


def assignment_store(database: Database) -> DocumentStore[Assignment]:
    return DocumentStore(database["assignments"], Assignment)
