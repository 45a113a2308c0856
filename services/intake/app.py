"""Intake's composition root."""

from datetime import datetime

from fastapi import FastAPI

from services.common.legal_clock import Calendar
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process
from services.intake.handlers import requests_by
from services.intake.messages import GROUP, TOPICS
from services.intake.settings import Settings
from services.intake.store import request_store


class PublicHolidays:
    """Calendars without closed days."""

    def at(self, moment: datetime) -> Calendar:
        return Calendar.of_public_holidays()


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "intake")
    store = request_store(context.database)
    subscription, sweeper = context.aggregate_subscription(GROUP, TOPICS, requests_by(PublicHolidays()), store)
    process = Process(
        "intake",
        publisher=context.publisher,
        prepare=[store.ensure_indexes],
        subscriptions=[subscription],
        loops=[sweeper],
        close=[context.close],
    )
    return process.app()
