"""Intake's composition root."""

from fastapi import FastAPI

from services.common.http import internal_auth
from services.common.runtime.bootstrap import ServiceContext
from services.common.runtime.process import Process
from services.intake.api import router
from services.intake.calendar import CalendarSource
from services.intake.handlers import requests_by
from services.intake.messages import GROUP, TOPICS
from services.intake.settings import Settings
from services.intake.store import ClosedDays, request_store


def build(settings: Settings) -> FastAPI:
    context = ServiceContext(settings, "intake")
    store, closed_days = request_store(context.database), ClosedDays(context.database)
    calendar = CalendarSource(closed_days.all)
    subscription, sweeper = context.aggregate_subscription(GROUP, TOPICS, requests_by(calendar), store)
    process = Process(
        "intake",
        publisher=context.publisher,
        prepare=[store.ensure_indexes, calendar.load],
        subscriptions=[subscription],
        loops=[sweeper, calendar],
        close=[context.close],
    )
    return add_api(process.app(), closed_days, settings.internal_secret)


def add_api(app: FastAPI, closed_days: ClosedDays, secret: bytes) -> FastAPI:
    """Add the internal API to `app`."""
    app.state.closed_days = closed_days
    internal_auth.install(app, secret)
    app.include_router(router)
    return app
