"""The worker's composition root."""

from typing import Final

from fastapi import FastAPI

from gateway.desk.store import DeskStore
from gateway.requests.store import ViewStore
from gateway.settings import Settings
from gateway.worker.handlers import cases, views
from services.common.catalogue import catalogues
from services.common.contracts import topics
from services.common.messaging import ProjectionProcessor
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process

GROUP: Final = "gateway-views"
DESK_GROUP: Final = "gateway-desk"
TOPICS: Final = (topics.INTAKE, topics.LIFECYCLE, topics.RESTATED, topics.DELIVERIES)


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "gateway", name="gateway-worker")
    store, desk = ViewStore(context.database), DeskStore(context.database)
    inboxes = [topics.inbox(code) for code in sorted(catalogues().departments)]
    process = Process(
        "gateway-worker",
        publisher=context.publisher,
        prepare=[store.ensure_indexes, desk.ensure_indexes],
        subscriptions=[
            context.subscription(GROUP, TOPICS, ProjectionProcessor(views, store.documents)),
            context.subscription(DESK_GROUP, inboxes, ProjectionProcessor(cases, desk.documents)),
        ],
        close=[context.close],
    )
    return process.app()
