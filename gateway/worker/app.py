"""The worker's composition root."""

from typing import Final

from fastapi import FastAPI

from gateway.requests.store import ViewStore
from gateway.settings import Settings
from gateway.worker.handlers import views
from services.common.contracts import topics
from services.common.messaging import DeadLetters, ProjectionConsumer, Publisher, Subscription
from services.common.process import Process
from services.common.store import connect, database

GROUP: Final = "gateway-views"
TOPICS: Final = (topics.INTAKE, topics.LIFECYCLE, topics.RESTATED, topics.DELIVERIES)


def build(settings: Settings) -> FastAPI:
    client = connect(settings.mongo_url)
    store = ViewStore(database(client, f"{settings.mongo_database_prefix}_gateway"))
    publisher = Publisher(settings.kafka_url, client_id="postigo-gateway-worker")
    subscription = Subscription(
        url=settings.kafka_url,
        group=GROUP,
        instance=settings.postigo_instance,
        topics=TOPICS,
        shape=ProjectionConsumer(views, store.documents),
        letters=DeadLetters(publisher, GROUP),
    )
    process = Process(
        "gateway-worker",
        publisher=publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        close=[client.close],
    )
    return process.app(docs_url=None, redoc_url=None, openapi_url=None)
