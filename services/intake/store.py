"""Intake's collections: one document per request, by reference; `timelines` has the spilled older facts."""

from services.common.contracts import topics
from services.common.store import Database, DocumentStore, Timelines
from services.intake.domain import Request


def request_store(database: Database) -> DocumentStore[Request]:
    return DocumentStore(database["requests"], Request, Timelines(topics.LIFECYCLE, database["timelines"]))
