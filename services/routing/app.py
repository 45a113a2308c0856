"""Routing's composition root."""

from fastapi import FastAPI

from services.common.catalogue import catalogue
from services.common.runtime.bootstrap import Wiring
from services.common.runtime.process import Process
from services.routing.handlers import assignments
from services.routing.messages import GROUP, topics_read
from services.routing.settings import Settings
from services.routing.store import assignments_in


def build(settings: Settings) -> FastAPI:
    wiring = Wiring(settings, "routing")
    store = assignments_in(wiring.database)
    subscription, sweeper = wiring.deciding(GROUP, topics_read(sorted(catalogue().departments)), assignments, store)
    process = Process(
        "routing",
        publisher=wiring.publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        loops=[sweeper],
        close=[wiring.close],
    )
    return process.app()
