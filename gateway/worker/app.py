"""The worker's composition root."""

from typing import Final

from fastapi import FastAPI

from gateway.requests.store import ViewStore
from gateway.settings import Settings
from gateway.worker.handlers import views
from services.common.contracts import topics
from services.common.messaging import ProjectionConsumer
from services.common.runtime.bootstrap import Wiring
from services.common.runtime.process import Process

GROUP: Final = "gateway-views"
TOPICS: Final = (topics.INTAKE, topics.LIFECYCLE, topics.RESTATED, topics.DELIVERIES)


def build(settings: Settings) -> FastAPI:
    wiring = Wiring(settings, "gateway", name="gateway-worker")
    store = ViewStore(wiring.database)
    process = Process(
        "gateway-worker",
        publisher=wiring.publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[wiring.reading(GROUP, TOPICS, ProjectionConsumer(views, store.documents))],
        close=[wiring.close],
    )
    return process.app()
