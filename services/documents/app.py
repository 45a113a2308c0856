"""Documents' composition root."""

from fastapi import FastAPI

from services.common.messaging import AggregateConsumer, DeadLetters, Publisher, Subscription, Sweeper
from services.common.process import Process
from services.common.store import connect, database
from services.common.web import problems
from services.common.web.edge import Edge
from services.documents.api import Api
from services.documents.cleaning import Cleaning
from services.documents.handlers import files as aggregate
from services.documents.messages import GROUP, TOPICS
from services.documents.objects import Bucket
from services.documents.settings import Settings
from services.documents.store import Files
from services.documents.uploads import Uploads


def build(settings: Settings) -> FastAPI:
    client = connect(settings.mongo_url)
    files = Files(database(client, f"{settings.mongo_database_prefix}_documents"))
    bucket = Bucket(settings)
    publisher = Publisher(settings.kafka_url, client_id="postigo-documents")
    letters = DeadLetters(publisher, GROUP)
    consumer = AggregateConsumer(aggregate, files.documents, publisher, letters)
    subscription = Subscription(
        url=settings.kafka_url,
        group=GROUP,
        instance=settings.postigo_instance,
        topics=TOPICS,
        shape=consumer,
        letters=letters,
    )
    process = Process(
        "documents",
        publisher=publisher,
        prepare=[files.ensure_indexes, bucket.ensure],
        subscriptions=[subscription],
        loops=[Sweeper(subscription, consumer), Cleaning(files, bucket)],
        close=[bucket.close, client.close],
    )
    app = process.app(docs_url=None, redoc_url=None, openapi_url=None)
    secret = settings.postigo_internal_secret.get_secret_value().encode()
    Api(files, Uploads(files, bucket, settings.uploads_at_once), secret).install(app)
    problems.install(app)
    app.add_middleware(Edge)
    return app
