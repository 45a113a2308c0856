"""The worker's composition root."""

from typing import Final

from fastapi import FastAPI

from gateway.accounts.store import AccountStore
from gateway.births.filing import BirthFiling
from gateway.births.handlers import births
from gateway.births.store import BirthStore
from gateway.desk.store import DeskStore
from gateway.requests.store import ViewStore
from gateway.settings import Settings
from gateway.worker.handlers import cases, views
from services.common.catalogue import catalogues
from services.common.contracts import topics
from services.common.messaging import InserterProcessor, ProjectionProcessor
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process

GROUP: Final = "gateway-views"
DESK_GROUP: Final = "gateway-desk"
BIRTHS_GROUP: Final = "gateway-births"
TOPICS: Final = (topics.INTAKE, topics.LIFECYCLE, topics.RESTATED, topics.DELIVERIES)


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "gateway", name="gateway-worker")
    store, desk = ViewStore(context.database), DeskStore(context.database)
    births_store = BirthStore(context.database)
    inboxes = [topics.inbox(code) for code in sorted(catalogues().departments)]
    process = Process(
        "gateway-worker",
        publisher=context.publisher,
        prepare=[store.ensure_indexes, desk.ensure_indexes, births_store.ensure_indexes],
        subscriptions=[
            context.subscription(GROUP, TOPICS, ProjectionProcessor(views, store.documents)),
            context.subscription(DESK_GROUP, inboxes, ProjectionProcessor(cases, desk.documents)),
            context.subscription(
                BIRTHS_GROUP, [topics.REGISTRY], InserterProcessor(births(settings.id_secret), births_store.collection)
            ),
        ],
        loops=[BirthFiling(births_store, AccountStore(context.database), context.publisher, settings.id_secret)],
        close=[context.close],
    )
    return process.app()
