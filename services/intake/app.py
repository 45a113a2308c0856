"""Intake's composition root."""

from fastapi import FastAPI

from services.common.messaging import AggregateConsumer, DeadLetters, Publisher, Subscription, Sweeper
from services.common.process import Process
from services.common.store import connect, database
from services.intake.handlers import requests
from services.intake.messages import GROUP, TOPICS
from services.intake.settings import Settings
from services.intake.store import requests_in


def build(settings: Settings) -> FastAPI:
    client = connect(settings.mongo_url)
    store = requests_in(database(client, f"{settings.mongo_database_prefix}_intake"))
    publisher = Publisher(settings.kafka_url, client_id="postigo-intake")
    letters = DeadLetters(publisher, GROUP)
    consumer = AggregateConsumer(requests, store, publisher, letters)
    subscription = Subscription(
        url=settings.kafka_url,
        group=GROUP,
        instance=settings.postigo_instance,
        topics=TOPICS,
        shape=consumer,
        letters=letters,
    )
    process = Process(
        "intake",
        publisher=publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        loops=[Sweeper(subscription, consumer)],
        close=[client.close],
    )
    return process.app(docs_url=None, redoc_url=None, openapi_url=None)
