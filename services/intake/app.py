"""Intake's composition root."""

from fastapi import FastAPI

from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process
from services.intake.handlers import requests
from services.intake.messages import GROUP, TOPICS
from services.intake.settings import Settings
from services.intake.store import request_store


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "intake")
    store = request_store(context.database)
    subscription, sweeper = context.aggregate_subscription(GROUP, TOPICS, requests, store)
    process = Process(
        "intake",
        publisher=context.publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        loops=[sweeper],
        close=[context.close],
    )
    return process.app()
