"""MongoDB behind a narrow door: nothing outside this package and the services' `store.py` names the driver."""

from services.common.store.aggregates import DocumentStore
from services.common.store.away import reaching_store, store_deadline
from services.common.store.capabilities import say_what_is_lacking
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
from services.common.store.documents import Change, Document, Due, Outgoing, Parked, Seen
from services.common.store.timelines import Kept, Timelines, said_between

__all__ = [
    "INTERACTIVE",
    "Change",
    "Client",
    "Collection",
    "Database",
    "Document",
    "DocumentStore",
    "Driver",
    "Due",
    "Kept",
    "Outgoing",
    "Parked",
    "Seen",
    "Timelines",
    "connect",
    "database",
    "disconnect",
    "reaching_store",
    "said_between",
    "say_what_is_lacking",
    "store_deadline",
]
