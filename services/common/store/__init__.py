"""MongoDB behind a narrow door: nothing outside this package and the services' `store.py` names the driver."""

from services.common.store.aggregates import DocumentStore
from services.common.store.client import Client, Collection, Database, Driver, connect, database, disconnect
from services.common.store.documents import Change, Document, Outgoing, Parked, Seen
from services.common.store.errors import reaching_store
from services.common.store.timelines import Kept, Timelines, said_between

__all__ = [
    "Change",
    "Client",
    "Collection",
    "Database",
    "Document",
    "DocumentStore",
    "Driver",
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
]
