"""Intake's collections: one document per request, by reference, and beside it what a long life said before."""

from services.common.contracts import topics
from services.common.store import Database, DocumentStore, Timelines
from services.intake.domain import Request


def requests_in(database: Database) -> DocumentStore[Request]:
    return DocumentStore(database["requests"], Request, Timelines(topics.LIFECYCLE, database["timelines"]))
