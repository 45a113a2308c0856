"""Documents' composition root."""

from fastapi import FastAPI

from services.common.http import internal_auth
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process
from services.documents.api import Services, router
from services.documents.cleaning import Cleaning
from services.documents.handlers import files as aggregate
from services.documents.messages import GROUP, TOPICS
from services.documents.objects import Bucket
from services.documents.settings import Settings
from services.documents.store import Files
from services.documents.uploads import Uploads


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "documents")
    files = Files(context.database)
    bucket = Bucket(settings)
    subscription, sweeper = context.aggregate_subscription(GROUP, TOPICS, aggregate, files.documents)
    process = Process(
        "documents",
        publisher=context.publisher,
        prepare=[files.ensure_indexes, bucket.ensure],
        subscriptions=[subscription],
        loops=[sweeper, Cleaning(files, bucket)],
        close=[bucket.close, context.close],
    )
    services = Services(files, Uploads(files, bucket, settings.uploads_at_once))
    return add_api(process.app(), services, settings.internal_secret)


def add_api(app: FastAPI, services: Services, secret: bytes) -> FastAPI:
    """Add the internal API to `app`."""
    app.state.services = services
    internal_auth.install(app, secret)
    app.include_router(router)
    return app
