"""Access to MongoDB. Only this package and the services' `store.py` use the driver."""

from services.common.store.aggregates import DocumentStore
from services.common.store.client import (
    INTERACTIVE,
    Client,
    Collection,
    Database,
    Driver,
    connect,
    database,
    disconnect,
)
from services.common.store.documents import Change, Document, InboxEntry, OutboxEntry, Parked
from services.common.store.errors import store_deadline, translate_store_errors
from services.common.store.timelines import TimelineEntry, Timelines, read_timelines

__all__ = [
    "INTERACTIVE",
    "Change",
    "Client",
    "Collection",
    "Database",
    "Document",
    "DocumentStore",
    "Driver",
    "InboxEntry",
    "OutboxEntry",
    "Parked",
    "TimelineEntry",
    "Timelines",
    "connect",
    "database",
    "disconnect",
    "read_timelines",
    "store_deadline",
    "translate_store_errors",
]
