"""Intake's composition root."""

from fastapi import FastAPI

from services.common.runtime.bootstrap import Wiring
from services.common.runtime.process import Process
from services.intake.handlers import requests
from services.intake.messages import GROUP, TOPICS
from services.intake.settings import Settings
from services.intake.store import requests_in


def build(settings: Settings) -> FastAPI:
    wiring = Wiring(settings, "intake")
    store = requests_in(wiring.database)
    subscription, sweeper = wiring.deciding(GROUP, TOPICS, requests, store)
    process = Process(
        "intake",
        publisher=wiring.publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        loops=[sweeper],
        close=[wiring.close],
    )
    return process.app()
