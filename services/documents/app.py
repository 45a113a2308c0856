"""Documents' composition root."""

from fastapi import FastAPI

from services.common.process import Process
from services.common.web import problems
from services.common.web.edge import Edge
from services.common.wiring import Wiring
from services.documents.api import Api
from services.documents.cleaning import Cleaning
from services.documents.handlers import files as aggregate
from services.documents.messages import GROUP, TOPICS
from services.documents.objects import Bucket
from services.documents.settings import Settings
from services.documents.store import Files
from services.documents.uploads import Uploads


def build(settings: Settings) -> FastAPI:
    wiring = Wiring(settings, "documents")
    files = Files(wiring.database)
    bucket = Bucket(settings)
    subscription, sweeper = wiring.deciding(GROUP, TOPICS, aggregate, files.documents)
    process = Process(
        "documents",
        publisher=wiring.publisher,
        prepare=[files.ensure_indexes, bucket.ensure],
        subscriptions=[subscription],
        loops=[sweeper, Cleaning(files, bucket)],
        close=[bucket.close, wiring.close],
    )
    app = process.app(docs_url=None, redoc_url=None, openapi_url=None)
    secret = settings.internal_secret
    Api(files, Uploads(files, bucket, settings.uploads_at_once), secret).install(app)
    problems.install(app)
    app.add_middleware(Edge)
    return app
