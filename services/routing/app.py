"""Routing's composition root."""

from fastapi import FastAPI

from services.common.catalogue import catalogues
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process
from services.routing.handlers import assignments
from services.routing.messages import GROUP, topics_read
from services.routing.settings import Settings
from services.routing.store import assignment_store


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "routing")
    store = assignment_store(context.database)
    subscription, sweeper = context.aggregate_subscription(
        GROUP, topics_read(sorted(catalogues().departments)), assignments, store
    )
    process = Process(
        "routing",
        publisher=context.publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        loops=[sweeper],
        close=[context.close],
    )
    return process.app()
