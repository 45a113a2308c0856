"""Routing's composition root."""

from fastapi import FastAPI

from services.common.catalogue import catalogue
from services.common.messaging import AggregateConsumer, DeadLetters, Publisher, Subscription, Sweeper
from services.common.process import Process
from services.common.store import connect, database
from services.routing.handlers import assignments
from services.routing.messages import GROUP, topics_read
from services.routing.settings import Settings
from services.routing.store import assignments_in


def build(settings: Settings) -> FastAPI:
    client = connect(settings.mongo_url)
    store = assignments_in(database(client, f"{settings.mongo_database_prefix}_routing"))
    publisher = Publisher(settings.kafka_url, client_id="postigo-routing")
    letters = DeadLetters(publisher, GROUP)
    consumer = AggregateConsumer(assignments, store, publisher, letters)
    subscription = Subscription(
        url=settings.kafka_url,
        group=GROUP,
        instance=settings.postigo_instance,
        topics=topics_read(sorted(catalogue().departments)),
        shape=consumer,
        letters=letters,
    )
    process = Process(
        "routing",
        publisher=publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        loops=[Sweeper(subscription, consumer)],
        close=[client.close],
    )
    return process.app(docs_url=None, redoc_url=None, openapi_url=None)
