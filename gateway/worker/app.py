"""The worker's composition root."""

from typing import Final

from fastapi import FastAPI

from gateway.requests.store import ViewStore
from gateway.settings import Settings
from gateway.worker.handlers import views
from services.common.contracts import topics
from services.common.messaging import ProjectionProcessor
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process

GROUP: Final = "gateway-views"
TOPICS: Final = (topics.INTAKE, topics.LIFECYCLE, topics.RESTATED, topics.DELIVERIES)


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "gateway", name="gateway-worker")
    store = ViewStore(context.database)
    process = Process(
        "gateway-worker",
        publisher=context.publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[context.subscription(GROUP, TOPICS, ProjectionProcessor(views, store.documents))],
        close=[context.close],
    )
    return process.app()
