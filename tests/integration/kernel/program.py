"""The ledger as a process of its own, so that a test can kill it: `python -m tests.integration.kernel.program PREFIX`."""

import sys

from fastapi import FastAPI

from services.common.messaging import (
    AggregateConsumer,
    DeadLetters,
    MakerConsumer,
    ProjectionConsumer,
    Publisher,
    Subscription,
    Sweeper,
)
from services.common.messaging.shape import Shape
from services.common.process import Process, serve
from services.common.settings import Settings
from services.common.store import DocumentStore, connect, database
from tests.integration.kernel.ledger import Account, Book, ledger


def build(settings: Settings, prefix: str) -> FastAPI:
    book = ledger(prefix)
    client = connect(settings.mongo_url)
    own = database(client, prefix)
    accounts = DocumentStore(own["accounts"], Account)
    publisher = Publisher(settings.kafka_url, client_id=prefix)

    def subscribe(name: str, topic: str, shape: Shape, letters: DeadLetters) -> Subscription:
        return Subscription(
            url=settings.kafka_url,
            group=f"{prefix}-{name}",
            instance=settings.postigo_instance,
            topics=[topic],
            shape=shape,
            letters=letters,
        )

    letters = {name: DeadLetters(publisher, f"{prefix}-{name}") for name in ("accounts", "books", "slips")}
    consumer = AggregateConsumer(book.accounts, accounts, publisher, letters["accounts"])
    books = DocumentStore(own["books"], Book)
    projection = ProjectionConsumer(book.books, books)
    maker = MakerConsumer(book.slips, own["slips"])
    aggregate = subscribe("accounts", book.entries, consumer, letters["accounts"])
    process = Process(
        prefix,
        publisher=publisher,
        prepare=[accounts.ensure_indexes, books.ensure_indexes],
        subscriptions=[
            aggregate,
            subscribe("books", book.bookings, projection, letters["books"]),
            subscribe("slips", book.bookings, maker, letters["slips"]),
        ],
        loops=[Sweeper(aggregate, consumer)],
        close=[client.close],
    )
    return process.app()


if __name__ == "__main__":
    settings = Settings()
    serve(build(settings, sys.argv[1]), settings, sys.argv[1])
